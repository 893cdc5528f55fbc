"""Reading and writing what lies around cases: photos, holds, tasks, reports, duty, what would have been opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from siga.contract.cases import WouldHave
from siga.contract.parking import PhotoTask
from siga.services.enforcement.store import Scopes
from siga.services.enforcement.tables import duties, holds, photos, reports, tasks, would_have

LATE_PHOTO = timedelta(seconds=30)
"""A photo that was on its way when the time ended is still taken."""


class CasePhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A photo and what it is about; `case_id` is None until its report has a case."""

    photo_id: str
    about_id: str
    case_id: str | None
    sha256: str
    stored_at: datetime
    stage: str = "stored"

    @property
    def from_report(self) -> bool:
        """Whether a driver took it, not a camera or an officer."""
        return self.about_id != self.case_id


# --- photos ------------------------------------------------------------------------------------------------------


def photo(conn: Connection, photo_id: str) -> CasePhoto | None:
    """One photo."""
    row = conn.execute(select(photos).where(photos.c.photo_id == photo_id)).mappings().first()
    return CasePhoto(**row) if row else None


def photos_of(conn: Connection, case_ids: Iterable[str]) -> list[CasePhoto]:
    """The photos of cases, oldest first."""
    query = select(photos).where(photos.c.case_id.in_(list(case_ids))).order_by(photos.c.stored_at, photos.c.photo_id)
    return [CasePhoto(**row) for row in conn.execute(query).mappings()]


def add_photo(conn: Connection, new: CasePhoto) -> None:
    """A new photo."""
    conn.execute(insert(photos).values(**msgspec.structs.asdict(new)))


def set_stage(conn: Connection, photo_id: str, stage: str) -> None:
    """How far a photo has come: stored, read, judged."""
    conn.execute(update(photos).where(photos.c.photo_id == photo_id).values(stage=stage))


def adopt_photos(conn: Connection, report_id: str, case_id: str) -> list[CasePhoto]:
    """Give the photos of a report to its case; those that are new to it."""
    mine = and_(photos.c.about_id == report_id, photos.c.case_id.is_(None))
    found = [CasePhoto(**row) for row in conn.execute(select(photos).where(mine)).mappings()]
    conn.execute(update(photos).where(mine).values(case_id=case_id))
    return [msgspec.structs.replace(one, case_id=case_id) for one in found]


def to_judge(conn: Connection, limit: int = 50) -> list[CasePhoto]:
    """Photos that were read and whose plate was not yet looked at."""
    query = select(photos).where(photos.c.stage == "read", photos.c.case_id.is_not(None))
    return [CasePhoto(**row) for row in conn.execute(query.order_by(photos.c.stored_at).limit(limit)).mappings()]


def forget_photos(conn: Connection, before: datetime) -> int:
    """Forget photos that never found a case."""
    lost = and_(photos.c.case_id.is_(None), photos.c.stored_at < before)
    return conn.execute(delete(photos).where(lost)).rowcount


# --- holds -------------------------------------------------------------------------------------------------------


def set_holds(conn: Connection, photo_ids: Sequence[str], until: datetime | None) -> None:
    """Photos must be kept until then (None: until further notice); Images is still to be told."""
    conn.execute(delete(holds).where(holds.c.photo_id.in_(photo_ids)))
    if photo_ids:
        conn.execute(insert(holds), [{"photo_id": p, "until": until, "told": False} for p in photo_ids])


def holds_to_tell(conn: Connection, limit: int = 100) -> list[tuple[str, datetime | None]]:
    """(photo, until) that Images does not know yet."""
    query = select(holds.c.photo_id, holds.c.until).where(holds.c.told.is_(False)).limit(limit)
    return [(photo_id, until) for photo_id, until in conn.execute(query)]


def hold_told(conn: Connection, photo_id: str, until: datetime | None) -> None:
    """Images knows this one, unless it has changed meanwhile."""
    same = holds.c.until.is_(None) if until is None else holds.c.until == until
    conn.execute(update(holds).where(holds.c.photo_id == photo_id, same).values(told=True))


# --- tasks -------------------------------------------------------------------------------------------------------


def add_tasks(conn: Connection, case_id: str, bay_id: str, device_ids: Iterable[str], until: datetime) -> None:
    """Ask cameras for a photo; asking again moves the time."""
    for device_id in device_ids:
        conn.execute(delete(tasks).where(tasks.c.case_id == case_id, tasks.c.device_id == device_id))
        conn.execute(
            insert(tasks).values(case_id=case_id, device_id=device_id, bay_id=bay_id, until=until, wanted=True)
        )


def end_tasks(conn: Connection, case_id: str) -> None:
    """Ask no longer; a camera that has already taken it may still send it."""
    conn.execute(update(tasks).where(tasks.c.case_id == case_id, tasks.c.wanted).values(wanted=False))


