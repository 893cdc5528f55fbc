"""A listening door: granian in our own event loop, which leaves signals, start and end to `system.py`."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
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
        self._server = _Bounded(
            _http_only(app), interface=Interfaces.ASGINL, http=HTTPModes.auto, websockets=False, log_enabled=False,
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

    async def close(self, limit_s: float = 8.0) -> None:
        """Take no more connections, let requests in flight finish up to `limit_s`."""
        if self._task is None:
            return
        self._server.stop()  # type: ignore[no-untyped-call]
        done, _ = await asyncio.wait([self._task], timeout=limit_s)
        if not done:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._uds is not None:
            self._uds.unlink(missing_ok=True)


def _http_only(app: ASGI) -> ASGI:
    """Services have no lifespan of their own: `system.py` starts and ends them."""

    async def call(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)

    return call
