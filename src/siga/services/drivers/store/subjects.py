"""All rows of one person, and taking them away; `who` are the person's pseudonyms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, select, update

from siga.services.drivers.store.bays import about
from siga.services.drivers.store.check_ins import CheckIn
from siga.services.drivers.store.tables import bays, cases, check_ins, doubts, favourites, ratings, reports


def rows_of(conn: Connection, table: Table, who: str, order: str) -> list[dict[str, Any]]:
    """A person's rows of a table, with the bay's code and municipality."""
    query = (
        select(table, bays.c.code, bays.c.municipality_id.label("town"))
        .join(bays, bays.c.bay_id == table.c.bay_id, isouter=True)
        .where(table.c.who == who)
        .order_by(table.c[order])
    )
    return [dict(row) for row in conn.execute(query).mappings()]


def ratings_of(conn: Connection, who: str) -> list[dict[str, Any]]:
    """What a person rated, as far as it is known whose ratings they are."""
    query = (
        select(ratings, bays.c.code, bays.c.municipality_id.label("town"))
        .join(check_ins, check_ins.c.check_in_id == ratings.c.check_in_id)
        .join(bays, bays.c.bay_id == ratings.c.bay_id)
        .where(check_ins.c.who == who)
        .order_by(ratings.c.rated_at)
    )
    return [dict(row) for row in conn.execute(query).mappings()]


def check_ins_of(conn: Connection, who: str) -> list[CheckIn]:
    """All check-ins of a person."""
    return [CheckIn(**row) for row in conn.execute(select(check_ins).where(check_ins.c.who == who)).mappings()]


def needed_by_cases(conn: Connection, who: str, now: datetime, undo: timedelta) -> set[str]:
    """Those of a person's check-ins whose declaration an open case is about."""
    mine = (check_ins.c.who == who) & check_ins.c.declaration.is_not(None) & about(now, undo)
    return set(conn.scalars(select(check_ins.c.check_in_id).where(mine)))


def drop_check_ins(conn: Connection, check_in_ids: Collection[str]) -> tuple[int, int]:
    """Delete check-ins with their ratings; how many of each."""
    rated = conn.execute(delete(ratings).where(ratings.c.check_in_id.in_(check_in_ids))).rowcount
    return conn.execute(delete(check_ins).where(check_ins.c.check_in_id.in_(check_in_ids))).rowcount, rated


def disown(conn: Connection, check_in_ids: Collection[str], nobody: str) -> None:
    """Keep check-ins as nobody's: only what was declared stays, until its case is over."""
    mine = check_ins.c.check_in_id.in_(check_in_ids)
    conn.execute(update(check_ins).where(mine).values(who=nobody, accreditation_id=None))


def drop_of(conn: Connection, table: Table, who: str) -> int:
    """Delete a person's rows of a table; how many."""
    return conn.execute(delete(table).where(table.c.who == who)).rowcount


def bays_doubted(conn: Connection, who: str) -> Sequence[str]:
    """The bays that a person doubted."""
    return conn.scalars(select(doubts.c.bay_id).where(doubts.c.who == who).distinct()).all()


def leave_reports(conn: Connection, who: str) -> tuple[int, int]:
    """Take a person out of the reports; how many reports, and how many notes stay since a case is open about them."""
    mine = reports.c.who == who
    open_case = exists().where(cases.c.case_id == reports.c.case_id, cases.c.closed_at.is_(None))
    kept = len(conn.scalars(select(reports.c.report_id).where(mine, reports.c.note.is_not(None), open_case)).all())
    conn.execute(update(reports).where(mine, ~open_case).values(note=None))
    return conn.execute(update(reports).where(mine).values(who=None)).rowcount, kept


__all__ = [
    "bays_doubted", "check_ins_of", "disown", "doubts", "drop_check_ins", "drop_of", "favourites", "leave_reports",
    "needed_by_cases", "ratings_of", "reports", "rows_of",
]  # fmt: skip
