"""Reports: misuse by one tap, a problem by a short form, and what came of them, told truly (D18)."""

from __future__ import annotations

from urllib.parse import quote

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.drivers import ReportAsk, ReportList, ReportSent, ReportView
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.driver.bays import Seen, see
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form, faults_of, problem_words
from siga.services.gateway.pages.web import Page, Visitor, Web, local_path

PROBLEMS = ("paint", "kerb", "obstacle", "sensor", "sign", "other")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """Send, add a picture, follow."""
    return [*_send(web), *_follow(web)]


def _send(web: Web) -> list[ControllerRouterHandler]:
    @post("/bays/{bay_id:str}/misuse")
    async def misuse(visitor: Visitor, bay_id: str) -> Page:
        """Somebody stands there without a card: send bay and time at once."""
        form = await visitor.form()
        sent = await visitor.post("drivers", "/api/v1/reports", ReportAsk(bay_id=bay_id, kind="misuse"), ReportSent)
        return _sent(await see(visitor, bay_id), sent, "misuse", local_path(form.text("back")))

    @get("/bays/{bay_id:str}/misuse")
    async def misuse_again(visitor: Visitor, bay_id: str) -> Page:
        """Nothing is sent by looking: the bay's page has the button."""
        return visitor.go((await see(visitor, bay_id)).card.path)

    @get("/bays/{bay_id:str}/problem")
    async def ask_problem(visitor: Visitor, bay_id: str, back: str = "") -> Page:
        """The form about a problem with the bay."""
        return _problem_form(await see(visitor, bay_id), NO_FORM, Faults(), local_path(back))

    @post("/bays/{bay_id:str}/problem")
    async def send_problem(visitor: Visitor, bay_id: str) -> Page:
        """Send a problem."""
        form = await visitor.form()
        seen, back = await see(visitor, bay_id), local_path(form.text("back"))
        if form.text("problem") not in PROBLEMS:
            return _problem_form(seen, form, Faults({"problem": visitor.t("report.fault.problem")}), back)
        ask = ReportAsk(
            bay_id=bay_id, kind="problem", problem=form.text("problem"),  # type: ignore[arg-type]
            note=form.text("note")[:1000] or None,
        )  # fmt: skip
        try:
            sent = await visitor.post("drivers", "/api/v1/reports", ask, ReportSent)
        except Problem as problem:
            if problem.status not in (422, 429):
                raise
            return _problem_form(seen, form, faults_of(problem, visitor.t, "report", ("problem", "note")), back)
        return _sent(seen, sent, "problem", back)

    return [misuse, misuse_again, ask_problem, send_problem]


def _problem_form(seen: Seen, form: Form, faults: Faults, back: str) -> Page:
    options = [(name, seen.visitor.t(f"problem_kind.{name}")) for name in PROBLEMS]
    return seen.visitor.page(
        "driver/problem_form.html", status=422 if faults else 200, here="bays", card=seen.card, form=form,
        faults=faults, options=options, back=back,
    )  # fmt: skip


def _sent(seen: Seen, sent: ReportSent, kind: str, back: str) -> Page:
    return seen.visitor.page(
        "driver/sent.html", here="reports", own_path="/reports", card=seen.card, sent=sent, kind=kind, back=back
    )


def _follow(web: Web) -> list[ControllerRouterHandler]:
    @get("/reports")
    async def mine(visitor: Visitor, cursor: str = "") -> Page:
        """The reports sent from this account or this browser."""
        reports = await visitor.get("drivers", "/api/v1/reports/mine", ReportList, limit=20, cursor=cursor or None)
        return visitor.page("driver/reports.html", here="reports", reports=reports)

    @get("/reports/{report_id:str}")
    async def follow(visitor: Visitor, report_id: str) -> Page:
        """One report: at once for the signed-in person who sent it, else by its code."""
        if visitor.signed_in:
            view = await visitor.find("drivers", _address(report_id), ReportView)
            if view is not None:
                return _report(visitor, view, "")
        return _code_form(visitor, report_id, Faults())

    @post("/reports/{report_id:str}")
    async def follow_by_code(visitor: Visitor, report_id: str) -> Page:
        """One report by its code, which never stands in an address."""
        code = (await visitor.form()).text("code")
        try:
            view = await visitor.ask("drivers", "GET", _address(report_id), ReportView, headers=_with(code))
        except NotFound:
            return _code_form(visitor, report_id, Faults({"code": visitor.t("report.fault.code")}))
        return _report(visitor, view, code)

    @post("/reports/{report_id:str}/photo")
    async def add_photo(visitor: Visitor, report_id: str) -> Page:
        """Add a picture to one's own report of misuse."""
        form = await visitor.form()
        code, photo = form.text("code"), form.files.get("photo", b"")
        try:
            view = await visitor.ask(
                "drivers", "PUT", f"{_address(report_id)}/photo", ReportView, content=photo,
                content_type="image/jpeg", headers=_with(code),
            )  # fmt: skip
        except Problem as problem:
            if problem.status not in (409, 413, 415, 422):
                raise
            view = await visitor.ask("drivers", "GET", _address(report_id), ReportView, headers=_with(code))
            return _report(visitor, view, code, Faults({"photo": problem_words(problem, visitor.t)}))
        return _report(visitor, view, code, told=True)

    return [mine, follow, follow_by_code, add_photo]


def _address(report_id: str) -> str:
    return f"/api/v1/reports/{quote(report_id, safe='')}"


def _with(code: str) -> dict[str, str]:
    plain = "".join(c for c in code if c.isascii() and c.isprintable())[:40]
    return {"x-follow-code": plain} if plain else {}


def _code_form(visitor: Visitor, report_id: str, faults: Faults) -> Page:
    return visitor.page(
        "driver/report_code.html", status=404 if faults else 200, here="reports", report_id=report_id, faults=faults
    )


def _report(visitor: Visitor, view: ReportView, code: str, faults: Faults | None = None, *, told: bool = False) -> Page:
    return visitor.page(
        "driver/report.html", status=422 if faults else 200, here="reports",
        own_path=f"/reports/{quote(view.report_id, safe='')}", report=view, code=code,
        faults=faults or Faults(), told=told,
    )  # fmt: skip
