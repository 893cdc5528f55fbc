"""Reports of problems from drivers: what to see to, and the answer its reporter reads (D18)."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.drivers import ReportAnswerAsk, ReportWork, ReportWorkList
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.admin.desk import Desk, desk_router, seg
from siga.services.gateway.pages.admin.lookups import worded
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form
from siga.services.gateway.pages.web import Page, Web

_PAGE = 25
_STATES = ("open", "resolved", "misuse")
_LONGEST = 1000


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of reports."""
    return [desk_router("reports", [table, answer])]


@get("/admin/reports")
async def table(desk: Desk, show: str = "open", cursor: str = "") -> Page:
    """Open problems, answered ones, or (without their contents) misuses, which are the police's."""
    return await _page(desk, show if show in _STATES else "open", cursor)


@post("/admin/reports/{report_id:str}/answer")
async def answer(desk: Desk, report_id: str) -> Page:
    """Say what was done; the report is resolved."""
    form = await desk.visitor.form()
    field, text = f"text-{report_id}", form.text("text")
    if not text:
        return await _page(desk, "open", "", form, Faults({field: desk.t("admin.fault.text")}), report_id)
    if len(text) > _LONGEST:
        return await _page(desk, "open", "", form, Faults({field: desk.t("admin.fault.text_long")}), report_id)
    try:
        ask = ReportAnswerAsk(status="resolved", text=text)
        await desk.visitor.post("drivers", f"/api/v1/reports/{seg(report_id)}/answer", ask, ReportWork)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(desk, "open", "", form, desk.refused(problem, (field,)), report_id)
    return desk.done("/admin/reports", "answered")


async def _page(desk: Desk, show: str, cursor: str, form: Form = NO_FORM, faults: Faults | None = None,
                about: str = "") -> Page:  # fmt: skip
    wanted = {"open": ("problem", "sent"), "resolved": ("problem", "resolved"), "misuse": ("misuse", None)}[show]
    page = await desk.visitor.get(
        "drivers", "/api/v1/reports", ReportWorkList, municipality_id=desk.municipality_id, kind=wanted[0],
        status=wanted[1], limit=_PAGE, cursor=cursor or None,
    )  # fmt: skip
    return desk.page(
        "reports.html", reports=page.reports, next=page.next, show=show, form=form, faults=faults, about=about,
        words=Faults({"text": next(iter(faults))[1]} if faults else {}),
        shows=worded(desk, _STATES, "admin.reports"), first=not cursor,
    )  # fmt: skip
