"""Reports: somebody stands there without accreditation, or something is wrong with the bay."""

from __future__ import annotations

import hmac

import msgspec
from sqlalchemy import Connection

from siga.contract.base import Word
from siga.contract.drivers import (
    MisuseReported,
    ProblemReported,
    ReportAsk,
    ReportKind,
    ReportList,
    ReportNote,
    ReportSent,
    ReportStatus,
    ReportView,
    ReportWork,
    ReportWorkList,
)
from siga.contract.settings import REPORTS_PER_HOUR
from siga.kit.ids import new_id, tidy_code
from siga.kit.journal import Fact
from siga.kit.problem import FieldFault, Invalid, NotFound
from siga.services.drivers import model
from siga.services.drivers.model import KnownBay
from siga.services.drivers.problems import AnsweredByCase, PhotoNotTaken
from siga.services.drivers.service.neighbours import PhotoOf
from siga.services.drivers.service.tools import Someone, Tools, log
from siga.services.drivers.store import bays, reports
from siga.services.drivers.store.reports import Report
from siga.services.drivers.store.tables import journal

Scopes = list[tuple[str, tuple[str, ...]]]
"""Municipalities, each with its zones or none for all."""


class Reports:
    """Takes reports and tells their reporters the truth (D18)."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def _who(self, someone: Someone) -> str:
        return self._tools.seals.pseudonym("report", someone.sub)

    # --- send ----------------------------------------------------------------------------------------------------

    async def send(self, someone: Someone, ask: ReportAsk) -> tuple[ReportSent, bool]:
        """Take a report down; whether it is a new one: the same misuse by the same person is one report.

        TooMany over the hour's limit.
        """
        _refuse_mixed(ask)
        bay = await self._tools.bay(ask.bay_id, someone)
        new = await self._new(someone, bay, ask)

        def work(conn: Connection) -> Report:
            earlier = reports.open_misuse_by(conn, bay.bay_id, str(new.who)) if ask.kind == "misuse" else None
            if earlier is not None:
                return earlier
            times = reports.times_of(conn, str(new.who), new.at - model.HOUR)
            self._tools.refuse_too_many(REPORTS_PER_HOUR, bay.municipality_id, times, new.at)
            reports.add(conn, new)
            fact = Fact(data=_told(new), municipality_id=bay.municipality_id, subject_id=bay.bay_id, occurred_at=new.at)
            journal.append(conn, [fact], new.at)
            return new

        kept = await self._tools.database.write(work)
        if kept is new:
            log.info("reported", report_id=new.report_id, bay_id=bay.bay_id, kind=new.kind)
        code = self._tools.seals.follow_code(kept.report_id)
        return ReportSent(report_id=kept.report_id, follow_code=code, status=kept.status, at=kept.at), kept is new

    async def _new(self, someone: Someone, bay: KnownBay, ask: ReportAsk) -> Report:
        nobody = ask.kind == "misuse" and await self._tools.neighbours.nobody_on_duty(bay.municipality_id)
        now = self._tools.clock()
        return Report(
            report_id=new_id(), bay_id=bay.bay_id, municipality_id=bay.municipality_id, zone_id=bay.zone_id,
            kind=ask.kind, status="nobody_available" if nobody else "sent", at=now, changed_at=now,
            problem=ask.problem, note=(ask.note or "").strip() or None, who=self._who(someone),
        )  # fmt: skip

    # --- follow --------------------------------------------------------------------------------------------------

    async def seen_by(self, someone: Someone, report_id: str, follow_code: str | None) -> ReportView:
        """A report for whoever has its code, or for the signed-in person who sent it; NotFound for all others."""
        found = await self._theirs(someone, report_id, follow_code)
        return _view(found, await self._tools.database.read(lambda conn: bays.bays_of(conn, {found.bay_id})))

    async def _theirs(self, someone: Someone, report_id: str, follow_code: str | None) -> Report:
        found = await self._tools.database.read(lambda conn: reports.one(conn, report_id))
        if found is None or not self._is_theirs(found, someone, follow_code):
            raise no_report()
        return found

    def _is_theirs(self, report: Report, someone: Someone, follow_code: str | None) -> bool:
        if follow_code is not None:
            right = self._tools.seals.follow_code(report.report_id)
            return hmac.compare_digest(tidy_code(follow_code).encode(), right.encode())
        return someone.signed_in and report.who == self._who(someone)

    async def mine(self, someone: Someone, limit: int, cursor: str | None) -> ReportList:
        """What the caller sent, newest first, from `cursor` on."""

        def work(conn: Connection) -> tuple[list[Report], dict[str, KnownBay]]:
            found = reports.page_of(conn, self._who(someone), limit + 1, cursor)
            return found, bays.bays_of(conn, {one.bay_id for one in found})

        found, known = await self._tools.database.read(work)
        return ReportList(reports=[_view(one, known) for one in found[:limit]], next=_next(found, limit))

    async def add_photo(self, someone: Someone, report_id: str, follow_code: str | None, jpeg: bytes) -> ReportView:
        """Add a picture to a misuse report that is not settled.

        NotFound unless it is theirs, PhotoNotTaken for a problem, a settled report, or after three pictures.
        """
        found = await self._theirs(someone, report_id, follow_code)
        if found.kind != "misuse" or found.status == "resolved":
            raise PhotoNotTaken("Pictures are taken for reports of misuse while they are open.")
        if found.photos >= model.MOST_PHOTOS:
            raise PhotoNotTaken(f"A report has at most {model.MOST_PHOTOS} pictures.")
        place = await self._tools.database.read(lambda conn: bays.place_of(conn, found.municipality_id))
        about = PhotoOf(report_id=report_id, bay_id=found.bay_id, municipality_id=found.municipality_id,
                        country=place.country)  # fmt: skip
        kept = await self._tools.neighbours.keep_photo(about, jpeg)

        await self._tools.database.write(lambda conn: reports.put_photo(conn, report_id, kept.photo_id))
        log.info("report_pictured", report_id=report_id, photo_id=kept.photo_id)
        return await self.seen_by(someone, report_id, follow_code)

    # --- work ----------------------------------------------------------------------------------------------------

    async def to_work(self, scopes: Scopes, kind: ReportKind | None, status: ReportStatus | None, limit: int,
                      cursor: str | None) -> ReportWorkList:  # fmt: skip
        """Reports of these places, newest first, without who sent them."""

        def work(conn: Connection) -> tuple[list[Report], dict[str, KnownBay]]:
            found = reports.page_in(conn, scopes, kind, status, limit + 1, cursor)
            return found, bays.bays_of(conn, {one.bay_id for one in found})

        found, known = await self._tools.database.read(work)
        return ReportWorkList(reports=[_work(one, known) for one in found[:limit]], next=_next(found, limit))

    async def answer(self, scopes: Scopes, report_id: str, text: str) -> ReportWork:
        """Say what was done about a problem: it is resolved; saying it again replaces the words.

        NotFound outside the scopes, AnsweredByCase for a misuse.
        """
        now = self._tools.clock()

        def work(conn: Connection) -> ReportWork:
            found = reports.one(conn, report_id)
            if found is None or not model.in_scope(scopes, found.municipality_id, found.zone_id):
                raise no_report()
            if found.kind == "misuse":
                raise AnsweredByCase(
                    "A misuse is settled by the police's case about it; its reporter hears from there."
                )
            done = msgspec.structs.replace(found, status="resolved", answer=text, changed_at=now,
                                           resolved_at=found.resolved_at or now)  # fmt: skip
            reports.put(conn, done)
            return _work(done, bays.bays_of(conn, {found.bay_id}))

        done = await self._tools.database.write(work)
        log.info("report_answered", report_id=report_id)
        return done

    async def note(self, report_id: str) -> ReportNote:
        """What came with a misuse report, for the officer of its case; NotFound when there is no such report."""
        found = await self._tools.database.read(lambda conn: reports.one(conn, report_id))
        if found is None or found.kind != "misuse":
            raise no_report()
        return ReportNote(report_id=report_id, bay_id=found.bay_id, at=found.at, note=found.note,
                          photo_id=found.photo_id)  # fmt: skip


def no_report() -> NotFound:
    """The one answer for a report that is not there and for one that the caller may not see."""
    return NotFound("There is no such report, or its code is another.")


def _refuse_mixed(ask: ReportAsk) -> None:
    if ask.kind == "problem" and ask.problem is None:
        raise Invalid("Say what the problem is.", errors=[FieldFault("/problem", "is needed with kind 'problem'")])
    if ask.kind == "misuse" and ask.problem is not None:
        raise Invalid(
            "A misuse has no problem of its own.", errors=[FieldFault("/problem", "only with kind 'problem'")]
        )


def _told(report: Report) -> Word:
    if report.problem is None:
        return MisuseReported(report_id=report.report_id, bay_id=report.bay_id, at=report.at)
    return ProblemReported(report_id=report.report_id, bay_id=report.bay_id, at=report.at, problem=report.problem)


def _next(found: list[Report], limit: int) -> str | None:
    return found[limit - 1].report_id if len(found) > limit else None


def _view(report: Report, known: dict[str, KnownBay]) -> ReportView:
    return ReportView(
        report_id=report.report_id, bay_id=report.bay_id, code=known[report.bay_id].code, kind=report.kind,
        status=report.status, at=report.at, changed_at=report.changed_at, problem=report.problem,
        outcome=report.outcome, answer=report.answer, has_photo=report.photo_id is not None,
    )  # fmt: skip


def _work(report: Report, known: dict[str, KnownBay]) -> ReportWork:
    theirs = report.kind == "misuse"
    bay = known[report.bay_id]
    return ReportWork(
        report_id=report.report_id, bay_id=report.bay_id, code=bay.code, municipality_id=report.municipality_id,
        zone_id=report.zone_id, address=bay.address, kind=report.kind, status=report.status, at=report.at,
        changed_at=report.changed_at, problem=report.problem, note=None if theirs else report.note,
        outcome=report.outcome, answer=report.answer, photo_id=None if theirs else report.photo_id,
    )  # fmt: skip
