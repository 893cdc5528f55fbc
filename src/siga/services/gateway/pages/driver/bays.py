"""Fetching a bay for a page, with the town it lies in and the times told there."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from siga.contract.parking import BayView
from siga.contract.users import Municipality
from siga.services.gateway.pages.driver import views
from siga.services.gateway.pages.driver.views import BayWords
from siga.services.gateway.pages.towns import zone_of
from siga.services.gateway.pages.web import Visitor


@dataclass(frozen=True)
class Seen:
    """A bay in words, its town, and the visitor told the times of that town."""

    card: BayWords
    town: Municipality | None
    visitor: Visitor

    @property
    def bay(self) -> BayView:
        """The bay as Parking tells it."""
        return self.card.bay


async def see(visitor: Visitor, bay_id: str) -> Seen:
    """The bay of that id; NotFound when there is none for this visitor."""
    bay = await visitor.get("parking", f"/api/v1/bays/{quote(bay_id, safe='')}", BayView)
    return await _seen(visitor, bay)


async def see_by_code(visitor: Visitor, slug: str, code: str) -> Seen | None:
    """The bay whose sign carries this address, None when there is none."""
    path = f"/api/v1/bays/by-code/{quote(slug, safe='')}/{quote(code, safe='')}"
    bay = await visitor.find("parking", path, BayView)
    return await _seen(visitor, bay) if bay else None


async def _seen(visitor: Visitor, bay: BayView) -> Seen:
    town = await visitor.web.towns.one(bay.municipality_id)
    there = visitor.at(zone_of(town))
    slugs = {town.municipality_id: town.slug} if town else {}
    return Seen(views.bay_words(bay, there.t, slugs), town, there)
