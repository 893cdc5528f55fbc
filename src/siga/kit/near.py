"""Asking an ASGI app of the same process: a request and its whole answer, without an HTTP client between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode

App = Callable[..., Awaitable[None]]


class Reply(NamedTuple):
    """A whole answer, near or far."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]
    """By lower-case name; of several of one name the last."""


async def ask(app: App, method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str],
              content: bytes | None, timeout_s: float) -> Reply:  # fmt: skip
    """One request, answered whole; TimeoutError after `timeout_s`, and whatever the app lets fall."""
    raw_path, _, query = path.partition("?")
    if params:
        query = f"{query}&{urlencode(params)}" if query else urlencode(params)
    body = content or b""
    head = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    if content is not None:
        head.append((b"content-length", str(len(body)).encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": _decoded(raw_path), "raw_path": raw_path.encode(), "query_string": query.encode(),
        "root_path": "", "headers": head, "client": ("127.0.0.1", 0), "server": ("siga", 80), "state": {},
        "extensions": {},
    }  # fmt: skip
    exchange = _Exchange(body)
    async with asyncio.timeout(timeout_s):
        await app(scope, exchange.receive, exchange.send)
    return exchange.reply()


def _decoded(raw_path: str) -> str:
    return unquote(raw_path) if "%" in raw_path else raw_path


class _Exchange:
    """The two ends of one request."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status = 500
        self._head: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []

    async def receive(self) -> dict[str, Any]:
        """The body at once; after that nothing comes until the app is done."""
        if self._body is None:
            await asyncio.Event().wait()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Gather the answer."""
        if message["type"] == "http.response.start":
            self._status, self._head = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self._parts.append(message.get("body", b""))

    def reply(self) -> Reply:
        """The whole answer."""
        headers = {bytes(name).decode("latin-1").lower(): bytes(value).decode("latin-1") for name, value in self._head}
        return Reply(self._status, b"".join(self._parts), headers)
