"""Who changed which settings, when and why; and putting values back."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get, post

from siga.contract.operations import Revision, RevisionList, RollBackAsk
from siga.contract.settings import DECLARED
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.admin.desk import Desk
from siga.services.gateway.pages.admin.lookups import names_of
from siga.services.gateway.pages.admin.setting_words import setting_name, value_words
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.web import Page

_PAGE = 30


@dataclass(frozen=True)
class ChangeWords:
    """One value of a revision in words."""

    name: str
    before: str
    after: str


@get("/admin/settings/revisions")
async def table(desk: Desk, cursor: str = "") -> Page:
    """Revisions, newest first."""
    found = await desk.visitor.get(
        "config", "/api/v1/config/revisions", RevisionList, limit=_PAGE, cursor=cursor or None
    )
    return desk.page(
        "revisions.html", revisions=[(one, change_words(one, desk.t)) for one in found.revisions], next=found.next,
        first=not cursor, names=await names_of(desk, (one.author for one in found.revisions)),
        towns={town.municipality_id: town.name for town in desk.towns}, changeable=_changeable(desk, found.revisions),
    )  # fmt: skip


def _changeable(desk: Desk, revisions: list[Revision]) -> set[int]:
    """Those to which the caller may go back. The newest of a place is how things are."""
    seen: set[str] = set()
    found = set()
    for one in revisions:
        allowed = (
            desk.visitor.may("settings.change", one.municipality_id)
            if one.municipality_id
            else desk.visitor.may("settings.change_system")
        )
        if allowed and one.municipality_id in seen:
            found.add(one.revision)
        seen.add(one.municipality_id)
    return found


def change_words(revision: Revision, t: Texts) -> list[ChangeWords]:
    """What a revision changed, in words."""
    words = []
    for change in revision.changes:
        declared = DECLARED.get(change.key)
        unit = declared.unit if declared else ""
        before, after = value_words(change.before, unit, t), value_words(change.after, unit, t)
        words.append(ChangeWords(setting_name(change.key, t), before, after))
    return words


@get("/admin/settings/revisions/{revision:int}/roll-back")
async def ask_roll_back(desk: Desk, revision: int) -> Page:
    """Ask before values are put back."""
    return desk.confirm(
        "admin.roll_back", f"/admin/settings/revisions/{revision}/roll-back", "/admin/settings/revisions", reason=True,
        n=revision,
    )  # fmt: skip


@post("/admin/settings/revisions/{revision:int}/roll-back")
async def roll_back(desk: Desk, revision: int) -> Page:
    """Put the values back as they stood at a revision, as a new revision."""
    form = await desk.visitor.form()
    try:
        ask = RollBackAsk(reason=form.text("reason")[:500])
        await desk.visitor.post("config", f"/api/v1/config/revisions/{revision}/roll-back", ask, Revision)
    except NotFound:
        raise
    except Problem as problem:
        desk.refused(problem, ())
        return desk.done("/admin/settings/revisions", "nothing_to_roll_back")
    return desk.done("/admin/settings/revisions", "rolled_back")


HANDLERS = (table, ask_roll_back, roll_back)
