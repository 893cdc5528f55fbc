"""Where SIGA sends no mail: who waits for a link to a new password, and the link, shown once, to hand over."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import HelpLink, HelpList
from siga.services.gateway.pages.admin.desk import Desk, desk_router, seg
from siga.services.gateway.pages.web import Page, Web

_PATH = "/admin/people/asks"


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The list and the link."""
    return [desk_router("staff", [waiting, show])]


@get(_PATH)
async def waiting(desk: Desk) -> Page:
    """Everybody whom one may help."""
    found = await desk.visitor.get("users", "/api/v1/users/asks", HelpList)
    return desk.page("asks.html", asks=found.asks)


@post(_PATH + "/{link_id:str}")
async def show(desk: Desk, link_id: str) -> Page:
    """The link of one who waits, this once."""
    await desk.visitor.form()
    shown = await desk.visitor.post("users", f"/api/v1/users/asks/{seg(link_id)}", {}, HelpLink)
    return desk.page("ask_link.html", shown=shown)
