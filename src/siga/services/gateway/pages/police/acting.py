"""What officers do, as forms that work without JavaScript; a conflict says who holds the case and how it is now."""

from __future__ import annotations

from urllib.parse import quote

from litestar import post
from litestar.types import ControllerRouterHandler

from siga.contract.base import Ask
from siga.contract.cases import CaseView, CorrectPlate, Duty, MoveCase, OpenCase, ResolveCase, SetDuty, TakeCase
from siga.contract.enforcement import OUTCOMES, PhotoKept
from siga.contract.parking import BayList, BayView
from siga.contract.users import Municipality
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.forms import Faults, Form, faults_of, problem_words
from siga.services.gateway.pages.police import views
from siga.services.gateway.pages.police.queue import case_page, case_path, officer, queue_page, towns_of
from siga.services.gateway.pages.web import Page, Visitor, Web

_MOVES = ("dispatch", "arrive", "undo", "reopen")
_MOST_PAGES = 20


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """Duty, opening, and everything that can be done with a case."""
    return [*_desk(web), *_moves(web), *_words(web)]


def _desk(web: Web) -> list[ControllerRouterHandler]:
    @post("/police/duty")
    async def duty(visitor: Visitor) -> Page:
        """Go on or off duty."""
        visitor = await officer(visitor)
        form = await visitor.form()
        ask = SetDuty(on=form.text("on") == "1", municipality_id=form.text("municipality_id") or None)
        await visitor.post("enforcement", "/api/v1/cases/duty", ask, Duty, method="PUT")
        return visitor.go("/police?told=" + ("on_duty" if ask.on else "off_duty"))

    @post("/police/cases")
    async def open_case(visitor: Visitor) -> Page:
        """Open a case by the code on the bay's sign."""
        visitor = await officer(visitor)
        form = await visitor.form()
        code, faults = form.text("code"), Faults()
        bay_id = await _bay_of(visitor, code, form.text("municipality_id")) if code else None
        if bay_id is None:
            faults.add("code", visitor.t("open_case.missing" if not code else "open_case.unknown", code=code))
            return await queue_page(visitor, "open", form=form, faults=faults)
        try:
            ask = OpenCase(bay_id=bay_id, note=form.text("note")[:1000] or None)
            case = await visitor.post("enforcement", "/api/v1/cases", ask, CaseView)
        except Problem as problem:
            if problem.status not in (404, 409, 422):
                raise
            key = "open_case.conflict" if problem.status == 409 else "open_case.unknown"
            faults.add("code", visitor.t(key, code=code))
            return await queue_page(visitor, "open", form=form, faults=faults)
        return visitor.go(f"/police/cases/{quote(case.case_id, safe='')}?told=opened")

    return [duty, open_case]


async def _bay_of(visitor: Visitor, code: str, municipality_id: str) -> str | None:
    """The bay with that code in a town the officer serves, personal ones too."""
    for town in towns_of(visitor):
        if municipality_id in ("", town.municipality_id):
            found = await _bay_in(visitor, town, code)
            if found is not None:
                return found
    return None


async def _bay_in(visitor: Visitor, town: Municipality, code: str) -> str | None:
    path = f"/api/v1/bays/by-code/{quote(town.slug, safe='')}/{quote(code, safe='')}"
    bay = await visitor.find("parking", path, BayView)
    if bay is not None:
        return bay.bay_id
    cursor: str | None = None
    for _ in range(_MOST_PAGES):  # a personal bay is on no public page: look through the town's own list (D7)
        page = await visitor.get(
            "parking", "/api/v1/bays", BayList, municipality_id=town.municipality_id, limit=1000, cursor=cursor
        )
        match = next((one.bay_id for one in page.bays if one.code.upper() == code.upper()), None)
        cursor = page.next
        if match is not None or cursor is None:
            return match
    return None


