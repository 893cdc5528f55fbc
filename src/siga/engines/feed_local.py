"""An event feed in the same process: reads the journal directly and wakes on each commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

from siga.contract.events import Event
from siga.kit.journal import Journal
from siga.kit.waiting import waited
from siga.ports import Database

_KEPT = 5_000
_KEPT_FOR = timedelta(minutes=10)  # what is scrubbed in the store must not live on here
_POLL_S = 1.0  # another process may write to the same PostgreSQL schema without waking us


class LocalFeed:
    """A `siga.ports.EventFeed` over one service's own database."""

    def __init__(self, journal: Journal, database: Database) -> None:
        self.source = journal.source
        self._journal, self._database = journal, database
        self._appended = asyncio.Event()
        # On SQLite all commits pass here in their order, so the newest events can be handed out from memory.
        self._newest: deque[Event] | None = deque(maxlen=_KEPT) if database.dialect == "sqlite" else None
        self._told_at = 0.0
        self._shared: tuple[int, int, tuple[Event, ...]] | None = None
        database.on_append(self._tell)

    def _tell(self, events: Sequence[Event]) -> None:
        self._shared = None
        if self._newest is not None:
            self._newest.extend(events)
            while self._newest[-1].recorded_at - self._newest[0].recorded_at > _KEPT_FOR:
                self._newest.popleft()
            self._told_at = asyncio.get_running_loop().time()
        appended, self._appended = self._appended, asyncio.Event()
        appended.set()

    def _from_memory(self, after: int, limit: int) -> Sequence[Event] | None:
        """The events after a position if memory reaches back that far, else None.

        Consumers that keep pace all ask the same: they are handed the same events, put together once.
        """
        if self._newest and asyncio.get_running_loop().time() - self._told_at > _KEPT_FOR.total_seconds():
            self._newest.clear()
            self._shared = None
        if not self._newest or after < self._newest[0].position - 1:
            return None
        if self._shared is None or self._shared[:2] != (after, limit):
            self._shared = (after, limit, _after(self._newest, after, limit))
        return self._shared[2]

    async def read(self, after: int, limit: int = 500, wait_s: float = 0.0) -> Sequence[Event]:
        """Events after a position; waits for the next commit up to `wait_s` seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        while True:
            appended = self._appended
            events: Sequence[Event] | None = self._from_memory(after, limit)
            if events is None:
                events = await self._database.read(lambda conn: self._journal.read(conn, after, limit))
            left = until - loop.time()
            if events or left <= 0:
                return events
            await waited(appended, min(left, _POLL_S))

    async def head(self) -> int:
        """The newest readable position."""
        return await self._database.read(self._journal.head)


def _after(newest: deque[Event], after: int, limit: int) -> tuple[Event, ...]:
    """Counted from the nearer end: positions in memory have no gaps."""
    count = max(0, newest[-1].position - after)
    if count <= limit:
        return tuple(islice(reversed(newest), count))[::-1]
    skip = len(newest) - count
    return tuple(islice(newest, skip, skip + limit))
