"""The audit: whether its chain is whole, and a search by who, what, about what and when. Nothing here changes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import get
from litestar.types import ControllerRouterHandler

from siga.contract.audit import OUTCOMES, AuditActions, AuditEntry, AuditPage, AuditState, ChainState
from siga.contract.auth import ROLES
from siga.kit.problem import Problem
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled
from siga.services.gateway.pages.admin.instants import instant_of
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.web import Page, Web

_PAGE = 50
_NAMES = ("chain", "who", "action", "thing_id", "outcome", "from_at", "to_at")
_SHORT = 8
_SYSTEM = "system"
_CONSOLE = "local-operator"


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of the audit."""
    return [desk_router("audit", [search])]


@dataclass(frozen=True)
class EntryWords:
    """A record as its row says it; ids are shortened for the eye, whole in the links."""

    entry: AuditEntry
    action: str
    who: str
    roles: str
    thing: str
    thing_short: str
    about_short: str
    purpose: str


def entry_words(entry: AuditEntry, t: Texts) -> EntryWords:
    """A record in words."""
    one = entry.record
    return EntryWords(
        entry=entry, action=action_words(one.action, t), who=_who_words(entry, t),
        roles=", ".join(t(f"role.{role}") for role in one.roles if role in ROLES),
        thing=_thing_words(one.thing, t),
        thing_short=short(one.thing_id), about_short=short(one.about),
        purpose=t(f"admin.audit.purpose.{one.purpose}") if t.has(f"admin.audit.purpose.{one.purpose}") else one.purpose,
    )  # fmt: skip


def action_words(action: str, t: Texts) -> str:
    """An action in words; a route that has none is shown as it is."""
    key = f"admin.audit.action.{action}"
    return t(key) if t.has(key) else action


def _thing_words(thing: str, t: Texts) -> str:
    key = f"admin.audit.thing.{thing}"
    return t(key) if t.has(key) else thing


def short(text: str) -> str:
    """The end of an id, which is what tells ids apart; other names whole."""
    return f"…{text[-_SHORT:]}" if len(text) == 36 and text.count("-") == 4 else text


def _who_words(entry: AuditEntry, t: Texts) -> str:
    one = entry.record
    if not one.who:
        return t("admin.audit.unknown_who")
    if one.who_kind == "service":
        return t("admin.audit.service_who", name=one.who)
    return t("admin.audit.local") if one.who == _CONSOLE else short(one.who)


@get("/admin/audit")
async def search(desk: Desk, cursor: str = "") -> Page:
    """The state of the chains, the search, and what it found."""
    form = filled(desk.asked(_NAMES))
    state = await desk.visitor.get("logs", "/api/v1/logs/audit/state", AuditState)
    known = await desk.visitor.get("logs", "/api/v1/logs/audit/actions", AuditActions)
    faults, params = _read(desk, form)
    entries, following = [], None
    if not faults:
        try:
            found = await desk.visitor.get(
                "logs", "/api/v1/logs/audit", AuditPage, limit=_PAGE, cursor=cursor or None, **params
            )
            entries, following = [entry_words(one, desk.t) for one in found.entries], found.next
        except Problem as problem:
            faults = desk.refused(problem, _NAMES)
    kept = {name: form.text(name) for name in _NAMES if form.text(name)}
    return desk.page(
        "audit.html", chains=[(_chain_name(desk, one), one) for one in state.chains], entries=entries, next=following,
        form=form, faults=faults, kept=urlencode(kept), first=not cursor, names=_names(desk, state),
        actions=[("", desk.t("admin.all")), *sorted(((a, action_words(a, desk.t)) for a in known.actions),
                                                    key=lambda one: one[1].casefold())],
        outcomes=[("", desk.t("admin.all")), *((one, desk.t(f"admin.audit.outcome.{one}")) for one in OUTCOMES)],
    )  # fmt: skip


def _chain_name(desk: Desk, chain: ChainState) -> str:
    if not chain.municipality_id:
        return desk.t("admin.audit.system")
    towns = {town.municipality_id: town.name for town in desk.towns}
    return towns.get(chain.municipality_id, desk.t("admin.somewhere"))


def _names(desk: Desk, state: AuditState) -> list[tuple[str, str]]:
    """The chains to choose from, empty when there is but one."""
    if len(state.chains) < 2:
        return []
    chosen = [(one.municipality_id or _SYSTEM, _chain_name(desk, one)) for one in state.chains]
    return [("", desk.t("admin.all")), *chosen]


def _read(desk: Desk, form: Form) -> tuple[Faults, dict[str, Any]]:
    t, faults = desk.t, Faults()
    instants = {name: instant_of(form.text(name), t.zone) for name in ("from_at", "to_at")}
    for name, instant in instants.items():
        if form.text(name) and instant is None:
            faults.add(name, t("admin.fault.instant"))
    chain = form.text("chain")
    params = {
        "municipality_id": None if not chain else "" if chain == _SYSTEM else chain,
        "who": form.text("who")[:80] or None, "action": form.text("action")[:80] or None,
        "thing_id": form.text("thing_id")[:80] or None,
        "outcome": form.text("outcome") if form.text("outcome") in OUTCOMES else None,
        "from": instants["from_at"].isoformat() if instants["from_at"] else None,
        "to": instants["to_at"].isoformat() if instants["to_at"] else None,
    }  # fmt: skip
    return faults, params
