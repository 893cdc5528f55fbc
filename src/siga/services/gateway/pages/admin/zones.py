"""Zones: bays that belong together, and whether they only observe or enforce (D2)."""

from __future__ import annotations

from typing import get_args

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.parking import Zone, ZoneMode
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled, seg
from siga.services.gateway.pages.admin.lookups import hinted, zones_of
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.web import Page, Web

_FIELDS = ("name", "address", "mode")
_MODES: tuple[str, ...] = get_args(ZoneMode)


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of zones."""
    return [desk_router("zones", [table, make, ask_change, change])]


@get("/admin/zones")
async def table(desk: Desk) -> Page:
    """All zones, and the form for a new one."""
    return await _table(desk, filled({"mode": "observe_only"}))


@post("/admin/zones")
async def make(desk: Desk) -> Page:
    """Make a zone."""
    form = await desk.visitor.form()
    faults = _read(desk, form)
    if not faults:
        try:
            body = {"municipality_id": desk.here(form), **_told(form)}
            await desk.visitor.post("parking", "/api/v1/zones", body, Zone)
            return desk.done("/admin/zones", "zone_made")
        except Problem as problem:
            faults = _refused(desk, problem)
    return await _table(desk, form, faults)


@get("/admin/zones/{zone_id:str}")
async def ask_change(desk: Desk, zone_id: str) -> Page:
    """The form with the zone as it is."""
    zone = await _zone(desk, zone_id)
    return _page(desk, zone, filled({"name": zone.name, "address": zone.address, "mode": zone.mode}))


@post("/admin/zones/{zone_id:str}")
async def change(desk: Desk, zone_id: str) -> Page:
    """Change a zone."""
    form = await desk.visitor.form()
    zone, faults = await _zone(desk, zone_id), _read(desk, form)
    if not faults:
        try:
            await desk.visitor.post("parking", f"/api/v1/zones/{seg(zone_id)}", _told(form), Zone, method="PATCH")
            return desk.done("/admin/zones", "saved")
        except Problem as problem:
            faults = _refused(desk, problem)
    return _page(desk, zone, form, faults)


def _refused(desk: Desk, problem: Problem) -> Faults:
    """A conflict is always about the name."""
    faults = desk.refused(problem, _FIELDS)
    return Faults({"name": desk.t("admin.fault.zone_taken")}) if problem.slug == "conflict" else faults


def _read(desk: Desk, form: Form) -> Faults:
    return Faults() if form.text("name") else Faults({"name": desk.t("admin.fault.name")})


def _told(form: Form) -> dict[str, str]:
    mode = form.text("mode") if form.text("mode") in _MODES else "observe_only"
    return {"name": form.text("name")[:120], "address": form.text("address")[:200], "mode": mode}


async def _zone(desk: Desk, zone_id: str) -> Zone:
    zone = next((zone for zone in await zones_of(desk) if zone.zone_id == zone_id), None)
    if zone is None:
        raise NotFound("There is no such zone in this municipality.")
    return zone


async def _table(desk: Desk, form: Form, faults: Faults | None = None) -> Page:
    modes = hinted(desk, _MODES, "admin.mode")
    return desk.page("zones.html", zones=await zones_of(desk), form=form, faults=faults, modes=modes)


def _page(desk: Desk, zone: Zone, form: Form, faults: Faults | None = None) -> Page:
    return desk.page("zone.html", zone=zone, form=form, faults=faults, modes=hinted(desk, _MODES, "admin.mode"))
