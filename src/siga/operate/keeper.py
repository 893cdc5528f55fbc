"""The owner's requests to a running SIGA: its state, a backup of it, a look into its stores.

Only this process may open its own files, so `siga backup` and `siga doctor` ask for these by the owner's socket.
Answers are lines of JSON as the work goes on; the last one is `{"done": …}` or `{"failed": …}`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from siga import __version__
from siga.contract.base import Ask
from siga.engines.sqlite_copy import Snapshot
from siga.engines.threads import ThreadedDatabase
from siga.operate import audit, backup, doctor_stores
from siga.operate.findings import Finding
from siga.services.logs.audit_check import Checked
from siga.system import System

PREFIX = "/owner/v1/"
_TRIES = 5
Tell = Callable[[str], None]
Snapshots = dict[str, Snapshot]


class BackupAsk(Ask):
    """Where to, and how many generations stay."""

    to: str
    keep: int | None = None


class DoctorAsk(Ask):
    """How thoroughly."""

    full: bool = False


class AuditAsk(Ask):
    """The lines of exported heads, if the audit is to be held against some."""

    heads: list[str] | None = None


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a running SIGA."""

    version: str
    pid: int
    started_at: datetime
    users_url: str
    sensors_url: str
    not_ready: list[str]
    damaged: dict[str, str]


class Keeper:
    """ASGI app behind the owner's socket. `extra` and `left_out` as `backup.Plan` has them."""

    def __init__(self, system: System, *, users_url: str, sensors_url: str, extra: Mapping[str, Path],
                 left_out: Sequence[str]) -> None:  # fmt: skip
        self._system, self._urls = system, (users_url, sensors_url)
        self._extra, self._left_out = extra, left_out
        self._started_at = system.config.clock()
        self._busy = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        what, body = scope["path"].removeprefix(PREFIX), await _body(receive)
        if what == "state":
            await _lines(send, _once(self.state()))
        elif what == "backup":
            ask = msgspec.json.decode(body, type=BackupAsk)
            await _lines(send, lambda tell: self._backup(ask, tell))
        elif what == "audit":
            heads = msgspec.json.decode(body, type=AuditAsk).heads
            await _lines(send, lambda tell: self._audit(heads))
        else:
            full = msgspec.json.decode(body, type=DoctorAsk).full
            await _lines(send, lambda tell: self._doctor(full))

    def state(self) -> Running:
        """How it is."""
        databases = self._databases()
        return Running(
            version=__version__, pid=os.getpid(), started_at=self._started_at, users_url=self._urls[0],
            sensors_url=self._urls[1],
            not_ready=[s.name for s in self._system.services.values() if not (self._system.ready and s.ready())],
            damaged={name: database.damage for name, database in databases.items() if database.damage},
        )  # fmt: skip

    def _databases(self) -> dict[str, ThreadedDatabase]:
        found = {name: service.database for name, service in self._system.services.items()}
        return {name: database for name, database in found.items() if isinstance(database, ThreadedDatabase)}

    async def _backup(self, ask: BackupAsk, tell: Tell) -> backup.Done:
        stopped = threading.Event()
        async with self._busy:
            plan = backup.Plan(
                data=self._system.config.data,
                to=Path(ask.to),
                keep=ask.keep,
                extra=self._extra,
                left_out=self._left_out,
                stopped=stopped.is_set,
            )
            backup.refuse(plan)
            snapshots = await fixed(self._databases())
            tell(f"fixed {len(snapshots)} stores at one instant")
            making = asyncio.create_task(
                asyncio.to_thread(backup.make, plan, snapshots, self._system.config.clock(), tell)
            )
            try:
                return await asyncio.shield(making)
            finally:  # who asked may be gone, or SIGA stops: the stores must not close under it
                stopped.set()
                await asyncio.wait([making])
                for snapshot in snapshots.values():
                    snapshot.close()

    async def _doctor(self, full: bool) -> list[Finding]:
        data = self._system.config.data
        return await asyncio.to_thread(lambda: list(doctor_stores.look(data, full=full, at_rest=False)))

    async def _audit(self, heads: list[str] | None) -> Checked:
        data, now = self._system.config.data, self._system.config.clock()
        return await asyncio.to_thread(audit.look, data, now, heads)


async def fixed(databases: Mapping[str, ThreadedDatabase]) -> Snapshots:
    """All SQLite stores at one instant, between two commits of all of them; TimeoutError when they stay too busy."""
    paths = {name: database.path for name, database in databases.items() if database.path is not None}

    def take() -> Snapshots:
        return {name: Snapshot(path) for name, path in paths.items()}

    for attempt in range(1, _TRIES):
        try:
            return await _at_once([databases[name] for name in paths], take)
        except TimeoutError:
            await asyncio.sleep(attempt)
    return await _at_once([databases[name] for name in paths], take)


async def _at_once(databases: Sequence[ThreadedDatabase], take: Callable[[], dict[str, Snapshot]]) -> Snapshots:
    taken: Snapshots = {}
    try:
        async with AsyncExitStack() as stack:
            await asyncio.gather(*(stack.enter_async_context(database.held()) for database in databases))
            taken = await asyncio.to_thread(take)
    except TimeoutError:
        for snapshot in taken.values():
            snapshot.close()
        raise
    return taken


def _once(value: Any) -> Callable[[Tell], Any]:
    async def answer(_: Tell) -> Any:
        return value

    return answer


async def _body(receive: Any) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


async def _lines(send: Any, work: Callable[[Tell], Any]) -> None:
    """Do the work, telling its lines as they come and how it ended."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[bytes | None]()

    def tell(line: str) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, msgspec.json.encode({"line": line}) + b"\n")

    async def run() -> None:
        try:
            last = msgspec.json.encode({"done": await work(tell)})
        except (OSError, ValueError, TimeoutError) as fault:
            last = msgspec.json.encode({"failed": str(fault)})
        except Exception as fault:
            last = msgspec.json.encode({"failed": repr(fault)})
        queue.put_nowait(last + b"\n")
        queue.put_nowait(None)

    task = asyncio.create_task(run())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/x-ndjson")]})
    try:
        while (line := await queue.get()) is not None:
            await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
