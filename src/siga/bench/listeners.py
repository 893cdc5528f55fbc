"""Live clients, a process of its own: opens the streams, notes when which bytes came, reads them when all is over.

`python -m siga.bench.listeners`: a `Listening` as the first line on stdin; says `open` when every stream has its first
state; at the next line it compares what came with what was said, and answers with a `Heard`.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import msgspec
import uvloop

from siga.bench.books import Said, load
from siga.bench.measuring import many_files
from siga.bench.numbers import percentile

_AT_ONCE = 50
_OPEN_S = 60.0
_CHUNK = re.compile(rb"([0-9a-fA-F]+)\r\n")
Box = tuple[float, float, float, float]


class Listening(msgspec.Struct, kw_only=True):
    """What to open: so many streams, the boxes in turn; and where it is written what was said."""

    url: str
    clients: int
    boxes: list[Box]
    log: str
    books: str
    city: int


class Heard(msgspec.Struct, kw_only=True):
    """What came: changes told to clients, those that were not, and how soon (from when the report was due)."""

    told: int
    conflated: int
    missing: int
    broken: int
    boxes: int
    p50_s: float
    p99_s: float
    worst_s: float
    cpu_share: float


class _View(msgspec.Struct):
    bay_id: str
    changed_at: str | None = None


class _Stream(asyncio.Protocol):
    """One stream: what came, with when."""

    def __init__(self, target: str, host: str) -> None:
        self._request = f"GET {target} HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n\r\n".encode()
        self.parts: list[tuple[float, bytes]] = []
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.broken = False
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)  # uvloop's is none by descent

    def data_received(self, data: bytes) -> None:
        self.parts.append((time.perf_counter(), data))
        if not self.ready.done():
            self._seen += data
            if b" 200 " not in self._seen[:15]:
                self.ready.set_exception(ConnectionError(self._seen[:200].decode("latin-1")))
            elif b"event: snapshot" in self._seen and self._seen.endswith(b"\n\n\r\n"):
                self.ready.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.broken = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the stream was closed"))

    def views(self) -> Iterator[tuple[float, _View]]:
        """The bays told after the first state, with when their event was whole."""
        decode = msgspec.json.Decoder(_View).decode
        for at, event in self._events():
            if event.startswith(b"event: bay\n") or b"\nevent: bay\n" in event:
                yield at, decode(event[event.index(b"\ndata: ") + 7 :].split(b"\n", 1)[0])

    def _events(self) -> Iterator[tuple[float, bytes]]:
        text = b""
        for at, data in _unchunked(self.parts):
            *whole, text = (text + data).split(b"\n\n")
            for event in whole:
                yield at, event


def _unchunked(parts: list[tuple[float, bytes]]) -> Iterator[tuple[float, bytes]]:
    """The body's bytes as they came, without head and chunk sizes (RFC 9112 §7.1)."""
    waiting, left, in_body = b"", 0, False
    for at, data in parts:
        waiting += data
        if not in_body:
            end = waiting.find(b"\r\n\r\n")
            if end < 0:
                continue
            waiting, in_body = waiting[end + 4 :], True
        while waiting:
            if left > 2:
                taken = waiting[: left - 2]
                waiting, left = waiting[len(taken) :], left - len(taken)
                yield at, taken
            elif left:  # the line end behind a chunk
                skipped = min(left, len(waiting))
                waiting, left = waiting[skipped:], left - skipped
            else:
                size = _CHUNK.match(waiting)
                if size is None:
                    break
                waiting, left = waiting[size.end() :], int(size[1], 16) + 2


async def _main() -> int:
    many_files()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    plan = msgspec.json.decode(await reader.readline(), type=Listening)
    streams = await _opened(plan)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    began, cpu = time.perf_counter(), time.process_time()
    await reader.readline()
    share = (time.process_time() - cpu) / (time.perf_counter() - began)
    broken = sum(stream.broken for stream in streams)
    sys.stdout.buffer.write(msgspec.json.encode(_compared(plan, streams, broken, share)))
    sys.stdout.flush()
    return 0


async def _opened(plan: Listening) -> list[_Stream]:
    parts = urlsplit(plan.url)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(n: int) -> _Stream:
        box = ",".join(str(number) for number in plan.boxes[n % len(plan.boxes)])
        async with gate:
            loop = asyncio.get_running_loop()
            _, stream = await loop.create_connection(
                lambda: _Stream(f"/api/v1/live?bbox={box}", parts.netloc), parts.hostname or "", parts.port or 80
            )
            await asyncio.wait_for(stream.ready, _OPEN_S)
        return stream

    return list(await asyncio.gather(*(one(n) for n in range(plan.clients))))


def _compared(plan: Listening, streams: list[_Stream], broken: int, share: float) -> Heard:
    said = msgspec.json.decode(Path(plan.log).read_bytes(), type=list[Said])
    places = {one.bay_id: (one.lon, one.lat) for one in load(Path(plan.books)).sensors if one.city == plan.city}
    by_box = [[one for one in said if _holds(box, *places[one.bay_id])] for box in plan.boxes]
    took: list[float] = []
    conflated = missing = 0
    for n, stream in enumerate(streams):
        came = {(view.bay_id, view.changed_at): at for at, view in stream.views()}
        newest = dict(sorted(came, key=lambda key: key[1] or ""))
        for one in by_box[n % len(plan.boxes)]:
            at = came.get((one.bay_id, one.observed_at))
            if at is not None:
                took.append(at - one.due_s)
            elif (newest.get(one.bay_id) or "") > one.observed_at:
                conflated += 1
            else:
                missing += 1
    took.sort()
    return Heard(
        told=len(took), conflated=conflated, missing=missing, broken=broken, boxes=len(plan.boxes),
        p50_s=percentile(took, 0.5), p99_s=percentile(took, 0.99), worst_s=took[-1] if took else float("nan"),
        cpu_share=share,
    )  # fmt: skip


def _holds(box: Box, lon: float, lat: float) -> bool:
    return box[0] <= lon <= box[2] and box[1] <= lat <= box[3]


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(_main()))
