"""The policy layer around each door: ids, client address, path and body checks, rate limit, headers, problems."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from siga.kit import metrics, tracing
from siga.kit.http import refusal_of
from siga.kit.log import logger
from siga.kit.problem import Broken, Malformed, Problem, TooLarge, TooMany
from siga.services.gateway import policies
from siga.services.gateway.asgi import (
    App,
    Gone,
    Header,
    Message,
    Receive,
    Scope,
    Send,
    Visit,
    header,
    joined,
    note_visit,
    send_problem,
)
from siga.services.gateway.buckets import Buckets
from siga.services.gateway.patience import Patience
from siga.services.gateway.policies import Proxies
from siga.services.gateway.quick import Lane, Quick

_BODY_WAIT_S = 30.0
_LONG_WAY = "siga.long_way"
_UNLIMITED = frozenset({"/healthz", "/readyz", "/metrics"})
_log = logger("gateway")


class TooSlow(Problem):
    """The body did not arrive in time"""

    slug, status = "too-slow", 408


class Door:
    """One listener's outermost app. `per_min` is the live allowance per client address, None where there is none."""

    def __init__(
        self,
        name: str,
        app: App,
        *,
        proxies: Proxies,
        loopback: bool,
        body_limit_bytes: Callable[[str, str], int],
        per_min: Callable[[], int] | None = None,
        lane: Lane | None = None,
    ) -> None:
        self.name = name
        self._app, self._proxies, self._loopback = app, proxies, loopback
        self._body_limit_bytes, self._per_min = body_limit_bytes, per_min
        self._buckets = Buckets()
        self._patience = Patience(_BODY_WAIT_S)
        self._meters: dict[tuple[str, int], tuple[Any, Any]] = {}
        """Counter and histogram by route and status: looking them up costs more than counting."""
        self._quick = Quick(name, lane, self._admit, proxies) if lane is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve HTTP; refuse web sockets; there is nothing to do at start and end of the listener."""
        if scope["type"] == "http":
            answer = self.at_once(scope)
            if answer is None:
                await self._http(scope, receive, send)
                return
            for message in answer:
                await send(message)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    def at_once(self, scope: Scope) -> tuple[Message, Message] | None:
        """The whole answer to a request that needs no waiting, start and body; None: call this app."""
        if self._quick is None or scope["type"] != "http" or scope.get(_LONG_WAY):
            return None
        answer = self._quick.answer(scope)
        if answer is None:
            scope[_LONG_WAY] = True  # the server asks before it calls: it is not looked at twice
        return answer

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        _join_cookies(scope)
        visit = self._visit(scope)
        note_visit(scope, visit)
        answer = _Answer(scope, send, visit)
        try:
            await self._guarded(scope, receive, answer)
        except Gone:
            answer.status = answer.status or 499
        finally:
            self._count(str(scope.get("siga.route", "other")), answer, time.perf_counter() - began)

    def _count(self, route: str, answer: _Answer, took_s: float) -> None:
        kept = self._meters.get((route, answer.status))
        if kept is None:
            kept = self._meters[route, answer.status] = (
                metrics.REQUESTS.labels(self.name, route, str(answer.status)),
                metrics.REQUEST_S.labels(self.name, route),
            )
        kept[0].inc()
        if not answer.streams:
            kept[1].observe(took_s)

    def _visit(self, scope: Scope) -> Visit:
        request_id = tracing.accept_request_id(header(scope, b"x-request-id"))
        tracing.request_id.set(request_id)
        tracing.traceparent.set(tracing.accept_traceparent(header(scope, b"traceparent")))
        peer = str((scope.get("client") or ("", 0))[0])
        forwarded = joined(scope, b"x-forwarded-for", ",")
        client, https = self._proxies.origin(
            peer, scope.get("scheme", "http"), forwarded, joined(scope, b"x-forwarded-proto", ",")
        )
        # A proxy that we were not told of makes everybody look local: its header gives it away.
        unknown_proxy = (forwarded or header(scope, b"forwarded")) is not None and not self._proxies.trusts(peer)
        local = policies.is_loopback(client) and not unknown_proxy
        return Visit(
            client=client, https=https, local=local, safe=https or (self._loopback and local), request_id=request_id
        )

    async def _guarded(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        path = scope["path"]
        try:
            self._check(scope)
            if scope["method"] == "OPTIONS" and policies.open_to_all("OPTIONS", path):
                await answer({"type": "http.response.start", "status": 204, "headers": []})
                await answer({"type": "http.response.body", "body": b""})
                return
            body = _Body(receive, self._body_limit_bytes(scope["method"], path), self._patience)
            body.check_announced(header(scope, b"content-length"))
            await self._app(scope, body.receive, answer)
        except Problem as problem:
            await answer.refuse(problem, path)
        except (Gone, asyncio.CancelledError):
            raise
        except Exception as fault:
            refused = refusal_of(fault)
            if refused is not None:
                await answer.refuse(refused, path)
                return
            _log.error("fault", route=f"{scope['method']} {scope.get('siga.route', 'other')}", exc_info=fault)
            await answer.refuse(Broken("Something went wrong inside; it was logged under this request's id."), path)

    def _check(self, scope: Scope) -> None:
        fault = policies.path_fault(scope["raw_path"])
        if fault:
            raise Malformed(fault)
        if self._per_min is None or scope["path"] in _UNLIMITED:
            return
        self._admit(scope["siga.visit"].client)

    def _admit(self, address: str) -> None:
        if self._per_min is None:
            return
        wait_s = self._buckets.take(policies.rate_subject(address), self._per_min(), time.monotonic())
        if wait_s:
            raise TooMany(f"Wait {wait_s} s.", headers={"retry-after": str(wait_s)})


class _Body:
    """The request's body, counted while it is read and never waited for without end."""

    def __init__(self, receive: Receive, limit_bytes: int, patience: Patience) -> None:
        self._receive, self._limit_bytes, self._patience = receive, limit_bytes, patience
        self._read_bytes = 0
        self._whole = False

    def check_announced(self, content_length: str | None) -> None:
        """Refuse at once what says itself that it is too large."""
        if content_length is None:
            return
        if not (content_length.isascii() and content_length.isdigit()):
            raise Malformed("Content-Length is not a number.")
        if int(content_length) > self._limit_bytes:
            raise self._too_large()

    async def receive(self) -> Message:
        """The next part, or the news that the client left."""
        if self._whole:
            return await self._receive()
        try:
            message = await self._patience.waited(self._receive())
        except TimeoutError:
            raise TooSlow(f"No part of the body came for {_BODY_WAIT_S:.0f} s.") from None
        if message["type"] == "http.request":
            self._read_bytes += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._read_bytes > self._limit_bytes:
                raise self._too_large()
        return message

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The body may have at most {self._limit_bytes} bytes here.")


