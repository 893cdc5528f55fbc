"""Reading and writing cases and their steps; each function works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, false, func, insert, or_, select, true, update

from siga.contract.cases import CaseFilter, CaseStep
from siga.kit.paging import cursor_from, place_in
from siga.services.enforcement.certainty import actionability
from siga.services.enforcement.model import OPEN, Case, Step
from siga.services.enforcement.tables import cases, steps

Scopes = Mapping[str, frozenset[str] | None]
"""Municipality → the zones in which the caller may act there, None for all of it."""

_COLUMNS = [column for column in cases.c if column.name != "rank"]


def one(conn: Connection, case_id: str) -> Case | None:
    """One case."""
    return _first(conn, cases.c.case_id == case_id)


def of_stay(conn: Connection, stay_id: str) -> Case | None:
    """The case about a stay, whatever became of it."""
    return _first(conn, cases.c.stay_id == stay_id)


def open_at(conn: Connection, bay_id: str) -> list[Case]:
    """Open cases of a bay, the newest first."""
    query = select(*_COLUMNS).where(cases.c.bay_id == bay_id, cases.c.state.in_(OPEN))
    query = query.order_by(cases.c.opened_at.desc(), cases.c.case_id.desc())
    return [Case(**row) for row in conn.execute(query).mappings()]


def concerned(conn: Connection, bay_ids: Iterable[str], stay_ids: Iterable[str]) -> list[Case]:
    """Open cases of these bays, and cases about these stays in any state."""
    open_there = and_(cases.c.bay_id.in_(list(bay_ids)), cases.c.state.in_(OPEN))
    query = select(*_COLUMNS).where(or_(open_there, cases.c.stay_id.in_(list(stay_ids))))
    return [Case(**row) for row in conn.execute(query).mappings()]


def every_case(conn: Connection, *where: ColumnElement[bool]) -> list[Case]:
    """All cases of which this holds, for a person's rights."""
    return [Case(**row) for row in conn.execute(select(*_COLUMNS).where(*where)).mappings()]


def add(conn: Connection, case: Case) -> None:
    """A new case."""
    conn.execute(insert(cases).values(**msgspec.structs.asdict(case), rank=actionability(case)))


def put(conn: Connection, case: Case) -> None:
    """A case as it is now."""
    values = {**msgspec.structs.asdict(case), "rank": actionability(case)}
    conn.execute(update(cases).where(cases.c.case_id == case.case_id).values(**values))


def write_steps(conn: Connection, case_id: str, made: Sequence[Step], at: datetime) -> None:
    """Write further steps down behind those that are there."""
    if not made:
        return
    last = conn.scalar(select(func.max(steps.c.number)).where(steps.c.case_id == case_id)) or 0
    rows = [
        {"case_id": case_id, "number": last + n, "at": at, "who": step.who, "what": step.what, "detail": step.detail}
        for n, step in enumerate(made, 1)
    ]
    conn.execute(insert(steps), rows)


def steps_of(conn: Connection, case_id: str) -> list[CaseStep]:
    """All steps of a case, in order."""
    query = select(steps).where(steps.c.case_id == case_id).order_by(steps.c.number)
    return [
        CaseStep(number=row.number, at=row.at, who=row.who, what=row.what, detail=row.detail)
        for row in conn.execute(query)
    ]


def page(conn: Connection, scopes: Scopes, which: CaseFilter, zone_id: str | None, limit: int, after: str | None,
         now: datetime) -> tuple[list[Case], str | None]:  # fmt: skip
    """A page of cases and where the next one begins: open ones by actionability, others by their opening, newest first.

    `after` is what the page before answered; Invalid when it is something else.
    """
    by_rank = which == "open"
    where = and_(_within(scopes), _which(which, now))
    if zone_id is not None:
        where = and_(where, cases.c.zone_id == zone_id)
    if after is not None:
        where = and_(where, _beyond(after, by_rank))
    query = select(*_COLUMNS, cases.c.rank).where(where).limit(limit + 1)
    query = query.order_by(cases.c.rank, cases.c.case_id) if by_rank else query.order_by(cases.c.case_id.desc())
    rows = [dict(row) for row in conn.execute(query).mappings()]
    ranks = [row.pop("rank") for row in rows]
    found = [Case(**row) for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    last = found[-1].case_id
    return found, cursor_from((ranks[limit - 1], last) if by_rank else last)


def _beyond(after: str, by_rank: bool) -> ColumnElement[bool]:
    if not by_rank:
        opened: str = place_in(after, str)
        return cases.c.case_id < opened
    rank, case_id = place_in(after, tuple[str, str])
    return or_(cases.c.rank > rank, and_(cases.c.rank == rank, cases.c.case_id > case_id))


def _which(which: CaseFilter, now: datetime) -> ColumnElement[bool]:
    if which == "open":
        return cases.c.state.in_(OPEN)
    if which == "all":
        return true()
    if which == "withdrawn":
        return and_(cases.c.state == "withdrawn", cases.c.listed_until > now)
    return cases.c.state == which


def _within(scopes: Scopes) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = []
    for municipality_id, zones in scopes.items():
        part: ColumnElement[bool] = cases.c.municipality_id == municipality_id
        parts.append(part if zones is None else and_(part, cases.c.zone_id.in_(zones)))
    return or_(false(), *parts)


def counts(conn: Connection, scopes: Scopes) -> list[tuple[str, str, str | None, int]]:
    """(municipality, state, outcome, how many)."""
    key = (cases.c.municipality_id, cases.c.state, cases.c.outcome)
    query = select(*key, func.count()).where(_within(scopes)).group_by(*key)
    return [(m, state, outcome, int(n)) for m, state, outcome, n in conn.execute(query)]


def photo_waits_over(conn: Connection, now: datetime, limit: int = 200) -> list[Case]:
    """Cases whose photo has not come in time."""
    late = and_(cases.c.photo_state == "wanted", cases.c.photo_until <= now)
    return [Case(**row) for row in conn.execute(select(*_COLUMNS).where(late).limit(limit)).mappings()]


def next_photo_wait(conn: Connection) -> datetime | None:
    """When the next wait for a photo is over."""
    query = select(cases.c.photo_until).where(cases.c.photo_state == "wanted").order_by(cases.c.photo_until).limit(1)
    at: datetime | None = conn.scalar(query)
    return at


def to_look_up(conn: Connection, limit: int = 50) -> list[Case]:
    """Cases whose plate an officer typed and nobody has looked up yet."""
    query = select(*_COLUMNS).where(cases.c.plate_check == "pending").order_by(cases.c.changed_at).limit(limit)
    return [Case(**row) for row in conn.execute(query).mappings()]


def erase_plates(conn: Connection, now: datetime) -> int:
    """Forget the plates of cases whose evidence has ended; how many."""
    over = and_(cases.c.erase_at <= now, cases.c.plate_sealed.is_not(None))
    return conn.execute(update(cases).where(over).values(plate_sealed=None, plate_check="none")).rowcount


def _first(conn: Connection, where: ColumnElement[bool]) -> Case | None:
    row = conn.execute(select(*_COLUMNS).where(where)).mappings().first()
    return Case(**row) if row else None
