"""One signed envelope of reports folded onto an overlay: which bay, which place in the order, what becomes of it."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from siga.contract.parking import Ack, AckStatus, Bay, MatchedReport, ReportBatch, ReportCameLate
from siga.kit.ids import new_id
from siga.services.parking import model, store, store_reports
from siga.services.parking.model import BayState, Entry
from siga.services.parking.overlay import Overlay
from siga.services.parking.store import Assignment, DeviceRow, Known


def fold_batch(conn: Connection, overlay: Overlay, batch: ReportBatch) -> list[Ack]:
    """What became of each report, in their order. One that cannot be taken does not harm the others."""
    return [_fold_one(conn, overlay, batch, report) for report in batch.reports]


def _fold_one(conn: Connection, overlay: Overlay, batch: ReportBatch, report: MatchedReport) -> Ack:
    known = overlay.known(conn, report.device_id)
    if known is None or known.row.device.revoked:
        return Ack(status="rejected", detail="This device is not known here.")
    row = known.row
    assignment = _assignment(known, report, batch.received_at)
    if assignment is None:
        return Ack(status="rejected", detail="This device is not assigned to that bay: assign it first.")
    bay = overlay.bay(assignment.bay_id)
    if bay is None or bay.life == "retired":
        return Ack(status="rejected", detail="The bay of this device is gone: assign the device to another.")
    order = (assignment.assignment, report.epoch, report.sequence)
    entry = model.place(order, report.occupied, report.observed_at, batch.received_at, report.credential)
    too_old, news = model.is_too_old(entry), model.is_news(overlay.state(bay.bay_id), entry)
    # What comes after everything the bay's sensor ever said cannot be a repeat; the rest is looked up.
    surely_new = news and not too_old and row.device.kind == "bay_sensor"
    if not surely_new and _known(conn, overlay, report):
        return _ack("repeated", overlay, bay, None)
    _note_battery(conn, overlay, report, row)
    if too_old:
        _keep(overlay, report, bay, entry, "quarantined")
        return _ack("quarantined", overlay, bay, entry, "Observed more than seven days ago: a person will look at it.")
    if row.device.kind == "card_reader":
        return _card(overlay, report, bay, entry)
    if row.device.kind == "camera":
        return Ack(status="rejected", bay_id=bay.bay_id, detail="A camera sends photos, not reports.")
    if news:
        return _news(overlay, report, bay, entry)
    return _late(conn, overlay, report, bay, entry)


def _known(conn: Connection, overlay: Overlay, report: MatchedReport) -> bool:
    key = (report.device_id, report.epoch, report.sequence)
    return key in overlay.keys or store_reports.report_known(conn, *key)


def _assignment(known: Known, report: MatchedReport, received_at: datetime) -> Assignment | None:
    """The assignment a report belongs to: the present one, or the earlier one it was observed in (D4)."""
    mine = [a for a in known.assignments if report.bay_id is None or a.bay_id == report.bay_id]
    if not mine:
        return None
    seen = min(report.observed_at or received_at, received_at)
    for assignment in reversed(mine):
        if assignment.started_at <= seen:
            break
    else:
        assignment = mine[0]
    if assignment.ended_at is not None and seen >= assignment.ended_at:
        return None
    return assignment


def _news(overlay: Overlay, report: MatchedReport, bay: Bay, entry: Entry) -> Ack:
    _keep(overlay, report, bay, entry, "applied")
    after = model.apply_report(overlay.state(bay.bay_id), entry, new_id())
    overlay.settle(bay, after, "report", heard=True)
    return _ack("applied", overlay, bay, entry)


def _late(conn: Connection, overlay: Overlay, report: MatchedReport, bay: Bay, entry: Entry) -> Ack:
    _keep(overlay, report, bay, entry, "late")
    store_reports.insert_reports(conn, overlay.rows)
    overlay.rows.clear()
    state = overlay.state(bay.bay_id)
    run: list[Entry] = []
    if state.told is not None and entry.order[0] == state.assignment:
        run = store_reports.run_of(conn, bay.bay_id, state.assignment, state.told)
    overlay.settle(bay, model.apply_late(state, entry, run), "late_report")
    late = ReportCameLate(
        bay_id=bay.bay_id, zone_id=bay.zone_id, device_id=report.device_id, occupied=entry.occupied,
        observed_at=entry.observed_at, received_at=entry.received_at, order=entry.order,
        until_at=store_reports.other_after(conn, bay.bay_id, entry),
    )  # fmt: skip
    overlay.tell(late, bay.municipality_id, bay.bay_id, entry.observed_at)
    return _ack("late", overlay, bay, entry)


def _card(overlay: Overlay, report: MatchedReport, bay: Bay, entry: Entry) -> Ack:
    """A reader of its own tells of cards alone; it never moves the occupancy."""
    _keep(overlay, report, bay, entry, "applied")
    if entry.credential is not None:
        after = model.card_read(overlay.state(bay.bay_id), entry.credential, entry.observed_at)
        overlay.settle(bay, after, "report")
    return _ack("applied", overlay, bay, entry)


def _keep(overlay: Overlay, report: MatchedReport, bay: Bay, entry: Entry, status: AckStatus) -> None:
    overlay.keys.add((report.device_id, report.epoch, report.sequence))
    overlay.rows.append({
        "device_id": report.device_id, "epoch": report.epoch, "sequence": report.sequence, "bay_id": bay.bay_id,
        "assignment": entry.order[0], "occupied": entry.occupied, "observed_at": entry.observed_at,
        "received_at": entry.received_at, "credential": entry.credential, "status": status,
    })  # fmt: skip


def _note_battery(conn: Connection, overlay: Overlay, report: MatchedReport, committed: DeviceRow) -> None:
    row = overlay.devices.get(report.device_id) or committed
    if report.battery_pct is None or report.battery_pct == row.device.battery_pct:
        return
    device = msgspec.structs.replace(row.device, battery_pct=report.battery_pct)
    overlay.devices[report.device_id] = msgspec.structs.replace(row, device=device)
    store.put_device(conn, device)


def _ack(status: AckStatus, overlay: Overlay, bay: Bay, entry: Entry | None, detail: str | None = None) -> Ack:
    state: BayState = overlay.state(bay.bay_id)
    return Ack(
        status=status, bay_id=bay.bay_id, occupancy=model.occupancy(bay, state, overlay.now),
        authorisation=state.stay.authorisation if state.stay else None,
        clock_suspect=True if entry is not None and entry.clock_suspect else None, detail=detail,
    )  # fmt: skip
