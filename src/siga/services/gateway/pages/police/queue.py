"""`/police`: the queue as Enforcement sorts it, one case's page, the photos' words."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from litestar import get
from litestar.types import ControllerRouterHandler

from siga.contract.cases import CaseEvidence, CaseFilter, CaseList, CaseView, Duty
from siga.contract.users import Municipality
from siga.kit.problem import Forbidden, Problem, Unauthenticated
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form
from siga.services.gateway.pages.police import views
from siga.services.gateway.pages.police.lock import ScreenLocked, idle_min
from siga.services.gateway.pages.towns import zone_of
from siga.services.gateway.pages.web import Page, Visitor, Web

SHOWN: dict[str, CaseFilter] = {"open": "open", "mine": "open", "withdrawn": "withdrawn", "resolved": "resolved"}
_LIMIT = 50
_MOST = 200
"""An officer's own cases are picked out of so many open ones."""


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The queue and one case."""

    @get("/police")
    async def queue(visitor: Visitor, show: str = "open", cursor: str = "", part: str = "", told: str = "") -> Page:
        """The queue, whole or as the part that the script puts in place."""
        visitor = await officer(visitor)
        return await queue_page(visitor, show, cursor=cursor, part=part, told=told)

    @get("/police/cases/{case_id:str}")
    async def one(visitor: Visitor, case_id: str, part: str = "", told: str = "") -> Page:
        """One case with its photos large and its steps; `part=card` is its card in the queue."""
        visitor = await officer(visitor)
        case = await visitor.get("enforcement", case_path(case_id), CaseView)
        if part == "card":
            words = views.case_words(case, visitor.user_id, visitor.t)
            return visitor.page("police/card.html", card=words, here="police")
        return await case_page(visitor, case, told=told, part=part)

    return [queue, one]


def case_path(case_id: str) -> str:
    """Where Enforcement tells of a case."""
    return f"/api/v1/cases/{quote(case_id, safe='')}"


async def officer(visitor: Visitor) -> Visitor:
    """The visitor, told the times of the town they serve; refused unless they work cases somewhere."""
    if not visitor.signed_in:
        raise Unauthenticated("Sign in first.")
    if not visitor.may("cases.work"):
        raise Forbidden("This page is for the police.")
    if visitor.locked:
        raise ScreenLocked
    await visitor.web.towns.all()
    served = towns_of(visitor)
    return visitor.at(zone_of(served[0] if served else None))


def towns_of(visitor: Visitor) -> list[Municipality]:
    """The towns whose cases the visitor works."""
    return [town for town in visitor.web.towns.known if visitor.may("cases.work", town.municipality_id)]


async def queue_page(visitor: Visitor, show: str, *, cursor: str = "", part: str = "", told: str = "",
                     form: Form = NO_FORM, faults: Faults | None = None) -> Page:  # fmt: skip
    """The queue's page."""
    show = show if show in SHOWN else "open"
    found, duties = await asyncio.gather(
        visitor.get(
            "enforcement",
            "/api/v1/cases",
            CaseList,
            state=SHOWN[show],
            limit=_MOST if show == "mine" else _LIMIT,
            cursor=cursor or None,
        ),
        _duties(visitor),
    )
    cases = [one for one in found.cases if show != "mine" or one.holder_id == visitor.user_id]
    cards = [views.case_words(case, visitor.user_id, visitor.t) for case in cases]
    return visitor.page(
        "police/queue_part.html" if part == "queue" else "police/queue.html", status=422 if faults else 200,
        own_path="/police" if faults else None,
        here="police", idle_min=idle_min(visitor),
        cards=cards, show=show, filters=list(SHOWN), next=found.next, told=told,
        new=sum(case.state == "new" for case in cases), duties=duties, form=form, faults=faults or Faults(),
    )  # fmt: skip


async def _duties(visitor: Visitor) -> list[tuple[Municipality, Duty | None]]:
    """Duty in each town served; None while it cannot be told."""

    async def of(town: Municipality) -> Duty | None:
        try:
            return await visitor.get("enforcement", "/api/v1/cases/duty", Duty, municipality_id=town.municipality_id)
        except Problem:
            return None

    return [(town, await of(town)) for town in towns_of(visitor)]


async def case_page(visitor: Visitor, case: CaseView, *, told: str = "", part: str = "", refused: str = "",
                    confirm: bool = False, form: Form = NO_FORM, faults: Faults | None = None,
                    status: int = 200) -> Page:  # fmt: skip
    """One case's own page. `refused` says what could not be done; `confirm` asks for a second, deliberate closing."""
    t, me = visitor.t, visitor.user_id
    words = views.case_words(case, me, t)
    return visitor.page(
        "police/case_part.html" if part == "case" else "police/case.html", status=422 if faults else status,
        own_path=f"/police/cases/{quote(case.case_id, safe='')}",
        here="police", idle_min=idle_min(visitor),
        card=words, case=case, evidence=await _evidence(visitor, case), told=told, refused=refused,
        confirm=confirm, form=form, faults=faults or Faults(), outcomes=views.outcome_options(t),
        steps=[(step, views.step_words(step, me, t)) for step in case.steps or []],
    )  # fmt: skip


async def _evidence(visitor: Visitor, case: CaseView) -> CaseEvidence | None:
    """Photos with their hashes, what reporters wrote, what was declared; None while it cannot be told."""
    try:
        return await visitor.get("enforcement", f"{case_path(case.case_id)}/evidence", CaseEvidence)
    except Problem:
        return None
