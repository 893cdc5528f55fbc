"""What other services' events do to cases; every effect is the same however often and however late it comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from siga.contract.cases import WouldHave
from siga.contract.drivers import MisuseReported
from siga.contract.enforcement import PhotoStored, PlateRead
from siga.contract.events import Event
from siga.contract.parking import BayChanged, StaffBayView, StaySuspected
from siga.kit.ids import new_id
from siga.services.enforcement import automatic, records, store
from siga.services.enforcement.model import Case, Evidence, Step
from siga.services.enforcement.records import CasePhoto
from siga.services.enforcement.tools import log
from siga.services.enforcement.turn import Turn

# --- Parking -----------------------------------------------------------------------------------------------------


class _Book:
    """The cases a batch is about, as they become while it is worked."""

    def __init__(self, found: Iterable[Case]) -> None:
        self._cases = {case.case_id: case for case in found}

    def note(self, case: Case) -> None:
        self._cases[case.case_id] = case

    def about(self, news: BayChanged) -> list[Case]:
        stays = {news.stay_id, news.ended_stay_id} - {None}
        return [case for case in self._cases.values() if case.stay_id in stays or case.bay_id == news.bay_id]


def from_parking(turn: Turn, events: Sequence[Event]) -> None:
    """Suspicions open or join cases; news of bays mark, close or withdraw them."""
    told = [(event, event.decoded()) for event in events]
    changes = [data for _, data in told if isinstance(data, BayChanged)]
    stays = {data.ended_stay_id for data in changes} | {data.stay_id for data in changes}
    book = _Book(store.concerned(turn.conn, {d.bay_id for d in changes}, {stay for stay in stays if stay}))
    for event, data in told:
        if isinstance(data, StaySuspected):
            _suspected(turn, event, data, book)
        elif isinstance(data, BayChanged):
            for case in book.about(data):
                book.note(_bay_changed(turn, case, data, event))


def _suspected(turn: Turn, event: Event, told: StaySuspected, book: _Book) -> None:
    if not told.look:
        return
    case = store.of_stay(turn.conn, told.stay_id) or _without_stay(turn, told.bay_id)
    if case is None and told.mode != "enforcing":
        _would_have(turn, event.municipality_id, told)
        return
    if case is None:
        book.note(turn.open(_case_of(turn, event, told), [Step("opened", detail={"reason": told.reason})],
                            told.camera_ids))  # fmt: skip
        return
    case = turn.change(case, automatic.suspected(case, told))
    book.note(turn.want_photo(case, told.camera_ids))


def _without_stay(turn: Turn, bay_id: str) -> Case | None:
    """An open case at the bay that somebody opened before the sensor could tell which stay it is about."""
    open_there = store.open_at(turn.conn, bay_id)
    return next((case for case in open_there if case.stay_id is None and case.still_there is not False), None)


def _case_of(turn: Turn, event: Event, told: StaySuspected) -> Case:
    return Case(
        case_id=new_id(), municipality_id=event.municipality_id, bay_id=told.bay_id, zone_id=told.zone_id,
        code=told.code, address=told.address, lon=told.lon, lat=told.lat, category=told.category,
        reasons=(told.reason,), opened_at=turn.now, changed_at=turn.now, stay_id=told.stay_id,
        evidence={**told.evidence, "authorisation": told.authorisation}, occupied_since=told.occupied_since,
        still_there=True, personal=told.personal, simulated=told.simulated,
    )  # fmt: skip


def _would_have(turn: Turn, municipality_id: str, told: StaySuspected) -> None:
    made = WouldHave(
        would_have_id=new_id(), municipality_id=municipality_id, bay_id=told.bay_id, zone_id=told.zone_id,
        code=told.code, category=told.category, reason=told.reason, occupied_since=told.occupied_since,
        suspected_at=turn.now,
    )  # fmt: skip
    records.add_would_have(turn.conn, f"{told.stay_id}:{told.reason}", made, told.personal)


def _bay_changed(turn: Turn, case: Case, news: BayChanged, event: Event) -> Case:
    times = turn.times(case.municipality_id)
    what = automatic.presence(case, news)
    if what is not None:
        at = news.changed_at if what == "gone" and news.changed_at else event.occurred_at
        case = turn.change(case, automatic.seen(case, what, at, turn.now, times))
    if news.authorisation is not None and news.stay_id is not None and news.stay_id == case.stay_id:
        moved = automatic.authorisation_is(case, news.authorisation, news.authorised_by, turn.now, times)
        case = turn.change(case, moved)
    return case


# --- Images ------------------------------------------------------------------------------------------------------


def from_images(turn: Turn, events: Sequence[Event]) -> None:
    """Photos join their cases; those that were read are put down for the desk."""
    for event in events:
        data = event.decoded()
        if isinstance(data, PhotoStored):
            _photo_stored(turn, event, data)
        elif isinstance(data, PlateRead):
            records.set_stage(turn.conn, data.photo_id, "read")
            turn.readings = True


def _photo_stored(turn: Turn, event: Event, data: PhotoStored) -> None:
    if records.photo(turn.conn, data.photo_id) is not None:
        return
    case_id = records.case_of_report(turn.conn, data.case_id) or data.case_id
    case = store.one(turn.conn, case_id)
    photo = CasePhoto(
        photo_id=data.photo_id, about_id=data.case_id, case_id=case.case_id if case else None, sha256=data.sha256,
        stored_at=event.occurred_at,
    )  # fmt: skip
    records.add_photo(turn.conn, photo)
    if case is not None:
        _attach(turn, case, photo)


def _attach(turn: Turn, case: Case, photo: CasePhoto) -> Case:
    turn.hold([photo.photo_id], case)
    return turn.change(case, automatic.photo_arrived(case, photo.photo_id))


# --- Drivers -----------------------------------------------------------------------------------------------------


def reported(turn: Turn, event: Event, told: MisuseReported, bay: StaffBayView | None) -> None:
    """A driver's report joins the case of its bay, or opens one where the zone is enforcing; `bay` is as it is now."""
    if records.case_of_report(turn.conn, told.report_id) is not None:
        return
    case = _case_at(turn, told.bay_id, bay)
    if case is None and bay is None:
        log.warning("report_about_no_bay", report_id=told.report_id)
        return
    if case is None and bay is not None:
        if bay.zone_mode != "enforcing" or bay.life != "in_service":
            _report_would_have(turn, told, bay)
            return
        step = Step("opened", detail={"reason": "misuse_report", "bay": bay.occupancy})
        case = turn.open(case_at(turn, bay, "misuse_report"), [step], bay.camera_ids)
    if case is not None:
        _join(turn, case, told, event)


