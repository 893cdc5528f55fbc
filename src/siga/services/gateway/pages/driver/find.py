"""`/`: the nearest bays to an address, a position or the middle of the town."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from litestar import get
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import SetupState
from siga.contract.base import Word
from siga.contract.parking import CATEGORIES, BayList, BayView
from siga.contract.users import Municipality
from siga.kit.geo import on_earth
from siga.services.gateway.pages.driver import views
from siga.services.gateway.pages.driver.sketch import sketch
from siga.services.gateway.pages.towns import zone_of
from siga.services.gateway.pages.web import Page, Visitor, Web

LIMIT, MOST = 10, 60
_AROUND_DEG = 0.01
"""So far around the listed bays the page hears of others that become free, degrees: about 1 km."""


class Place(Word):
    """A place found by its address, as Parking tells it."""

    label: str
    lon: float
    lat: float


class Places(Word):
    """Places found."""

    addresses: list[Place]


@dataclass(frozen=True)
class Search:
    """What is looked for, as the address of the page says it."""

    q: str = ""
    lon: float | None = None
    lat: float | None = None
    place: str = ""
    category: str = "disabled"
    any: bool = False
    limit: int = LIMIT
    town: str = ""

    def link(self, **changes: str | float | bool | None) -> str:
        """The page's address with some things changed."""
        values = {**self.__dict__, **changes}
        plain = {name: values[name] for name in ("q", "lon", "lat", "place", "town") if values[name] not in (None, "")}
        if values["category"] != "disabled":
            plain["category"] = values["category"]
        if values["any"]:
            plain["any"] = "1"
        if values["limit"] != LIMIT:
            plain["limit"] = str(values["limit"])
        return "/?" + urlencode(plain) if plain else "/"


@dataclass(frozen=True)
class Found:
    """Where the search is made from: `label` is empty for a position of one's own."""

    lon: float
    lat: float
    label: str
    town: Municipality | None
    others: list[Place] = field(default_factory=list)
    unmatched: bool = False


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The list, whole or as the part that the script puts in place."""

    @get("/")
    async def start(
        visitor: Visitor, q: str = "", lon: str = "", lat: str = "", place: str = "", category: str = "disabled",
        any: str = "", limit: str = "", town: str = "", part: str = "",  # noqa: A002
    ) -> Page:  # fmt: skip
        """The nearest bays."""
        search = read_search(q, lon, lat, place, category, any, limit, town)
        towns = await web.towns.all()
        if not towns:
            setup = await visitor.get("users", "/api/v1/auth/setup", SetupState)
            return visitor.page("driver/nothing.html", here="bays", setup=setup.needed)
        found = await _where(visitor, search, towns)
        if found is None:
            return visitor.page("driver/no_bays.html", here="bays", towns=towns)
        visitor = visitor.at(zone_of(found.town))
        bays = await _nearest(visitor, search, found)
        if not bays and not await _any_bay(visitor):
            return visitor.page("driver/no_bays.html", here="bays", towns=towns)
        return _page(visitor, search, found, towns, bays, part)

    return [start]


def read_search(q: str, lon: str, lat: str, place: str, category: str, any: str, limit: str, town: str) -> Search:  # noqa: A002
    """The search in an address; what makes no sense there is as if it were not there."""
    x, y = _degrees(lon), _degrees(lat)
    there = x is not None and y is not None and on_earth(x, y)
    return Search(
        q=q.strip()[:200], lon=x if there else None, lat=y if there else None, place=place.strip()[:200],
        category=category if category in (*CATEGORIES, "all") else "disabled", any=any == "1",
        limit=min(max(int(limit), 1), MOST) if limit.isascii() and limit.isdigit() else LIMIT, town=town[:40],
    )  # fmt: skip


def _degrees(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


async def _where(visitor: Visitor, search: Search, towns: list[Municipality]) -> Found | None:
    """From where to search; None when there is no bay at all to search about."""
    town = next((one for one in towns if one.slug == search.town), towns[0])
    if search.lon is not None and search.lat is not None:
        return Found(search.lon, search.lat, search.place, town)
    matches: list[Place] = []
    if search.q:
        matches = (await visitor.get("parking", "/api/v1/addresses", Places, q=search.q, limit=6)).addresses
    if matches:
        return Found(matches[0].lon, matches[0].lat, matches[0].label, town, others=matches[1:])
    centre = await _centre(visitor, town)
    return centre and Found(*centre, town.name, town, unmatched=bool(search.q))


async def _centre(visitor: Visitor, town: Municipality) -> tuple[float, float] | None:
    if town.lon is not None and town.lat is not None:
        return town.lon, town.lat
    first = await visitor.get("parking", "/api/v1/bays", BayList, municipality_id=town.municipality_id, limit=1)
    return (first.bays[0].lon, first.bays[0].lat) if first.bays else None


async def _any_bay(visitor: Visitor) -> bool:
    return bool((await visitor.get("parking", "/api/v1/bays", BayList, limit=1)).bays)


async def _nearest(visitor: Visitor, search: Search, found: Found) -> list[BayView]:
    category = None if search.category == "all" else search.category
    answer = await visitor.get(
        "parking", "/api/v1/bays/nearest", BayList, lon=found.lon, lat=found.lat, category=category, limit=search.limit,
        occupancy="any" if search.any else "free",
    )  # fmt: skip
    return answer.bays


def _box(found: Found, bays: list[BayView]) -> str:
    """The box whose news the page hears: the place searched for, the bays listed, and a little around them."""
    lons, lats = [found.lon, *(bay.lon for bay in bays)], [found.lat, *(bay.lat for bay in bays)]
    west, south = max(min(lons) - _AROUND_DEG, -180), max(min(lats) - _AROUND_DEG, -90)
    east, north = min(max(lons) + _AROUND_DEG, 180), min(max(lats) + _AROUND_DEG, 90)
    return f"{west:.5f},{south:.5f},{east:.5f},{north:.5f}"


def _heading(visitor: Visitor, bays: list[BayView], search: Search) -> str:
    """How many are free; "the nearest" where there may be more than are listed."""
    t, free = visitor.t, sum(bay.occupancy == "free" for bay in bays)
    if not free:
        return t("find.none_free")
    return t("find.nearest", n=t.number(free)) if free == search.limit > 1 else t.n("find.found", free)


def _page(
    visitor: Visitor, search: Search, found: Found, towns: list[Municipality], bays: list[BayView], part: str
) -> Page:
    slugs = {town.municipality_id: town.slug for town in towns}
    cards = [views.bay_words(bay, visitor.t, slugs, number) for number, bay in enumerate(bays, 1)]
    return visitor.page(
        "driver/results.html" if part == "list" else "driver/find.html", here="bays", search=search, found=found,
        towns=towns, groups=views.grouped(cards), free=sum(bay.occupancy == "free" for bay in bays), count=len(bays),
        heading=_heading(visitor, bays, search), sketch=sketch(cards, found.lon, found.lat), box=_box(found, bays),
        back=search.link(), more=len(bays) == search.limit < MOST,
        categories=[(name, visitor.t(f"category.{name}")) for name in (*CATEGORIES, "all")],
    )  # fmt: skip
