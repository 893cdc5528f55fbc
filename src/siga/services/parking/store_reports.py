"""The SQL behind what devices reported: each (device, epoch, sequence) once, in order, for as long as it may matter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select

from siga.services.parking import tables as t
from siga.services.parking.model import Entry, Order


def insert_reports(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep what was reported, each (device, epoch, sequence) once."""
    if rows:
        conn.execute(insert(t.reports), rows)


def report_known(conn: Connection, device_id: str, epoch: int, sequence: int) -> bool:
    """Whether this report was kept before."""
    key = and_(t.reports.c.device_id == device_id, t.reports.c.epoch == epoch, t.reports.c.sequence == sequence)
    return conn.scalar(select(t.reports.c.status).where(key)) is not None


def run_of(conn: Connection, bay_id: str, assignment: int, occupied: bool) -> list[Entry]:
    """The kept reports of the bay's assignment after the last one that says otherwise, in order."""
    r = t.reports
    mine = and_(r.c.bay_id == bay_id, r.c.assignment == assignment, r.c.status.in_(("applied", "late")))
    other = conn.execute(
        select(r.c.epoch, r.c.sequence)
        .where(mine, r.c.occupied != occupied)
        .order_by(r.c.epoch.desc(), r.c.sequence.desc())
        .limit(1)
    ).first()
    query = select(r).where(mine, r.c.occupied == occupied).order_by(r.c.epoch, r.c.sequence)
    if other is not None:
        query = query.where(or_(r.c.epoch > other[0], and_(r.c.epoch == other[0], r.c.sequence > other[1])))
    return [_entry(row) for row in conn.execute(query).mappings()]


def other_after(conn: Connection, bay_id: str, entry: Entry) -> datetime | None:
    """When the next kept report in order that says otherwise was observed; None when there is none (any longer)."""
    r, (assignment, epoch, sequence) = t.reports, entry.order
    mine = and_(r.c.bay_id == bay_id, r.c.assignment == assignment, r.c.status.in_(("applied", "late")))
    later = or_(r.c.epoch > epoch, and_(r.c.epoch == epoch, r.c.sequence > sequence))
    query = select(r.c.observed_at).where(mine, later, r.c.occupied != entry.occupied)
    found: datetime | None = conn.scalar(query.order_by(r.c.epoch, r.c.sequence).limit(1))
    return found


def _entry(row: Any) -> Entry:
    order: Order = (row["assignment"], row["epoch"], row["sequence"])
    return Entry(
        order=order, occupied=row["occupied"], observed_at=row["observed_at"], received_at=row["received_at"],
        credential=row["credential"],
    )  # fmt: skip


def prune_reports(conn: Connection, before: datetime) -> int:
    """Forget reports received before an instant, older than anything that could still come late."""
    return conn.execute(delete(t.reports).where(t.reports.c.received_at < before)).rowcount
