"""How every service becomes an ASGI app: Litestar, msgspec, claims from the token, problems out, its journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp, ControllerRouterHandler, Message, Receive, Scope, Send

from siga.contract.auth import Claims, fresh, may
from siga.contract.events import EventPage
from siga.contract.policy import Rule, lets_in, rule_of
from siga.kit import audit as acts
from siga.kit import metrics, tracing
from siga.kit.audit import AuditDesk
from siga.kit.auth import Keyring
from siga.kit.log import logger, unquoted
from siga.kit.problem import (
    MEDIA_TYPE,
    Broken,
    FieldFault,
    Forbidden,
    Invalid,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    StepUp,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)
from siga.ports import EventFeed

_BY_STATUS: dict[int, type[Problem]] = {
    401: Unauthenticated, 403: Forbidden, 404: NotFound, 405: MethodNotAllowed, 413: TooLarge, 415: UnsupportedMedia,
    422: Invalid,
}  # fmt: skip
MAX_BODY_BYTES = 8 * 1024 * 1024


def need(caller: Claims, action: str, municipality_id: str | None = None, zone_id: str | None = None) -> None:
    """Refuse unless the caller may do `action` there: Unauthenticated for guests, else Forbidden."""
    if may(caller, action, municipality_id, zone_id):
        if municipality_id:
            acts.within(municipality_id)
        return
    if caller.kind == "guest":
        raise Unauthenticated("Sign in first.")
    raise Forbidden(f"Your role does not allow '{action}' here.")


def need_fresh(caller: Claims, now: datetime) -> None:
    """Refuse a sensitive act unless the person has shown who they are within the last 5 minutes.

    Unauthenticated for guests, StepUp for a person whose last confirmation is older; services and devices never pass.
    """
    if caller.kind == "guest":
        raise Unauthenticated("Sign in first.")
    if caller.kind != "person" or not fresh(caller, now):
        raise StepUp("This act needs a fresh confirmation: POST /api/v1/auth/confirm, then try again.")


def need_within(caller: Claims, action: str, municipality_id: str, zone_id: str | None = None) -> None:
    """As `need`, but where the caller may do `action` elsewhere only, nothing is there: NotFound."""
    need(caller, action)
    if not may(caller, action, municipality_id, zone_id):
        raise NotFound("There is nothing of that name in your municipalities.")


def need_service(caller: Claims, *names: str) -> None:
    """Refuse unless the caller is one of these services speaking for itself."""
    if caller.kind != "service" or (names and caller.sub not in names):
        raise Forbidden("This address is for other services of SIGA.")


def problem_response(problem: Problem, path: str) -> Response[bytes]:
    """A problem as its answer, RFC 9457."""
    return Response(
        msgspec.json.encode(problem.body(path)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def service_app(
    name: str,
    handlers: Sequence[ControllerRouterHandler],
    *,
    keys: Keyring,
    feed: EventFeed | None = None,
    ready: Callable[[], bool] = lambda: True,
    dependencies: dict[str, Provide] | None = None,
    rules: Callable[[str, str], Rule | None] = rule_of,
    audit: AuditDesk | None = None,
) -> Litestar:
    """One service's ASGI app.

    Handlers may take `caller: Claims` (verified, audience = this service). With a `feed`, other services may read
    `GET /internal/v1/events`. Bodies are at most 8 MiB unless the handler says otherwise. `rules` says who may come to
    an operation at all: by default the table of permissions. `audit` tells of acts before their answers leave.
    """

    def caller(request: Request[Any, Any, Any]) -> Claims:
        return _claims(request.headers.get("authorization", ""), keys, name)

    @get("/internal/v1/health", include_in_schema=False, sync_to_thread=False)
    def health() -> Response[dict[str, Any]]:
        ok = ready()
        return Response({"service": name, "ready": ok}, status_code=200 if ok else 503)

    common: list[ControllerRouterHandler] = [health]
    if feed is not None:
        common.append(_events_handler(feed))
    return Litestar(
        route_handlers=[*handlers, *common],
        dependencies={"caller": Provide(caller, sync_to_thread=False), **(dependencies or {})},
        guards=[_policy(keys, name, rules)],
        exception_handlers={
            Problem: _on_problem(name),
            HTTPException: _on_http(name),
            Exception: _on_fault(name),
        },
        middleware=[_observe(name), *([audited(audit, keys, name)] if audit is not None else [])],
        openapi_config=OpenAPIConfig(
            title=f"SIGA {name}", version="1", path="/internal/v1/openapi", use_handler_docstrings=True
        ),
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
        on_app_init=[_quiet],
    )


def _policy(keys: Keyring, name: str, rules: Callable[[str, str], Rule | None]) -> Callable[..., Any]:
    """The first wall, before a body is read: the table of `siga.contract.policy`. What it does not list is refused."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: Any) -> None:
        template = connection.scope["path_template"]
        if not template.startswith("/api/"):
            return
        rule = rules(str(connection.scope.get("method", "")), template)
        if rule is not None and rule.door == "anyone":
            return
        caller = _claims(connection.headers.get("authorization", ""), keys, name)
        if lets_in(rule, caller):
            return
        if rule is None:
            raise Forbidden("Nobody may do that: it is not in the table of permissions (siga.contract.policy).")
        if caller.kind == "guest":
            raise Unauthenticated("Sign in first.")
        raise Forbidden(f"None of your roles allows '{' or '.join(rule.actions)}'.")

    return guard


