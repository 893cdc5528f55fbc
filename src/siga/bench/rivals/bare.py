"""Bare yardsticks: the same server with nothing behind it, ingest without rules, and SQLite alone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from siga.bench.rivals.child import child, folder_of_its_own, listens, script
from siga.bench.started import free_ports

_APP = """
import asyncio, sys, uvloop
from granian.server.embed import Server
from granian.constants import HTTPModes, Interfaces
body = open(sys.argv[2], "rb").read()
head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body, "more_body": False})
async def serve():
    await Server(app, address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.ASGINL, http=HTTPModes.auto,
                 websockets=False, log_enabled=False, backlog=1024, backpressure=8192).serve()
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(serve())
"""


class Bare(NamedTuple):
    """A started yardstick."""

    url: str
    pid: int


class Counted(msgspec.Struct):
    """How many rows a store holds."""

    reports: int
    events: int


@asynccontextmanager
async def bare_asgi(folder: Path, body: bytes) -> AsyncIterator[Bare]:
    """An app of three lines on the same server that answers with `body`, until the block ends."""
    answer = folder_of_its_own(folder) / "answer.json"
    await asyncio.to_thread(answer.write_bytes, body)
    port = free_ports(1)[0]
    words = (sys.executable, "-c", _APP, str(port), str(answer))
    async with child(words, lambda: listens(port), log=folder / "bare.log") as process:
        yield Bare(f"http://127.0.0.1:{port}/", process.pid)


@asynccontextmanager
async def probe(folder: Path, store: Path, books: Path) -> AsyncIterator[Bare]:
    """The bare ingest on a copy of a data set's store, until the block ends."""
    port, log = free_ports(1)[0], folder_of_its_own(folder) / "probe.log"
    words = (sys.executable, script("probe.py"), str(port), str(store), str(books))

    async def ready() -> bool:
        return b"ready" in log.read_bytes()

    async with child(words, ready, log=log) as process:
        yield Bare(f"http://127.0.0.1:{port}", process.pid)


async def bare_sqlite(store: Path, books: Path, seconds: float) -> float:
    """Reports a second that SQLite alone writes, in transactions of 100."""
    return float(msgspec.json.decode(await _said("bare_sqlite.py", str(store), str(books), str(seconds)))["per_s"])


async def rows_in(store: Path) -> Counted:
    """How many reports, and events of bays that changed, a store holds that nobody writes to now."""
    return msgspec.json.decode(await _said("rows.py", str(store)), type=Counted)


async def _said(name: str, *words: str) -> bytes:
    process = await asyncio.create_subprocess_exec(sys.executable, script(name), *words, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    if process.returncode:
        raise ValueError(f"{name} failed; what went wrong stands above")
    return out
