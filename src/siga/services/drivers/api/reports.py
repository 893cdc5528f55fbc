"""Routes of reports: for who sends them, for the administration, for Enforcement."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post, put
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims
from siga.contract.drivers import (
    ReportAnswerAsk,
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
from siga.kit.http import need, need_service
from siga.kit.problem import NotFound, UnsupportedMedia
from siga.services.drivers import model
from siga.services.drivers.api.callers import anyone, page_size
from siga.services.drivers.service.reports import Reports

_FollowCode = Annotated[str | None, Parameter(header="X-Follow-Code", max_length=40)]
_JPEG = b"\xff\xd8\xff"  # ITU-T T.81: SOI, then the next marker


def handlers(reports: Reports) -> list[ControllerRouterHandler]:
    """All routes of reports."""
    return [*_reporters(reports), *_staff(reports)]


def _reporters(reports: Reports) -> list[ControllerRouterHandler]:
    @post("/api/v1/reports")
    async def report(caller: Claims, data: ReportAsk) -> Response[ReportSent]:
        """Report that somebody stands there without accreditation, or a problem with the bay. No account is needed.

        `status` is the truth: `nobody_available` when no officer is on duty. Keep `follow_code` to see what comes of
        it. 201 for a new report; the same misuse again is the same report, with 200. 429 over the hour's limit.
        """
        done, new = await reports.send(anyone(caller), data)
        return Response(done, status_code=201 if new else 200)

    @get("/api/v1/reports/mine")
    async def my_reports(caller: Claims, limit: int = 50, cursor: str | None = None) -> ReportList:
        """The reports that you sent, newest first."""
        return await reports.mine(anyone(caller), page_size(limit), cursor)

    @get("/api/v1/reports/{report_id:str}")
    async def one_report(caller: Claims, report_id: str, follow_code: _FollowCode = None) -> ReportView:
        """A report and what came of it: for who has its code in `X-Follow-Code`, or sent it while signed in."""
        return await reports.seen_by(anyone(caller), report_id, follow_code)

    @put("/api/v1/reports/{report_id:str}/photo")
    async def add_photo(
        request: Request[Any, Any, Any], caller: Claims, report_id: str, follow_code: _FollowCode = None
    ) -> ReportView:
        """Add a picture to your open misuse report: the raw JPEG as body, at most 8 MiB.

        Three at most; only the police see them.
        """
        jpeg = await request.body()
        if not jpeg.startswith(_JPEG):
            raise UnsupportedMedia("Send the bytes of a JPEG picture.")
        return await reports.add_photo(anyone(caller), report_id, follow_code, jpeg)

    return [report, my_reports, one_report, add_photo]


def _staff(reports: Reports) -> list[ControllerRouterHandler]:
    @get("/api/v1/reports")
    async def list_reports(
        caller: Claims, municipality_id: str | None = None, kind: ReportKind | None = None,
        status: ReportStatus | None = None, limit: int = 50, cursor: str | None = None,
    ) -> ReportWorkList:  # fmt: skip
        """Reports to work, of your municipality and zones, newest first. Never who sent them."""
        need(caller, "reports.answer")
        scopes = model.scopes_of(caller, "reports.answer")
        if municipality_id is not None:
            scopes = [scope for scope in scopes if scope[0] == municipality_id]
            if not scopes:
                raise NotFound("There is no such municipality.")
        return await reports.to_work(scopes, kind, status, page_size(limit), cursor)

    @post("/api/v1/reports/{report_id:str}/answer", status_code=200)
    async def answer(caller: Claims, report_id: str, data: ReportAnswerAsk) -> ReportWork:
        """Say what was done about a problem: it is resolved, and its reporter reads your words."""
        need(caller, "reports.answer")
        return await reports.answer(model.scopes_of(caller, "reports.answer"), report_id, data.text)

    @get("/internal/v1/reports/{report_id:str}", include_in_schema=False)
    async def note(caller: Claims, report_id: str) -> ReportNote:
        """What came with a misuse report; for Enforcement alone."""
        need_service(caller, "enforcement")
        return await reports.note(report_id)

    return [list_reports, answer, note]
