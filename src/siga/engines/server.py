"""A listening door: granian in our own event loop, which leaves signals, start and end to `system.py`."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from siga.kit.service import ASGI

_TRIES = 50
_MOST_OPEN = 8192
"""Requests under way at once; every open live stream and long poll is one."""


_TCP_NOTSENT_LOWAT = 25
"""Linux's number of the option (tcp(7)); Python names it from 3.12 on."""
_UNSENT_BYTES = 65_536
"""So much that was not sent yet the kernel takes from us for a connection; what is under way counts extra."""
_NO_PROGRESS_MS = 30_000
"""A connection on which nothing we sent was taken for so long is closed."""
_BUFFER_BYTES = 131_072
"""So much of a connection granian keeps: of a request's head, and of answers not yet written."""

_GONE_S = 1.0
"""So long connections may take to go once their requests are answered."""
_STREAM = b"text/event-stream"
_STOPPING = (
    b'{"type":"/problems/unavailable","title":"It cannot be done just now: try again","status":503,'
    b'"detail":"SIGA is stopping; ask again in a moment.","instance":""}'
)


@dataclass(frozen=True, kw_only=True)
class Tls:
    """Certificate chain and key, PEM files."""

    cert: Path
    key: Path


class _Bounded(Server):
    """Granian, with bounds on what a client that does not read can hold up.

    The kernel grows a connection's send buffer to megabytes. Options of the listening socket are handed down to the
    connections it accepts (Linux), and here is the one place where that socket can be had: granian would open it
    itself, out of reach.
    """

    def _init_shared_socket(self) -> None:
        super()._init_shared_socket()  # type: ignore[no-untyped-call]
        spec: Any = self._ssp
        if sys.platform != "linux" or spec is None or spec.is_uds():
            return
        held: Any = spec.build()
        self._shd, self._ssp = held, None
        with socket.socket(fileno=os.dup(held.get_fd())) as listening:
            listening.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _NO_PROGRESS_MS)


class Reservation:
    """A port that is ours from now on, though nobody listens yet.

    The server shares its port (SO_REUSEPORT), so two of them started at once would both listen on a port that was free
    when they looked, and answer in turn. A socket that is bound without listening keeps the others away meanwhile.
    """

    def __init__(self, host: str, wanted: int) -> None:
        """`wanted` if nobody has it, else the next free one above; OSError when 50 in a row are taken."""
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for port in range(wanted, wanted + _TRIES):
            if self._is_free(host, port) and (held := self._bound(host, port, shared=True)) is not None:
                self.port, self._held = port, held
                return
        raise OSError(f"no free port from {wanted} to {wanted + _TRIES - 1}")

    def _is_free(self, host: str, port: int) -> bool:
        """Whether it can be bound alone: a port that is shared already cannot."""
        probe = self._bound(host, port, shared=False)
        if probe is None:
            return False
        probe.close()
        return True

    def _bound(self, host: str, port: int, *, shared: bool) -> socket.socket | None:
        one = socket.socket(self._family, socket.SOCK_STREAM)
        # Two sockets with SO_REUSEADDR do not keep each other away unless one listens: the held one goes without.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, port))
        except OSError:
            one.close()
            return None
        return one

    def release(self) -> None:
        """Let go of the port."""
        self._held.close()


