"""The auditor's routes: he reads the audit, its heads and its state, and changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from siga.contract.audit import AuditActions, AuditOutcome, AuditPage, AuditState, HeadPage
from siga.contract.auth import Claims, may, municipalities_of
from siga.kit.http import need
from siga.kit.paging import cursor_from, limit_of, place_in, span
from siga.kit.problem import NotFound
from siga.services.logs.audit import Audit
from siga.services.logs.audit_store import AuditWanted, HeadPlace, Place

_FROM = QueryParameter(name="from")
_TO = QueryParameter(name="to")
_TAGS = ["audit"]
SYSTEM = ""
"""The chain of what concerns no municipality."""


def handlers(audit: Audit) -> list[ControllerRouterHandler]:
    """All routes of the audit."""
    return [_search(audit), *_state(audit)]


def scope_of(caller: Claims, municipality_id: str | None) -> tuple[str, ...]:
    """The chains the caller may read, or the one asked for; refused when there is none.

    An auditor reads his municipalities'; who runs the whole system reads what concerns no municipality.
    """
    mine = municipalities_of(caller, "audit.read")
    if may(caller, "audit.read_system"):
        mine = (*mine, SYSTEM)
    if not mine:
        need(caller, "audit.read")
    if municipality_id is None:
        return mine
    if municipality_id not in mine:
        raise NotFound("There is no such municipality among yours.")
    return (municipality_id,)


def _search(audit: Audit) -> ControllerRouterHandler:
    @get("/api/v1/logs/audit", tags=_TAGS)
    async def search(
        caller: Claims, municipality_id: str | None = None, who: str | None = None, action: str | None = None,
        thing: str | None = None, thing_id: str | None = None, outcome: AuditOutcome | None = None,
        from_at: Annotated[datetime | None, _FROM] = None, to_at: Annotated[datetime | None, _TO] = None,
        limit: int = 100, cursor: str | None = None,
    ) -> AuditPage:  # fmt: skip
        """Who did what, and who read whose data for what purpose, newest first. `from` counts, `to` does not."""
        from_at, to_at = span(from_at, to_at)
        wanted = AuditWanted(
            municipalities=scope_of(caller, municipality_id), who=who or None, action=action or None,
            thing=thing or None, thing_id=thing_id or None, outcome=outcome, from_at=from_at, to_at=to_at,
        )  # fmt: skip
        found, place = await audit.search(wanted, limit_of(limit), place_in(cursor, Place) if cursor else None)
        return AuditPage(entries=found, next=cursor_from(place) if place else None)

    return search


def _state(audit: Audit) -> list[ControllerRouterHandler]:
    @get("/api/v1/logs/audit/heads", tags=_TAGS)
    async def heads(
        caller: Claims, municipality_id: str | None = None, limit: int = 500, cursor: str | None = None
    ) -> HeadPage:
        """Signed heads chain by chain, oldest first: keep them elsewhere, and nothing before them can be changed or
        cut without being found out by `siga audit verify --heads FILE` (one head a line)."""
        after = place_in(cursor, HeadPlace) if cursor else ("", 0)
        found, place = await audit.heads(scope_of(caller, municipality_id), after, limit_of(limit))
        return HeadPage(heads=found, next=cursor_from(place) if place else None)

    @get("/api/v1/logs/audit/state", tags=_TAGS)
    async def state(caller: Claims, municipality_id: str | None = None) -> AuditState:
        """How far each chain and its heads go, and what the last check of it found."""
        return await audit.state(scope_of(caller, municipality_id))

    @get("/api/v1/logs/audit/actions", tags=_TAGS)
    async def actions(caller: Claims, municipality_id: str | None = None) -> AuditActions:
        """The actions there are records of."""
        return AuditActions(actions=await audit.actions(scope_of(caller, municipality_id)))

    return [heads, state, actions]
