"""Reports of misuse and of problems."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from siga.contract.base import Word
from siga.contract.drivers import BayProblem, ReportKind, ReportOutcome, ReportStatus
from siga.services.drivers.store.tables import reports


class Report(Word):
    """One report as kept; `who` and `note` end with time. `photo_id` is the newest of `photos` pictures."""

    report_id: str
    bay_id: str
    municipality_id: str
    zone_id: str
    kind: ReportKind
    status: ReportStatus
    at: datetime
    changed_at: datetime
    problem: BayProblem | None = None
    note: str | None = None
    who: str | None = None
    outcome: ReportOutcome | None = None
    answer: str | None = None
    photo_id: str | None = None
    photos: int = 0
    resolved_at: datetime | None = None
    case_id: str | None = None
    case_position: int = 0


_its = reports.c


def _rows(conn: Connection, limit: int, *where: ColumnElement[bool]) -> list[Report]:
    query = select(reports).where(*where).order_by(_its.report_id.desc()).limit(limit)
    return [Report(**row) for row in conn.execute(query).mappings()]


def add(conn: Connection, report: Report) -> None:
    """Keep a new report."""
    conn.execute(insert(reports).values(**msgspec.structs.asdict(report)))


def put(conn: Connection, report: Report) -> None:
    """Keep the changed report."""
    conn.execute(update(reports).where(_its.report_id == report.report_id).values(**msgspec.structs.asdict(report)))


def put_photo(conn: Connection, report_id: str, photo_id: str) -> None:
    """Note one more picture of a report: the newest is the one that is shown."""
    one_more = {"photo_id": photo_id, "photos": _its.photos + 1}
    conn.execute(update(reports).where(_its.report_id == report_id).values(**one_more))


def one(conn: Connection, report_id: str) -> Report | None:
    """A report."""
    return next(iter(_rows(conn, 1, _its.report_id == report_id)), None)


def open_misuse_by(conn: Connection, bay_id: str, who: str) -> Report | None:
    """A person's misuse report about a bay that is not settled."""
    mine = (_its.bay_id == bay_id) & (_its.who == who) & (_its.kind == "misuse") & (_its.status != "resolved")
    return next(iter(_rows(conn, 1, mine)), None)


def times_of(conn: Connection, who: str, since: datetime) -> list[datetime]:
    """When a person reported since an instant."""
    return list(conn.scalars(select(_its.at).where(_its.who == who, _its.at > since)))


def page_of(conn: Connection, who: str, limit: int, before: str | None) -> list[Report]:
    """A person's reports, newest first, that come after the one with id `before`."""
    return _rows(conn, limit, _its.who == who, *_before(before))


def page_in(conn: Connection, scopes: Sequence[tuple[str, tuple[str, ...]]], kind: ReportKind | None,
            status: ReportStatus | None, limit: int, before: str | None) -> list[Report]:  # fmt: skip
    """Reports in (municipality, its zones or none for all), newest first, that come after the one with id `before`."""
    places = [and_(_its.municipality_id == m, *([_its.zone_id.in_(zones)] if zones else [])) for m, zones in scopes]
    wanted = [_its.kind == kind] if kind else []
    wanted += [_its.status == status] if status else []
    return _rows(conn, limit, or_(*places), *wanted, *_before(before)) if places else []


def _before(report_id: str | None) -> list[ColumnElement[bool]]:
    return [_its.report_id < report_id] if report_id else []


def misused_bays(conn: Connection, bay_ids: Collection[str]) -> set[str]:
    """Those of these bays with a misuse report that no case has taken up and nothing has settled."""
    return set(conn.scalars(select(_its.bay_id).where(_without_case(), _its.bay_id.in_(bay_ids)).distinct()))


def _without_case() -> ColumnElement[bool]:
    return (_its.kind == "misuse") & (_its.status != "resolved") & _its.case_id.is_(None)


def settle_misuse(conn: Connection, bay_id: str, emptied_at: datetime, now: datetime) -> None:
    """The bay emptied: misuse reports from before that no case took up are settled as gone."""
    mine = _without_case() & (_its.bay_id == bay_id) & (_its.at <= emptied_at)
    conn.execute(update(reports).where(mine).values(**_settled("gone", now)))


def expire_misuse(conn: Connection, before: datetime, now: datetime) -> int:
    """Settle misuse reports from before an instant that nobody could look at; how many."""
    return conn.execute(
        update(reports).where(_without_case(), _its.at < before).values(**_settled("expired", now))
    ).rowcount


def _settled(outcome: ReportOutcome, now: datetime) -> dict[str, object]:
    return {"status": "resolved", "outcome": outcome, "changed_at": now, "resolved_at": now}


def forget_reporters(conn: Connection, resolved_before: datetime) -> int:
    """Erase who sent reports that were resolved before an instant, and their own words; how many."""
    personal = _its.who.is_not(None) | _its.note.is_not(None)
    old = (_its.resolved_at < resolved_before) & personal
    return conn.execute(update(reports).where(old).values(who=None, note=None)).rowcount
