"""The municipality's own data; choosing among several; and, for the platform, founding municipalities."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import (
    AdministratorAsk,
    MunicipalityAsk,
    MunicipalityChange,
    MunicipalityFounded,
    MunicipalityFounding,
)
from siga.contract.users import Municipality
from siga.kit.geo import on_earth
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.account.setup import time_zones
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled, seg
from siga.services.gateway.pages.admin.lookups import worded
from siga.services.gateway.pages.admin.people import invited_page
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.i18n import LANGUAGES
from siga.services.gateway.pages.web import Page, Web, local_path

_FIELDS = ("name", "contact", "lat", "lon", "time_zone", "languages", "town", "admin_name", "email")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of municipalities."""
    return [
        desk_router("start", [choose]), desk_router("town", [ask_change, change]), desk_router("towns", [table, found]),
    ]  # fmt: skip


@post("/admin/choose")
async def choose(desk: Desk) -> Page:
    """Work for another of one's municipalities from now on."""
    form = await desk.visitor.form()
    town = next((town for town in desk.towns if town.slug == form.text("town")), None)
    if town is None:
        raise NotFound("That municipality is none of yours.")
    return desk.visitor.go(local_path(form.text("next"), "/admin"), cookies=[desk.town_cookie(town)])


@get("/admin/town")
async def ask_change(desk: Desk) -> Page:
    """The form with the municipality as it is."""
    town = await _town(desk)
    start = filled({
        "name": town.name, "contact": town.contact, "lat": town.lat, "lon": town.lon, "time_zone": town.time_zone,
        "languages": town.languages,
    })  # fmt: skip
    return _page(desk, town, start)


@post("/admin/town")
async def change(desk: Desk) -> Page:
    """Change it."""
    form, town = await desk.visitor.form(), await _town(desk)
    faults = _read(desk, form)
    if not faults:
        ask = MunicipalityChange(
            name=form.text("name")[:120], time_zone=form.text("time_zone"), contact=form.text("contact")[:300],
            languages=tuple(lang for lang in LANGUAGES if lang in form.texts("languages")),
            lon=form.number("lon"), lat=form.number("lat"),
        )  # fmt: skip
        try:
            path = f"/api/v1/municipalities/{seg(desk.here(form))}"
            await desk.visitor.post("users", path, ask, Municipality, method="PATCH")
            desk.visitor.web.towns.forget()
            return desk.done("/admin/town", "saved")
        except Problem as problem:
            faults = desk.refused(problem, _FIELDS)
    return _page(desk, town, form, faults)


def _read(desk: Desk, form: Form) -> Faults:
    t, faults = desk.t, Faults()
    if not form.text("name"):
        faults.add("name", t("admin.fault.name"))
    if form.text("lat") or form.text("lon"):
        lon, lat = form.number("lon"), form.number("lat")
        if lon is None or lat is None or not on_earth(lon, lat):
            faults.add("lat", t("admin.fault.lat"))
    if not any(lang in form.texts("languages") for lang in LANGUAGES):
        faults.add("languages", t("admin.fault.languages"))
    if form.text("time_zone") not in time_zones():
        faults.add("time_zone", t("admin.fault.time_zone"))
    return faults


async def _town(desk: Desk) -> Municipality:
    path = f"/api/v1/municipalities/{seg(desk.municipality_id)}"
    return await desk.visitor.get("users", path, Municipality)


def _page(desk: Desk, town: Municipality, form: Form, faults: Faults | None = None) -> Page:
    return desk.page(
        "town.html", town=town, form=form, faults=faults,
        zones=[(zone, zone.replace("_", " ")) for zone in time_zones()],
        languages=worded(desk, LANGUAGES, "lang"),
    )  # fmt: skip


@get("/admin/towns")
async def table(desk: Desk) -> Page:
    """All municipalities, and the form to found one."""
    return await _towns_page(desk, filled({"language": desk.t.lang}))


@post("/admin/towns")
async def found(desk: Desk) -> Page:
    """Found a municipality and show its first administrator's code, this once."""
    form, t = await desk.visitor.form(), desk.t
    faults = Faults({name: t(f"admin.fault.{name}") for name in ("town", "admin_name", "email") if not form.text(name)})
    if not faults:
        ask = MunicipalityFounding(
            municipality=MunicipalityAsk(name=form.text("town")[:120]),
            administrator=AdministratorAsk(
                email=form.text("email")[:254], name=form.text("admin_name")[:120], language=t.lang
            ),
        )
        try:
            made = await desk.visitor.post("users", "/api/v1/municipalities", ask, MunicipalityFounded)
            desk.visitor.web.towns.forget()
            return invited_page(desk, made.invitation)
        except Problem as problem:
            faults = desk.refused(problem, _FIELDS)
    return await _towns_page(desk, form, faults)


async def _towns_page(desk: Desk, form: Form, faults: Faults | None = None) -> Page:
    return desk.page("towns.html", all_towns=await desk.visitor.web.towns.all(), form=form, faults=faults)
