"""`/demo/street`: put cars into bays, send them away, silence sensors, and read what comes of it."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.users import Municipality
from siga.kit.problem import Invalid, Unavailable
from siga.services.gateway.pages.demo.backstage import Backstage
from siga.services.gateway.pages.demo.spots import (
    KITS,
    STATES,
    Choice,
    Spots,
    read_choice,
    silenced_without_signal,
)
from siga.services.gateway.pages.demo.stage import WHOS
from siga.services.gateway.pages.driver.sketch import sketch
from siga.services.gateway.pages.towns import zone_of
from siga.services.gateway.pages.web import AnyRequest, Page, Visitor

_MINE, _TOWNS = 8, 8
_ACTS = ("take", "leave", "mute", "unmute")


def handlers(backstage: Backstage) -> list[ControllerRouterHandler]:
    """The page, the part that its script refreshes, and the commands."""
    spots = Spots(backstage)

    @get("/demo/street")
    async def street(visitor: Visitor, occupancy: str = "", kit: str = "", q: str = "", limit: str = "", who: str = "",
                     part: str = "") -> Page:  # fmt: skip
        """The street."""
        choice = read_choice(occupancy, kit, q, limit)
        return await _page(backstage, spots, visitor, choice, who, part == "1")

    @post("/demo/street")
    async def act(request: AnyRequest, visitor: Visitor) -> Page:
        """One command for the simulator; then the street again, or nothing for the page's script."""
        form = await visitor.form()
        what, _, code = form.text("act").partition(":")
        who = form.text("who")
        if what not in _ACTS or not code or len(code) > 60 or who not in WHOS:
            raise Invalid("Choose what shall happen at which bay.")
        backstage.stage.want(what, code, who)  # type: ignore[arg-type]
        if request.headers.get("x-part"):
            return Page("", status=204)
        choice = read_choice(*(form.text(name) for name in ("occupancy", "kit", "q", "limit")))
        return visitor.go(f"/demo/street?{urlencode({**choice.query, 'who': who})}#bay-{code}")

    return [street, act]


async def _page(backstage: Backstage, spots: Spots, visitor: Visitor, choice: Choice, who: str, part: bool) -> Page:
    town = await _town(backstage, visitor)
    visitor = visitor.at(zone_of(town))
    shown, more = await spots.of(choice, town, visitor.t)
    stage = backstage.stage
    for bay in silenced_without_signal(shown):
        stage.silent(bay.code, visitor.t.now)
    return visitor.page(
        "demo/street_part.html" if part else "demo/street.html", here="demo", choice=choice, spots=shown, more=more,
        who=who if who in WHOS else WHOS[0], whos=WHOS, states=STATES, kits=KITS, alive=stage.alive,
        mine=stage.stories.told(mine=True, most=_MINE), towns=stage.stories.told(mine=False, most=_TOWNS),
        sketch=sketch([spot.card for spot in shown], town.lon or 0.0, town.lat or 0.0), grace_s=backstage.grace_s(),
        on_page=True,
    )  # fmt: skip


async def _town(backstage: Backstage, visitor: Visitor) -> Municipality:
    known = backstage.known()
    town = await visitor.web.towns.one(known.municipality_id) if known.complete else None
    if town is None:
        raise Unavailable("The demo town is still being made: try again in some seconds.")
    return town
