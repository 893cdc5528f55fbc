"""The police's pages: one queue, one page for each case, duty."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from siga.services.gateway.pages import texts
from siga.services.gateway.pages.police import acting, lock, queue
from siga.services.gateway.pages.room import Room
from siga.services.gateway.pages.web import Web


def _handlers(web: Web) -> list[ControllerRouterHandler]:
    return [*queue.handlers(web), *acting.handlers(web), *lock.handlers(web)]


ROOM = Room(name="police", handlers=_handlers, texts=texts.POLICE)