def _claims(authorisation: str, keys: Keyring, name: str) -> Claims:
    scheme, _, token = authorisation.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("There is no bearer token in the Authorization header.")
    return keys.verify(token, name)


def _quiet(config: AppConfig) -> AppConfig:
    config.debug = False
    return config


def _events_handler(feed: EventFeed) -> ControllerRouterHandler:
    @get("/internal/v1/events", include_in_schema=False)
    async def events(caller: Claims, after: int = 0, limit: int = 500, wait_s: float = 0.0) -> EventPage:
        need_service(caller)
        found = await feed.read(after, min(max(limit, 1), 1000), min(max(wait_s, 0.0), 25.0))
        return EventPage(events=list(found), head=found[-1].position if found else await feed.head())

    return events


async def refuse(name: str, scope: Scope, send: Send, problem: Problem) -> None:
    """Answer a request with a problem by bare ASGI, counted and logged as the framework's handlers do."""
    note_refusal(name, str(scope.get("method", "")), problem)
    headers = [(b"content-type", MEDIA_TYPE.encode())]
    headers += [(key.lower().encode(), value.encode()) for key, value in problem.headers.items()]
    body = msgspec.json.encode(problem.body(scope["path"]))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def note_refusal(name: str, method: str, problem: Problem) -> None:
    """Count and log that service `name` refused a request."""
    metrics.PROBLEMS.labels(name, problem.slug).inc()
    log = logger(name)
    level = log.warning if problem.status >= 500 else log.info
    level("refused", slug=problem.slug, status=problem.status, route=method, why=unquoted(problem.detail))


