"""Favourites: bays and places that a signed-in driver keeps."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from siga.contract.drivers import Favourite, FavouriteAsk, FavouriteList
from siga.kit.geo import on_earth
from siga.kit.ids import new_id
from siga.kit.problem import FieldFault, Invalid, NotFound
from siga.services.drivers import model
from siga.services.drivers.model import KnownBay
from siga.services.drivers.problems import TooManyFavourites
from siga.services.drivers.service.tools import Someone, Tools
from siga.services.drivers.store import bays, favourites
from siga.services.drivers.store.favourites import Kept


class Favourites:
    """Keeps, lists and forgets favourites."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def _who(self, someone: Someone) -> str:
        return self._tools.seals.pseudonym("favourite", someone.sub)

    async def keep(self, someone: Someone, ask: FavouriteAsk) -> Favourite:
        """Keep a bay or a place; the same bay again only takes the new label."""
        bay = await self._tools.bay(ask.bay_id, someone) if ask.bay_id is not None else None
        lon, lat = _position(ask, bay)
        kept = Kept(favourite_id=new_id(), who=self._who(someone), label=ask.label, bay_id=ask.bay_id, lon=lon, lat=lat)

        def work(conn: Connection) -> Kept:
            done = favourites.put(conn, kept)
            if favourites.count_of(conn, kept.who) > model.MOST_FAVOURITES:
                raise TooManyFavourites(f"At most {model.MOST_FAVOURITES} are kept: remove one first.")
            return done

        return _view(await self._tools.database.write(work), bay)

    async def all_of(self, someone: Someone) -> FavouriteList:
        """What the driver keeps; a bay that went, or became somebody's own, is shown as gone."""

        def work(conn: Connection) -> tuple[list[Kept], Mapping[str, KnownBay]]:
            kept = favourites.all_of(conn, self._who(someone))
            return kept, bays.bays_of(conn, {one.bay_id for one in kept if one.bay_id})

        kept, known = await self._tools.database.read(work)
        claimed = await self._tools.claimed_ids(someone) if any(bay.personal for bay in known.values()) else set()
        shown = {bay_id: bay for bay_id, bay in known.items() if model.is_shown(bay, claimed)}
        return FavouriteList(favourites=[_view(one, shown.get(one.bay_id or "")) for one in kept])

    async def forget(self, someone: Someone, favourite_id: str) -> None:
        """Remove one; NotFound when the driver has none of that id."""
        who = self._who(someone)
        if not await self._tools.database.write(lambda conn: favourites.remove(conn, favourite_id, who)):
            raise NotFound("You keep no such favourite.")


def _position(ask: FavouriteAsk, bay: KnownBay | None) -> tuple[float, float]:
    if bay is not None:
        if ask.lon is not None or ask.lat is not None:
            raise Invalid("Give either a bay or a position.", errors=[FieldFault("/lon", "not together with bay_id")])
        return bay.lon, bay.lat
    if ask.lon is None or ask.lat is None:
        raise Invalid("Give a bay, or a position.", errors=[FieldFault("/bay_id", "or else lon and lat")])
    if not on_earth(ask.lon, ask.lat):
        fault = FieldFault("/lon", "lon must be -180 to 180 and lat -90 to 90 degrees")
        raise Invalid("That position is not on the earth.", errors=[fault])
    return ask.lon, ask.lat


def _view(kept: Kept, bay: KnownBay | None) -> Favourite:
    base = Favourite(favourite_id=kept.favourite_id, label=kept.label, lon=kept.lon, lat=kept.lat, bay_id=kept.bay_id,
                     gone=kept.bay_id is not None and bay is None)  # fmt: skip
    if bay is None:
        return base
    return Favourite(favourite_id=kept.favourite_id, label=kept.label, lon=bay.lon, lat=bay.lat, bay_id=bay.bay_id,
                     code=bay.code, category=bay.category, address=bay.address)  # fmt: skip
