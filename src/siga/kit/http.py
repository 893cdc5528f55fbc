"""How every service becomes an ASGI app: Litestar, msgspec, claims from the token, problems out, its journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp, ControllerRouterHandler, Message, Receive, Scope, Send

from siga.contract.auth import Claims, may
from siga.contract.events import EventPage
from siga.kit import metrics, tracing
from siga.kit.auth import Keyring
from siga.kit.log import logger
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
        return
    if caller.kind == "guest":
        raise Unauthenticated("Sign in first.")
    raise Forbidden(f"Your role does not allow '{action}' here.")


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
) -> Litestar:
    """One service's ASGI app.

    Handlers may take `caller: Claims` (verified, audience = this service). With a `feed`, other services may read
    `GET /internal/v1/events`. Bodies are at most 8 MiB unless the handler says otherwise.
    """

    def caller(request: Request[Any, Any, Any]) -> Claims:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("There is no bearer token in the Authorization header.")
        return keys.verify(token, name)

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
        exception_handlers={
            Problem: _on_problem(name),
            HTTPException: _on_http(name),
            Exception: _on_fault(name),
        },
        middleware=[_observe(name)],
        openapi_config=OpenAPIConfig(
            title=f"SIGA {name}", version="1", path="/internal/v1/openapi", use_handler_docstrings=True
        ),
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
        on_app_init=[_quiet],
    )


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
    level("refused", slug=problem.slug, status=problem.status, route=method, why=problem.detail)


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
        faults = [FieldFault(_pointer(e), str(e.get("message", ""))) for e in extra if isinstance(e, dict)]
        return Invalid("Some fields are missing or not acceptable.", errors=faults)
    kind = _BY_STATUS.get(fault.status_code)
    if kind is not None:
        return kind("" if fault.status_code in (404, 405, 413) else str(fault.detail))
    if fault.status_code < 500:
        return Malformed(str(fault.detail))
    return Broken("Something went wrong inside; it was logged under this request's id.")


def _pointer(extra: dict[str, Any]) -> str:
    return "/" + str(extra.get("key", "")).replace(".", "/")


def _on_fault(name: str) -> Callable[[Request[Any, Any, Any], Exception], Response[bytes]]:
    log = logger(name)

    def handle(request: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
        log.error("fault", route=f"{request.method} {request.url.path}", exc_info=fault)
        problem = Broken("Something went wrong inside; it was logged under this request's id.")
        return problem_response(problem, request.url.path)

    return handle


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
