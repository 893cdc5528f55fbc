"""Supervised reader processes: a picture goes in, a reading comes out, and a slow or dead reader is replaced."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Sequence

import msgspec

from siga.kit.child import Child, ChildFailed, ChildTooSlow
from siga.kit.log import logger
from siga.services.images.model import Reading
from siga.services.images.worker import Answer, Question, pack

ARGV = (sys.executable, "-m", "siga.services.images.worker")
READY_WITHIN_S = 60.0
"""Loading the models takes one to three seconds, several times that on a busy small machine."""
_FIRST_REST_S, _LONGEST_REST_S = 0.2, 5.0

log = logger("images")


class ReaderFailed(Exception):
    """No reading came back. `reason`: "reader_too_slow", "reader_died", "reader_not_ready" or "reader_stopped"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Reader:
    """One child, and how long to rest before it is started again."""

    def __init__(self, argv: Sequence[str]) -> None:
        self.child = Child(argv, READY_WITHIN_S)
        self.warm = False
        self.rest_s = 0.0

    def failed(self) -> None:
        self.warm = False
        self.rest_s = min(max(2 * self.rest_s, _FIRST_REST_S), _LONGEST_REST_S)


class ReaderPool:
    """Reads pictures in `workers` child processes, each killed when one picture takes longer than `time_limit_s`."""

    def __init__(self, workers: int, time_limit_s: float = 10.0, *, argv: Sequence[str] = ARGV) -> None:
        self._time_limit_s = time_limit_s
        self._readers = [_Reader(argv) for _ in range(workers)]
        self._idle: asyncio.Queue[_Reader | None] = asyncio.Queue()
        self._starts: set[asyncio.Task[None]] = set()
        self._ids = itertools.count(1)
        self._stopped = False

    @property
    def warm(self) -> bool:
        """Whether a reader runs that has loaded its models, idle or at work."""
        return any(each.warm and each.child.pid is not None for each in self._readers)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the readers that run."""
        return tuple(each.child.pid for each in self._readers if each.child.pid is not None)

    async def start(self) -> None:
        """Begin to start the readers and return at once: pictures that come before one is warm wait for it."""
        for reader in self._readers:
            self._begin(reader)

    async def stop(self) -> None:
        """End all readers at once; pictures being read or waiting fail with "reader_stopped"."""
        self._stopped = True
        self._idle.put_nowait(None)
        for task in self._starts:
            task.cancel()
        await asyncio.gather(*self._starts, return_exceptions=True)
        for reader in self._readers:
            await reader.child.close()

    async def read(self, image: bytes, site_country: str) -> Reading:
        """Read one picture; `site_country` (ISO 3166-1) is where the camera stands.

        The time limit counts from the moment a reader has the picture. Raises `ReaderFailed`; the reader that failed is
        replaced without more ado.
        """
        reader = await self._take()
        question = Question(id=str(next(self._ids)), site_country=site_country)
        try:
            frame = await reader.child.ask(pack(question, image), self._time_limit_s)
            said = msgspec.json.decode(frame, type=Answer)
        except ChildTooSlow as fault:
            raise self._lost(reader, "reader_too_slow") from fault
        except (ChildFailed, msgspec.DecodeError) as fault:
            raise self._lost(reader, "reader_died") from fault
        except BaseException:  # given up half-way, which ended the child too
            self._begin(reader)
            raise
        reader.rest_s = 0.0
        self._idle.put_nowait(reader)
        return said.reading

    async def _take(self) -> _Reader:
        """Wait for an idle, warm reader."""
        try:
            async with asyncio.timeout(READY_WITHIN_S + self._time_limit_s):
                reader = await self._idle.get()
        except TimeoutError:
            raise ReaderFailed("reader_not_ready") from None
        if reader is None or self._stopped:
            self._idle.put_nowait(None)
            raise ReaderFailed("reader_stopped")
        return reader

    def _lost(self, reader: _Reader, reason: str) -> ReaderFailed:
        if self._stopped:
            return ReaderFailed("reader_stopped")
        log.warning("plate_reader_replaced", why=reason)
        reader.failed()
        self._begin(reader)
        return ReaderFailed(reason)

    def _begin(self, reader: _Reader) -> None:
        if not self._stopped:
            reader.warm = False
            task = asyncio.create_task(self._start(reader))
            self._starts.add(task)
            task.add_done_callback(self._starts.discard)

    async def _start(self, reader: _Reader) -> None:
        """Start one reader, again and again until it is warm, and let it wait for pictures."""
        while True:
            await asyncio.sleep(reader.rest_s)
            try:
                await reader.child.start()
            except (ChildFailed, OSError) as fault:
                log.warning("plate_reader_not_started", why=str(fault))
                reader.failed()
            else:
                reader.warm = True
                self._idle.put_nowait(reader)
                return
