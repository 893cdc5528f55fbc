"""Favourite bays and places, and the accreditations a driver has claimed."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accreditations import ClaimAsk, OwnAccreditation, OwnAccreditations
from siga.contract.drivers import Favourite, FavouriteAsk, FavouriteList
from siga.kit.problem import Problem
from siga.services.gateway.pages.driver.bays import see
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form, faults_of
from siga.services.gateway.pages.web import Page, Visitor, Web


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """Favourites and accreditations."""
    return [*_favourites(web), *_accreditations(web)]


def _favourites(web: Web) -> list[ControllerRouterHandler]:
    @get("/favourites")
    async def favourites(visitor: Visitor) -> Page:
        """All that the driver keeps."""
        kept = await visitor.get("drivers", "/api/v1/favourites", FavouriteList)
        links = {one.favourite_id: _near(one) for one in kept.favourites}
        return visitor.page("driver/favourites.html", here="favourites", favourites=kept.favourites, links=links)

    @post("/favourites")
    async def keep(visitor: Visitor) -> Page:
        """Keep a bay."""
        form = await visitor.form()
        seen = await see(visitor, form.text("bay_id"))
        ask = FavouriteAsk(label=(form.text("label") or seen.card.title)[:80], bay_id=seen.bay.bay_id)
        await visitor.post("drivers", "/api/v1/favourites", ask, Favourite)
        return visitor.go(f"{seen.card.path}?told=kept")

    @post("/favourites/{favourite_id:str}/remove")
    async def remove(visitor: Visitor, favourite_id: str) -> Page:
        """Forget one."""
        await visitor.form()
        path = f"/api/v1/favourites/{quote(favourite_id, safe='')}"
        await visitor.ask("drivers", "DELETE", path, type(None))
        return visitor.go("/favourites")

    return [favourites, keep, remove]


def _near(favourite: Favourite) -> str:
    query = {"lon": f"{favourite.lon:.6f}", "lat": f"{favourite.lat:.6f}", "place": favourite.label}
    if favourite.category not in (None, "disabled"):
        query["category"] = str(favourite.category)
    return "/?" + urlencode({**query, "any": "1"})


def _accreditations(web: Web) -> list[ControllerRouterHandler]:
    @get("/accreditations")
    async def mine(visitor: Visitor, told: str = "") -> Page:
        """What the driver has claimed, and the form for the code of the letter."""
        return await _page(visitor, NO_FORM, Faults(), told=told == "claimed")

    @post("/accreditations")
    async def claim(visitor: Visitor) -> Page:
        """Claim one by its code."""
        form = await visitor.form()
        if not form.text("code"):
            return await _page(visitor, form, Faults({"code": visitor.t("claim.missing")}))
        try:
            ask = ClaimAsk(code=form.text("code")[:40])
            await visitor.post("users", "/api/v1/accreditations/claim", ask, OwnAccreditation)
        except Problem as problem:
            if problem.slug not in (
                "wrong-code",
                "too-many",
                "invalid",
                "not-found",
                "conflict",
                "accreditation-ended",
            ):
                raise
            return await _page(visitor, form, faults_of(problem, visitor.t, "claim", ("code",)))
        return visitor.go("/accreditations?told=claimed")

    return [mine, claim]


async def _page(visitor: Visitor, form: Form, faults: Faults, *, told: bool = False) -> Page:
    own = await visitor.get("users", "/api/v1/accreditations/mine", OwnAccreditations)
    return visitor.page(
        "driver/accreditations.html", status=422 if faults else 200, here="accreditations", own=own.accreditations,
        form=form, faults=faults, told=told,
    )  # fmt: skip
