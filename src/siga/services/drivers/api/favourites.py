"""Routes of favourites."""

from __future__ import annotations

from litestar import delete, get, post
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims
from siga.contract.drivers import Favourite, FavouriteAsk, FavouriteList
from siga.services.drivers.api.callers import driver
from siga.services.drivers.service.favourites import Favourites


def handlers(favourites: Favourites) -> list[ControllerRouterHandler]:
    """List, keep, remove."""

    @get("/api/v1/favourites")
    async def list_favourites(caller: Claims) -> FavouriteList:
        """Your favourite bays and places, oldest first. A bay that is no longer there is marked as gone."""
        return await favourites.all_of(driver(caller))

    @post("/api/v1/favourites")
    async def keep_favourite(caller: Claims, data: FavouriteAsk) -> Favourite:
        """Keep a bay (`bay_id`) or a place (`lon`, `lat`) under a label. The same bay again takes the new label."""
        return await favourites.keep(driver(caller), data)

    @delete("/api/v1/favourites/{favourite_id:str}")
    async def remove_favourite(caller: Claims, favourite_id: str) -> None:
        """Remove a favourite."""
        await favourites.forget(driver(caller), favourite_id)

    return [list_favourites, keep_favourite, remove_favourite]
