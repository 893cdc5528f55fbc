"""Devices: the table, one device, making one; what changes them is in `device_acts.py`."""

from __future__ import annotations

import re
from typing import Any, get_args

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.parking import Device, DeviceKind
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.admin import device_acts, device_health
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled, seg
from siga.services.gateway.pages.admin.device_words import LOW_BATTERY_PCT, WANTS, device_words
from siga.services.gateway.pages.admin.lookups import bay_of_code, bays_of_ids, devices_page, devices_that_want, worded
from siga.services.gateway.pages.admin.words import DeviceAndCode
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.web import Page, Web

KINDS: tuple[str, ...] = get_args(DeviceKind)
FIELDS = ("kind", "label", "bays", "period_s", "resolution_id", "custody_body")
_PAGE = 50
_SHORTEST_S, _LONGEST_S = 5, 7 * 86400


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of devices."""
    return [desk_router("devices", [table, ask_new, make, one, change, *device_acts.HANDLERS, *device_health.HANDLERS])]


@get("/admin/devices")
async def table(desk: Desk, kind: str = "", wants: str = "", cursor: str = "") -> Page:
    """The table."""
    kind, wants = kind if kind in KINDS else "", wants if wants in WANTS else ""
    page = await (devices_that_want(desk, wants, kind) if wants else devices_page(desk, kind, cursor, _PAGE))
    bays = await bays_of_ids(desk, (bay_id for device in page.devices for bay_id in device.bay_ids))
    everything = [("", desk.t("admin.all"))]
    words = [device_words(one, desk.t, bays) for one in page.devices]
    return desk.page(
        "devices.html", devices=words, next=page.next, kind=kind, first=not cursor, low=LOW_BATTERY_PCT, wanted=wants,
        kinds=everything + worded(desk, KINDS, "admin.device"),
        wants=everything + worded(desk, WANTS, "admin.device.wants"),
    )  # fmt: skip


@get("/admin/devices/new")
async def ask_new(desk: Desk, bay: str = "") -> Page:
    """The form for a new device."""
    start = filled({"kind": "bay_sensor", "period_s": 3600, "has_clock": "1", "bays": bay[:60]})
    return _new_page(desk, start)


@post("/admin/devices/new")
async def make(desk: Desk) -> Page:
    """Make a device and show its code, this once."""
    form = await desk.visitor.form()
    body, faults = await told(desk, form)
    if not faults:
        kind = form.text("kind") if form.text("kind") in KINDS else "bay_sensor"
        ask = {"municipality_id": desk.here(form), "kind": kind, **body}
        try:
            made = await desk.visitor.post("parking", "/api/v1/devices", ask, DeviceAndCode)
            return code_page(desk, made)
        except Problem as problem:
            faults = desk.refused(problem, FIELDS)
    return _new_page(desk, form, faults)


@get("/admin/devices/{device_id:str}")
async def one(desk: Desk, device_id: str) -> Page:
    """One device, with the form to change it."""
    device = await device_of(desk, device_id)
    codes = [bay.code for bay in (await bays_of_ids(desk, device.bay_ids)).values()]
    start = filled({
        "label": device.label, "bays": ", ".join(codes), "period_s": device.period_s,
        "has_clock": "1" if device.has_clock else "", "resolution_id": device.resolution_id,
        "custody_body": device.custody_body,
    })  # fmt: skip
    return await device_page(desk, device, start)


@post("/admin/devices/{device_id:str}")
async def change(desk: Desk, device_id: str) -> Page:
    """Change a device; other bays than before assign it anew."""
    form, device = await desk.visitor.form(), await device_of(desk, device_id)
    body, faults = await told(desk, form)
    if not faults:
        if set(body["bay_ids"]) == set(device.bay_ids):
            del body["bay_ids"]
        try:
            path = f"/api/v1/devices/{seg(device_id)}"
            await desk.visitor.post("parking", path, body, Device, method="PATCH")
            return desk.done(f"/admin/devices/{seg(device_id)}", "saved")
        except Problem as problem:
            faults = desk.refused(problem, FIELDS)
    return await device_page(desk, device, form, faults)


async def told(desk: Desk, form: Form) -> tuple[dict[str, Any], Faults]:
    """The form as Parking is told it, and what is wrong with it."""
    t, faults = desk.t, Faults()
    period = form.whole("period_s")
    if period is None or not _SHORTEST_S <= period <= _LONGEST_S:
        faults.add("period_s", t("admin.fault.period_s"))
    bay_ids = []
    for code in dict.fromkeys(re.split(r"[\s,;]+", form.text("bays"))):
        bay = await bay_of_code(desk, code) if code else None
        if bay is not None:
            bay_ids.append(bay.bay_id)
        elif code:
            faults.add("bays", t("admin.fault.bays", code=code))
    body = {
        "label": form.text("label")[:120], "bay_ids": bay_ids, "period_s": period,
        "has_clock": form.text("has_clock") == "1", "resolution_id": form.text("resolution_id")[:120] or None,
        "custody_body": form.text("custody_body")[:120] or None,
    }  # fmt: skip
    return body, faults


async def device_of(desk: Desk, device_id: str) -> Device:
    """The device; NotFound for another municipality's."""
    device = await desk.visitor.get("parking", f"/api/v1/devices/{seg(device_id)}", Device)
    if device.municipality_id != desk.municipality_id:
        raise NotFound("There is no such device in this municipality.")
    return device


def code_page(desk: Desk, made: DeviceAndCode) -> Page:
    """The enrolment code, big, to copy or print; it is nowhere to be had again."""
    return desk.page("device_code.html", device=made.device, code=made.code)


async def device_page(desk: Desk, device: Device, form: Form, faults: Faults | None = None) -> Page:
    """The device's page."""
    bays = await bays_of_ids(desk, device.bay_ids)
    words, health = device_words(device, desk.t, bays), await device_health.health_of(desk, device.device_id)
    return desk.page(
        "device.html", device=device, words=words, bays=list(bays.values()), form=form, faults=faults, health=health
    )


def _new_page(desk: Desk, form: Form, faults: Faults | None = None) -> Page:
    kinds = worded(desk, KINDS, "admin.device")
    return desk.page("device_new.html", form=form, faults=faults, kinds=kinds)
