"""Where log records wait: a bounded queue that never makes a caller wait, and a bounded spool while Logs is away."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from siga.contract.operations import LogRecord
from siga.kit import metrics
from siga.kit.problem import Invalid, Malformed, TooLarge

Deliver = Callable[[list[LogRecord]], Awaitable[None]]

BATCH = 500
PAUSE_S = 0.2
_SEGMENT_BYTES = 1024 * 1024
_RETRY_S, _RETRY_MOST_S = 0.5, 5.0
_NEVER_TAKEN = (Invalid, Malformed, TooLarge)


class Spool:
    """Records on disk, oldest first, in segments of about 1 MiB beside `path`; over `most_bytes` the oldest go."""

    def __init__(self, path: Path, most_bytes: int = 16 * 1024 * 1024) -> None:
        self._path, self._most_bytes = path, most_bytes
        self._segments = self._found()

    def _found(self) -> deque[Path]:
        files = self._path.parent.glob(f"{self._path.name}.*")
        return deque(sorted(file for file in files if file.suffix[1:].isdigit()))

    def __bool__(self) -> bool:
        return bool(self._segments)

    def append(self, records: Sequence[LogRecord]) -> None:
        """Keep records behind those already there. What cannot be kept is counted as dropped."""
        if not records:
            return
        try:
            self._write(b"".join(msgspec.json.encode(record, enc_hook=str) + b"\n" for record in records))
            self._make_room()
        except OSError:
            metrics.DROPPED_LOGS.inc(len(records))

    def _write(self, lines: bytes) -> None:
        if not self._segments or self._segments[-1].stat().st_size + len(lines) > _SEGMENT_BYTES:
            number = int(self._segments[-1].suffix[1:]) + 1 if self._segments else 1
            segment = self._path.with_name(f"{self._path.name}.{number:010d}")
            segment.touch(mode=0o600)
            self._segments.append(segment)
        with self._segments[-1].open("ab") as file:
            file.write(lines)

    def _make_room(self) -> None:
        while len(self._segments) > 1 and sum(s.stat().st_size for s in self._segments) > self._most_bytes:
            oldest = self._segments.popleft()
            metrics.DROPPED_LOGS.inc(oldest.read_bytes().count(b"\n"))
            oldest.unlink()

    def oldest(self) -> list[LogRecord]:
        """The records of the oldest segment; a line that a crash cut short is left out."""
        found: list[LogRecord] = []
        for line in self._segments[0].read_bytes().splitlines() if self._segments else ():
            with contextlib.suppress(msgspec.MsgspecError):
                found.append(msgspec.json.decode(line, type=LogRecord))
        return found

    def forget_oldest(self) -> None:
        """The oldest segment was delivered."""
        self._segments.popleft().unlink(missing_ok=True)


class QueueSink:
    """A `siga.ports.LogSink`: at most `limit` records wait in memory, then they are dropped and counted."""

    def __init__(self, spool: Path, limit: int = 10_000) -> None:
        self._spool = Spool(spool)
        self._queue: deque[LogRecord] = deque()
        self._limit = limit
        self._retry_at, self._retry_s = 0.0, _RETRY_S
        self._hurry, self._settled = asyncio.Event(), asyncio.Event()

    def offer(self, record: LogRecord) -> bool:
        """Take one record, from any thread; False when the queue was full."""
        if len(self._queue) >= self._limit:  # without a lock: threads at the brim may put in one each, no harm
            metrics.DROPPED_LOGS.inc()
            return False
        self._queue.append(record)
        return True

    async def drain(self, deliver: Deliver) -> None:
        """Deliver batches for ever; cancel to stop: what then still waits goes to the spool for the next start.

        Faults of `deliver` put records into the spool; a batch that can never be taken (it is malformed) is dropped.
        """
        try:
            while True:
                await self._round(deliver)
                if not self._queue:
                    self._settled.set()
                if len(self._queue) < BATCH:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(PAUSE_S):  # wait_for of 3.11 can swallow a cancellation
                            await self._hurry.wait()
                    self._hurry.clear()
        finally:
            self._spool.append(self._take(len(self._queue)))

    async def flush(self, timeout_s: float) -> None:
        """Wait until all that was offered is delivered or on disk, at most `timeout_s`."""
        self._settled.clear()
        self._hurry.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()

    def _take(self, most: int) -> list[LogRecord]:
        return [self._queue.popleft() for _ in range(min(most, len(self._queue)))]

    async def _round(self, deliver: Deliver) -> None:
        batch = self._take(BATCH)
        try:
            if self._spool:
                await asyncio.to_thread(self._spool.append, batch)
                batch = []
                await self._deliver_spooled(deliver)
            elif batch and await self._delivered(deliver, batch):
                batch = []
        finally:
            self._spool.append(batch)

    async def _deliver_spooled(self, deliver: Deliver) -> None:
        if time.monotonic() < self._retry_at:
            return
        records = await asyncio.to_thread(self._spool.oldest)
        for start in range(0, len(records), BATCH):
            if not await self._delivered(deliver, records[start : start + BATCH]):
                return
        self._spool.forget_oldest()

    async def _delivered(self, deliver: Deliver, batch: list[LogRecord]) -> bool:
        try:
            await deliver(batch)
        except _NEVER_TAKEN:
            metrics.DROPPED_LOGS.inc(len(batch))
        except Exception:
            self._retry_at = time.monotonic() + self._retry_s
            self._retry_s = min(self._retry_s * 2, _RETRY_MOST_S)
            return False
        self._retry_s = _RETRY_S
        return True
