"""Letting go of who had parked, some time after the stay: the pseudonyms first, then what could make them again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, update

from siga.services.history.tables import bays, changes, stays


def forget_subjects(conn: Connection, ended_before: Callable[[str], datetime]) -> int:
    """Remove pseudonyms of stays that ended before the municipality's limit; how many stays lost theirs."""
    forgotten = 0
    for municipality_id in conn.scalars(select(bays.c.municipality_id).distinct()).all():
        limit = ended_before(municipality_id)
        mine = select(bays.c.bay_no).where(bays.c.municipality_id == municipality_id)
        over = stays.c.subject.is_not(None), stays.c.ended_at < limit, stays.c.bay_no.in_(mine)
        forgotten += conn.execute(update(stays).where(*over).values(subject=None)).rowcount
        old = changes.c.subject.is_not(None), changes.c.at < limit, changes.c.bay_no.in_(mine), ~exists(_needs())
        conn.execute(update(changes).where(*old).values(subject=None))
    return forgotten


def _needs() -> ColumnElement[bool]:
    """Whether a stay that still has its pseudonym covers the change, so that it could be folded anew from it."""
    query = select(stays.c.bay_no).where(
        stays.c.bay_no == changes.c.bay_no,
        stays.c.subject.is_not(None),
        stays.c.started_at <= changes.c.at,
        or_(stays.c.ended_at.is_(None), stays.c.ended_at >= changes.c.at),
    )
    return query.correlate(changes)  # type: ignore[return-value]


def months_used(conn: Connection) -> set[str]:
    """The months whose keys pseudonyms were made with that are still kept."""
    found: set[str] = set()
    for column in (stays.c.subject, changes.c.subject):
        query = select(func.substr(column, 1, 7)).where(column.is_not(None)).distinct()
        found.update(conn.scalars(query))
    return found
