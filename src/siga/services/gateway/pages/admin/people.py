"""People of staff: the list, inviting, roles given and taken (D19)."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import GrantAsk, GrantChange, Invited, PeoplePage, Person, PersonAsk
from siga.contract.auth import ROLES, Role
from siga.kit.problem import Problem
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled, seg
from siga.services.gateway.pages.admin.lookups import worded, zone_options, zones_of
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form
from siga.services.gateway.pages.i18n import LANGUAGES
from siga.services.gateway.pages.web import Page, Web

_GIVEN: tuple[Role, ...] = tuple(role for role in ROLES if role not in ("driver", "platform"))
_ZONED = frozenset({"police", "installer"})
_FIELDS = ("name", "email", "roles", "zones", "role")
_PAGE = 50


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of people."""
    return [desk_router("staff", [
        table, ask_invite, invite, one, give, ask_code, invite_again, withdraw, ask_take, take,
        ask_sessions, end_sessions, ask_factors, drop_factors,
    ])]  # fmt: skip


@get("/admin/people")
async def table(desk: Desk, role: str = "", cursor: str = "") -> Page:
    """Everybody with a role or an invitation here."""
    role = role if role in _GIVEN else ""
    page = await desk.visitor.get(
        "users", "/api/v1/users", PeoplePage, municipality_id=desk.municipality_id, role=role or None, limit=_PAGE,
        cursor=cursor or None,
    )  # fmt: skip
    roles = [("", desk.t("admin.all")), *worded(desk, _GIVEN, "role")]
    return desk.page(
        "people.html",
        people=page.people,
        next=page.next,
        role=role,
        first=not cursor,
        roles=roles,
        zones=await _zones(desk),
    )


@get("/admin/people/invite")
async def ask_invite(desk: Desk) -> Page:
    """The form for an invitation."""
    return await _invite_page(desk, filled({"language": desk.t.lang}))


@post("/admin/people/invite")
async def invite(desk: Desk) -> Page:
    """Invite a person and show the code, this once."""
    form = await desk.visitor.form()
    t, roles = desk.t, [role for role in _GIVEN if role in form.texts("roles")]
    faults = Faults({name: t(f"admin.fault.{name}") for name in ("name", "email") if not form.text(name)})
    if not roles:
        faults.add("roles", t("admin.fault.roles"))
    if not faults:
        home, zones = desk.here(form), tuple(form.texts("zones"))
        grants = [GrantAsk(role=role, municipality_id=home, zone_ids=zones if role in _ZONED else ()) for role in roles]
        language = form.text("language") if form.text("language") in LANGUAGES else t.lang
        ask = PersonAsk(email=form.text("email")[:254], name=form.text("name")[:120], grants=grants, language=language)
        try:
            return invited_page(desk, await desk.visitor.post("users", "/api/v1/users", ask, Invited))
        except Problem as problem:
            faults = desk.refused(problem, _FIELDS)
    return await _invite_page(desk, form, faults)


@get("/admin/people/{user_id:str}")
async def one(desk: Desk, user_id: str) -> Page:
    """One person, with the form to give a role."""
    return await _person_page(desk, user_id)


@post("/admin/people/{user_id:str}/roles")
async def give(desk: Desk, user_id: str) -> Page:
    """Give a role, or change its zones."""
    form = await desk.visitor.form()
    role = form.text("role")
    if role not in _GIVEN:
        return await _person_page(desk, user_id, form, Faults({"role": desk.t("admin.fault.role")}))
    zones = tuple(form.texts("zones")) if role in _ZONED else ()
    try:
        ask = GrantChange(municipality_id=desk.here(form), zone_ids=zones)
        await desk.visitor.post("users", f"/api/v1/users/{seg(user_id)}/grants/{role}", ask, Person, method="PUT")
    except Problem as problem:
        return await _person_page(desk, user_id, form, desk.refused(problem, _FIELDS))
    return desk.done(f"/admin/people/{seg(user_id)}", "role_given")


@get("/admin/people/{user_id:str}/invitation")
async def ask_code(desk: Desk, user_id: str) -> Page:
    """Ask before a code opens the way to a new password."""
    person, path = await _person(desk, user_id), f"/admin/people/{seg(user_id)}"
    return desk.confirm("admin.person_code", f"{path}/invitation", path, name=person.name)


@post("/admin/people/{user_id:str}/invitation")
async def invite_again(desk: Desk, user_id: str) -> Page:
    """A new code: for an invitation not used yet, or to set a new password."""
    await desk.visitor.form()
    try:
        return invited_page(
            desk, await desk.visitor.post("users", f"/api/v1/users/{seg(user_id)}/invitation", {}, Invited)
        )
    except Problem as problem:
        desk.refused(problem, ())
        return await _person_page(desk, user_id, NO_FORM, Faults({"": desk.t("admin.fault.own_password")}))


