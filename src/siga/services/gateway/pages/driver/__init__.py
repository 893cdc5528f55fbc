"""The driver's pages: find a bay, its own page, check in, doubt, report, favourites."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from siga.services.gateway.pages import texts
from siga.services.gateway.pages.driver import bay, favourites, find, rating, reports, stay
from siga.services.gateway.pages.room import Room
from siga.services.gateway.pages.web import Web


def _handlers(web: Web) -> list[ControllerRouterHandler]:
    rooms = (find, bay, reports, stay, rating, favourites)
    return [handler for room in rooms for handler in room.handlers(web)]


ROOM = Room(name="driver", handlers=_handlers, texts=texts.DRIVER)
