"""Cards that were seen where they can hardly have been: a list to look at, each line seen to by a person."""

from __future__ import annotations

from typing import get_args

from litestar import get, post

from siga.contract.accreditation_lists import CardAlarm, CardAlarmPage, CardAlarmState
from siga.services.gateway.pages.admin.desk import Desk, seg
from siga.services.gateway.pages.admin.lookups import bays_of_ids, names_of, worded
from siga.services.gateway.pages.web import Page

PATH = "/api/v1/accreditations/card-alarms"
_STATES: tuple[str, ...] = get_args(CardAlarmState)
_PAGE = 25


@get("/admin/accreditations/card-alarms")
async def table(desk: Desk, show: str = "open", cursor: str = "") -> Page:
    """The table."""
    show = show if show in _STATES else "open"
    found = await desk.visitor.get(
        "users", PATH, CardAlarmPage, municipality_id=desk.municipality_id, state=show, limit=_PAGE,
        cursor=cursor or None,
    )  # fmt: skip
    bays = await bays_of_ids(desk, (bay_id for one in found.alarms for bay_id in (one.bay_id, one.other_bay_id)))
    return desk.page(
        "card_alarms.html", alarms=found.alarms, next=found.next, first=not cursor, show=show, bays=bays,
        shows=worded(desk, _STATES, "admin.card_alarms"),
        names=await names_of(desk, (one.acknowledged_by for one in found.alarms)),
    )  # fmt: skip


@post("/admin/accreditations/card-alarms/{alarm_id:str}/acknowledge")
async def acknowledge(desk: Desk, alarm_id: str) -> Page:
    """Say that one looked at it."""
    await desk.visitor.form()
    await desk.visitor.post("users", f"{PATH}/{seg(alarm_id)}/acknowledge", {}, CardAlarm)
    return desk.done("/admin/accreditations/card-alarms", "card_alarm_seen")


HANDLERS = (table, acknowledge)
