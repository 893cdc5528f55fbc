"""Bays: the table with its filters, a bay's page, retiring it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlencode

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.drivers import BayRatings
from siga.contract.history import ChangeList
from siga.contract.parking import CATEGORIES, Bay, Life, PublicOccupancy, StaffBayView, Zone
from siga.services.gateway.pages.admin import bay_form
from siga.services.gateway.pages.admin.desk import Desk, desk_router, seg
from siga.services.gateway.pages.admin.lookups import (
    Options,
    all_devices,
    bay_of_id,
    bays_page,
    category_options,
    together,
    worded,
    zone_options,
    zones_of,
)
from siga.services.gateway.pages.driver.views import bay_path, bay_words
from siga.services.gateway.pages.web import Page, Web

_PAGE = 50
_LIVES = get_args(Life)
_STATES = ("free", "occupied", "unknown", "doubtful", "unmonitored", "closed")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of bays."""
    return [desk_router("bays", [table, one, ask_retire, retire, *bay_form.HANDLERS])]


@dataclass(frozen=True)
class Filters:
    """What the table shows, as the page's address says it; what makes no sense there is as if it were not there."""

    zone: str = ""
    category: str = ""
    state: str = ""
    life: str = ""
    q: str = ""

    def params(self) -> dict[str, str | None]:
        """As Parking is asked."""
        return {
            "zone_id": self.zone or None, "category": self.category or None, "occupancy": self.state or None,
            "life": self.life or None, "q": self.q or None,
        }  # fmt: skip

    def query(self, **more: str) -> str:
        """As the page's own address says it."""
        values = {**self.__dict__, **more}
        return urlencode({name: value for name, value in values.items() if value})


def read_filters(asked: Mapping[str, str]) -> Filters:
    """The filters in an address."""
    known = {"category": CATEGORIES, "state": get_args(PublicOccupancy), "life": _LIVES}
    fitting = {name: asked[name] for name, values in known.items() if asked[name] in values}
    return Filters(zone=asked["zone"][:60], q=asked["q"][:80], **fitting)


@get("/admin/bays")
async def table(desk: Desk, cursor: str = "") -> Page:
    """The table."""
    filters = read_filters(desk.asked(("zone", "category", "state", "life", "q")))
    found = await together({
        "zones": zones_of(desk), "bays": bays_page(desk, limit=_PAGE, cursor=cursor or None, **filters.params()),
    })  # fmt: skip
    bays = found["bays"] or await bays_page(desk, limit=_PAGE)
    return desk.page(
        "bays.html", filters=filters, bays=bays.bays, next=bays.next, first=not cursor,
        choices=_choices(desk, found["zones"] or []),
    )  # fmt: skip


def _choices(desk: Desk, zones: list[Zone]) -> dict[str, Options]:
    everything = [("", desk.t("admin.all"))]
    return {
        "zone": everything + zone_options(zones),
        "category": everything + category_options(desk),
        "state": everything + worded(desk, _STATES, "state"),
        "life": everything + worded(desk, _LIVES, "admin.life"),
    }


@get("/admin/bays/{bay_id:str}")
async def one(desk: Desk, bay_id: str) -> Page:
    """A bay's page."""
    bay = await bay_of_id(desk, bay_id)
    visitor, slug = desk.visitor, _slug_of(desk, bay)
    found = await together({
        "ratings": _ratings(desk, bay_id),
        "changes": visitor.get("history", f"/api/v1/history/bays/{seg(bay_id)}/changes", ChangeList, limit=10),
        "devices": all_devices(desk),
    })  # fmt: skip
    devices = [one for one in found["devices"] or [] if bay_id in one.bay_ids]
    return desk.page(
        "bay.html", bay=bay, card=bay_words(bay, desk.t, {bay.municipality_id: slug}), sign=bay_path(slug, bay.code),
        ratings=found["ratings"], changes=found["changes"].changes if found["changes"] else [], devices=devices,
    )  # fmt: skip


async def _ratings(desk: Desk, bay_id: str) -> BayRatings:
    """What users of the bay think of it; of a bay that was made just now nobody has heard."""
    found = await desk.visitor.find("drivers", "/api/v1/ratings", BayRatings, bay_id=bay_id)
    return found or BayRatings(bay_id=bay_id)


def _slug_of(desk: Desk, bay: StaffBayView) -> str:
    return next((town.slug for town in desk.towns if town.municipality_id == bay.municipality_id), "-")


@get("/admin/bays/{bay_id:str}/retire")
async def ask_retire(desk: Desk, bay_id: str) -> Page:
    """Ask before a bay is retired."""
    bay, path = await bay_of_id(desk, bay_id), f"/admin/bays/{seg(bay_id)}"
    return desk.confirm("admin.retire", f"{path}/retire", path, code=bay.code)


@post("/admin/bays/{bay_id:str}/retire")
async def retire(desk: Desk, bay_id: str) -> Page:
    """Retire a bay; its history stays."""
    await desk.visitor.form()
    await desk.visitor.ask("parking", "DELETE", f"/api/v1/bays/{seg(bay_id)}", Bay)
    return desk.done(f"/admin/bays/{seg(bay_id)}", "retired")
