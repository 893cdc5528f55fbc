"""The read copies: bays and the stay that is on, time zones of municipalities, cases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Exists, bindparam, delete, exists, insert, select, update

from siga.contract.parking import Bay
from siga.services.drivers.model import KnownBay, Place
from siga.services.drivers.store.tables import bays, cases, check_ins, municipalities

_COPIED = tuple(name for name in KnownBay.__struct_fields__ if name != "stay_id")


def bay_of(conn: Connection, bay_id: str) -> KnownBay | None:
    """The copy of one bay, whatever its life."""
    row = conn.execute(select(bays).where(bays.c.bay_id == bay_id)).mappings().first()
    return None if row is None else KnownBay(**row)


def bays_of(conn: Connection, bay_ids: Collection[str]) -> dict[str, KnownBay]:
    """The copies of those of these bays that are known."""
    rows = conn.execute(select(bays).where(bays.c.bay_id.in_(bay_ids))).mappings()
    return {row["bay_id"]: KnownBay(**row) for row in rows}


def put_bay(conn: Connection, bay: Bay) -> None:
    """Take over a new version of a bay; an older one changes nothing."""
    values = {name: getattr(bay, name) for name in _COPIED}
    known = conn.scalar(select(bays.c.version).where(bays.c.bay_id == bay.bay_id))
    if known is None:
        conn.execute(insert(bays).values(**values))
    elif known < bay.version:
        conn.execute(update(bays).where(bays.c.bay_id == bay.bay_id).values(**values))


def put_stays(conn: Connection, stays: Mapping[str, str | None]) -> None:
    """Note by bay which stay is on, None for none."""
    if stays:
        change = update(bays).where(bays.c.bay_id == bindparam("of")).values(stay_id=bindparam("stay"))
        conn.execute(change, [{"of": bay_id, "stay": stay_id} for bay_id, stay_id in stays.items()])


def put_place(conn: Connection, municipality_id: str, place: Place) -> None:
    """Note where a municipality lies."""
    mine = municipalities.c.municipality_id == municipality_id
    values = {"time_zone": place.time_zone, "country": place.country}
    if not conn.execute(update(municipalities).where(mine).values(**values)).rowcount:
        conn.execute(insert(municipalities).values(municipality_id=municipality_id, **values))


def place_of(conn: Connection, municipality_id: str) -> Place:
    """Where the municipality lies, the usual place until it is known."""
    query = select(municipalities.c.time_zone, municipalities.c.country)
    row = conn.execute(query.where(municipalities.c.municipality_id == municipality_id)).mappings().first()
    return Place(**row) if row else Place()


def put_case(conn: Connection, case_id: str, bay_id: str, closed_at: datetime | None) -> None:
    """Note that a case is open (None) or when it was closed."""
    changed = conn.execute(update(cases).where(cases.c.case_id == case_id).values(closed_at=closed_at)).rowcount
    if not changed:
        conn.execute(insert(cases).values(case_id=case_id, bay_id=bay_id, closed_at=closed_at))


def bay_of_case(conn: Connection, case_id: str) -> KnownBay | None:
    """The bay that a case is about."""
    bay_id = conn.scalar(select(cases.c.bay_id).where(cases.c.case_id == case_id))
    return None if bay_id is None else bay_of(conn, bay_id)


def put_case_stay(conn: Connection, case_id: str, stay_id: str | None) -> None:
    """Note which stay a case is about; None = unknown, any stay at its bay."""
    conn.execute(update(cases).where(cases.c.case_id == case_id).values(stay_id=stay_id))


def forget_cases(conn: Connection, closed_before: datetime) -> None:
    """Forget cases that were closed before an instant."""
    conn.execute(delete(cases).where(cases.c.closed_at < closed_before))


def about(now: datetime, undo: timedelta, case_id: str | None = None) -> Exists:
    """Whether a check-in's stay has a case (or this one) that is open, or was closed within `undo` before `now`."""
    same = cases.c.stay_id.is_(None) | check_ins.c.stay_id.is_(None) | (cases.c.stay_id == check_ins.c.stay_id)
    held = cases.c.closed_at.is_(None) | (cases.c.closed_at > now - undo)
    this = [cases.c.case_id == case_id] if case_id else []
    return exists().where(cases.c.bay_id == check_ins.c.bay_id, same, held, *this)