def _moves(web: Web) -> list[ControllerRouterHandler]:
    @post("/police/cases/{case_id:str}/acknowledge")
    async def acknowledge(visitor: Visitor, case_id: str) -> Page:
        """Take the case."""
        visitor = await officer(visitor)
        form = await visitor.form()
        ask = TakeCase(version=form.whole("version") or 0, take_over=form.text("take_over") == "1")
        return await _act(visitor, case_id, "acknowledge", ask, form)

    @post("/police/cases/{case_id:str}/move/{act:str}")
    async def move(visitor: Visitor, case_id: str, act: str) -> Page:
        """Set out, arrive, undo, reopen."""
        visitor = await officer(visitor)
        form = await visitor.form()
        if act not in _MOVES:
            raise NotFound("There is no such step.")
        return await _act(visitor, case_id, act, MoveCase(version=form.whole("version") or 0), form)

    @post("/police/cases/{case_id:str}/resolve")
    async def resolve(visitor: Visitor, case_id: str) -> Page:
        """Close the case with an outcome."""
        visitor = await officer(visitor)
        form = await visitor.form()
        faults = _resolve_faults(visitor, form)
        if faults:
            return await _again(visitor, case_id, form, faults)
        ask = ResolveCase(
            version=form.whole("version") or 0, outcome=form.text("outcome"),  # type: ignore[arg-type]
            reason=form.text("reason")[:1000] or None, confirmed=form.text("confirmed") == "1",
        )  # fmt: skip
        return await _act(visitor, case_id, "resolve", ask, form)

    return [acknowledge, move, resolve]


def _resolve_faults(visitor: Visitor, form: Form) -> Faults:
    faults, outcome = Faults(), form.text("outcome")
    if outcome not in OUTCOMES:
        faults.add("outcome", visitor.t("resolve.missing"))
    if outcome in views.MUST_SAY_WHY and not form.text("reason"):
        faults.add("reason", visitor.t("resolve.missing_reason", outcome=visitor.t(f"outcome.{outcome}")))
    return faults


def _words(web: Web) -> list[ControllerRouterHandler]:
    @post("/police/cases/{case_id:str}/plate")
    async def plate(visitor: Visitor, case_id: str) -> Page:
        """Put the plate right."""
        visitor = await officer(visitor)
        form = await visitor.form()
        typed = "".join(c for c in form.text("plate") if c.isalnum())
        if not 2 <= len(typed) <= 15:
            return await _again(visitor, case_id, form, Faults({"plate": visitor.t("plate.fault")}))
        ask = CorrectPlate(version=form.whole("version") or 0, plate=form.text("plate")[:20])
        return await _act(visitor, case_id, "plate", ask, form)

    @post("/police/cases/{case_id:str}/photo")
    async def photo(visitor: Visitor, case_id: str) -> Page:
        """Add a photo of one's own, e.g. of the windscreen without a badge."""
        visitor = await officer(visitor)
        form = await visitor.form()
        try:
            await visitor.ask(
                "enforcement", "POST", f"{case_path(case_id)}/photos", PhotoKept, content=form.files.get("photo", b""),
                content_type="application/octet-stream",
            )  # fmt: skip
        except Problem as problem:
            if problem.status not in (400, 409, 413, 415, 422):
                raise
            return await _again(visitor, case_id, form, Faults({"photo": problem_words(problem, visitor.t)}))
        return visitor.go(_page_of(case_id, "photo"))

    return [plate, photo]


def _page_of(case_id: str, told: str) -> str:
    return f"/police/cases/{quote(case_id, safe='')}?told={told}"


async def _act(visitor: Visitor, case_id: str, act: str, ask: Ask, form: Form) -> Page:
    """Try it; afterwards show the queue or the case, in a conflict the case as it is now with who and what."""
    try:
        case = await visitor.post("enforcement", f"{case_path(case_id)}/{act}", ask, CaseView)
    except Problem as problem:
        if problem.status == 422:
            return await _again(
                visitor, case_id, form, faults_of(problem, visitor.t, "police", ("reason", "plate", "outcome"))
            )
        if problem.status != 409:
            raise
        case = await visitor.get("enforcement", case_path(case_id), CaseView)
        confirm = problem.slug == "check-again"
        return await case_page(
            visitor, case, refused=_conflict(visitor, case, problem), confirm=confirm, form=form, status=409
        )
    if form.text("from") == "queue":
        return visitor.go(f"/police?told={act}#case-{quote(case.case_id, safe='')}")
    return visitor.go(_page_of(case_id, act))


async def _again(visitor: Visitor, case_id: str, form: Form, faults: Faults) -> Page:
    case = await visitor.get("enforcement", case_path(case_id), CaseView)
    return await case_page(visitor, case, form=form, faults=faults)


def _conflict(visitor: Visitor, case: CaseView, problem: Problem) -> str:
    """What stands in the way, from how the case is now: who holds it, in which state, since when."""
    t, words = visitor.t, views.case_words(case, visitor.user_id, visitor.t)
    if problem.slug == "check-again":
        return t("conflict.check-again", there=words.there)
    key = "conflict.case-held" if problem.slug == "case-held" else "conflict.case-moved"
    return t(key, state=words.state, holder=words.holder, clock=t.moment(case.changed_at))
