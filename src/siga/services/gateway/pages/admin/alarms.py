"""Alarms: what SIGA itself found wrong and a person should see to."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.operations import Alarm, AlarmList
from siga.services.gateway.pages.admin.desk import Desk, desk_router, seg
from siga.services.gateway.pages.admin.lookups import names_of, worded
from siga.services.gateway.pages.web import Page, Web

_PAGE = 50
_STATES = ("open", "acknowledged", "all")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of alarms."""
    return [desk_router("alarms", [table, acknowledge])]


@get("/admin/alarms")
async def table(desk: Desk, show: str = "open", cursor: str = "") -> Page:
    """The table."""
    show = show if show in _STATES else "open"
    found = await desk.visitor.get(
        "logs", "/api/v1/logs/alarms", AlarmList, state=show, limit=_PAGE, cursor=cursor or None
    )
    return desk.page(
        "alarms.html", alarms=found.alarms, next=found.next, show=show, first=not cursor,
        shows=worded(desk, _STATES, "admin.alarms"),
        names=await names_of(desk, (one.acknowledged_by for one in found.alarms)),
        changeable=desk.visitor.may("alarms.acknowledge"), logs=desk.visitor.may("logs.read"),
    )  # fmt: skip


@post("/admin/alarms/{alarm_id:str}/acknowledge")
async def acknowledge(desk: Desk, alarm_id: str) -> Page:
    """Say that one saw to it."""
    await desk.visitor.form()
    await desk.visitor.post("logs", f"/api/v1/logs/alarms/{seg(alarm_id)}/acknowledge", {}, Alarm)
    return desk.done("/admin/alarms", "acknowledged")
