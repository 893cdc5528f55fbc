"""The first run (D20): first account and municipality by the code that the start printed, and what comes next."""

from __future__ import annotations

from functools import cache
from urllib.parse import quote
from zoneinfo import available_timezones

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import MunicipalityAsk, SetupAsk, SetupChecklist, SetupDone, SetupState, SignInAsk
from siga.contract.parking import BayList
from siga.contract.users import Municipality
from siga.kit.geo import on_earth
from siga.kit.ids import tidy_code
from siga.kit.problem import Problem
from siga.services.gateway.pages.account.entering import missing
from siga.services.gateway.pages.account.landing import arrived
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form, faults_of
from siga.services.gateway.pages.i18n import LANGUAGES
from siga.services.gateway.pages.web import Page, Visitor, Web

_NEEDED = ("municipality", "name", "email", "password")
_FIELDS = (*_NEEDED, "time_zone", "contact", "lon", "lat", "code")
_REFUSALS = frozenset({"wrong-code", "weak-password", "email-form", "invalid", "slug-taken", "too-many", "email-taken"})
_FIRST_ZONES = ("Europe/Madrid", "Atlantic/Canary", "Africa/Ceuta")
_REGIONS = ("Europe/", "Atlantic/", "Africa/", "America/", "Asia/", "Australia/", "Pacific/", "Indian/")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The form, its sending, and the list of what comes next."""

    @get("/setup")
    async def no_code(visitor: Visitor, code: str = "") -> Page:
        """Ask for the code that the start printed."""
        if tidy_code(code):
            return visitor.go(f"/setup/{quote(tidy_code(code), safe='-')}")
        return visitor.page("account/setup_code.html", here="")

    @get("/setup/{code:str}")
    async def ask(visitor: Visitor, code: str) -> Page:
        """The form, or where to go when everything is set up already."""
        state = await visitor.get("users", "/api/v1/auth/setup", SetupState)
        if not state.needed:
            return visitor.page("account/setup_over.html", here="")
        return _page(visitor, code, NO_FORM, Faults())

    @post("/setup/{code:str}")
    async def finish(visitor: Visitor, code: str) -> Page:
        """Make the first account and its municipality, and sign in."""
        form = await visitor.form()
        faults = _faults(visitor, form)
        if faults:
            return _page(visitor, code, form, faults)
        try:
            await visitor.post("users", "/api/v1/auth/setup", _ask(visitor, code, form), SetupDone)
        except Problem as problem:
            if problem.slug == "setup-over":
                return visitor.page("account/setup_over.html", here="", status=409)
            if problem.slug not in _REFUSALS:
                raise
            return _page(visitor, code, form, faults_of(problem, visitor.t, "setup", _FIELDS))
        web.towns.forget()
        signing = SignInAsk(email=form.text("email"), password=form.secret("password"))
        opened = await web.sign_in.sign_in(visitor.scope, signing)
        return arrived(visitor, opened, "/welcome")

    @get("/welcome")
    async def what_next(visitor: Visitor) -> Page:
        """What is done and what comes next, for each municipality one administers."""
        towns = [town for town in await web.towns.all() if visitor.may("municipalities.manage", town.municipality_id)]
        steps = [(town, await _steps(visitor, town)) for town in towns]
        return visitor.page("account/welcome.html", here="admin", steps=steps)

    return [no_code, ask, finish, what_next]


def _faults(visitor: Visitor, form: Form) -> Faults:
    faults, t = missing(visitor, form, _NEEDED), visitor.t
    if form.text("time_zone") not in time_zones():
        faults.add("time_zone", t("setup.fault.time_zone"))
    if form.text("lon") or form.text("lat"):
        lon, lat = form.number("lon"), form.number("lat")
        if lon is None or lat is None or not on_earth(lon, lat):
            faults.add("lat", t("setup.fault.lat"))
    if not [lang for lang in form.texts("languages") if lang in LANGUAGES]:
        faults.add("languages", t("setup.missing.languages"))
    return faults


def _ask(visitor: Visitor, code: str, form: Form) -> SetupAsk:
    lon, lat = form.number("lon"), form.number("lat")
    languages = tuple(lang for lang in form.texts("languages") if lang in LANGUAGES)
    municipality = MunicipalityAsk(
        name=form.text("municipality")[:120], time_zone=form.text("time_zone"), languages=languages,
        contact=form.text("contact")[:300], lon=lon, lat=lat,
    )  # fmt: skip
    return SetupAsk(
        code=code[:40], email=form.text("email"), name=form.text("name")[:120], password=form.secret("password"),
        municipality=municipality, language=visitor.t.lang,
    )  # fmt: skip


@cache
def time_zones() -> tuple[str, ...]:
    """The names of time zones, Spain's first."""
    others = sorted(name for name in available_timezones() if name.startswith(_REGIONS) and name not in _FIRST_ZONES)
    return (*_FIRST_ZONES, *others, "UTC")


def _page(visitor: Visitor, code: str, form: Form, faults: Faults) -> Page:
    return visitor.page(
        "account/setup.html", status=422 if faults else 200, here="", code=code, form=form, faults=faults,
        zones=[(zone, zone.replace("_", " ")) for zone in time_zones()],
        languages=[(lang, visitor.t(f"lang.{lang}")) for lang in LANGUAGES],
        spoken=form.texts("languages") or list(LANGUAGES),
    )  # fmt: skip


async def _steps(visitor: Visitor, town: Municipality) -> list[tuple[str, bool]]:
    """The first steps by key, done or not, as far as Users and Parking know."""
    path = f"/api/v1/municipalities/{quote(town.municipality_id, safe='')}/setup"
    known = await visitor.get("users", path, SetupChecklist)
    bays = await visitor.get("parking", "/api/v1/bays", BayList, municipality_id=town.municipality_id, limit=1)
    steps = [(step.step, step.done) for step in known.steps]
    return [
        *[one for one in steps if one[0] != "staff"],
        ("bays", bool(bays.bays)),
        *[one for one in steps if one[0] == "staff"],
    ]
