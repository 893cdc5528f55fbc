"""Making and changing a bay: where it lies, whom it is for, how it identifies, when it is closed, whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from litestar import get, post

from siga.contract.accreditations import AccreditationPage, AccreditationSearch
from siga.contract.parking import CATEGORIES, Bay, Identify, Life, StaffBayView
from siga.kit.geo import on_earth
from siga.kit.problem import Problem
from siga.services.gateway.pages.admin.desk import Desk, filled, seg
from siga.services.gateway.pages.admin.instants import instant_of, local_text
from siga.services.gateway.pages.admin.lookups import (
    bay_of_code,
    bay_of_id,
    category_options,
    hinted,
    worded,
    zone_options,
    zones_of,
)
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.web import Page

FIELDS = (
    "code", "zone_id", "category", "lat", "lon", "address", "life", "identify", "closed_from", "closed_to",
    "personal", "number",
)  # fmt: skip
_LIVES = tuple(life for life in get_args(Life) if life != "retired")
_IDENTIFY: tuple[str, ...] = get_args(Identify)
_CLOSING = ("closed_from", "closed_to")
_INSTALLERS = ("lon", "lat", "life", "identify", "address")
"""What somebody may change who installs, but does not manage the map."""


@get("/admin/bays/new")
async def ask_new(desk: Desk) -> Page:
    """The form for a new bay."""
    start = filled({"life": "planned", "category": "disabled", "personal": "no"})
    return await _page(desk, start, None)


@post("/admin/bays/new")
async def make(desk: Desk) -> Page:
    """Make a bay."""
    form = await desk.visitor.form()
    faults = _read(desk, form)
    accreditation_id = None if faults else await _accreditation(desk, form, faults)
    if not faults:
        told = {name: value for name, value in _told(desk, form).items() if name not in _CLOSING}
        try:
            body = {**told, "personal_accreditation_id": accreditation_id}
            bay = await desk.visitor.post("parking", "/api/v1/bays", body, Bay)
            return desk.done(f"/admin/bays/{seg(bay.bay_id)}", "bay_made")
        except Problem as problem:
            faults = await _refused(desk, form, problem, "")
    return await _page(desk, form, None, faults)


@get("/admin/bays/{bay_id:str}/edit")
async def ask_change(desk: Desk, bay_id: str) -> Page:
    """The form with the bay as it is."""
    bay = await bay_of_id(desk, bay_id)
    return await _page(desk, _filled(desk, bay), bay)


@post("/admin/bays/{bay_id:str}/edit")
async def change(desk: Desk, bay_id: str) -> Page:
    """Change what the form says otherwise than the bay is."""
    form = await desk.visitor.form()
    bay = await bay_of_id(desk, bay_id)
    faults = _read(desk, form)
    accreditation_id = None if faults else await _accreditation(desk, form, faults)
    if not faults:
        changes = _changes(desk, form, bay)
        if accreditation_id:
            changes["personal_accreditation_id"] = accreditation_id
        try:
            body = {"version": form.whole("version") or bay.version, **changes}
            await desk.visitor.post("parking", f"/api/v1/bays/{seg(bay_id)}", body, Bay, method="PATCH")
            return desk.done(f"/admin/bays/{seg(bay_id)}", "saved")
        except Problem as problem:
            faults = await _refused(desk, form, problem, bay_id)
    return await _page(desk, form, bay, faults)


HANDLERS = (ask_new, make, ask_change, change)


def _filled(desk: Desk, bay: StaffBayView) -> Form:
    zone = desk.t.zone
    return filled({
        "code": bay.code, "zone_id": bay.zone_id, "category": bay.category, "lat": f"{bay.lat:.7f}".rstrip("0"),
        "lon": f"{bay.lon:.7f}".rstrip("0"), "address": bay.address, "life": bay.life, "identify": bay.identify,
        "closed_from": local_text(bay.closed_from, zone), "closed_to": local_text(bay.closed_to, zone),
        "personal": "yes" if bay.personal else "no", "version": bay.version,
    })  # fmt: skip


def _read(desk: Desk, form: Form) -> Faults:
    """What is wrong with the form as far as it can be seen without asking anybody."""
    t, faults = desk.t, Faults()
    if not form.text("code") and desk.may("map.manage"):
        faults.add("code", t("admin.fault.code"))
    lon, lat = form.number("lon"), form.number("lat")
    if lat is None or lon is None or not on_earth(lon, lat):
        faults.add("lat", t("admin.fault.lat"))
    for name in ("closed_from", "closed_to"):
        if form.text(name) and instant_of(form.text(name), t.zone) is None:
            faults.add(name, t(f"admin.fault.{name}"))
    if form.text("personal") == "yes" and not form.text("number") and not form.text("was_personal"):
        faults.add("number", t("admin.fault.number_needed"))
    return faults


async def _refused(desk: Desk, form: Form, problem: Problem, bay_id: str) -> Faults:
    """A conflict is about the code if another bay has it; else somebody changed the bay meanwhile."""
    faults = desk.refused(problem, FIELDS)
    if problem.slug == "conflict":
        other = await bay_of_code(desk, form.text("code"))
        if other is not None and other.bay_id != bay_id:
            return Faults({"code": desk.t("admin.fault.code_taken")})
    return faults


def _told(desk: Desk, form: Form) -> dict[str, Any]:
    """The form as Parking is told it."""
    zone = desk.t.zone
    return {
        "zone_id": form.text("zone_id"), "code": form.text("code")[:60],
        "category": form.text("category") if form.text("category") in CATEGORIES else "other",
        "lon": form.number("lon"), "lat": form.number("lat"), "address": form.text("address")[:200],
        "life": form.text("life") if form.text("life") in _LIVES else "planned",
        "identify": [one for one in _IDENTIFY if one in form.texts("identify")],
        "closed_from": instant_of(form.text("closed_from"), zone),
        "closed_to": instant_of(form.text("closed_to"), zone),
    }  # fmt: skip


def _changes(desk: Desk, form: Form, bay: StaffBayView) -> dict[str, Any]:
    """Only what differs from the bay, and only what the caller may change."""
    told, was = _told(desk, form), _told(desk, _filled(desk, bay))
    allowed = told if desk.may("map.manage") else {name: told[name] for name in _INSTALLERS}
    changes = {name: value for name, value in allowed.items() if value != was[name]}
    if desk.may("map.manage") and bay.personal and form.text("personal") == "no":
        changes["personal_accreditation_id"] = None
    return changes


async def _accreditation(desk: Desk, form: Form, faults: Faults) -> str | None:
    """The id of the accreditation whose number was typed; None, with a fault, when there is not exactly one."""
    if form.text("personal") != "yes" or not form.text("number"):
        return None
    ask = AccreditationSearch(number=form.text("number")[:60], municipality_id=desk.municipality_id)
    try:
        found = await desk.visitor.post("users", "/api/v1/accreditations/search", ask, AccreditationPage)
    except Problem as problem:
        desk.refused(problem, FIELDS)
        faults.add("number", desk.t("admin.fault.number"))
        return None
    if len(found.accreditations) != 1:
        faults.add("number", desk.t("admin.fault.number_unknown"))
        return None
    return found.accreditations[0].accreditation_id


async def _page(desk: Desk, form: Form, bay: StaffBayView | None, faults: Faults | None = None) -> Page:
    zones = await zones_of(desk, bay.municipality_id if bay else "")
    lives: Sequence[str] = _LIVES if bay is None or bay.life != "retired" else (*_LIVES, "retired")
    return desk.page(
        "bay_form.html", form=form, faults=faults, bay=bay, zones=zone_options(zones),
        categories=category_options(desk), lives=hinted(desk, lives, "admin.life"),
        identify=worded(desk, _IDENTIFY, "admin.identify"), whole=desk.may("map.manage"),
    )  # fmt: skip
