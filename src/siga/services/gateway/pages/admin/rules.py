"""Rules: who may stay where, when, how long and with how much grace, in plain words for everyone (D3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.parking import CATEGORIES, Rule, StaffBayView, Zone
from siga.contract.settings import GRACE_S
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled, seg
from siga.services.gateway.pages.admin.lookups import (
    bay_of_code,
    bays_of_ids,
    category_options,
    zone_options,
    zones_of,
)
from siga.services.gateway.pages.admin.words import Rules
from siga.services.gateway.pages.driver.views import hours_words
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.i18n import LANGUAGES, Texts
from siga.services.gateway.pages.web import Page, Web

_FIELDS = ("category", "zone_id", "bay", "hours", "max_stay_min", "grace_s", "valid_from", "valid_to", "text_es")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of rules."""
    return [desk_router("rules", [table, ask_new, make, ask_change, change, ask_remove, remove])]


@dataclass(frozen=True)
class RuleWords:
    """A rule as the table says it."""

    rule: Rule
    where: str
    hours: str
    stay: str
    grace: str


def rule_words(rule: Rule, t: Texts, zones: Mapping[str, str], bays: Mapping[str, StaffBayView],
               grace_s: int) -> RuleWords:  # fmt: skip
    """A rule in words; `zones` are names and `bays` bays by id, `grace_s` is what holds where a rule says none."""
    if rule.bay_id:
        bay = bays.get(rule.bay_id)
        where = t("bay.code", code=bay.code if bay else "–")
    elif rule.zone_id:
        where = t("admin.rule.zone", zone=zones.get(rule.zone_id, "–"))
    else:
        where = t("admin.rule.everywhere")
    if rule.category:
        where = f"{where} · {t(f'category.{rule.category}')}"
    return RuleWords(
        rule=rule, where=where, hours=hours_words(rule.hours, t).rstrip("."),
        stay=t.minutes(rule.max_stay_min) if rule.max_stay_min else t("rule.no_limit").rstrip("."),
        grace=_grace_words(rule, t, grace_s),
    )  # fmt: skip


def _grace_words(rule: Rule, t: Texts, grace_s: int) -> str:
    if rule.grace_s is None:
        return t("admin.rule.grace_setting", time=t.lasted(grace_s))
    return t.lasted(rule.grace_s) if rule.grace_s else t("admin.rule.no_grace")


@get("/admin/rules")
async def table(desk: Desk) -> Page:
    """All rules in plain words."""
    rules = await _rules(desk)
    zones = {zone.zone_id: zone.name for zone in await zones_of(desk)}
    bays = await bays_of_ids(desk, (rule.bay_id for rule in rules if rule.bay_id))
    grace_s = desk.visitor.web.ctx.settings.int_of(GRACE_S, desk.municipality_id)
    words = [rule_words(rule, desk.t, zones, bays, grace_s) for rule in rules]
    return desk.page("rules.html", rules=sorted(words, key=lambda one: (_breadth(one.rule), one.where)))


def _breadth(rule: Rule) -> int:
    return 2 if rule.bay_id else 1 if rule.zone_id else 0


@get("/admin/rules/new")
async def ask_new(desk: Desk, bay: str = "", zone: str = "") -> Page:
    """The form for a new rule."""
    return await _page(desk, filled({"look": "1", "bay": bay[:60], "zone_id": zone[:60]}), None)


@post("/admin/rules/new")
async def make(desk: Desk) -> Page:
    """Make a rule."""
    return await _put(desk, None)


@get("/admin/rules/{rule_id:str}")
async def ask_change(desk: Desk, rule_id: str) -> Page:
    """The form with the rule as it is."""
    rule = await _rule(desk, rule_id)
    bays = await bays_of_ids(desk, [rule.bay_id] if rule.bay_id else [])
    code = bays[rule.bay_id].code if rule.bay_id in bays else ""
    return await _page(desk, _filled(rule, code), rule)


@post("/admin/rules/{rule_id:str}")
async def change(desk: Desk, rule_id: str) -> Page:
    """Replace a rule."""
    return await _put(desk, await _rule(desk, rule_id))


