"""Pages around mail and links: registering, proving an address, a forgotten password, another address, helping."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from siga.services.gateway.pages import texts
from siga.services.gateway.pages.mail import helping, links, registering
from siga.services.gateway.pages.room import Room
from siga.services.gateway.pages.web import Web


def _handlers(web: Web) -> list[ControllerRouterHandler]:
    return [*registering.handlers(web), *links.handlers(web), *helping.handlers(web)]


ROOM = Room(name="mail", handlers=_handlers, texts=texts.MAIL)
