"""The live stream's words, pure: a change on the wire, what is watched, what changed lately.

Exactness: a client's last event id is P when it was told, of every bay it watches, the newest state up to P. Changes
are told in the order of their positions, each bay's newest only, so that whoever breaks off at any event and comes back
by its id ends in the exact last state.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from siga.kit.geo import Box

RECENT = 20_000
"""Bays whose newest change is kept for those who come back, or lag behind."""
PIECE_CHANGES = 100
PIECE_BYTES = 65_536
_AGE = "age of "


@dataclass(frozen=True, slots=True)
class Change:
    """One bay's news, encoded once for all clients. `position` is Parking's.

    Two changes of the same `key` replace each other. A bay's age has a key of its own: it never replaces the bay's
    state that waits to be told, while a newer state replaces the age.
    """

    position: int
    key: str
    bay_id: str
    lon: float
    lat: float
    wire: bytes


Changes = dict[str, Change]
"""Each key's newest change, in the order of positions."""


def server_sent(name: str, data: bytes, position: int | None = None) -> bytes:
    """One server-sent event (WHATWG HTML §9.2.6). `data` is JSON and holds no line break."""
    head = f"id: {position}\n" if position is not None else ""
    return f"{head}event: {name}\ndata: ".encode() + data + b"\n\n"


def bay_change(position: int, bay_id: str, lon: float, lat: float, view: bytes) -> Change:
    """A bay as anyone may see it now; `view` is its JSON."""
    return Change(position, bay_id, bay_id, lon, lat, server_sent("bay", view, position))


def heard_change(position: int, bay_id: str, lon: float, lat: float, ages: bytes) -> Change:
    """A bay's sensor spoke again without news; `ages` is the JSON of when."""
    return Change(position, _AGE + bay_id, bay_id, lon, lat, server_sent("heard", ages, position))


def gone_change(position: int, bay_id: str, lon: float, lat: float) -> Change:
    """A bay that nobody shall see any more there: retired, made personal, or moved away."""
    wire = server_sent("gone", msgspec.json.encode({"bay_id": bay_id}), position)
    return Change(position, bay_id, bay_id, lon, lat, wire)


def put(changes: Changes, change: Change) -> None:
    """Let a change, newer than all before, take the place of those it replaces."""
    if change.key == change.bay_id:
        changes.pop(_AGE + change.bay_id, None)
    changes.pop(change.key, None)
    changes[change.key] = change


def first_piece(changes: Sequence[Change], start: int = 0) -> int:
    """Where a part small enough to be held up by a client that does not read ends, from `start` on."""
    size = 0
    for index in range(start, len(changes)):
        size += len(changes[index].wire)
        if index > start and (index - start == PIECE_CHANGES or size > PIECE_BYTES):
            return index
    return len(changes)


def pieces(changes: Sequence[Change]) -> tuple[bytes, ...]:
    """Changes on the wire, in small parts."""
    made, start = [], 0
    while start < len(changes):
        end = first_piece(changes, start)
        made.append(b"".join(change.wire for change in changes[start:end]))
        start = end
    return tuple(made)


def snapshot_event(position: int, views: Iterable[bytes]) -> bytes:
    """All bays a client watches, as of a position; each view is a bay's JSON."""
    data = b'{"position":%d,"bays":[%s]}' % (position, b",".join(views))
    return server_sent("snapshot", data, position)


def slices(wire: bytes) -> Iterable[bytes]:
    """An event as it is written, in small parts."""
    return (wire[start : start + PIECE_BYTES] for start in range(0, len(wire), PIECE_BYTES))


@dataclass(frozen=True, slots=True)
class Watch:
    """What a client watches: the bays inside a box, and some by name wherever they are."""

    box: Box | None
    bay_ids: frozenset[str] = frozenset()

    def holds(self, bay_id: str, lon: float, lat: float) -> bool:
        """Whether a bay at that place is watched."""
        return bay_id in self.bay_ids or (self.box is not None and self.box.holds(lon, lat))


class Recent:
    """The newest changes of each bay that changed lately, complete for everything after `floor`."""

    def __init__(self, floor: int, most: int = RECENT) -> None:
        self.floor = floor
        self._most = most
        self._changes: OrderedDict[str, Change] = OrderedDict()

    def add(self, change: Change) -> None:
        """Keep a change; the oldest is forgotten when there are too many."""
        put(self._changes, change)
        if len(self._changes) > self._most:
            _, oldest = self._changes.popitem(last=False)
            self.floor = max(self.floor, oldest.position)

    def restart(self, position: int) -> None:
        """Be complete only from this position on: something happened that single changes do not tell."""
        self.floor = max(self.floor, position)
        while self._changes and next(iter(self._changes.values())).position <= position:
            self._changes.popitem(last=False)

    def after(self, position: int) -> Sequence[Change] | None:
        """The newest changes after a position, in order; None when that reaches too far back."""
        if position < self.floor:
            return None
        found = []
        for change in reversed(self._changes.values()):
            if change.position <= position:
                break
            found.append(change)
        return found[::-1]
