"""The few ASGI moves that both doors are made of: reading headers and bodies, answering, refusing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

import msgspec

from siga.kit import metrics
from siga.kit.log import logger, unquoted
from siga.kit.problem import MEDIA_TYPE, Problem, TooLarge, Unavailable

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

_VISIT = "siga.visit"
_log = logger("gateway")


class Gone(Exception):
    """The client went away before its request was whole; nobody is left to answer."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What the door found out about a request: the client's address, the way it came, its id."""

    client: str
    https: bool
    local: bool
    """The client is this very machine and no unknown proxy stands between."""
    safe: bool
    """Nobody can listen in: HTTPS, or a door that listens on loopback only. Staff may sign in this way (D23)."""
    request_id: str


def visit_of(scope: Scope) -> Visit:
    """What the door noted about this request."""
    found: Visit = scope[_VISIT]
    return found


def note_visit(scope: Scope, visit: Visit) -> None:
    """Keep the door's findings with the request, for whoever handles it."""
    scope[_VISIT] = visit


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of that (lower-case) name as text, None when there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return None


def joined(scope: Scope, name: bytes, between: str) -> str | None:
    """All headers of that name as one text, None when there is none: HTTP/2 splits cookies, proxies add lines."""
    found = [bytes(value).decode("latin-1") for key, value in scope["headers"] if key == name]
    return between.join(found) if found else None


def origin_of(scope: Scope) -> str:
    """The web origin the request came by, as its browser would say it: `https://host[:port]`."""
    scheme = "https" if visit_of(scope).https else "http"
    return f"{scheme}://{(header(scope, b'host') or '').lower()}"


async def read_body(receive: Receive, limit_bytes: int) -> bytes:
    """The whole body; TooLarge as soon as it exceeds the limit, Gone when the client leaves."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > limit_bytes:
            raise TooLarge(f"The body may have at most {limit_bytes} bytes.")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def send_bytes(send: Send, body: bytes, media_type: str, *, status: int = 200,
                     headers: Iterable[Header] = ()) -> None:  # fmt: skip
    """Answer with a whole body."""
    head = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def send_json(send: Send, value: Any, *, status: int = 200, headers: Iterable[Header] = ()) -> None:
    """Answer with JSON."""
    await send_bytes(send, msgspec.json.encode(value), "application/json", status=status, headers=headers)


async def send_problem(send: Send, problem: Problem, path: str) -> None:
    """Refuse as RFC 9457 says, counted and logged."""
    metrics.PROBLEMS.labels("gateway", problem.slug).inc()
    tell = _log.warning if problem.status >= 500 else _log.info
    tell("refused", slug=problem.slug, status=problem.status, why=unquoted(problem.detail))
    headers = [(key.lower().encode(), value.encode()) for key, value in problem.headers.items()]
    if isinstance(problem, Unavailable) and b"retry-after" not in dict(headers):
        headers.append((b"retry-after", b"5"))
    await send_bytes(send, msgspec.json.encode(problem.body(path)), MEDIA_TYPE, status=problem.status, headers=headers)
