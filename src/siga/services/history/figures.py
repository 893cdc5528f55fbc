"""The sums behind statistics, made by the store itself: over places, or over quarters of an hour."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    case,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from siga.kit.columns import Instant
from siga.services.history.sums import QUARTER_US, Begun, Ends, Hidden, Piece, PlaceRow, Scope
from siga.services.history.tables import bays, gaps, places, stays


def micros(at: datetime) -> int:
    """An instant as the store has it: microseconds since 1970."""
    return int(Instant().process_bind_param(at, None))  # type: ignore[arg-type]


def places_of(conn: Connection, municipality_id: str) -> list[PlaceRow]:
    """All places of a municipality's bays that ever had a change, by bay and time."""
    query = (
        select(places, bays.c.bay_id, bays.c.code, bays.c.first_at)
        .join(bays, bays.c.bay_no == places.c.bay_no)
        .where(bays.c.municipality_id == municipality_id, bays.c.first_at.is_not(None))
        .order_by(places.c.bay_no, places.c.since_at, places.c.place_no)
    )
    return [
        PlaceRow(
            place_no=row.place_no, bay_no=row.bay_no, bay_id=row.bay_id, code=row.code, zone_id=row.zone_id,
            category=row.category, personal=row.personal, since_us=micros(row.since_at),
            first_us=micros(row.first_at),
        )
        for row in conn.execute(query)
    ]  # fmt: skip


def _n(value: int) -> ColumnElement[int]:
    """A number in the statement's own text: PostgreSQL groups by an expression only if it is the same to the letter."""
    return literal_column(str(int(value)), BigInteger)


def _us(column: Any) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)


def _in_scope(table: Table, scope: Scope) -> list[ColumnElement[bool]]:
    started = _us(table.c.started_at)
    found = [table.c.bay_no.in_(scope.bay_nos), started >= scope.from_us, started < scope.to_us]
    if scope.left_out:
        found.append(table.c.place_no.not_in(scope.left_out))
    return found


def _until(table: Table, scope: Scope) -> ColumnElement[int]:
    """The end of a stay or gap, at most that of the span."""
    ended = _us(table.c.ended_at)
    return case((or_(table.c.ended_at.is_(None), ended > _n(scope.to_us)), _n(scope.to_us)), else_=ended)


def _quarter(instant: ColumnElement[int]) -> ColumnElement[int]:
    return instant // _n(QUARTER_US)


def _rest(instant: ColumnElement[int]) -> ColumnElement[int]:
    return (_quarter(instant) + _n(1)) * _n(QUARTER_US) - instant


def begun(conn: Connection, scope: Scope, by_quarter: bool) -> list[Begun]:
    """Stays that began in the span, summed by place or by the quarter of their start."""
    started = _us(stays.c.started_at)
    group = _quarter(started) if by_quarter else stays.c.place_no
    lasted = _rest(started) if by_quarter else _until(stays, scope) - started
    length = case((stays.c.ended_at.is_(None), None), else_=_us(stays.c.ended_at) - started)
    query = (
        select(
            group, stays.c.authorisation, func.count(), func.sum(lasted), func.count(stays.c.ended_at),
            func.coalesce(func.sum(length), 0), func.sum(case((stays.c.simulated.is_(True), 1), else_=0)),
        )
        .where(*_in_scope(stays, scope))
        .group_by(group, stays.c.authorisation)
    )  # fmt: skip
    return [
        Begun(
            group=int(row[0]), authorisation=row[1] or "unknown", number=row[2], in_span_us=int(row[3]), over=row[4],
            over_us=int(row[5]), simulated=row[6] > 0,
        )
        for row in conn.execute(query)
    ]  # fmt: skip


def hidden(conn: Connection, scope: Scope, by_quarter: bool) -> list[Hidden]:
    """Gaps that began in the span, summed by place or by the quarter of their start."""
    started = _us(gaps.c.started_at)
    group = _quarter(started) if by_quarter else gaps.c.place_no
    lasted = _rest(started) if by_quarter else _until(gaps, scope) - started
    query = (
        select(group, gaps.c.occupied, func.count(), func.sum(lasted))
        .where(*_in_scope(gaps, scope))
        .group_by(group, gaps.c.occupied)
    )
    return [
        Hidden(group=int(row[0]), occupied=bool(row[1]), number=row[2], in_span_us=int(row[3]))
        for row in conn.execute(query)
    ]


def ends(conn: Connection, table: Table, scope: Scope) -> list[Ends]:
    """Where the stays or gaps end that began in the span; those that go on end with it."""
    until = _until(table, scope)
    occupied = table.c.occupied if "occupied" in table.c else _n(1)
    query = (
        select(_quarter(until), occupied, func.count(), func.sum(_rest(until)))
        .where(*_in_scope(table, scope))
        .group_by(_quarter(until), occupied)
    )
    return [
        Ends(group=int(row[0]), occupied=bool(row[1]), number=row[2], rest_us=int(row[3]))
        for row in conn.execute(query)
    ]


def reaching_in(conn: Connection, table: Table, scope: Scope) -> list[Piece]:
    """The stays or gaps that had begun before the span and reach into it: at most the last one of each bay."""
    other = table.alias("earlier")
    last = (
        select(func.max(other.c.started_at))
        .where(other.c.bay_no == bays.c.bay_no, _us(other.c.started_at) < scope.from_us)
        .scalar_subquery()
    )
    over = or_(table.c.ended_at.is_(None), _us(table.c.ended_at) > scope.from_us)
    query = (
        select(table.c.place_no, _us(table.c.ended_at), table.c.occupied if "occupied" in table.c else _n(1))
        .select_from(bays)
        .join(table, (table.c.bay_no == bays.c.bay_no) & (table.c.started_at == last))
        .where(bays.c.bay_no.in_(scope.bay_nos), over)
    )
    if scope.left_out:
        query = query.where(table.c.place_no.not_in(scope.left_out))
    return [
        Piece(place_no=row[0], ended_us=None if row[1] is None else int(row[1]), occupied=bool(row[2]))
        for row in conn.execute(query)
    ]