@get("/admin/rules/{rule_id:str}/remove")
async def ask_remove(desk: Desk, rule_id: str) -> Page:
    """Ask before a rule is taken away."""
    await _rule(desk, rule_id)
    path = f"/admin/rules/{seg(rule_id)}"
    return desk.confirm("admin.rule_remove", f"{path}/remove", path)


@post("/admin/rules/{rule_id:str}/remove")
async def remove(desk: Desk, rule_id: str) -> Page:
    """Take a rule away."""
    await desk.visitor.form()
    await desk.visitor.ask("parking", "DELETE", f"/api/v1/rules/{seg(rule_id)}", type(None))
    return desk.done("/admin/rules", "removed")


async def _put(desk: Desk, rule: Rule | None) -> Page:
    form, faults = await desk.visitor.form(), Faults()
    body = await _told(desk, form, faults)
    if not faults:
        path, method = ("/api/v1/rules", "POST") if rule is None else (f"/api/v1/rules/{seg(rule.rule_id)}", "PUT")
        try:
            await desk.visitor.post("parking", path, body, Rule, method=method)
            return desk.done("/admin/rules", "saved")
        except Problem as problem:
            faults = desk.refused(problem, _FIELDS)
    return await _page(desk, form, rule, faults)


async def _told(desk: Desk, form: Form, faults: Faults) -> dict[str, Any]:
    """The form as Parking is told it; what is wrong goes into `faults`."""
    t = desk.t
    for name in ("max_stay_min", "grace_s"):
        if form.text(name) and form.whole(name) is None:
            faults.add(name, t(f"admin.fault.{name}"))
    for name in ("valid_from", "valid_to"):
        if form.text(name) and form.day(name) is None:
            faults.add(name, t("admin.fault.day"))
    first, last = form.day("valid_from"), form.day("valid_to")
    if first and last and last < first:
        faults.add("valid_to", t("admin.fault.valid_to"))
    bay = await bay_of_code(desk, form.text("bay")) if form.text("bay") else None
    if form.text("bay") and bay is None:
        faults.add("bay", t("admin.fault.bay"))
    return {
        "municipality_id": desk.here(form), "bay_id": bay.bay_id if bay else None,
        "zone_id": None if bay else form.text("zone_id") or None,
        "category": form.text("category") if form.text("category") in CATEGORIES else None,
        "hours": form.text("hours") or None, "max_stay_min": form.whole("max_stay_min"),
        "grace_s": form.whole("grace_s"), "look_when_unverified": form.text("look") == "1",
        "valid_from": first, "valid_to": last,
        "text": {lang: form.text(f"text_{lang}")[:500] for lang in LANGUAGES if form.text(f"text_{lang}")},
    }  # fmt: skip


def _filled(rule: Rule, code: str) -> Form:
    texts = {f"text_{lang}": rule.text.get(lang, "") for lang in LANGUAGES}
    return filled({
        "category": rule.category, "zone_id": rule.zone_id, "bay": code, "hours": rule.hours,
        "max_stay_min": rule.max_stay_min, "grace_s": rule.grace_s, "valid_from": rule.valid_from,
        "valid_to": rule.valid_to, "look": "1" if rule.look_when_unverified else "", **texts,
    })  # fmt: skip


async def _rules(desk: Desk) -> list[Rule]:
    return (await desk.visitor.get("parking", "/api/v1/rules", Rules, municipality_id=desk.municipality_id)).rules


async def _rule(desk: Desk, rule_id: str) -> Rule:
    rule = next((rule for rule in await _rules(desk) if rule.rule_id == rule_id), None)
    if rule is None:
        raise NotFound("There is no such rule in this municipality.")
    return rule


async def _page(desk: Desk, form: Form, rule: Rule | None, faults: Faults | None = None) -> Page:
    zones: list[Zone] = await zones_of(desk)
    anywhere = [("", desk.t("admin.rule.any_zone"))]
    return desk.page(
        "rule.html", form=form, faults=faults, rule=rule, zones=anywhere + zone_options(zones),
        categories=[("", desk.t("category.all")), *category_options(desk)], languages=LANGUAGES,
    )  # fmt: skip
