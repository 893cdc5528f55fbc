"""The SQL behind what devices reported: each (device, epoch, sequence) once, in order, for as long as it may matter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select

from siga.contract.parking import AckStatus, MatchedReport
from siga.kit.bulk import Row, insert_rows
from siga.kit.columns import micros
from siga.services.parking import tables as t
from siga.services.parking.entries import Entry, Order
from siga.services.parking.hindsight import turns_in

_TURNS = 3
_FIRST_LOOK = 32
_IN_ORDER = (t.reports.c.epoch, t.reports.c.sequence)
_BACKWARDS = (t.reports.c.epoch.desc(), t.reports.c.sequence.desc())


class Around(NamedTuple):
    """The kept reports before and after a place of the order, `at` being the first that is not before it.

    They reach three turns of the state in either direction, if there are so many; `to_end`: up to the newest.
    """

    entries: list[Entry]
    at: int
    to_end: bool


def row_of(report: MatchedReport, bay_id: str, entry: Entry, status: AckStatus) -> Row:
    """A report as it is to be kept (instants as `kit.columns.Instant` keeps them)."""
    return (
        report.device_id, report.epoch, report.sequence, bay_id, entry.order[0], entry.occupied,
        micros(entry.observed_at), micros(entry.received_at), entry.credential,
        status, entry.previous_duration_s, entry.previous_error_s, entry.simulated,
    )  # fmt: skip


def insert_reports(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what was reported."""
    insert_rows(conn, t.reports, rows)


def report_known(conn: Connection, device_id: str, epoch: int, sequence: int) -> bool:
    """Whether this report was kept before."""
    key = and_(t.reports.c.device_id == device_id, t.reports.c.epoch == epoch, t.reports.c.sequence == sequence)
    return conn.scalar(select(t.reports.c.status).where(key)) is not None


def gap_change(conn: Connection, device_id: str, epoch: int, sequence: int) -> int:
    """By how many the sequences that are missing between a device's kept ones of an epoch grow with this new one.

    Negative when it fills a gap; nothing is missing before the first or after the last.
    """
    r = t.reports.c
    mine = and_(r.device_id == device_id, r.epoch == epoch)
    below = conn.scalar(select(func.max(r.sequence)).where(mine, r.sequence < sequence))
    above = conn.scalar(select(func.min(r.sequence)).where(mine, r.sequence > sequence))
    if below is not None and above is not None:
        return -1
    if below is not None:
        return sequence - int(below) - 1
    return 0 if above is None else int(above) - sequence - 1


def before(conn: Connection, bay_id: str, order: Order) -> list[Entry]:
    """The kept reports of the bay's assignment before a place of the order, back to the third turn, in order."""
    r, (_, epoch, sequence) = t.reports.c, order
    earlier = or_(r.epoch < epoch, and_(r.epoch == epoch, r.sequence < sequence))
    return _looked(conn, bay_id, order, earlier, _BACKWARDS)[0][::-1]


def around(conn: Connection, bay_id: str, order: Order) -> Around:
    """The kept reports of the bay's assignment around a place of the order."""
    r, (_, epoch, sequence) = t.reports.c, order
    not_earlier = or_(r.epoch > epoch, and_(r.epoch == epoch, r.sequence >= sequence))
    earlier = before(conn, bay_id, order)
    later, to_end = _looked(conn, bay_id, order, not_earlier, _IN_ORDER)
    return Around([*earlier, *later], len(earlier), to_end)


def _looked(conn: Connection, bay_id: str, order: Order, where: ColumnElement[bool],
            direction: Sequence[ColumnElement[Any]]) -> tuple[list[Entry], bool]:  # fmt: skip
    """Reports in one direction up to the third turn, and whether there are no more."""
    r, many = t.reports, _FIRST_LOOK
    mine = and_(r.c.bay_id == bay_id, r.c.assignment == order[0], r.c.status.in_(("applied", "late")), where)
    while True:
        found = [_entry(row) for row in conn.execute(select(r).where(mine).order_by(*direction).limit(many)).mappings()]
        if len(found) < many or turns_in(found) >= _TURNS:
            return found, len(found) < many
        many *= 4


def _entry(row: Any) -> Entry:
    order: Order = (row["assignment"], row["epoch"], row["sequence"])
    return Entry(
        order=order, occupied=row["occupied"], observed_at=row["observed_at"], received_at=row["received_at"],
        credential=row["credential"], previous_duration_s=row["previous_duration_s"],
        previous_error_s=row["previous_error_s"] or 0, simulated=row["simulated"],
    )  # fmt: skip


def prune_reports(conn: Connection, before: datetime) -> int:
    """Forget reports received before an instant, older than anything that could still come late."""
    return conn.execute(delete(t.reports).where(t.reports.c.received_at < before)).rowcount