def _on_problem(name: str) -> Callable[[Request[Any, Any, Any], Problem], Response[bytes]]:
    def handle(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
        note_refusal(name, request.method, problem)
        return problem_response(problem, request.url.path)

    return handle


def _on_http(name: str) -> Callable[[Request[Any, Any, Any], HTTPException], Response[bytes]]:
    on_problem = _on_problem(name)

    def handle(request: Request[Any, Any, Any], fault: HTTPException) -> Response[bytes]:
        return on_problem(request, problem_of(fault))

    return handle


def problem_of(fault: HTTPException) -> Problem:
    """A framework's refusal in our words."""
    if isinstance(fault, ValidationException):
        extra = fault.extra if isinstance(fault.extra, list) else []
        faults = [FieldFault(_pointer(e), unquoted(str(e.get("message", "")))) for e in extra if isinstance(e, dict)]
        return Invalid("Some fields are missing or not acceptable.", errors=faults)
    kind = _BY_STATUS.get(fault.status_code)
    if kind is not None:
        return kind("" if fault.status_code in (404, 405, 413) else str(fault.detail))
    if fault.status_code < 500:
        return Malformed(str(fault.detail))
    return Broken("Something went wrong inside; it was logged under this request's id.")


def _pointer(extra: dict[str, Any]) -> str:
    return "/" + str(extra.get("key", "")).replace(".", "/")


def refusal_of(fault: Exception) -> Problem | None:
    """The refusal behind a fault that the request itself brings about: what no decoder and no store can hold."""
    if isinstance(fault, RecursionError) and "deserializ" in str(fault):
        return Malformed("The body is nested too deeply.")
    if isinstance(fault, OverflowError):
        return Invalid("A number or a date is too large.")
    return None


def _on_fault(name: str) -> Callable[[Request[Any, Any, Any], Exception], Response[bytes]]:
    log, on_problem = logger(name), _on_problem(name)

    def handle(request: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
        refused = refusal_of(fault)
        if refused is not None:
            return on_problem(request, refused)
        log.error("fault", route=f"{request.method} {request.url.path}", exc_info=fault)
        problem = Broken("Something went wrong inside; it was logged under this request's id.")
        return problem_response(problem, request.url.path)

    return handle


def audited(desk: AuditDesk, keys: Keyring, name: str) -> Callable[[ASGIApp], ASGIApp]:
    """Middleware: an answer leaves once its act is on disk; where that cannot be, there is none."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            act = _act_of(desk, keys, name, scope)
            with acts.at_hand(act):
                if act is None:
                    await app(scope, receive, send)
                    return
                await app(scope, receive, _Withheld(desk, act, name, scope, send))

        return told

    return wrap


class _Withheld:
    """Sends an answer on after its act was told, or a problem in its place when it could not be."""

    def __init__(self, desk: AuditDesk, act: acts.Pending, name: str, scope: Scope, send: Send) -> None:
        self._desk, self._act, self._name, self._scope, self._send = desk, act, name, scope, send
        self._refused = False

    async def __call__(self, message: Message) -> None:
        """One message of the answer."""
        if message["type"] == "http.response.start":
            try:
                await self._desk.finish(self._act, message["status"])
            except Problem as problem:
                self._refused = True
                await refuse(self._name, self._scope, self._send, problem)
        if not self._refused:
            await self._send(message)


def _act_of(desk: AuditDesk, keys: Keyring, name: str, scope: Scope) -> acts.Pending | None:
    template, method = scope.get("path_template"), str(scope.get("method", ""))
    if str(scope["type"]) != "http" or not template or not desk.tells(method, template):
        return None
    headers = dict(scope["headers"])
    try:
        caller = _claims(headers.get(b"authorization", b"").decode("latin-1"), keys, name)
    except Problem:
        return None
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    return desk.begin(method, template, scope.get("path_params") or {}, query, caller)


def _observe(name: str) -> Callable[[ASGIApp], ASGIApp]:
    """Middleware: the request's ids into the context, its time and status into the metrics."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def observed(scope: Scope, receive: Receive, send: Send) -> None:
            if str(scope["type"]) != "http":
                await app(scope, receive, send)
                return
            headers = dict(scope["headers"])
            if tracing.request_id.get() is None or b"x-request-id" in headers:
                tracing.request_id.set(tracing.accept_request_id(headers.get(b"x-request-id", b"").decode("latin-1")))
            tracing.traceparent.set(tracing.accept_traceparent(headers.get(b"traceparent", b"").decode("latin-1")))
            began = time.perf_counter()
            status = 500

            async def note(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, note)
            finally:
                route = getattr(scope.get("route_handler"), "handler_name", "none")
                metrics.REQUESTS.labels(name, route, str(status)).inc()
                metrics.REQUEST_S.labels(name, route).observe(time.perf_counter() - began)

        return observed

    return wrap