class Door:
    """One listener over one ASGI app: TCP host and port, or a Unix socket that only its owner can open."""

    def __init__(self, app: ASGI, *, host: str = "127.0.0.1", port: int = 0, uds: Path | None = None,
                 tls: Tls | None = None) -> None:  # fmt: skip
        logging.getLogger("_granian").setLevel(logging.ERROR)
        where: dict[str, Any] = {"uds": uds} if uds is not None else {"address": host, "port": port}
        if tls is not None:
            where |= {"ssl_cert": tls.cert, "ssl_key": tls.key}
        self._uds = uds
        self._host, self._port = host, port
        self._flight = _Flight(app)
        self._server = _Bounded(
            self._flight, interface=Interfaces.ASGINL, http=HTTPModes.auto, websockets=False, log_enabled=False,
            backlog=1024, backpressure=_MOST_OPEN, http1_settings=HTTP1Settings(max_buffer_size=_BUFFER_BYTES), **where,
        )  # fmt: skip
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen; returns when connections are taken."""
        if self._uds is not None:
            self._uds.unlink(missing_ok=True)
        self._task = asyncio.create_task(self._server.serve(), name="door")
        for _ in range(500):
            if self._task.done():
                self._task.result()
                raise OSError(f"the door at {self._host}:{self._port} did not open")
            if await self._answers():
                break
            await asyncio.sleep(0.01)
        if self._uds is not None:
            self._uds.chmod(0o600)

    async def _answers(self) -> bool:
        try:
            if self._uds is not None:
                _, writer = await asyncio.open_unix_connection(str(self._uds))
            else:
                host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104
                _, writer = await asyncio.open_connection(host, self._port)
        except OSError:
            return False
        writer.close()
        return True

    async def close(self, limit_s: float = 5.0) -> None:
        """Take no more connections, end streams at once, let other requests in flight finish up to `limit_s`."""
        if self._task is None:
            return
        self._server.stop()  # type: ignore[no-untyped-call]
        await self._flight.land(limit_s)
        done, _ = await asyncio.wait([self._task], timeout=_GONE_S)
        if not done:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._uds is not None:
            self._uds.unlink(missing_ok=True)


class _Request:
    """One request under way: how far its answer is."""

    __slots__ = ("_send", "begun", "streams", "task")

    def __init__(self, task: asyncio.Task[Any] | None, send: Any) -> None:
        self.task, self._send = task, send
        self.begun = self.streams = False

    async def send(self, message: Any) -> None:
        """Pass on a part of the answer."""
        if message["type"] == "http.response.start":
            self.begun = True
            self.streams = any(k == b"content-type" and v.startswith(_STREAM) for k, v in message["headers"])
        await self._send(message)

    async def cut(self) -> None:
        """End the answer in order: what began is complete as far as it goes, what did not is told to come again."""
        if not self.begun:
            headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"2")]
            await self._send({"type": "http.response.start", "status": 503, "headers": headers})
        body = b"" if self.begun else _STOPPING
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


AtOnce = Callable[[Any], tuple[Any, Any] | None]
"""An app may have a method `at_once`: the whole answer to what needs no waiting, start and body, or None."""


class _Flight:
    """The requests under way at a door. Services have no lifespan of their own: `system.py` starts and ends them.

    What an app answers at once is sent without being kept account of: it is over before anything else can happen.
    """

    def __init__(self, app: ASGI) -> None:
        self._app = app
        self._at_once: AtOnce | None = getattr(app, "at_once", None)
        self._open: set[_Request] = set()
        self._landing, self._landed = False, asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand over one request."""
        if scope["type"] != "http":
            return
        if self._at_once is not None and (answer := self._at_once(scope)) is not None:
            for message in answer:
                await send(message)
            return
        request = _Request(asyncio.current_task(), send)
        self._open.add(request)
        try:
            await self._app(scope, receive, request.send)
        except asyncio.CancelledError:
            if not self._landing:
                raise
            await request.cut()
        finally:
            self._open.discard(request)
            if self._landing and not self._open:
                self._landed.set()

    async def land(self, limit_s: float) -> None:
        """End streams, wait up to `limit_s` for the others, then end those too."""
        self._landing = True
        self._cancel(lambda request: request.streams)
        await self._all_landed(limit_s)
        self._cancel(lambda request: True)
        await self._all_landed(_GONE_S)

    async def _all_landed(self, limit_s: float) -> None:
        self._landed.clear()
        if self._open:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._landed.wait(), limit_s)

    def _cancel(self, which: Callable[[_Request], bool]) -> None:
        for request in [one for one in self._open if which(one)]:
            if request.task is not None:
                request.task.cancel()
