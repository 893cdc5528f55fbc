"""Check-ins and what a guest declared for one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from siga.contract.base import Word
from siga.contract.drivers import CheckInKind
from siga.services.drivers.store.bays import about
from siga.services.drivers.store.tables import check_ins


class CheckIn(Word):
    """One check-in as kept; `declaration` is sealed, None when there is none any more."""

    check_in_id: str
    bay_id: str
    municipality_id: str
    who: str
    kind: CheckInKind
    started_at: datetime
    until: datetime
    accreditation_id: str | None = None
    declaration: str | None = None
    ended_at: datetime | None = None
    stay_id: str | None = None


class Taken(Exception):
    """Another check-in is open at the bay."""


_mine = check_ins.c


def _rows(conn: Connection, *where: ColumnElement[bool]) -> list[CheckIn]:
    query = select(check_ins).where(*where).order_by(_mine.started_at.desc(), _mine.check_in_id.desc())
    return [CheckIn(**row) for row in conn.execute(query).mappings()]


def _first(conn: Connection, *where: ColumnElement[bool]) -> CheckIn | None:
    found = _rows(conn, *where)
    return found[0] if found else None


def add(conn: Connection, check_in: CheckIn) -> None:
    """Keep a new check-in; Taken when one is open at its bay."""
    try:
        conn.execute(insert(check_ins).values(**msgspec.structs.asdict(check_in)))
    except IntegrityError as fault:
        raise Taken from fault


def one(conn: Connection, check_in_id: str, who: str) -> CheckIn | None:
    """A check-in of that person."""
    return _first(conn, _mine.check_in_id == check_in_id, _mine.who == who)


def open_at(conn: Connection, bay_id: str) -> CheckIn | None:
    """The open check-in at a bay."""
    return _first(conn, _mine.bay_id == bay_id, _mine.ended_at.is_(None))


def open_of(conn: Connection, who: str) -> list[CheckIn]:
    """The open check-ins of a person (one, unless two requests crossed)."""
    return _rows(conn, _mine.who == who, _mine.ended_at.is_(None))


def lately_of(conn: Connection, who: str, since: datetime) -> list[CheckIn]:
    """A person's check-ins that are open or ended after `since`, newest first."""
    return _rows(conn, _mine.who == who, or_(_mine.ended_at.is_(None), _mine.ended_at > since))


def overdue(conn: Connection, now: datetime) -> list[CheckIn]:
    """Open check-ins whose longest time is over."""
    return _rows(conn, _mine.ended_at.is_(None), _mine.until <= now)


def open_bays(conn: Connection, bay_ids: Collection[str]) -> set[str]:
    """Those of these bays at which a check-in is open."""
    return set(conn.scalars(select(_mine.bay_id).where(_mine.ended_at.is_(None), _mine.bay_id.in_(bay_ids))))


def end(conn: Connection, check_in_id: str, at: datetime) -> None:
    """Set the end of an open check-in."""
    open_one = (_mine.check_in_id == check_in_id) & _mine.ended_at.is_(None)
    conn.execute(update(check_ins).where(open_one).values(ended_at=at))


def note_stay(conn: Connection, check_in_id: str, stay_id: str) -> None:
    """Note the stay that a check-in belongs to."""
    conn.execute(update(check_ins).where(_mine.check_in_id == check_in_id).values(stay_id=stay_id))


def declared_in(conn: Connection, case_id: str, bay_id: str, now: datetime, undo: timedelta) -> CheckIn | None:
    """The newest check-in at the bay with a declaration that a case which is open, or can be undone, is about."""
    return _first(conn, _mine.bay_id == bay_id, _mine.declaration.is_not(None), about(now, undo, case_id))


def erase_declarations(conn: Connection, municipality_id: str, ended_before: datetime, now: datetime,
                       undo: timedelta) -> int:  # fmt: skip
    """Erase what guests declared for stays that are over and that no case is about; how many."""
    over = (_mine.ended_at <= ended_before) & _mine.declaration.is_not(None)
    mine = _mine.municipality_id == municipality_id
    return conn.execute(update(check_ins).where(over, mine, ~about(now, undo)).values(declaration=None)).rowcount


def erase_accreditations(conn: Connection, municipality_id: str, ended_before: datetime) -> int:
    """Erase by which accreditation somebody had checked in; how many."""
    over = (_mine.ended_at <= ended_before) & _mine.accreditation_id.is_not(None)
    mine = _mine.municipality_id == municipality_id
    return conn.execute(update(check_ins).where(over, mine).values(accreditation_id=None)).rowcount


def municipalities(conn: Connection) -> list[str]:
    """The municipalities in which there are check-ins."""
    return list(conn.scalars(select(_mine.municipality_id).distinct()))


def forget(conn: Connection, ended_before: datetime) -> int:
    """Delete check-ins that ended before an instant, unless a case still needs their declaration; how many."""
    old = (_mine.ended_at < ended_before) & _mine.declaration.is_(None)
    return conn.execute(delete(check_ins).where(old)).rowcount
