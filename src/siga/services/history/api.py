"""The routes of History."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from siga.contract.auth import ACTIONS, Claims, may
from siga.contract.history import (
    ChangeList,
    Grouping,
    Imported,
    Receipt,
    ReceiptAnswer,
    ReceiptAsk,
    ReceiptQuestion,
    Statistics,
    StayList,
)
from siga.kit.http import need, need_service, need_within
from siga.kit.paging import cursor_from, limit_of, place_in, span
from siga.kit.problem import NotFound
from siga.services.history.bays import BayRow
from siga.services.history.queries import Place, Span
from siga.services.history.service import History

_FROM = QueryParameter(name="from")
_TO = QueryParameter(name="to")
_READ, _READ_PERSONAL, _IMPORT = "history.read", "history.read_personal", "history.import"


def handlers(history: History) -> list[ControllerRouterHandler]:
    """All routes."""
    return [_changes(history), _stays(history), _statistics(history), _import(history), *_receipts(history)]


async def _bay(history: History, caller: Claims, bay_id: str) -> tuple[BayRow, bool]:
    """The bay, if the caller may read its past, and whether also its personal times. Otherwise as if it were not."""
    need(caller, _READ)
    bay = await history.bay(bay_id)
    need_within(caller, _READ, bay.municipality_id, bay.kind.zone_id)
    personal = may(caller, _READ_PERSONAL, bay.municipality_id, bay.kind.zone_id)
    if bay.kind.personal and not personal:
        raise NotFound("There is no such bay.")
    return bay, personal


def _changes(history: History) -> ControllerRouterHandler:
    @get("/api/v1/history/bays/{bay_id:str}/changes")
    async def changes(
        caller: Claims, bay_id: str, from_at: Annotated[datetime | None, _FROM] = None,
        to_at: Annotated[datetime | None, _TO] = None, limit: int = 100, cursor: str | None = None,
    ) -> ChangeList:  # fmt: skip
        """What happened to a bay, newest first: `from` counts, `to` does not. For staff of its municipality."""
        from_at, to_at = span(from_at, to_at)
        bay, personal = await _bay(history, caller, bay_id)
        before = place_in(cursor, Place) if cursor else None
        found, place = await history.changes(bay, Span(from_at=from_at, to_at=to_at), personal, limit_of(limit), before)
        return ChangeList(changes=found, next=cursor_from(place) if place else None)

    return changes


def _stays(history: History) -> ControllerRouterHandler:
    @get("/api/v1/history/bays/{bay_id:str}/stays")
    async def stays(
        caller: Claims, bay_id: str, from_at: Annotated[datetime | None, _FROM] = None,
        to_at: Annotated[datetime | None, _TO] = None, limit: int = 100, cursor: str | None = None,
    ) -> StayList:  # fmt: skip
        """A bay's stays that reach into the span, newest first; never who it was. For staff of its municipality."""
        from_at, to_at = span(from_at, to_at)
        bay, personal = await _bay(history, caller, bay_id)
        before = place_in(cursor, Place) if cursor else None
        found, place = await history.stays(bay, Span(from_at=from_at, to_at=to_at), personal, limit_of(limit), before)
        return StayList(stays=found, next=cursor_from(place) if place else None)

    return stays


def _statistics(history: History) -> ControllerRouterHandler:
    @get("/api/v1/history/statistics")
    async def statistics(
        caller: Claims, municipality_id: str, from_at: Annotated[datetime | None, _FROM] = None,
        to_at: Annotated[datetime | None, _TO] = None, by: Grouping = "zone",
    ) -> Statistics:  # fmt: skip
        """Occupancy, stays and their authorisation by zone, bay, category, local hour, weekday or day.

        Without a span the last 28 days. Staff see all of their municipality; anyone else groups of at least ten stays
        over whole days that are over, without personal bays, and how many groups were left out for that.
        """
        from_at, to_at = span(from_at, to_at)
        zones = _zones(caller, municipality_id)
        if zones is None:
            return await history.public_figures(municipality_id, from_at, to_at, by)
        personal = may(caller, _READ_PERSONAL, municipality_id)
        return await history.figures(municipality_id, from_at, to_at, by, zones or None, personal)

    return statistics


def _zones(caller: Claims, municipality_id: str) -> frozenset[str] | None:
    """The zones whose full figures the caller may see, empty for all; None when none."""
    roles = ACTIONS[_READ]
    mine = [g for g in caller.grants if g.role in roles and g.municipality_id == municipality_id]
    if not mine:
        return None
    if any(not grant.zone_ids for grant in mine):
        return frozenset()
    return frozenset(zone for grant in mine for zone in grant.zone_ids)


def _import(history: History) -> ControllerRouterHandler:
    @post("/api/v1/history/import", status_code=200)
    async def take_in(caller: Claims, request: Request[Any, Any, Any], simulated: bool = False) -> Imported:
        """Write in what happened before the bays' own sensors spoke: one JSON object a line (NDJSON), at most 8 MiB:
        `{"bay_id", "at", "occupied", "sequence", "authorisation"?}`. Sent again it changes nothing."""
        need(caller, _IMPORT)
        body = await request.body()

        def allowed(bay: BayRow) -> bool:
            return may(caller, _IMPORT, bay.municipality_id, bay.kind.zone_id)

        return await history.take_in(body, allowed, simulated)

    return take_in


def _receipts(history: History) -> list[ControllerRouterHandler]:
    @post("/internal/v1/receipts", include_in_schema=False, status_code=200)
    async def issue(caller: Claims, data: ReceiptAsk) -> Receipt:
        need_service(caller, "drivers")
        return await history.receipt(data)

    @post("/api/v1/history/receipts/verify", status_code=200)
    async def verify(caller: Claims, data: ReceiptQuestion) -> ReceiptAnswer:
        """Whether a receipt is SIGA's and unchanged, and what it says. For anyone."""
        return history.check_receipt(data.receipt)

    return [issue, verify]
