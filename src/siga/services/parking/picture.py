"""Parking's memory: the map, the devices and the live state as last committed; what readers see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from siga.contract.parking import Bay, BayView, Category, PublicOccupancy, Rule, StaffBayView, Zone
from siga.contract.settings import DOUBT_LASTS_S, GRACE_S, SILENCE_FACTOR
from siga.contract.users import AccreditationBrief, CredentialCopy, Municipality
from siga.kit.clock import Clock
from siga.kit.geo import Box
from siga.kit.live_settings import LiveSettings
from siga.services.parking import model, rules
from siga.services.parking.model import BayState, Evidence, Terms
from siga.services.parking.shelves import Shelves
from siga.services.parking.store import Assignment, DeviceRow, Loaded

_SHOWN_LIVES = ("in_service", "closed")
_HOME = Municipality(municipality_id="", name="", slug="")


class Picture:
    """All of Parking's state in memory. Only the service writes to it, after a commit; reads never wait."""

    def __init__(self, settings: LiveSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self.zones: dict[str, Zone] = {}
        self.bays: dict[str, Bay] = {}
        self.states: dict[str, BayState] = {}
        self.rules: dict[str, Rule] = {}
        self.devices: dict[str, DeviceRow] = {}
        self.assignments: dict[int, Assignment] = {}
        self.credentials: dict[str, CredentialCopy] = {}
        self.accreditations: dict[str, AccreditationBrief] = {}
        self.municipalities: dict[str, Municipality] = {}
        self.position = 0
        self._of_device: dict[str, list[Assignment]] = {}
        self._sensor_of: dict[str, str] = {}
        self._cameras_of: dict[str, tuple[str, ...]] = {}
        self._by_code: dict[tuple[str, str], str] = {}
        self._rule_days: dict[str, tuple[date, Rule | None]] = {}
        self._shelves = Shelves([], [])
        self._indexed: list[str] = []
        self._places: dict[str, int] = {}
        self._sorted: list[str] = []
        self._stale = True

    def fill(self, loaded: Loaded) -> None:
        """Take over what the store holds."""
        self.zones = {z.zone_id: z for z in loaded.zones}
        self.bays = {bay.bay_id: bay for bay, _ in loaded.bays}
        self.states = {state.bay_id: state for _, state in loaded.bays}
        self.rules = {r.rule_id: r for r in loaded.rules}
        self.devices = {d.device.device_id: d for d in loaded.devices}
        self.assignments = {a.assignment: a for a in loaded.assignments}
        self.credentials = {c.credential: c for c in loaded.credentials}
        self.accreditations = {a.accreditation_id: a for a in loaded.accreditations}
        self.municipalities = {m.municipality_id: m for m in loaded.municipalities}
        self.position = loaded.position
        self.map_changed()

    def map_changed(self) -> None:
        """Forget what was derived from the map, the rules and the devices; it is derived again when next asked for."""
        self._stale = True
        self._rule_days.clear()

    def _fresh(self) -> None:
        if not self._stale:
            return
        now = self._clock()
        self._of_device, self._sensor_of = {}, {}
        cameras: dict[str, list[str]] = {}
        for assignment in sorted(self.assignments.values(), key=lambda a: a.assignment):
            row = self.devices.get(assignment.device_id)
            if row is None:
                continue
            self._of_device.setdefault(assignment.device_id, []).append(assignment)
            if assignment.ended_at is not None or row.device.revoked:
                continue
            if row.device.kind == "bay_sensor":
                self._sensor_of[assignment.bay_id] = assignment.device_id
            elif row.device.kind == "camera" and row.device.enabled:
                cameras.setdefault(assignment.bay_id, []).append(assignment.device_id)
        self._cameras_of = {bay_id: tuple(ids) for bay_id, ids in cameras.items()}
        shown = [b for b in self.bays.values() if not b.personal and b.life in _SHOWN_LIVES]
        self._indexed = [b.bay_id for b in shown]
        self._places = {bay_id: i for i, bay_id in enumerate(self._indexed)}
        self._shelves = Shelves([(b.lon, b.lat) for b in shown], [b.category for b in shown])
        for i, bay in enumerate(shown):
            self._shelves.put(i, self._shows(bay, now))
        self._sorted = sorted(self.bays)
        self._by_code = {(b.municipality_id, b.code.upper()): b.bay_id for b in self.bays.values()}
        self._stale = False

    # --- what applies to a bay -----------------------------------------------------------------------------------

    def municipality(self, municipality_id: str) -> Municipality:
        """The municipality as Users tells it; a plain one with Spanish time until it was heard of."""
        return self.municipalities.get(municipality_id, _HOME)

    def local_day(self, bay: Bay, now: datetime) -> date:
        """The day it is at the bay."""
        return now.astimezone(ZoneInfo(self.municipality(bay.municipality_id).time_zone)).date()

    def rule_of(self, bay: Bay, now: datetime) -> Rule | None:
        """The rule that applies to the bay on its present local day."""
        day = self.local_day(bay, now)
        kept = self._rule_days.get(bay.bay_id)
        if kept is None or kept[0] != day:
            time_zone = self.municipality(bay.municipality_id).time_zone
            kept = (day, rules.rule_for(bay, self.rules.values(), now, time_zone))
            self._rule_days[bay.bay_id] = kept
        return kept[1]

    def in_force(self, bay: Bay, now: datetime) -> bool:
        """Whether the bay's rule runs at `now`."""
        m = self.municipality(bay.municipality_id)
        return rules.in_force(self.rule_of(bay, now), now, m.time_zone, m.country)

    def opens_at(self, bay: Bay, now: datetime) -> datetime | None:
        """When the rule's hours next begin, None while they run."""
        m = self.municipality(bay.municipality_id)
        return rules.opens_at(self.rule_of(bay, now), now, m.time_zone, m.country)

    def terms_of(self, bay: Bay, now: datetime) -> Terms:
        """The durations that apply to the bay now."""
        rule, settings, where = self.rule_of(bay, now), self._settings, bay.municipality_id
        device = self.devices.get(self.sensor_of(bay.bay_id) or "")
        grace_s = rule.grace_s if rule and rule.grace_s is not None else settings.int_of(GRACE_S, where)
        return Terms(
            grace_s=grace_s, period_s=device.device.period_s if device else 3600,
            silence_factor=settings.float_of(SILENCE_FACTOR, where),
            doubt_lasts_s=settings.int_of(DOUBT_LASTS_S, where),
            max_stay_s=rule.max_stay_min * 60 if rule and rule.max_stay_min else None,
        )  # fmt: skip

    def sensor_of(self, bay_id: str) -> str | None:
        """The sensor that watches the bay now."""
        self._fresh()
        return self._sensor_of.get(bay_id)

    def cameras_of(self, bay_id: str) -> tuple[str, ...]:
        """The enabled cameras that see the bay."""
        self._fresh()
        return self._cameras_of.get(bay_id, ())

    def assignments_of(self, device_id: str) -> list[Assignment]:
        """All assignments the device ever had, oldest first."""
        self._fresh()
        return self._of_device.get(device_id, [])

    def code_taken(self, municipality_id: str, code: str) -> str | None:
        """The bay that has this code in the municipality."""
        self._fresh()
        return self._by_code.get((municipality_id, code.upper()))

    def bay_by_code(self, slug: str, code: str) -> Bay | None:
        """The bay whose sign says `/b/{slug}/{code}`."""
        found = next((m for m in self.municipalities.values() if m.slug == slug), None)
        bay_id = self.code_taken(found.municipality_id, code) if found else None
        return self.bays.get(bay_id) if bay_id else None

    # --- what people see -----------------------------------------------------------------------------------------

    def is_public(self, bay: Bay) -> bool:
        """Whether anyone may see the bay (D7)."""
        return not bay.personal and bay.life in _SHOWN_LIVES

    def view(self, bay: Bay, state: BayState, now: datetime, distance_m: float | None = None, *,
             monitored: bool | None = None) -> BayView:  # fmt: skip
        """The bay as anyone may see it; `monitored` where a transaction is about to change it."""
        return BayView(**self._seen(bay, state, now, monitored), distance_m=distance_m)

    def staff_view(self, bay: Bay, state: BayState, now: datetime, distance_m: float | None = None) -> StaffBayView:
        """The bay as staff of its municipality see it."""
        zone, sensor = self.zones.get(bay.zone_id), self.sensor_of(bay.bay_id)
        return StaffBayView(
            **self._seen(bay, state, now), distance_m=distance_m, personal=bay.personal, version=bay.version,
            authorisation=state.stay.authorisation if state.stay else None,
            stay_id=state.stay.stay_id if state.stay else None, zone_mode=zone.mode if zone else "observe_only",
            device_ids=(sensor,) if sensor else (), camera_ids=self.cameras_of(bay.bay_id),
            closed_from=bay.closed_from, closed_to=bay.closed_to,
        )  # fmt: skip

    def _seen(self, bay: Bay, state: BayState, now: datetime, monitored: bool | None = None) -> dict[str, Any]:
        zone, rule = self.zones.get(bay.zone_id), self.rule_of(bay, now)
        monitored = self.sensor_of(bay.bay_id) is not None if monitored is None else monitored
        return {
            "bay_id": bay.bay_id, "code": bay.code, "municipality_id": bay.municipality_id, "zone_id": bay.zone_id,
            "zone_name": zone.name if zone else "", "category": bay.category, "lon": bay.lon, "lat": bay.lat,
            "occupancy": model.public_occupancy(bay, state, monitored, now), "address": bay.address,
            "observed_at": state.observed_at, "changed_at": state.changed_at, "heard_at": state.heard_at,
            "life": bay.life, "identify": bay.identify, "attributes": bay.attributes,
            "hours": rule.hours if rule else None, "max_stay_min": rule.max_stay_min if rule else None,
            "rule_text": rule.text if rule else {}, "in_force": self.in_force(bay, now),
        }  # fmt: skip

    def nearest(self, lon: float, lat: float, *, category: Category | None, only_free: bool, limit: int,
                max_distance_m: float | None, now: datetime) -> list[BayView]:  # fmt: skip
        """Free monitored bays first; asked for any, the others follow by distance; when too few are free, unmonitored
        ones follow; doubtful ones come last (D1, D6)."""
        self._fresh()
        groups: list[tuple[PublicOccupancy, ...]]
        if only_free:
            groups = [("free",), ("unmonitored",), ("doubtful",)]
        else:
            groups = [("free",), ("unmonitored", "occupied", "unknown", "closed"), ("doubtful",)]
        found: list[BayView] = []
        for kinds in groups:
            if len(found) >= limit:
                break
            still = self._still(kinds, now)
            hits = self._shelves.nearest(lon, lat, limit - len(found), kinds, category, still, max_distance_m)
            found += [self._nth(i, now, distance) for distance, i in hits]
        return found

    def _nth(self, i: int, now: datetime, distance: float) -> BayView:
        bay = self.bays[self._indexed[i]]
        return self.view(bay, self.states[bay.bay_id], now, round(distance, 1))

    def _still(self, kinds: tuple[PublicOccupancy, ...], now: datetime) -> Callable[[int], bool]:
        """A closing begins and ends by the clock alone: whether a bay with such dates shows one of `kinds` now."""

        def still(i: int) -> bool:
            bay = self.bays[self._indexed[i]]
            return (bay.closed_from is None and bay.closed_to is None) or self._shows(bay, now) in kinds

        return still

    def _shows(self, bay: Bay, now: datetime) -> PublicOccupancy:
        return model.public_occupancy(bay, self.states[bay.bay_id], bay.bay_id in self._sensor_of, now)

    def states_changed(self, bay_ids: Iterable[str], now: datetime) -> None:
        """Put bays whose state has changed on the shelf of what they show now."""
        if not self._stale:
            for bay_id in bay_ids:
                place = self._places.get(bay_id)
                if place is not None:
                    self._shelves.put(place, self._shows(self.bays[bay_id], now))

    def in_box(self, box: Box, category: Category | None, staff_of: Iterable[str] = ()) -> Iterator[Bay]:
        """Bays in the box by id, public ones and, for staff, all of their municipalities."""
        self._fresh()
        mine = set(staff_of)
        for bay_id in self._sorted:
            bay = self.bays[bay_id]
            allowed = bay.municipality_id in mine or self.is_public(bay)
            if allowed and (category is None or bay.category == category) and box.holds(bay.lon, bay.lat):
                yield bay


def evidence(
    credential_of: Callable[[str], CredentialCopy | None],
    accreditation_of: Callable[[str], AccreditationBrief | None],
    today: date,
) -> Evidence:
    """Evidence over two look-ups."""
    return msgspec.structs.replace(
        _NOTHING, credential_of=credential_of, accreditation_of=accreditation_of, today=today
    )


_NOTHING = Evidence(credential_of=lambda _: None, accreditation_of=lambda _: None, today=date.min)