@post("/admin/people/{user_id:str}/withdraw")
async def withdraw(desk: Desk, user_id: str) -> Page:
    """Withdraw an invitation that was not used."""
    await desk.visitor.form()
    path = f"/api/v1/users/{seg(user_id)}/invitation"
    params = {"municipality_id": desk.municipality_id}
    await desk.visitor.ask("users", "DELETE", path, type(None), params=params)
    return desk.done("/admin/people", "withdrawn")


@get("/admin/people/{user_id:str}/take/{role:str}")
async def ask_take(desk: Desk, user_id: str, role: str) -> Page:
    """Ask before a role is taken away."""
    person, path = await _person(desk, user_id), f"/admin/people/{seg(user_id)}"
    words = desk.t.either(f"role.{role}", "role.driver")
    return desk.confirm("admin.role_take", f"{path}/take/{seg(role)}", path, name=person.name, role=words)


@post("/admin/people/{user_id:str}/take/{role:str}")
async def take(desk: Desk, user_id: str, role: str) -> Page:
    """Take a role away; the last administrator stays."""
    await desk.visitor.form()
    try:
        path = f"/api/v1/users/{seg(user_id)}/grants/{seg(role)}"
        params = {"municipality_id": desk.municipality_id}
        await desk.visitor.ask("users", "DELETE", path, type(None), params=params)
    except Problem as problem:
        return await _person_page(desk, user_id, NO_FORM, desk.refused(problem, ()))
    person = await desk.visitor.find("users", f"/api/v1/users/{seg(user_id)}", Person)
    return desk.done(f"/admin/people/{seg(user_id)}" if person else "/admin/people", "role_taken")


@get("/admin/people/{user_id:str}/sessions")
async def ask_sessions(desk: Desk, user_id: str) -> Page:
    """Ask before a person is signed out everywhere."""
    person, path = await _person(desk, user_id), f"/admin/people/{seg(user_id)}"
    return desk.confirm("admin.person_sessions", f"{path}/sessions", path, name=person.name)


@post("/admin/people/{user_id:str}/sessions")
async def end_sessions(desk: Desk, user_id: str) -> Page:
    """Sign a person out everywhere."""
    return await _taken(desk, user_id, "sessions", "sessions_ended")


@get("/admin/people/{user_id:str}/factors")
async def ask_factors(desk: Desk, user_id: str) -> Page:
    """Ask before a person's second factors are taken away."""
    person, path = await _person(desk, user_id), f"/admin/people/{seg(user_id)}"
    return desk.confirm("admin.person_factors", f"{path}/factors", path, name=person.name)


@post("/admin/people/{user_id:str}/factors")
async def drop_factors(desk: Desk, user_id: str) -> Page:
    """Take the second factors away from a person who lost them."""
    return await _taken(desk, user_id, "factors", "factors_dropped")


async def _taken(desk: Desk, user_id: str, what: str, told: str) -> Page:
    await desk.visitor.form()
    path = f"/admin/people/{seg(user_id)}"
    try:
        await desk.visitor.ask("users", "DELETE", f"/api/v1/users/{seg(user_id)}/{what}", type(None))
    except Problem as problem:
        if problem.status not in (404, 409):
            raise
        return await _person_page(desk, user_id, NO_FORM, Faults({"": desk.t(f"admin.fault.{what}")}))
    return desk.done(path, told)


async def _person(desk: Desk, user_id: str) -> Person:
    return await desk.visitor.get("users", f"/api/v1/users/{seg(user_id)}", Person)


async def _zones(desk: Desk) -> dict[str, str]:
    return {zone.zone_id: zone.name for zone in await zones_of(desk)}


def invited_page(desk: Desk, invited: Invited) -> Page:
    """An invitation's code, big, to copy or print; it is nowhere to be had again."""
    public = str(desk.visitor.web.ctx.options.get("public_url") or "").rstrip("/")
    return desk.page("invited.html", invited=invited, address=f"{public}/invitation")


async def _invite_page(desk: Desk, form: Form, faults: Faults | None = None) -> Page:
    return desk.page(
        "invite.html", form=form, faults=faults,
        roles=[(role, desk.t(f"role.{role}"), desk.t(f"admin.role.{role}.hint")) for role in _GIVEN],
        zones=zone_options(await zones_of(desk)), languages=worded(desk, LANGUAGES, "lang"),
    )  # fmt: skip


async def _person_page(desk: Desk, user_id: str, form: Form = NO_FORM, faults: Faults | None = None) -> Page:
    person, zones = await _person(desk, user_id), await _zones(desk)
    here = tuple(grant for grant in person.grants if grant.municipality_id == desk.municipality_id)
    return desk.page(
        "person.html", person=person, grants=here, zones=zones, form=form, faults=faults,
        roles=worded(desk, _GIVEN, "role"), zone_options=list(zones.items()),
    )  # fmt: skip
