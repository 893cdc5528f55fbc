"""What follows here from other services' facts, each within the transaction that takes the fact in."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from siga.contract.enforcement import CaseChanged, CaseOpened
from siga.contract.parking import BayChanged
from siga.services.drivers import model
from siga.services.drivers.service.check_ins import end
from siga.services.drivers.store import bays, check_ins, opinions, reports
from siga.services.drivers.store.check_ins import CheckIn


def follow_change(conn: Connection, change: BayChanged, recorded_at: datetime, now: datetime) -> None:
    """A bay changed: its check-in ends or learns its stay, doubts and misuse reports from before are settled."""
    check_in = check_ins.open_at(conn, change.bay_id)
    if check_in is not None:
        _follow_check_in(conn, check_in, change, recorded_at, now)
    emptied_at = model.emptied_at(change, recorded_at)
    if emptied_at is not None:
        reports.settle_misuse(conn, change.bay_id, emptied_at, now)
    if model.settles_doubts(change):
        opinions.settle_doubts(conn, change.bay_id, recorded_at)


def _follow_check_in(conn: Connection, check_in: CheckIn, change: BayChanged, recorded_at: datetime,
                     now: datetime) -> None:  # fmt: skip
    left_at = model.left_at(change, check_in.started_at, check_in.stay_id, recorded_at)
    if left_at is not None:
        end(conn, check_in, min(left_at, check_in.until), now)
    elif change.stay_id is not None and recorded_at >= check_in.started_at:
        check_ins.note_stay(conn, check_in.check_in_id, change.stay_id)


def case_opened(conn: Connection, case: CaseOpened) -> None:
    """A case about a stay: what its guest declared is kept while it is open."""
    bays.put_case(conn, case.case_id, case.bay_id, None)
    bays.put_case_stay(conn, case.case_id, case.stay_id)


def case_moved(conn: Connection, case: CaseChanged, position: int, at: datetime) -> None:
    """A case moved: it holds the declaration or lets it go, and reporters are told (D18).

    Words older than the last one about a report change nothing.
    """
    closed = case.state in ("resolved", "withdrawn")
    bays.put_case(conn, case.case_id, case.bay_id, at if closed else None)
    for report_id in case.report_ids:
        report = reports.one(conn, report_id)
        if report is None or report.kind != "misuse" or report.case_position >= position:
            continue
        status, outcome = model.told(report.status, case.state, case.outcome)
        moved = (status, outcome) != (report.status, report.outcome)
        changed = msgspec.structs.replace(
            report, status=status, outcome=outcome, case_id=case.case_id, case_position=position,
            changed_at=at if moved else report.changed_at, resolved_at=at if status == "resolved" else None,
        )  # fmt: skip
        reports.put(conn, changed)
