"""One signed envelope of reports folded onto an overlay: which bay, which place in the order, what becomes of it."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from siga.contract.parking import (
    Ack,
    AckStatus,
    Bay,
    HindsightRun,
    MatchedReport,
    ReportBatch,
    ReportCameLate,
    StayCorrected,
)
from siga.kit.ids import new_id
from siga.services.parking import health, hindsight, model, store_devices, store_reports
from siga.services.parking.entries import Entry, Order, is_too_old, place, seen_at
from siga.services.parking.model import BayState
from siga.services.parking.overlay import Overlay
from siga.services.parking.store_devices import Assignment, DeviceRow, Known
from siga.services.parking.store_reports import Around


def fold_batch(conn: Connection, overlay: Overlay, batch: ReportBatch) -> list[Ack]:
    """What became of each report, in their order. One that cannot be taken does not harm the others."""
    if len(batch.reports) > 1:
        overlay.know(conn, [report.device_id for report in batch.reports])
    return [_fold_one(conn, overlay, batch, report) for report in batch.reports]


def _fold_one(conn: Connection, overlay: Overlay, batch: ReportBatch, report: MatchedReport) -> Ack:
    known = overlay.known(conn, report.device_id)
    if known is None or known.row.device.revoked:
        return Ack(status="rejected", detail="This device is not known here.")
    kind = known.row.device.kind
    assignment = _assignment(known, report, batch.received_at)
    if assignment is None:
        return Ack(status="rejected", detail="This device is not assigned to that bay: assign it first.")
    bay = overlay.bay(assignment.bay_id)
    if bay is None or bay.life == "retired":
        return Ack(status="rejected", detail="The bay of this device is gone: assign the device to another.")
    if kind == "camera":
        return Ack(status="rejected", bay_id=bay.bay_id, detail="A camera sends photos, not reports.")
    entry = place(
        (assignment.assignment, report.epoch, report.sequence), report.occupied, report.observed_at, batch.received_at,
        report.credential, previous_duration_s=report.previous_duration_s, previous_error_s=report.previous_error_s,
        simulated=report.simulated,
    )  # fmt: skip
    state = overlay.state(bay.bay_id)
    too_old, news = is_too_old(entry), model.is_news(state, entry)
    # What comes after everything its only device said of the bay cannot be a repeat; the rest is looked up.
    surely_new = news and not too_old and kind == "bay_sensor" and _only_here(known, state)
    if not surely_new and _known(conn, overlay, report):
        return _ack("repeated", overlay, bay, state, None)
    _note_battery(conn, overlay, report, known.row)
    if not batch.gaps_counted and not (surely_new and _follows(state.order, entry.order)):
        _note_gap(conn, overlay, report)
    if too_old:
        _keep(overlay, report, bay, entry, "quarantined")
        detail = "Observed more than seven days ago: a person will look at it."
        return _ack("quarantined", overlay, bay, state, entry, detail)
    if kind == "card_reader":
        return _card(overlay, report, bay, entry)
    if news:
        return _news(conn, overlay, report, bay, state, entry)
    return _late(conn, overlay, report, bay, entry)


def _known(conn: Connection, overlay: Overlay, report: MatchedReport) -> bool:
    key = (report.device_id, report.epoch, report.sequence)
    return key in overlay.keys or store_reports.report_known(conn, *key)


def _assignment(known: Known, report: MatchedReport, received_at: datetime) -> Assignment | None:
    """The assignment a report belongs to: the present one, or the earlier one it was observed in (D4)."""
    mine = [a for a in known.assignments if report.bay_id is None or a.bay_id == report.bay_id]
    if not mine:
        return None
    seen = min(seen_at(report.observed_at, received_at), received_at)
    for assignment in reversed(mine):
        if assignment.started_at <= seen:
            break
    else:
        assignment = mine[0]
    if assignment.ended_at is not None and seen >= assignment.ended_at:
        return None
    return assignment


def _only_here(known: Known, state: BayState) -> bool:
    """Whether all that the device may have said since it spoke last is of this bay."""
    if state.order is None or state.order[0] != state.assignment:
        return False
    return len(known.assignments) == 1 or sum(one.ended_at is None for one in known.assignments) == 1


def _news(conn: Connection, overlay: Overlay, report: MatchedReport, bay: Bay, state: BayState, entry: Entry) -> Ack:
    run = None
    if entry.previous_duration_s is not None and not model.agrees(state, entry):
        _flush(conn, overlay)
        entries = [*store_reports.before(conn, bay.bay_id, entry.order), entry]
        run = hindsight.run_told(entries, len(entries) - 1)
    _keep(overlay, report, bay, entry, "applied")
    stay_id = new_id() if entry.occupied and model.turns(state, entry) else ""
    after = overlay.settle(bay, model.apply_report(state, entry, stay_id), "report", heard=True)
    if run is not None:
        _tell_corrected(overlay, report, bay, entry.order, run, simulated=entry.simulated)
    return _ack("applied", overlay, bay, after, entry)


def _late(conn: Connection, overlay: Overlay, report: MatchedReport, bay: Bay, entry: Entry) -> Ack:
    _keep(overlay, report, bay, entry, "late")
    _flush(conn, overlay)
    seen, state = store_reports.around(conn, bay.bay_id, entry.order), overlay.state(bay.bay_id)
    present = seen.to_end and seen.entries[-1].order == state.order
    run = hindsight.last_run(seen.entries) if present else ()
    after = overlay.settle(bay, model.apply_late(state, entry, run), "late_report")
    late = ReportCameLate(
        bay_id=bay.bay_id, zone_id=bay.zone_id, device_id=report.device_id, occupied=entry.occupied,
        observed_at=entry.observed_at, received_at=entry.received_at, order=entry.order,
        simulated=entry.simulated, until_at=_until_at(seen, entry),
    )  # fmt: skip
    overlay.tell(late, bay.municipality_id, bay.bay_id, entry.observed_at)
    if any(one.previous_duration_s is not None for one in seen.entries[seen.at :]):
        simulated = {one.order: one.simulated for one in seen.entries}
        for order, told in hindsight.changed_by(seen.entries, entry.order).items():
            _tell_corrected(overlay, report, bay, order, told, simulated=simulated[order])
    return _ack("late", overlay, bay, after, entry)


def _until_at(seen: Around, entry: Entry) -> datetime | None:
    """When the next report in order that says otherwise was observed; None when there is none (any longer)."""
    later = (one.observed_at for one in seen.entries[seen.at :] if one.occupied is not entry.occupied)
    return next(later, None)


def _tell_corrected(overlay: Overlay, report: MatchedReport, bay: Bay, order: Order, run: HindsightRun | None, *,
                    simulated: bool) -> None:  # fmt: skip
    told = StayCorrected(
        bay_id=bay.bay_id, zone_id=bay.zone_id, device_id=report.device_id, order=order, run=run, simulated=simulated,
    )  # fmt: skip
    overlay.tell(told, bay.municipality_id, bay.bay_id, run.from_at if run is not None else None)


def _card(overlay: Overlay, report: MatchedReport, bay: Bay, entry: Entry) -> Ack:
    """A reader of its own tells of cards alone; it never moves the occupancy."""
    _keep(overlay, report, bay, entry, "applied")
    state = overlay.state(bay.bay_id)
    if entry.credential is not None:
        state = overlay.settle(bay, model.card_read(state, entry.credential, entry.observed_at), "report")
    return _ack("applied", overlay, bay, state, entry)


def _keep(overlay: Overlay, report: MatchedReport, bay: Bay, entry: Entry, status: AckStatus) -> None:
    overlay.keys.add((report.device_id, report.epoch, report.sequence))
    overlay.rows.append(store_reports.row_of(report, bay.bay_id, entry, status))


def _flush(conn: Connection, overlay: Overlay) -> None:
    """Write what is kept so far, so that it is found by the questions that follow."""
    store_reports.insert_reports(conn, overlay.rows)
    overlay.rows.clear()


def _follows(before: Order | None, order: Order) -> bool:
    return before is not None and before[2] + 1 == order[2] and before[1] == order[1] and before[0] == order[0]


def _note_gap(conn: Connection, overlay: Overlay, report: MatchedReport) -> None:
    """Count sequences of the device that are missing, or no longer."""
    _flush(conn, overlay)
    change = store_reports.gap_change(conn, report.device_id, report.epoch, report.sequence)
    if change:
        health.note_gap(conn, report.device_id, change)


def _note_battery(conn: Connection, overlay: Overlay, report: MatchedReport, committed: DeviceRow) -> None:
    if report.battery_pct is None:
        return
    row = overlay.devices.get(report.device_id) or committed
    if report.battery_pct == row.device.battery_pct:
        return
    device = msgspec.structs.replace(row.device, battery_pct=report.battery_pct)
    overlay.devices[report.device_id] = msgspec.structs.replace(row, device=device)
    store_devices.put_device(conn, device)


def _ack(status: AckStatus, overlay: Overlay, bay: Bay, state: BayState, entry: Entry | None,
         detail: str | None = None) -> Ack:  # fmt: skip
    return Ack(
        status=status, bay_id=bay.bay_id, occupancy=model.occupancy(bay, state, overlay.now),
        authorisation=state.stay.authorisation if state.stay else None,
        clock_suspect=True if entry is not None and entry.clock_suspect else None, detail=detail,
    )  # fmt: skip
