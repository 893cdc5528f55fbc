"""A service of another process as an ASGI app: requests and answers pass through as they are, streaming both ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import httpx

from siga.kit.problem import Unavailable

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_SILENCE_S = 90.0
"""Longer than any stream of ours is silent (a ping every 15 s) and than any long poll waits (25 s)."""
_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=30.0)
_TIMEOUT = httpx.Timeout(connect=5.0, read=_SILENCE_S, write=30.0, pool=5.0)
_NOT_ONWARD = frozenset({b"host", b"connection", b"transfer-encoding", b"keep-alive", b"upgrade", b"te", b"trailer"})
_NOT_BACK = frozenset({b"connection", b"transfer-encoding", b"keep-alive", b"upgrade", b"trailer"})


class _Left(Exception):
    """The client went away while its request was being read."""


class RemoteApp:
    """Stands where the service's own app would: `await app(scope, receive, send)`.

    Raises Unavailable when the service cannot be reached; an answer that breaks off raises too, so that nobody takes
    it for whole.
    """

    def __init__(self, url: str) -> None:
        self._url = httpx.URL(url)
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass one request on and its answer back; nothing else than HTTP is passed."""
        if scope["type"] != "http":
            return
        body_read = asyncio.Event()
        passing = asyncio.ensure_future(self._pass(scope, receive, send, body_read))
        leaving = asyncio.ensure_future(_until_left(receive, body_read))
        try:
            await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not passing.done():
                return  # the client left: the other side is told by the closed connection
            passing.result()
        except _Left:
            return
        finally:
            for task in (passing, leaving):
                task.cancel()
            await asyncio.gather(passing, leaving, return_exceptions=True)

    async def close(self) -> None:
        """Close the connections to the other process."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _pass(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send, body_read: asyncio.Event
    ) -> None:
        headers = [(key, value) for key, value in scope["headers"] if bytes(key).lower() not in _NOT_ONWARD]
        query = scope.get("query_string", b"")
        target = scope.get("raw_path") or scope["path"].encode()
        url = self._url.copy_with(raw_path=target + (b"?" + query if query else b""))
        # Made by hand: the client would add headers of its own.
        request = httpx.Request(
            scope["method"], url, headers=headers, content=await _content(receive, body_read),
            extensions={"timeout": _TIMEOUT.as_dict()},
        )  # fmt: skip
        try:
            answer = await self._http().send(request, stream=True)
        except httpx.HTTPError as fault:
            raise Unavailable("The service behind this address does not answer just now.") from fault
        try:
            await _back(answer, send)
        finally:
            await answer.aclose()

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(limits=_LIMITS, follow_redirects=False, trust_env=False)
        return self._client


async def _content(receive: Receive, body_read: asyncio.Event) -> bytes | AsyncIterator[bytes]:
    """The body: at once when it came in one part, else as a stream."""
    first = await receive()
    if first["type"] == "http.disconnect":
        raise _Left
    if not first.get("more_body", False):
        body_read.set()
        return bytes(first.get("body", b""))
    return _parts(first, receive, body_read)


async def _parts(first: Message, receive: Receive, body_read: asyncio.Event) -> AsyncIterator[bytes]:
    message = first
    while True:
        if message["type"] == "http.disconnect":
            raise _Left
        if message.get("body"):
            yield bytes(message["body"])
        if not message.get("more_body", False):
            body_read.set()
            return
        message = await receive()


async def _until_left(receive: Receive, body_read: asyncio.Event) -> None:
    """Returns when the client is gone; before its body is read, whoever reads it finds out."""
    await body_read.wait()
    while (await receive())["type"] != "http.disconnect":
        continue


async def _back(answer: httpx.Response, send: Send) -> None:
    headers = [(key.lower(), value) for key, value in answer.headers.raw if key.lower() not in _NOT_BACK]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    async for part in answer.aiter_raw():
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
