"""All bays in arrays, one place each: what is encoded of them, their packed state, and the numbers searches ask for.

A million bays fit into half a gigabyte this way; an object each would need ten times that.
"""

from __future__ import annotations

import math
from array import array
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from siga.contract.base import Word
from siga.contract.parking import Bay
from siga.services.parking.model import BayState
from siga.services.parking.nearby import Nearby
from siga.services.parking.places import Places

NEVER = math.inf


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a `BayView` that is the bay's own; address and attributes only where it has some."""

    bay_id: str
    code: str
    lon: float
    lat: float
    address: str = ""
    attributes: dict[str, Any] = {}
    observed_at: datetime | None
    changed_at: datetime | None
    heard_at: datetime | None


class Rest(Word):
    """What few bays have and nobody is shown; equal ones are kept once."""

    personal: bool = False
    personal_accreditation_id: str | None = None
    closed_from: datetime | None = None
    closed_to: datetime | None = None
    version: int = 1


_encode, _decode_own = msgspec.json.Encoder().encode, msgspec.json.Decoder(Own).decode
_pack, _unpack = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(BayState).decode
_replace = msgspec.structs.replace
_INSTANTS = b'"observed_at":'


def packed(state: BayState) -> bytes:
    """A state as it is kept in memory and in the store: without the bay's id."""
    return _pack(_replace(state, bay_id=""))


def unpacked(bay_id: str, data: bytes) -> BayState:
    """The state of a bay from its packed form."""
    return _replace(_unpack(data), bay_id=bay_id)


def own_fragment(bay: Bay, state: BayState) -> bytes:
    """The bay's own members, encoded, with a comma at the end; the instants stand last."""
    own: dict[str, Any] = {"bay_id": bay.bay_id, "code": bay.code, "lon": bay.lon, "lat": bay.lat}
    if bay.address or bay.attributes:
        # Both or none: the group's encoding says so for bays that have none.
        own |= {"address": bay.address, "attributes": bay.attributes}
    return _encode(own)[:-1] + b"," + _instants(state)


def with_instants(fragment: bytes, state: BayState) -> bytes:
    """A fragment with the instants of a newer state."""
    return fragment[: fragment.rindex(_INSTANTS)] + _instants(state)


def _instants(state: BayState) -> bytes:
    return b'"observed_at":%b,"changed_at":%b,"heard_at":%b,' % (
        _encode(state.observed_at), _encode(state.changed_at), _encode(state.heard_at),
    )  # fmt: skip


class Columns:
    """The arrays. A bay keeps its place for ever; places follow each other without a gap."""

    def __init__(self) -> None:
        self.fragments: list[bytes] = []
        self.states: list[bytes] = []
        self.rests = array("I")
        """The number of the bay's rest in `rest_kinds`."""
        self.rest_kinds: list[Rest] = []
        self.kinds = bytearray()
        self.many = [0] * 256
        """How many bays there are of each kind."""
        self.groups = array("I")
        self.due = array("d")
        """When time alone may next change something, unix seconds."""
        self.periods = array("f")
        """The period of the bay's sensor in seconds, 0 without one."""
        self.places = Places(self.fragments)
        self.near = Nearby()
        self._rest_numbers: dict[Rest, int] = {}

    def __len__(self) -> int:
        """How many bays there are."""
        return len(self.fragments)

    def put(self, place: int | None, bay: Bay, state: bytes, fragment: bytes, kind: int, group: int) -> int:
        """A new bay, or a new version of one; its place."""
        rest = self._rest_number(bay)
        if place is None:
            place = len(self.fragments)
            self.fragments.append(fragment)
            self.states.append(state)
            self.rests.append(rest)
            self.kinds.append(kind)
            self.many[kind] += 1
            self.groups.append(group)
            self.due.append(NEVER)
            self.periods.append(0.0)
            self.places.add(bay.bay_id, place)
            self.near.put(place, bay.lon, bay.lat)
            return place
        before = self.own(place)
        self.fragments[place], self.states[place], self.rests[place] = fragment, state, rest
        self.many[self.kinds[place]] -= 1
        self.many[kind] += 1
        self.kinds[place], self.groups[place] = kind, group
        if (before.lon, before.lat) != (bay.lon, bay.lat):
            self.near.put(place, bay.lon, bay.lat)
        return place

    def restore_numbers(self, kinds: bytes, groups: bytes, due: bytes, periods: bytes) -> None:
        """Take over the arrays of numbers of a snapshot."""
        self.kinds += kinds
        self.groups.frombytes(groups)
        self.due.frombytes(due)
        self.periods.frombytes(periods)
        self._rest_numbers = {rest: number for number, rest in enumerate(self.rest_kinds)}
        counts = np.bincount(np.frombuffer(self.kinds, dtype=np.uint8), minlength=256)
        self.many = [int(count) for count in counts]

    def rest(self, place: int) -> Rest:
        """The rest of the bay at a place."""
        return self.rest_kinds[self.rests[place]]

    def _rest_number(self, bay: Bay) -> int:
        rest = Rest(
            personal=bay.personal, personal_accreditation_id=bay.personal_accreditation_id,
            closed_from=bay.closed_from, closed_to=bay.closed_to, version=bay.version,
        )  # fmt: skip
        number = self._rest_numbers.get(rest)
        if number is None:
            number = self._rest_numbers[rest] = len(self.rest_kinds)
            self.rest_kinds.append(rest)
        return number

    def own(self, place: int) -> Own:
        """The bay's own members."""
        return _decode_own(self.fragments[place][:-1] + b"}")

    def put_state(self, place: int, state: bytes, fragment: bytes, kind: int) -> None:
        """A new state of a bay that stays as it is."""
        self.states[place], self.fragments[place] = state, fragment
        before = self.kinds[place]
        if before != kind:
            self.many[before] -= 1
            self.many[kind] += 1
            self.kinds[place] = kind

    def state(self, place: int, bay_id: str) -> BayState:
        """The bay's state."""
        return unpacked(bay_id, self.states[place])

    def bay_id(self, place: int) -> str:
        """The id of the bay at a place."""
        fragment = self.fragments[place]
        return fragment[11 : fragment.index(b'"', 11)].decode()

    def overdue(self, now_s: float, most: int) -> list[int]:
        """Places, at most so many, at which time has something to do."""
        found: list[int] = np.flatnonzero(np.frombuffer(self.due) <= now_s)[:most].tolist()
        return found

    def next_due_s(self) -> float:
        """When time next has something to do, unix seconds."""
        return float(np.frombuffer(self.due).min()) if self.due else NEVER
