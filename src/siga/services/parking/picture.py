"""Parking's memory: the map and the live state as last committed; what readers see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from siga.contract.parking import Bay, BayView, Category, PublicOccupancy, Rule, StaffBayView, Zone
from siga.contract.settings import DOUBT_LASTS_S, GRACE_S, SILENCE_FACTOR
from siga.contract.users import AccreditationBrief, CredentialCopy, Municipality
from siga.kit.clock import Clock
from siga.kit.geo import Box
from siga.kit.live_settings import LiveSettings
from siga.services.parking import model, snapshot
from siga.services.parking.card_watch import CardMemory
from siga.services.parking.columns import NEVER, Columns, own_fragment, packed, with_instants
from siga.services.parking.groups import Group, Groups, Sharing
from siga.services.parking.kinds import WIRES, flags, is_hidden, kind_of, kinds_of, word_of
from siga.services.parking.model import BayState, Terms
from siga.services.parking.snapshot import Restored
from siga.services.parking.store import Loaded, LoadedBay
from siga.services.parking.store_devices import Known

_SHOWN_LIVES = ("in_service", "closed")
_HOME = Municipality(municipality_id="", name="", slug="")
_BAYS_KEPT = 20_000
_AGAIN_S = 5.0
_DEVICES_KEPT = 20_000
_FREE: tuple[PublicOccupancy, ...] = ("free",)
_THEN: tuple[PublicOccupancy, ...] = ("unmonitored",)
_OTHERS: tuple[PublicOccupancy, ...] = ("unmonitored", "occupied", "unknown", "closed")
_LAST: tuple[PublicOccupancy, ...] = ("doubtful",)


class Seat(NamedTuple):
    """A bay with its place in the columns and the number of its group."""

    place: int
    bay: Bay
    group: int


class Picture:
    """All of Parking's state in memory. Only the service writes to it, after a commit; reads never wait."""

    def __init__(self, settings: LiveSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self.columns = Columns()
        self.zones: dict[str, Zone] = {}
        self.rules: dict[str, Rule] = {}
        self.cards = CardMemory(settings)
        self.credentials: dict[str, CredentialCopy] = {}
        self.accreditations: dict[str, AccreditationBrief] = {}
        self.municipalities: dict[str, Municipality] = {}
        self.cameras: dict[str, tuple[str, ...]] = {}
        """The enabled cameras that see a bay, by the bay's id."""
        self.position = 0
        self.keys_version = 0
        """Grows with every commit in which a device was made, enrolled, changed or revoked."""
        self.groups = Groups(self.zones, self.rules, self.municipalities)
        self._seats: dict[str, Seat] = {}
        self._devices: dict[str, Known] = {}
        self._terms: dict[tuple[str, int | None, int | None, float, int], Terms] = {}
        self._by_word: dict[str, set[int]] = {}

    # --- from the store ------------------------------------------------------------------------------------------

    def fill(self, loaded: Loaded) -> None:
        """Take over what the store holds beside the bays."""
        self.zones.update((z.zone_id, z) for z in loaded.zones)
        self.rules.update((r.rule_id, r) for r in loaded.rules)
        self.credentials.update((c.credential, c) for c in loaded.credentials)
        self.accreditations.update((a.accreditation_id, a) for a in loaded.accreditations)
        self.municipalities.update((m.municipality_id, m) for m in loaded.municipalities)
        self.cameras = loaded.cameras
        self.position = loaded.position
        self.groups.map_changed()

    def restore(self, found: Restored) -> None:
        """Take over a snapshot's columns; what changed since is `take`n after it."""
        self.columns = found.columns
        self.groups.restore(found.head.groups)
        self._by_word = {word: set(places) for word, places in found.head.words.items()}

    def save(self, path: Path, planned: snapshot.Plan) -> None:
        """Write the columns as planned; in a thread."""
        snapshot.write(path, planned, self.columns, self.groups, self._by_word)

    def take(self, rows: Iterable[LoadedBay]) -> None:
        """Bays as the store holds them, new ones or newer than those in memory."""
        now, columns = self._clock(), self.columns
        for row in rows:
            place = columns.places.get(row.bay.bay_id)
            if place is not None:
                self._forget_words(place, columns.state(place, row.bay.bay_id))
            self._seats.pop(row.bay.bay_id, None)
            place = self._put(place, row.bay, row.state, row.period_s or 0, now)
            self._note_words(place, row.state)

    # --- what applies to a bay -----------------------------------------------------------------------------------

    def seat(self, bay_id: str) -> Seat | None:
        """Where a bay stands, and what it is."""
        kept = self._seats.get(bay_id)
        if kept is not None:
            return kept
        place = self.columns.places.get(bay_id)
        if place is None:
            return None
        seat = Seat(place, self.bay_at(place), self.columns.groups[place])
        if len(self._seats) >= _BAYS_KEPT:
            self._seats.clear()
        self._seats[bay_id] = seat
        return seat

    def bay(self, bay_id: str) -> Bay | None:
        """The bay, without its external id, which only the store keeps."""
        seat = self.seat(bay_id)
        return None if seat is None else seat.bay

    def bay_at(self, place: int) -> Bay:
        """The bay at a place."""
        own, rest = self.columns.own(place), self.columns.rest(place)
        key = self.groups.key(self.columns.groups[place])
        return Bay(
            bay_id=own.bay_id, municipality_id=key.municipality_id, zone_id=key.zone_id, code=own.code,
            category=key.category, lon=own.lon, lat=own.lat, life=key.life, address=own.address,
            identify=key.identify, personal=rest.personal, personal_accreditation_id=rest.personal_accreditation_id,
            closed_from=rest.closed_from, closed_to=rest.closed_to, attributes=own.attributes, version=rest.version,
        )  # fmt: skip

    def bays_of(self, wanted: Callable[[Sharing], bool]) -> Iterator[Bay]:
        """The bays of the groups that are wanted, in the order of their places."""
        for place in self._places_of(wanted).tolist():
            yield self.bay_at(place)

    def state(self, bay_id: str) -> BayState:
        """The state of a bay that is there; KeyError for another."""
        seat = self.seat(bay_id)
        if seat is None:
            raise KeyError(bay_id)
        return self.columns.state(seat.place, bay_id)

    def group_of(self, bay: Bay, now: datetime) -> Group:
        """What the bay shares with others, as it is now."""
        seat = self._seats.get(bay.bay_id)
        number = seat.group if seat is not None and seat.bay is bay else self.groups.number_of(bay)
        return self.groups.at(number, now, now.timestamp())

    def municipality(self, municipality_id: str) -> Municipality:
        """The municipality as Users tells it; a plain one with Spanish time until it was heard of."""
        return self.municipalities.get(municipality_id, _HOME)

    def local_day(self, bay: Bay, now: datetime) -> date:
        """The day it is at the bay."""
        return now.astimezone(ZoneInfo(self.municipality(bay.municipality_id).time_zone)).date()

    def terms_of(self, bay: Bay, group: Group) -> Terms:
        """The durations that apply to the bay now."""
        seat = self.seat(bay.bay_id)
        period_s = self.columns.periods[seat.place] if seat is not None else 0.0
        rule, settings, where = group.rule, self._settings, bay.municipality_id
        key = (
            where, rule.grace_s if rule else None, rule.max_stay_min if rule else None, period_s, settings.revision,
        )  # fmt: skip
        kept = self._terms.get(key)
        if kept is not None:
            return kept
        if len(self._terms) > 1000:
            self._terms.clear()
        grace_s = rule.grace_s if rule and rule.grace_s is not None else settings.int_of(GRACE_S, where)
        made = self._terms[key] = Terms(
            grace_s=grace_s, period_s=int(period_s) or 3600, silence_factor=settings.float_of(SILENCE_FACTOR, where),
            doubt_lasts_s=settings.int_of(DOUBT_LASTS_S, where),
            max_stay_s=rule.max_stay_min * 60 if rule and rule.max_stay_min else None,
        )  # fmt: skip
        return made

    def is_monitored(self, bay_id: str) -> bool:
        """Whether a sensor watches the bay."""
        seat = self.seat(bay_id)
        return seat is not None and self.columns.periods[seat.place] > 0

    def known_device(self, device_id: str) -> Known | None:
        """A device that was lately used, None when the store must be asked."""
        return self._devices.get(device_id)

    def keep_device(self, known: Known) -> None:
        """Remember a device as it is committed."""
        if len(self._devices) >= _DEVICES_KEPT:
            self._devices.clear()
        self._devices[known.row.device.device_id] = known

    def forget_devices(self, device_ids: Iterable[str]) -> None:
        """These changed: ask the store next time."""
        for device_id in device_ids:
            self._devices.pop(device_id, None)

    def bays_with(self, word: str) -> list[str]:
        """The bays whose present stay goes by this credential or accreditation."""
        return [self.columns.bay_id(place) for place in self._by_word.get(word, ())]

    # --- what people see -----------------------------------------------------------------------------------------

    def is_public(self, bay: Bay) -> bool:
        """Whether anyone may see the bay (D7)."""
        return not bay.personal and bay.life in _SHOWN_LIVES

    def view(self, bay: Bay, state: BayState, now: datetime, *, monitored: bool | None = None) -> BayView:
        """The bay as anyone may see it; `monitored` where a transaction is about to change it."""
        return BayView(**self._seen(bay, state, now, monitored))

    def staff_view(self, bay: Bay, state: BayState, now: datetime, sensor: str | None) -> StaffBayView:
        """The bay as staff of its municipality see it; `sensor` is the device that watches it."""
        zone = self.zones.get(bay.zone_id)
        return StaffBayView(
            **self._seen(bay, state, now), personal=bay.personal, version=bay.version,
            authorisation=state.stay.authorisation if state.stay else None,
            stay_id=state.stay.stay_id if state.stay else None, zone_mode=zone.mode if zone else "observe_only",
            device_ids=(sensor,) if sensor else (), camera_ids=self.cameras.get(bay.bay_id, ()),
            closed_from=bay.closed_from, closed_to=bay.closed_to,
        )  # fmt: skip

    def _seen(self, bay: Bay, state: BayState, now: datetime, monitored: bool | None = None) -> dict[str, Any]:
        group = self.group_of(bay, now)
        monitored = self.is_monitored(bay.bay_id) if monitored is None else monitored
        shared = {name: getattr(group.shared, name) for name in group.shared.__struct_fields__} if group.shared else {}
        return {
            **shared, "bay_id": bay.bay_id, "code": bay.code, "lon": bay.lon, "lat": bay.lat, "address": bay.address,
            "attributes": bay.attributes, "occupancy": model.public_occupancy(bay, state, monitored, now),
            "observed_at": state.observed_at, "changed_at": state.changed_at, "heard_at": state.heard_at,
            "simulated": state.simulated,
        }  # fmt: skip

    def nearest(self, lon: float, lat: float, *, category: Category | None, only_free: bool, limit: int,
                max_distance_m: float | None) -> list[tuple[float, int]]:  # fmt: skip
        """(metres, place): free monitored bays first; asked for any, the others follow by distance; when too few are
        free, unmonitored ones follow; doubtful ones come last (D1, D6)."""
        found: list[tuple[float, int]] = []
        for words in (_FREE, _THEN if only_free else _OTHERS, _LAST):
            if len(found) >= limit:
                break
            found += self._hits(lon, lat, limit - len(found), words, category, max_distance_m)
        return found

    def _hits(self, lon: float, lat: float, limit: int, words: tuple[PublicOccupancy, ...], category: Category | None,
              max_distance_m: float | None) -> list[tuple[float, int]]:  # fmt: skip
        columns = self.columns
        many = sum([columns.many[kind] for kind in kinds_of(words, category)])
        return columns.near.nearest(lon, lat, limit, columns.kinds, flags(words, category), many, max_distance_m)

    def encoded(self, place: int, now: datetime, now_s: float, distance: bytes = b"null") -> bytes:
        """The bay at a place as anyone may see it, as JSON."""
        columns = self.columns
        group = self.groups.at(columns.groups[place], now, now_s)
        return b"".join((columns.fragments[place], WIRES[columns.kinds[place]], group.wire, distance, b"}"))

    def encoded_hits(self, hits: list[tuple[float, int]], now: datetime, now_s: float) -> list[bytes]:
        """Bays with their distances, as pieces of JSON, each bay with a comma behind it."""
        columns, at = self.columns, self.groups.at
        fragments, kinds, groups = columns.fragments, columns.kinds, columns.groups
        wires: dict[int, bytes] = {}
        parts: list[bytes] = []
        for distance, place in hits:
            group = groups[place]
            wire = wires.get(group)
            if wire is None:
                wire = wires[group] = at(group, now, now_s).wire
            parts += (fragments[place], WIRES[kinds[place]], wire, b"%.1f}," % distance)
        return parts

    def public_place(self, bay_id: str) -> int | None:
        """The place of a bay that anyone may see."""
        place = self.columns.places.get(bay_id)
        return None if place is None or is_hidden(self.columns.kinds[place]) else place

    def in_box(self, box: Box, *, words: tuple[PublicOccupancy, ...] | None = None,
               category: Category | None = None, staff_sees: Callable[[Sharing], bool] | None = None,
               wanted: Callable[[Sharing], bool] | None = None) -> Any:  # fmt: skip
        """Places in the box, ascending: public ones and, for staff, all where they see more."""
        columns = self.columns
        places = columns.near.within(box)
        kinds = np.frombuffer(columns.kinds, dtype=np.uint8)[places]
        allowed = np.frombuffer(flags(words, category), dtype=np.uint8)[kinds] > 0
        if staff_sees is not None:
            own = np.isin(self._groups_at(places), self.groups.matching(staff_sees))
            allowed |= own & (np.frombuffer(flags(words, category, hidden=True), dtype=np.uint8)[kinds] > 0)
        places = places[allowed]
        if wanted is not None:
            places = places[np.isin(self._groups_at(places), self.groups.matching(wanted))]
        return places

    def _groups_at(self, places: Any) -> Any:
        return np.frombuffer(self.columns.groups, dtype=np.uint32)[places]

    def _places_of(self, wanted: Callable[[Sharing], bool]) -> Any:
        if not len(self.columns):
            return np.empty(0, dtype=np.int64)
        every = np.frombuffer(self.columns.groups, dtype=np.uint32)
        return np.flatnonzero(np.isin(every, self.groups.matching(wanted)))

    # --- after a commit ------------------------------------------------------------------------------------------

    def map_changed(self) -> None:
        """Zones, rules or municipalities changed: what bays share is made anew, and bays find their groups."""
        before = self.groups.ruled_bays
        self.groups.map_changed()
        for bay_id in before ^ self.groups.ruled_bays:
            place = self.columns.places.get(bay_id)
            if place is not None:
                self.columns.groups[place] = self.groups.number_of(self.bay_at(place))
                self._seats.pop(bay_id, None)

    def show(self, bay: Bay, state: BayState, now: datetime, *, before: BayState | None,
             period_s: float | None = None) -> None:  # fmt: skip
        """Put a bay's new version before the readers; `period_s` where its sensor changed, 0 = none."""
        place = self.columns.places.get(bay.bay_id)
        held = self.columns.periods[place] if place is not None else 0.0
        if place is not None and before is not None:
            self._forget_words(place, before)
        place = self._put(place, bay, state, held if period_s is None else period_s, now)
        self._note_words(place, state)
        self._seats[bay.bay_id] = Seat(place, bay, self.columns.groups[place])

    def show_state(self, seat: Seat, before: BayState, state: BayState, data: bytes, now: datetime) -> None:
        """Put a new state of a bay that stays as it is before the readers; `data` is the state packed."""
        columns, (place, bay, _) = self.columns, seat
        word = model.public_occupancy(bay, state, columns.periods[place] > 0, now)
        kind = kind_of(word, bay.category, simulated=state.simulated, hidden=not self.is_public(bay))
        columns.put_state(place, data, with_instants(columns.fragments[place], state), kind)
        columns.due[place] = self._due_s(bay, state, now)
        if before.stay is not None:
            self._forget_words(place, before)
        if state.stay is not None:
            self._note_words(place, state)

    def _put(self, place: int | None, bay: Bay, state: BayState, period_s: float, now: datetime) -> int:
        word = model.public_occupancy(bay, state, period_s > 0, now)
        kind = kind_of(word, bay.category, simulated=state.simulated, hidden=not self.is_public(bay))
        columns = self.columns
        place = columns.put(
            place, bay, packed(state), own_fragment(bay, state), kind, self.groups.number_of(bay)
        )  # fmt: skip
        columns.periods[place] = period_s
        columns.due[place] = self._due_s(bay, state, now)
        return place

    def _due_s(self, bay: Bay, state: BayState, now: datetime) -> float:
        """When time alone may next change something at the bay, unix seconds."""
        turns = [at for at in (bay.closed_from, bay.closed_to) if at is not None and at > now]
        due_s = min(turns).timestamp() if turns else NEVER
        if bay.life != "in_service" or (state.told is None and state.doubted_at is None):
            return due_s
        group = self.group_of(bay, now)
        opens_at = group.opens_at if state.stay is not None else None
        at = model.next_deadline(state, self.terms_of(bay, group), opens_at, now)
        return due_s if at is None else min(due_s, at.timestamp())

    def reschedule(self, place: int, acted_s: float = 0.0) -> None:
        """Settings changed, or a deadline has acted: when is the bay's next one now? Unix seconds."""
        bay = self.bay_at(place)
        due_s = self._due_s(bay, self.columns.state(place, bay.bay_id), self._clock())
        # One that acted and is due still changed nothing (a rule whose hours never begin again): not at once again.
        self.columns.due[place] = due_s if due_s > acted_s else acted_s + _AGAIN_S

    def _note_words(self, place: int, state: BayState) -> None:
        for word in words_of(state):
            self._by_word.setdefault(word, set()).add(place)

    def _forget_words(self, place: int, state: BayState) -> None:
        for word in words_of(state):
            stand = self._by_word.get(word)
            if stand is not None:
                stand.discard(place)
                if not stand:
                    del self._by_word[word]

    def shows(self, place: int) -> PublicOccupancy:
        """What drivers are shown of the bay."""
        return word_of(self.columns.kinds[place])


def words_of(state: BayState) -> set[str]:
    """By which credentials and accreditation the bay's present stay goes."""
    stay, mark = state.stay, state.check_in
    if stay is None:
        return set()
    words = (stay.credential, stay.accreditation_id, state.card, mark.accreditation_id if mark else None)
    return {word for word in words if word is not None}


def zones_by_name(zones: Mapping[str, Zone], municipality_id: str) -> dict[str, Zone]:
    """A municipality's zones by their names."""
    return {zone.name: zone for zone in zones.values() if zone.municipality_id == municipality_id}