def _case_at(turn: Turn, bay_id: str, bay: StaffBayView | None) -> Case | None:
    """The case the report is about: an open one whose vehicle has not gone, or one about the very stay."""
    there = next((case for case in store.open_at(turn.conn, bay_id) if case.still_there is not False), None)
    if there is not None or bay is None or bay.stay_id is None:
        return there
    return store.of_stay(turn.conn, bay.stay_id)


def _join(turn: Turn, case: Case, told: MisuseReported, event: Event) -> None:
    records.add_report(turn.conn, told.report_id, case.case_id, event.occurred_at)
    photos = records.adopt_photos(turn.conn, told.report_id, case.case_id)
    case = turn.change(case, automatic.reported(case, told.report_id, told.has_photo or bool(photos)))
    for photo in photos:
        case = _attach(turn, case, photo)
        turn.readings = True


def _report_would_have(turn: Turn, told: MisuseReported, bay: StaffBayView) -> None:
    made = WouldHave(
        would_have_id=new_id(), municipality_id=bay.municipality_id, bay_id=bay.bay_id, zone_id=bay.zone_id,
        code=bay.code, category=bay.category, reason="misuse_report",
        occupied_since=bay.changed_at if bay.occupancy == "occupied" else None, suspected_at=turn.now,
    )  # fmt: skip
    records.add_would_have(turn.conn, f"report:{told.report_id}", made, bay.personal)


# --- a case from a bay as it is now --------------------------------------------------------------------------------


def case_at(turn: Turn, bay: StaffBayView, reason: Literal["misuse_report", "officer"]) -> Case:
    """A case about whoever stands at a bay now; where no sensor sees anybody, an officer's own eyes do."""
    occupied = bay.occupancy == "occupied"
    return Case(
        case_id=new_id(), municipality_id=bay.municipality_id, bay_id=bay.bay_id, zone_id=bay.zone_id, code=bay.code,
        address=bay.address, lon=bay.lon, lat=bay.lat, category=bay.category, reasons=(reason,), opened_at=turn.now,
        changed_at=turn.now, stay_id=bay.stay_id, evidence=_evidence(bay),
        occupied_since=bay.changed_at if occupied else None,
        still_there=True if occupied or reason == "officer" else None, personal=bay.personal, simulated=bay.simulated,
    )  # fmt: skip


def _evidence(bay: StaffBayView) -> Evidence:
    sensor: dict[str, bool | str | None] = {"occupied": True, "free": "free", "doubtful": "free", "unmonitored": None}
    return {
        "sensor": sensor.get(bay.occupancy, False), "identify": ",".join(bay.identify),
        "authorisation": bay.authorisation,
    }  # fmt: skip
