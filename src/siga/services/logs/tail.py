"""The live tail: each follower has a bounded queue of its own; what does not fit is counted and said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec

from siga.contract.operations import LogRecord
from siga.kit.problem import TooMany
from siga.services.logs.model import Wanted, matches

HEARTBEAT_S = 15.0
_QUEUE = 1_000
_MOST = 50


class _Follower:
    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.queue: asyncio.Queue[LogRecord | None] = asyncio.Queue(_QUEUE)
        self.dropped = 0

    def offer(self, record: LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except asyncio.QueueFull:
            self.dropped += 1

    def end(self) -> None:
        while self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class Tail:
    """Everybody who follows the records live."""

    def __init__(self) -> None:
        self._followers: set[_Follower] = set()

    def publish(self, records: Sequence[LogRecord]) -> None:
        """Show new records to those who want them; never waits."""
        for follower in self._followers:
            for record in records:
                if matches(record, follower.wanted):
                    follower.offer(record)

    def close(self) -> None:
        """End all streams."""
        for follower in self._followers:
            follower.end()

    def follow(self, wanted: Wanted) -> AsyncIterator[bytes]:
        """The stream (server-sent events: `record`, `dropped`, a comment every 15 s); TooMany beyond fifty."""
        if len(self._followers) >= _MOST:
            raise TooMany("Too many follow the logs just now: close another tail first.")
        return self._stream(_Follower(wanted))

    async def _stream(self, follower: _Follower) -> AsyncIterator[bytes]:
        self._followers.add(follower)
        try:
            yield b": tail\n\n"
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        record = await follower.queue.get()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if record is None:
                    return
                if follower.dropped:
                    dropped, follower.dropped = follower.dropped, 0
                    yield b'event: dropped\ndata: {"dropped":%d}\n\n' % dropped
                yield b"event: record\ndata: " + msgspec.json.encode(record, enc_hook=str) + b"\n\n"
        finally:
            self._followers.discard(follower)
