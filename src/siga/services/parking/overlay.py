"""What one transaction is about to change: states, map and read copies over the committed picture, and the facts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection

from siga.contract.parking import Bay, BayChanged, BayHeard, Rule, StaySuspected, SuspicionReason, Zone
from siga.contract.users import AccreditationBrief, CredentialCopy, Municipality
from siga.kit.journal import Fact
from siga.services.parking import model, store_devices
from siga.services.parking.card_watch import CardNotes, watch
from siga.services.parking.columns import packed
from siga.services.parking.model import BayState, Evidence
from siga.services.parking.nonces import NonceWindow
from siga.services.parking.picture import Picture
from siga.services.parking.store_devices import DeviceRow, Known

Cause = Literal["report", "late_report", "time", "check_in", "credential", "doubt", "judged", "device", "map"]


class Overlay:
    """Collects changes; nothing of it is visible until `publish` after the commit. A failed commit just drops it."""

    def __init__(self, picture: Picture, now: datetime) -> None:
        self.picture, self.now = picture, now
        self.facts: list[Fact] = []
        self.states: dict[str, BayState] = {}
        self.zones: dict[str, Zone] = {}
        self.bays: dict[str, Bay] = {}
        self.rules: dict[str, Rule | None] = {}
        self.devices: dict[str, DeviceRow] = {}
        self.assigned: set[str] = set()
        """Devices whose assignments change."""
        self.periods: dict[str, float] = {}
        """By bay: the period of the sensor that watches it from now on, 0 without one."""
        self.cameras_changed = False
        self.keys_changed = False
        """A device was made, enrolled, changed or revoked."""
        self.nonces: dict[str, NonceWindow] = {}
        self.credentials: dict[str, CredentialCopy] = {}
        self.accreditations: dict[str, AccreditationBrief] = {}
        self.municipalities: dict[str, Municipality] = {}
        self.cards = CardNotes()
        self.rows: list[tuple[Any, ...]] = []
        self.keys: set[tuple[str, int, int]] = set()
        self.quiet: set[str] = set()
        """Bays that change without an event."""
        self._before: dict[str, BayState] = {}
        self._packed: dict[str, bytes] = {}
        self._read: dict[str, Known] = {}

    def state(self, bay_id: str) -> BayState:
        """The bay's state as this transaction has it so far."""
        found = self.states.get(bay_id) or self._before.get(bay_id)
        if found is None:
            found = self._before[bay_id] = self.picture.state(bay_id)
        return found

    def bay(self, bay_id: str) -> Bay | None:
        """The bay as this transaction has it so far."""
        return self.bays.get(bay_id) or self.picture.bay(bay_id)

    def known(self, conn: Connection, device_id: str) -> Known | None:
        """The device with its assignments, as committed before; None when there is no such device."""
        found = self.picture.known_device(device_id) or self._read.get(device_id)
        if found is None:
            found = store_devices.known_one(conn, device_id)
            if found is not None:
                self._read[device_id] = found
        return found

    def know(self, conn: Connection, device_ids: Iterable[str]) -> None:
        """Read these devices at once, those that memory does not know."""
        missing = [i for i in set(device_ids) if self.picture.known_device(i) is None and i not in self._read]
        if missing:
            self._read.update(store_devices.known(conn, missing))

    def monitored(self, bay_id: str) -> bool:
        """Whether a sensor watches the bay, as this transaction has it so far."""
        period_s = self.periods.get(bay_id)
        return self.picture.is_monitored(bay_id) if period_s is None else period_s > 0

    def credential(self, credential: str) -> CredentialCopy | None:
        """A row of the read copy as this transaction has it so far."""
        return self.credentials.get(credential) or self.picture.credentials.get(credential)

    def accreditation(self, accreditation_id: str) -> AccreditationBrief | None:
        """A row of the read copy as this transaction has it so far."""
        return self.accreditations.get(accreditation_id) or self.picture.accreditations.get(accreditation_id)

    def tell(self, data: msgspec.Struct, municipality_id: str, subject_id: str, at: datetime | None = None,
             sequence: int = 0) -> None:  # fmt: skip
        """Add a fact."""
        self.facts.append(
            Fact(data=data, municipality_id=municipality_id, subject_id=subject_id, sequence=sequence,  # type: ignore[arg-type]
                 occurred_at=at or self.now)
        )  # fmt: skip

    def settle(self, bay: Bay, after: BayState, cause: Cause, *, heard: bool = False, told: bool = False) -> BayState:
        """Let time and evidence act upon a new state, keep it, and tell what changed.

        `heard`: the sensor spoke, so ages changed even if nothing else did; `told`: tell it in any case.
        """
        before, picture, now = self.state(bay.bay_id), self.picture, self.now
        group = picture.group_of(bay, now)
        terms = picture.terms_of(bay, group)
        after = model.advance(bay, after, self._proof(bay), terms, now)
        reasons: tuple[str, ...] = ()
        zone = self.zones.get(bay.zone_id) or group.zone
        if after.stay is not None and bay.life == "in_service" and zone is not None:
            reasons = model.suspicions(after, terms, group.in_force, now)
            if reasons:
                stay = msgspec.structs.replace(after.stay, suspected=(*after.stay.suspected, *reasons))
                after = msgspec.structs.replace(after, stay=stay)
        if after == before and not told:
            return after
        if told or self._differs(bay, before, after):
            after = msgspec.structs.replace(after, sequence=before.sequence + 1)
            self._tell_changed(bay, before, after, cause)
        elif heard and after.heard_at is not None and after.observed_at is not None:
            heard_fact = BayHeard(
                bay_id=bay.bay_id, heard_at=after.heard_at, observed_at=after.observed_at,
                personal=not picture.is_public(bay),
                lon=bay.lon, lat=bay.lat,
            )  # fmt: skip
            self.tell(heard_fact, bay.municipality_id, bay.bay_id)
        else:
            self.quiet.add(bay.bay_id)
        self.states[bay.bay_id] = after
        if after.stay is not None or before.stay is not None:
            watch(self, bay, before, after)
        for reason in reasons:
            self._tell_suspected(bay, after, zone, reason)
        return after

    def _proof(self, bay: Bay) -> Evidence:
        return Evidence(
            credential_of=self.credential, accreditation_of=self.accreditation,
            today=self.picture.local_day(bay, self.now),
        )  # fmt: skip

    def _differs(self, bay: Bay, before: BayState, after: BayState) -> bool:
        return self._shown(bay, before) != self._shown(bay, after)

    def _shown(self, bay: Bay, state: BayState) -> tuple[Any, ...]:
        stay = state.stay
        who = (stay.stay_id, stay.authorisation, stay.authorised_by, stay.accreditation_id) if stay else None
        return model.occupancy(bay, state, self.now), state.changed_at, state.doubted_at is not None, who

    def _tell_changed(self, bay: Bay, before: BayState, after: BayState, cause: Cause) -> None:
        monitored = self.monitored(bay.bay_id)
        stay, ended = after.stay, before.stay
        public = self.picture.is_public(bay)
        self.tell(
            BayChanged(
                bay_id=bay.bay_id, zone_id=bay.zone_id, code=bay.code, category=bay.category,
                occupancy=model.occupancy(bay, after, self.now),
                public_occupancy=model.public_occupancy(bay, after, monitored, self.now),
                authorisation=stay.authorisation if stay else None,
                previous_occupancy=model.occupancy(bay, before, self.now),
                previous_authorisation=ended.authorisation if ended else None,
                observed_at=after.observed_at, changed_at=after.changed_at, heard_at=after.heard_at,
                stay_id=stay.stay_id if stay else None,
                ended_stay_id=ended.stay_id if ended and (stay is None or stay.stay_id != ended.stay_id) else None,
                subject=self._subject(after), authorised_by=stay.authorised_by if stay else None, cause=cause,
                personal=bay.personal, simulated=after.simulated,
                view=self.picture.view(bay, after, self.now, monitored=monitored) if public else None,
            ),
            bay.municipality_id, bay.bay_id, after.changed_at, after.sequence,
        )  # fmt: skip

    @staticmethod
    def _subject(state: BayState) -> str | None:
        """Who is known to stand there, as a keyed word: the card's match, else the accreditation."""
        if state.stay is None:
            return None
        return state.stay.credential or state.card or state.stay.accreditation_id

    def _tell_suspected(self, bay: Bay, state: BayState, zone: Zone | None, reason: str) -> None:
        stay, rule = state.stay, self.picture.group_of(bay, self.now).rule
        if stay is None or zone is None:
            return
        look = reason != "unverified" or (bool(bay.identify) and (rule is None or rule.look_when_unverified))
        self.tell(
            StaySuspected(
                stay_id=stay.stay_id, bay_id=bay.bay_id, zone_id=bay.zone_id, code=bay.code, category=bay.category,
                reason=_reason(reason), authorisation=stay.authorisation, mode=zone.mode,
                occupied_since=stay.started_at,
                evidence=self._evidence_words(bay, state), look=look,
                camera_ids=self.picture.cameras.get(bay.bay_id, ()),
                lon=bay.lon, lat=bay.lat, address=bay.address, personal=bay.personal,
            ),
            bay.municipality_id, bay.bay_id,
        )  # fmt: skip

    def _evidence_words(self, bay: Bay, state: BayState) -> dict[str, bool | str | None]:
        stay = state.stay
        read = (stay.credential if stay else None) or state.card
        row = self.credential(read) if read else None
        return {
            "sensor": True, "identify": ",".join(bay.identify), "card": _card_word(read, row),
            "check_in": state.check_in.kind if state.check_in else None, "plate": None,
        }  # fmt: skip

    def packed(self) -> dict[str, bytes]:
        """The new states as they are kept, by bay; packed once for store and memory."""
        if len(self._packed) != len(self.states):
            self._packed = {bay_id: packed(state) for bay_id, state in self.states.items()}
        return self._packed

    def publish(self) -> None:
        """After the commit: make it the picture."""
        picture = self.picture
        picture.credentials.update(self.credentials)
        picture.accreditations.update(self.accreditations)
        picture.cards.keep(self.cards, self.now)
        if self.zones or self.rules or self.municipalities:
            self._publish_map()
        for bay_id in {**self.bays, **self.periods}:
            bay = self.bay(bay_id)
            if bay is not None:
                before = self._before.get(bay_id)
                picture.show(bay, self.state(bay_id), self.now, before=before, period_s=self.periods.get(bay_id))
        for bay_id, data in self.packed().items():
            seat = picture.seat(bay_id)
            if seat is not None:
                before = self._before.get(bay_id) or self.states[bay_id]
                picture.show_state(seat, before, self.states[bay_id], data, self.now)
        self._publish_devices()

    def _publish_map(self) -> None:
        picture = self.picture
        picture.zones.update(self.zones)
        picture.municipalities.update(self.municipalities)
        for rule_id, rule in self.rules.items():
            if rule is None:
                picture.rules.pop(rule_id, None)
            else:
                picture.rules[rule_id] = rule
        picture.map_changed()

    def _publish_devices(self) -> None:
        picture = self.picture
        changed = self.assigned | self.devices.keys()
        picture.keys_version += self.keys_changed
        for known in self._read.values():
            picture.keep_device(known)
        picture.forget_devices(changed)
        for device_id, window in self.nonces.items():
            kept = picture.known_device(device_id)
            if kept is not None:
                row = msgspec.structs.replace(kept.row, nonces=window)
                picture.keep_device(msgspec.structs.replace(kept, row=row))


def _reason(reason: str) -> SuspicionReason:
    return "overstay" if reason == "overstay" else "unauthorised" if reason == "unauthorised" else "unverified"


def _card_word(read: str | None, row: CredentialCopy | None) -> str:
    """What the card says about itself: none read, unknown here, or how its accreditation stands."""
    if read is None:
        return "none"
    if row is None:
        return "unknown"
    return "revoked" if row.credential_revoked else row.status
