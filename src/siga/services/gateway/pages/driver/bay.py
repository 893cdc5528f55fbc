"""`/b/{municipality}/{code}`: a bay's own page, on its sign as a QR for ever (D22); and the one-tap doubt."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.drivers import BayRatings, CurrentCheckIn, Doubt, DoubtAsk
from siga.kit.problem import Problem
from siga.services.gateway.pages.driver.bays import Seen, see, see_by_code
from siga.services.gateway.pages.forms import problem_words
from siga.services.gateway.pages.web import Page, Visitor, Web, local_path

_TOLD = ("doubt", "kept", "rated")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The page, its live part, and the doubt."""

    @get("/b/{municipality:str}/{code:str}")
    async def page(
        visitor: Visitor, municipality: str, code: str, told: str = "", back: str = "", part: str = ""
    ) -> Page:
        """A bay's page, or what to do when the sign's bay is not known."""
        seen = await see_by_code(visitor, municipality, code)
        if seen is None:
            return visitor.page("driver/bay_missing.html", status=404, here="bays", code=code)
        if part == "card":
            return seen.visitor.page("driver/bay_live.html", card=seen.card, here="bays", back="")
        return await _page(seen, told, local_path(back, ""))

    @post("/bays/{bay_id:str}/doubt")
    async def doubt(visitor: Visitor, bay_id: str) -> Page:
        """It is not free: take the doubt down and show the bay."""
        form = await visitor.form()
        back = local_path(form.text("back"), "")
        try:
            await visitor.post("drivers", "/api/v1/doubts", DoubtAsk(bay_id=bay_id), Doubt)
        except Problem as problem:
            if problem.status not in (409, 429):
                raise
            seen = await see(visitor, bay_id)
            return await _page(seen, "", back, problem=problem)
        seen = await see(visitor, bay_id)
        return visitor.go(f"{seen.card.path}?{urlencode({'told': 'doubt', 'back': back})}")

    return [page, doubt]


async def _page(seen: Seen, told: str, back: str, problem: Problem | None = None) -> Page:
    visitor = seen.visitor
    return visitor.page(
        "driver/bay.html", status=problem.status if problem else 200, here="bays", own_path=seen.card.path,
        card=seen.card, bay=seen.bay,
        town=seen.town, told=told if told in _TOLD else "", back=back, ratings=await _ratings(visitor, seen.bay.bay_id),
        stay=await _own_stay(visitor), refused=problem_words(problem, visitor.t) if problem else "",
    )  # fmt: skip


async def _ratings(visitor: Visitor, bay_id: str) -> BayRatings | None:
    """What people think of the bay; None while Drivers is away: the page is worth showing without it."""
    try:
        return await visitor.get("drivers", "/api/v1/ratings", BayRatings, bay_id=bay_id)
    except Problem:
        return None


async def _own_stay(visitor: Visitor) -> CurrentCheckIn | None:
    if not visitor.signed_in and not visitor.known:
        return None
    try:
        return await visitor.get("drivers", "/api/v1/check-ins/current", CurrentCheckIn)
    except Problem:
        return None
