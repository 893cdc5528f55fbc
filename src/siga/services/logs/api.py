"""The routes of Logs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims
from siga.contract.operations import Alarm, AlarmList, Level, LogPage, LogRecord
from siga.kit.http import need, need_service, problem_response
from siga.kit.paging import cursor_from, limit_of, place_in, span
from siga.kit.problem import FieldFault, Invalid, Problem
from siga.services.logs import alarms, store
from siga.services.logs.model import Wanted, trace_id_of
from siga.services.logs.service import Logs

_FROM = QueryParameter(name="from")
_TO = QueryParameter(name="to")
_STATE = QueryParameter(name="state")
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


def handlers(logs: Logs) -> list[ControllerRouterHandler]:
    """All routes."""
    return [_take_in(logs), _search(logs), _tail(logs), *_alarms(logs)]


def _take_in(logs: Logs) -> ControllerRouterHandler:
    @post("/internal/v1/records", include_in_schema=False, status_code=200)
    async def take_in(caller: Claims, data: list[LogRecord]) -> Response[Any]:
        need_service(caller)
        try:
            await logs.take_in(data)
        except Problem as problem:  # answered here, since raising it would log it, and that line would come here too
            return problem_response(problem, "/internal/v1/records")
        return Response(b"", status_code=204)

    return take_in


def _search(logs: Logs) -> ControllerRouterHandler:
    @get("/api/v1/logs")
    async def search(
        caller: Claims, service: str | None = None, level: Level | None = None, text: str | None = None,
        trace: str | None = None, request_id: str | None = None, from_at: Annotated[datetime | None, _FROM] = None,
        to_at: Annotated[datetime | None, _TO] = None, limit: int = 100, cursor: str | None = None,
    ) -> LogPage:  # fmt: skip
        """Log records, newest first. `level` is the lowest wanted, `text` stands anywhere in event or fields,
        `trace` is a trace id or a whole traceparent, `from` counts, `to` does not."""
        need(caller, "logs.read")
        from_at, to_at = span(from_at, to_at)
        wanted = Wanted(
            service=service, level=level, text=text or None, trace_id=_trace_id(trace), request_id=request_id,
            from_at=from_at, to_at=to_at,
        )  # fmt: skip
        before = place_in(cursor, store.Place) if cursor else None
        found, place = await logs.search(wanted, limit_of(limit), before)
        return LogPage(records=found, next=cursor_from(place) if place else None)

    return search


def _trace_id(trace: str | None) -> str | None:
    if trace is None:
        return None
    text = trace.strip().lower()
    found = trace_id_of(text) or trace_id_of(f"00-{text}-{'0' * 16}-00")
    if found is None:
        fault = FieldFault("/trace", "must be 32 hex digits or a traceparent")
        raise Invalid("That is no trace.", errors=[fault])
    return found


def _tail(logs: Logs) -> ControllerRouterHandler:
    @get("/api/v1/logs/tail", media_type="text/event-stream")
    async def tail(
        caller: Claims, service: str | None = None, level: Level | None = None, text: str | None = None
    ) -> Stream:
        """Records as they come, as server-sent events `record`; `dropped` says how many did not fit."""
        need(caller, "logs.read")
        stream = logs.follow(Wanted(service=service, level=level, text=text or None))
        return Stream(stream, media_type="text/event-stream", headers=_HEADERS)

    return tail


def _alarms(logs: Logs) -> list[ControllerRouterHandler]:
    @get("/api/v1/logs/alarms")
    async def listed(
        caller: Claims, wanted: Annotated[Literal["open", "acknowledged", "all"], _STATE] = "open", limit: int = 100,
        cursor: str | None = None,
    ) -> AlarmList:  # fmt: skip
        """What a person should see to, one line for each service and event, the newest first."""
        need(caller, "alarms.read")
        before = place_in(cursor, alarms.Place) if cursor else None
        found, place = await logs.alarms(None if wanted == "all" else wanted, limit_of(limit), before)
        return AlarmList(alarms=found, next=cursor_from(place) if place else None)

    @post("/api/v1/logs/alarms/{alarm_id:str}/acknowledge", status_code=200)
    async def acknowledge(caller: Claims, alarm_id: str) -> Alarm:
        """Say that you saw to it. The next record of that kind opens a new alarm."""
        need(caller, "alarms.acknowledge")
        return await logs.acknowledge(alarm_id, caller.sub)

    return [listed, acknowledge]