def tasks_of(conn: Connection, device_id: str, now: datetime) -> list[PhotoTask]:
    """What a camera is asked for now."""
    query = select(tasks).where(tasks.c.device_id == device_id, tasks.c.wanted, tasks.c.until > now)
    rows = conn.execute(query.order_by(tasks.c.until))
    return [PhotoTask(case_id=row.case_id, bay_id=row.bay_id, until=row.until) for row in rows]


def task(conn: Connection, case_id: str, device_id: str, now: datetime) -> PhotoTask | None:
    """One task, if that camera has it and its photo would still be taken."""
    query = select(tasks).where(tasks.c.case_id == case_id, tasks.c.device_id == device_id)
    row = conn.execute(query.where(tasks.c.until > now - LATE_PHOTO)).first()
    return None if row is None else PhotoTask(case_id=row.case_id, bay_id=row.bay_id, until=row.until)


def forget_tasks(conn: Connection, before: datetime) -> int:
    """Forget tasks that ended long ago."""
    return conn.execute(delete(tasks).where(tasks.c.until < before)).rowcount


# --- reports -----------------------------------------------------------------------------------------------------


def case_of_report(conn: Connection, report_id: str) -> str | None:
    """The case a report has joined."""
    return conn.scalar(select(reports.c.case_id).where(reports.c.report_id == report_id))


def add_report(conn: Connection, report_id: str, case_id: str, at: datetime) -> None:
    """A report joins a case."""
    conn.execute(insert(reports).values(report_id=report_id, case_id=case_id, at=at))


def reports_of(conn: Connection, case_id: str) -> tuple[str, ...]:
    """Ids of the reports of a case."""
    query = select(reports.c.report_id).where(reports.c.case_id == case_id).order_by(reports.c.report_id)
    return tuple(conn.scalars(query))


# --- what would have been ------------------------------------------------------------------------------------------


def add_would_have(conn: Connection, source_key: str, made: WouldHave, personal: bool) -> None:
    """Note what would have been opened; the same source again changes nothing."""
    if conn.scalar(select(would_have.c.would_have_id).where(would_have.c.source_key == source_key)) is None:
        conn.execute(
            insert(would_have).values(**msgspec.structs.asdict(made), source_key=source_key, personal=personal)
        )


def would_have_page(conn: Connection, scopes: Scopes, zone_id: str | None, since: datetime | None, limit: int,
                    after: str | None) -> list[WouldHave]:  # fmt: skip
    """A page, newest first, without personal bays (D7)."""
    parts = [
        would_have.c.municipality_id == municipality_id
        if zones is None
        else and_(would_have.c.municipality_id == municipality_id, would_have.c.zone_id.in_(zones))
        for municipality_id, zones in scopes.items()
    ]
    query = select(would_have).where(or_(*parts), would_have.c.personal.is_(False)) if parts else None
    if query is None:
        return []
    if zone_id is not None:
        query = query.where(would_have.c.zone_id == zone_id)
    if since is not None:
        query = query.where(would_have.c.suspected_at >= since)
    if after is not None:
        query = query.where(would_have.c.would_have_id < after)
    rows = conn.execute(query.order_by(would_have.c.would_have_id.desc()).limit(limit)).mappings()
    names = WouldHave.__struct_fields__
    return [WouldHave(**{name: row[name] for name in names}) for row in rows]


def forget_would_have(conn: Connection, before: datetime) -> int:
    """Forget what would have been opened long ago."""
    return conn.execute(delete(would_have).where(would_have.c.suspected_at < before)).rowcount


# --- duty ----------------------------------------------------------------------------------------------------------


def set_duty(conn: Connection, user_id: str, municipality_id: str, zone_ids: list[str], since: datetime,
             until: datetime | None) -> None:  # fmt: skip
    """On duty until then; None: off duty."""
    mine = and_(duties.c.user_id == user_id, duties.c.municipality_id == municipality_id)
    conn.execute(delete(duties).where(or_(mine, duties.c.until <= since)))
    if until is not None:
        conn.execute(
            insert(duties).values(
                user_id=user_id, municipality_id=municipality_id, zone_ids=zone_ids, since=since, until=until
            )
        )


def duty_of(conn: Connection, user_id: str, municipality_id: str, now: datetime) -> tuple[list[str], datetime] | None:
    """(zones, until) of an officer who is on duty."""
    mine = and_(duties.c.user_id == user_id, duties.c.municipality_id == municipality_id, duties.c.until > now)
    row = conn.execute(select(duties.c.zone_ids, duties.c.until).where(mine)).first()
    return None if row is None else (row.zone_ids, row.until)


def on_duty(conn: Connection, municipality_id: str, now: datetime) -> int:
    """How many officers are on duty."""
    query = select(func.count()).where(duties.c.municipality_id == municipality_id, duties.c.until > now)
    return int(conn.scalar(query) or 0)
