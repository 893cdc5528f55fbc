"""What is asked of one bay: its changes, its stays, the stay a receipt is for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Select, or_, select, tuple_

from siga.contract.base import Word
from siga.contract.history import ChangeView, StayView
from siga.kit.paging import Aware
from siga.services.history.bays import BayRow
from siga.services.history.model import Stay, origin_of
from siga.services.history.tables import changes, places, stays

Place = tuple[Aware, int]
"""Where a change or stay lies in its bay's list: instant, ordinal."""

_KIND = (places.c.zone_id, places.c.category)


class Span(Word):
    """A span of time that may be open at either end."""

    from_at: datetime | None = None
    to_at: datetime | None = None


def changes_of(conn: Connection, bay: BayRow, span: Span, personal: bool, limit: int,
               before: Place | None) -> tuple[list[ChangeView], Place | None]:  # fmt: skip
    """A bay's changes within a span, newest first; those from when it was personal only if `personal`."""
    query = select(changes, *_KIND).join(places, places.c.place_no == changes.c.place_no)
    query = query.where(changes.c.bay_no == bay.bay_no)
    if span.from_at is not None:
        query = query.where(changes.c.at >= span.from_at)
    if span.to_at is not None:
        query = query.where(changes.c.at < span.to_at)
    if before is not None:
        query = query.where(tuple_(changes.c.at, changes.c.ordinal) < before)
    query = _allowed(query, personal).order_by(changes.c.at.desc(), changes.c.ordinal.desc()).limit(limit + 1)
    rows = list(conn.execute(query))
    found = [
        ChangeView(
            bay_id=bay.bay_id, at=row.at, occupancy=row.occupancy, previous_occupancy=row.previous_occupancy,
            authorisation=row.authorisation, previous_authorisation=row.previous_authorisation, cause=row.cause,
            origin=origin_of(row.ordinal), zone_id=row.zone_id, category=row.category, stay_id=row.stay_id,
            authorised_by=row.authorised_by, simulated=row.simulated,
        )
        for row in rows[:limit]
    ]  # fmt: skip
    return found, (rows[limit - 1].at, rows[limit - 1].ordinal) if len(rows) > limit else None


def stays_of(conn: Connection, bay: BayRow, span: Span, personal: bool, limit: int,
             before: Place | None) -> tuple[list[StayView], Place | None]:  # fmt: skip
    """A bay's stays that lie at least partly within a span, newest first."""
    query = select(stays, *_KIND).join(places, places.c.place_no == stays.c.place_no)
    query = _within(query.where(stays.c.bay_no == bay.bay_no), span)
    if before is not None:
        query = query.where(tuple_(stays.c.started_at, stays.c.opened) < before)
    query = _allowed(query, personal).order_by(stays.c.started_at.desc(), stays.c.opened.desc()).limit(limit + 1)
    rows = list(conn.execute(query))
    found = [
        StayView(
            stay_id=row.stay_id or stay_name(bay, row.started_at), bay_id=bay.bay_id, started_at=row.started_at,
            ended_at=row.ended_at, authorisation=row.authorisation, zone_id=row.zone_id, category=row.category,
            authorised_by=row.authorised_by, ended_by=row.ended_by, simulated=row.simulated,
            started_error_s=row.started_error_s, ended_error_s=row.ended_error_s,
        )
        for row in rows[:limit]
    ]  # fmt: skip
    return found, (rows[limit - 1].started_at, rows[limit - 1].opened) if len(rows) > limit else None


def _within(query: Select[tuple[object, ...]], span: Span) -> Select[tuple[object, ...]]:
    if span.from_at is not None:
        query = query.where(or_(stays.c.ended_at.is_(None), stays.c.ended_at > span.from_at))
    if span.to_at is not None:
        query = query.where(stays.c.started_at < span.to_at)
    return query


def _allowed(query: Select[tuple[object, ...]], personal: bool) -> Select[tuple[object, ...]]:
    return query if personal else query.where(places.c.personal.is_(False))


def stay_name(bay: BayRow, started_at: datetime) -> str:
    """The name of a stay that Parking never named: it was written in, or told by late reports alone."""
    return f"{bay.bay_id}@{started_at:%Y%m%dT%H%M%S.%fZ}"


def stays_named(conn: Connection, stay_id: str) -> list[tuple[int, Stay]]:
    """The pieces of one of Parking's stays, oldest first, with their bay's number."""
    return _stays(conn, select(stays).where(stays.c.stay_id == stay_id))


def stays_within(conn: Connection, bay: BayRow, span: Span) -> list[tuple[int, Stay]]:
    """A bay's stays that lie at least partly within a span, oldest first."""
    return _stays(conn, _within(select(stays).where(stays.c.bay_no == bay.bay_no), span))


def _stays(conn: Connection, query: Select[tuple[object, ...]]) -> list[tuple[int, Stay]]:
    found = []
    for row in conn.execute(query.order_by(stays.c.started_at, stays.c.opened)).mappings():
        values = dict(row)
        found.append((int(values.pop("bay_no")), Stay(**values)))
    return found
