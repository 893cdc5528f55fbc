"""An event feed in the same process: reads the journal directly and wakes on each commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from siga.contract.events import Event
from siga.kit.journal import Journal
from siga.ports import Database

_POLL_S = 1.0  # another process may write to the same PostgreSQL schema without waking us


class LocalFeed:
    """A `siga.ports.EventFeed` over one service's own database."""

    def __init__(self, journal: Journal, database: Database) -> None:
        self.source = journal.source
        self._journal, self._database = journal, database
        self._appended = asyncio.Event()
        database.on_append(self._wake)

    def _wake(self) -> None:
        appended, self._appended = self._appended, asyncio.Event()
        appended.set()

    async def read(self, after: int, limit: int = 500, wait_s: float = 0.0) -> Sequence[Event]:
        """Events after a position; waits for the next commit up to `wait_s` seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        while True:
            appended = self._appended
            events = await self._database.read(lambda conn: self._journal.read(conn, after, limit))
            left = until - loop.time()
            if events or left <= 0:
                return events
            try:
                # Not wait_for: on Python 3.11 that one can swallow a cancellation that comes with the wake.
                async with asyncio.timeout(min(left, _POLL_S)):
                    await appended.wait()
            except TimeoutError:
                continue

    async def head(self) -> int:
        """The newest readable position."""
        return await self._database.read(self._journal.head)