class _Answer:
    """`send` with the headers every answer carries; knows whether the answer began, so that a fault is told once."""

    def __init__(self, scope: Scope, send: Send, visit: Visit) -> None:
        self.status = 0
        self.streams = False
        self._scope, self._send, self._visit = scope, send, visit
        self._without_body = scope["method"] == "HEAD"
        if self._without_body:
            scope["method"] = "GET"

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            message = {**message, "headers": self._headers(message.get("headers", []))}
        elif self._without_body:
            message = {**message, "body": b""}
        await self._send(message)

    def _headers(self, given: list[Header]) -> list[Header]:
        method, path = self._scope["method"], self._scope["path"]
        shared = policies.open_to_all(method, path)
        extra = policies.security_headers(https=self._visit.https, shared=shared)
        if shared:
            extra = (*extra, *policies.cors_headers(method, path))
        if path.startswith("/api/"):
            extra = (*extra, *policies.cache_rule(given))
        headers = policies.completed(given, extra)
        self.streams = any(k == b"content-type" and v.startswith(b"text/event-stream") for k, v in headers)
        if self.streams:
            headers.append((b"x-accel-buffering", b"no"))
        headers.append((b"x-request-id", self._visit.request_id.encode()))
        return headers

    async def refuse(self, problem: Problem, path: str) -> None:
        """Answer with a problem; when the answer has begun already, break it off, so that nobody takes it for whole."""
        if self.status:
            raise problem
        await send_problem(self, problem, path)


def _join_cookies(scope: Scope) -> None:
    """HTTP/2 may send each cookie by itself (RFC 9113 §8.2.3); everybody behind the door reads one header."""
    cookies = joined(scope, b"cookie", "; ")
    if cookies is not None:
        others = [one for one in scope["headers"] if one[0] != b"cookie"]
        scope["headers"] = [*others, (b"cookie", cookies.encode("latin-1"))]


async def _lifespan(receive: Receive, send: Send) -> Any:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
