"""Live settings: each a form made from its declaration; after saving, how many places have it in force and how fast."""

from __future__ import annotations

import asyncio

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.operations import Applied, SettingAsk, SettingList, SettingView
from siga.contract.settings import Value
from siga.kit.problem import Problem
from siga.services.gateway.pages.admin import revisions
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled, seg
from siga.services.gateway.pages.admin.lookups import names_of
from siga.services.gateway.pages.admin.setting_words import SettingWords, setting_words, value_of
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.web import Page, Web

_FIELDS = ("value", "reason")
_WAITS = 30
_WAIT_S = 0.05
SYSTEM = "system"


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of settings."""
    return [desk_router("settings", [table, ask_change, change, reset, *revisions.HANDLERS])]


def scope_of(desk: Desk) -> str:
    """The municipality whose values the page's address means, empty for the whole system."""
    if desk.town is None or desk.asked(("scope",))["scope"] == SYSTEM:
        return ""
    own = desk.town.municipality_id
    return own if desk.visitor.may("settings.read", own) else ""


def may_change(desk: Desk, municipality_id: str) -> bool:
    """Whether the caller may change values there."""
    if municipality_id:
        return desk.visitor.may("settings.change", municipality_id)
    return desk.visitor.may("settings.change_system")


@get("/admin/settings")
async def table(desk: Desk) -> Page:
    """All settings as in force, grouped by the part of SIGA they belong to."""
    municipality_id = scope_of(desk)
    kept = await desk.visitor.get(
        "config", "/api/v1/config/settings", SettingList, municipality_id=municipality_id or None
    )
    shown = [one for one in kept.settings if not municipality_id or one.scope == "municipality"]
    names = await names_of(desk, (one.editor for one in shown))
    words = [setting_words(one, desk.t, names) for one in shown]
    groups: dict[str, list[SettingWords]] = {}
    for one in words:
        groups.setdefault(one.setting.key.split(".")[0], []).append(one)
    return desk.page(
        "settings.html", groups=groups, scope="" if municipality_id else SYSTEM, municipality_id=municipality_id,
        revision=kept.revision, changeable=may_change(desk, municipality_id), applied=await _applied(desk),
    )  # fmt: skip


@get("/admin/settings/{key:str}")
async def ask_change(desk: Desk, key: str) -> Page:
    """The form of one setting."""
    municipality_id = scope_of(desk)
    setting = await _setting(desk, key, municipality_id)
    start = filled({"value": _typed(desk, setting), "revision": setting.revision})
    return await _page(desk, setting, municipality_id, start)


@post("/admin/settings/{key:str}")
async def change(desk: Desk, key: str) -> Page:
    """Set the value, wait until it is in force, and say where and how fast."""
    form = await desk.visitor.form()
    municipality_id = _scope_sent(desk, form)
    setting = await _setting(desk, key, municipality_id)
    value, faults = value_of(setting, form.text("value")), Faults()
    if value is None:
        faults.add("value", desk.t(f"admin.fault.value_{setting.kind}"))
    else:
        faults = await _put(desk, setting, municipality_id, value, form)
    if faults:
        return await _page(desk, setting, municipality_id, form, faults)
    return await _saved(desk, key, municipality_id)


@post("/admin/settings/{key:str}/reset")
async def reset(desk: Desk, key: str) -> Page:
    """Give the value back to the wider scope: the system's, or the declared default."""
    form = await desk.visitor.form()
    municipality_id = _scope_sent(desk, form)
    params = {"municipality_id": municipality_id, "reason": form.text("reason")[:500]}
    await desk.visitor.ask("config", "DELETE", f"/api/v1/config/settings/{seg(key)}", SettingView, params=params)
    return await _saved(desk, key, municipality_id)


async def _put(desk: Desk, setting: SettingView, municipality_id: str, value: Value, form: Form) -> Faults:
    ask = SettingAsk(
        value=value, municipality_id=municipality_id, reason=form.text("reason")[:500],
        if_revision=form.whole("revision"),
    )  # fmt: skip
    try:
        path = f"/api/v1/config/settings/{seg(setting.key)}"
        await desk.visitor.post("config", path, ask, SettingView, method="PUT")
    except Problem as problem:
        refused = desk.refused(problem, _FIELDS)
        if refused.of("value"):
            return Faults({"value": desk.t("admin.fault.value_range", range=setting_words(setting, desk.t, {}).bounds)})
        return refused
    return Faults()


def _scope_sent(desk: Desk, form: Form) -> str:
    return desk.here(form) if form.text("municipality_id") else ""


async def _setting(desk: Desk, key: str, municipality_id: str) -> SettingView:
    return await desk.visitor.get(
        "config", f"/api/v1/config/settings/{seg(key)}", SettingView, municipality_id=municipality_id or None
    )


def _typed(desk: Desk, setting: SettingView) -> str:
    if isinstance(setting.value, bool):
        return "1" if setting.value else "0"
    text = f"{setting.value:g}" if isinstance(setting.value, float) else str(setting.value)
    return text.replace(".", ",") if setting.kind == "float" and desk.t.lang == "es" else text


async def _page(
    desk: Desk, setting: SettingView, municipality_id: str, form: Form, faults: Faults | None = None
) -> Page:
    names = await names_of(desk, [setting.editor])
    return desk.page(
        "setting.html", one=setting_words(setting, desk.t, names), form=form, faults=faults,
        municipality_id=municipality_id, changeable=may_change(desk, municipality_id),
        choices=[(choice, choice) for choice in setting.choices],
    )  # fmt: skip


async def _saved(desk: Desk, key: str, municipality_id: str) -> Page:
    setting, applied = await _setting(desk, key, municipality_id), await in_force(desk)
    names = await names_of(desk, [setting.editor])
    one = setting_words(setting, desk.t, names)
    return desk.page("setting_saved.html", one=one, applied=applied, municipality_id=municipality_id)


async def in_force(desk: Desk) -> Applied | None:
    """Who has the newest revision in force, after waiting a moment for all to have it; None while Config is away."""
    applied = await _applied(desk)
    for _ in range(_WAITS):
        if applied is None or applied.in_force >= applied.of:
            break
        await asyncio.sleep(_WAIT_S)
        applied = await _applied(desk)
    return applied


async def _applied(desk: Desk) -> Applied | None:
    try:
        return await desk.visitor.get("config", "/api/v1/config/applied", Applied)
    except Problem:
        return None
