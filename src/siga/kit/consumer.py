"""Following another service's journal: effects and cursor in one transaction, repeats harmless, poison set aside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from sqlalchemy import Connection

from siga.contract.events import Event
from siga.kit.clock import utc_now
from siga.kit.journal import Journal
from siga.kit.log import logger
from siga.kit.problem import StoreFailed, StoreFull, Unavailable
from siga.ports import Database, EventFeed

Advance = Callable[[Connection], None]
Handler = Callable[[Sequence[Event], Advance], Awaitable[None]]

_WAIT_S = 20.0
_SAVE_S = 1.0
_TRIES = 5
_PASSING = (StoreFailed, StoreFull, Unavailable, ConnectionError, TimeoutError)


class Consumer:
    """Reads `feed` from this service's cursor and hands batches to `handle(events, advance)`.

    `handle` makes its effects in one transaction of `database` and calls `advance(conn)` inside it; a batch may come
    again after a crash, so effects must be idempotent. Passing faults (store, network) are retried for ever with
    back-off; an event that fails `_TRIES` times by itself is kept in `dead_events` and passed.

    With `kinds`, only events of these kinds are handed over. Passing the others costs neither a decoding nor a
    transaction: the cursor moves in memory, and on disk with the next batch handled, once a second, and at the end;
    after a crash they are passed again.

    `pause_s` is the rest between two batches that were not full: what comes meanwhile shares one transaction. The
    first event after a quiet time is handled at once.
    """

    def __init__(self, *, name: str, feed: EventFeed, database: Database, journal: Journal, handle: Handler,
                 kinds: Collection[str] | None = None, batch: int = 500, pause_s: float = 0.0,
                 on_progress: Callable[[], None] | None = None) -> None:  # fmt: skip
        self.name, self.source = name, feed.source
        self.position = 0
        self._feed, self._database, self._journal = feed, database, journal
        self._handle, self._batch, self._on_progress = handle, batch, on_progress
        self._pause_s = pause_s
        self._kinds = None if kinds is None else frozenset(kinds)
        self._saved, self._saved_s = 0, 0.0
        self._log = logger(name)

    async def run(self) -> None:
        """Follow for ever; cancel to stop."""
        delay = 0.1
        loaded = False
        while True:
            try:
                if not loaded:
                    self.position = await self._database.read(lambda c: self._journal.cursor(c, self.source))
                    self._note_saved(self.position)
                    loaded = True
                read = await self.step(_WAIT_S)
                delay = 0.1
                if self._pause_s and 0 < read < self._batch:
                    await asyncio.sleep(self._pause_s)
            except _PASSING as fault:
                self._log.warning("consumer_waits", source=self.source, why=str(fault), wait_s=round(delay, 1))
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
            except asyncio.CancelledError:
                await self._save_at_end()
                raise

    async def step(self, wait_s: float) -> int:
        """Read and handle one batch, or save a cursor that waits for it; the number of events read."""
        unsaved = self.position > self._saved
        events = await self._feed.read(self.position, self._batch, min(wait_s, _SAVE_S) if unsaved else wait_s)
        wanted = [event for event in events if self._kinds is None or event.kind in self._kinds]
        if wanted:
            await self._take(wanted, events[-1].position)
        elif events:
            self.position = events[-1].position
        if self.position > self._saved and _now_s() - self._saved_s >= _SAVE_S:
            await self._save()
        return len(events)

    async def _take(self, events: Sequence[Event], last: int) -> None:
        try:
            await self._hand_over(events, last)
        except _PASSING:
            raise
        except Exception as fault:
            self._log.warning("batch_failed", source=self.source, why=repr(fault), events=len(events))
            for one in events:
                await self._one_by_one(one)
            self.position = last

    async def _hand_over(self, events: Sequence[Event], last: int) -> None:
        self._note_saved(self.position)  # from here on the handler's own transaction moves the cursor
        await self._handle(events, lambda conn: self._journal.move_cursor(conn, self.source, last))
        self.position = last
        self._note_saved(last)
        if self._on_progress:
            self._on_progress()

    async def _one_by_one(self, event: Event) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                await self._hand_over([event], event.position)
                return
            except _PASSING:
                raise
            except Exception as fault:
                reason = repr(fault)
                await asyncio.sleep(0.05 * attempt)
        self._log.error("event_set_aside", source=self.source, kind=event.kind, position=event.position, why=reason)

        def set_aside(conn: Connection) -> None:
            self._journal.bury(conn, event, reason, utc_now())
            self._journal.move_cursor(conn, self.source, event.position)

        await self._database.write(set_aside)
        self.position = event.position
        self._note_saved(self.position)

    async def _save(self) -> None:
        """Write the cursor by itself: nothing of what was passed concerned this service."""
        position = self.position
        await self._database.write(lambda conn: self._journal.move_cursor(conn, self.source, position))
        self._note_saved(position)

    async def _save_at_end(self) -> None:
        if self.position <= self._saved:
            return
        try:
            await self._save()
        except _PASSING as fault:  # what was passed is passed again
            self._log.info("cursor_not_saved", source=self.source, why=str(fault))

    def _note_saved(self, position: int) -> None:
        self._saved, self._saved_s = position, _now_s()


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def transactional(database: Database, effect: Callable[[Connection, Sequence[Event]], None]) -> Handler:
    """A handler for effects that live in the database alone."""

    async def handle(events: Sequence[Event], advance: Advance) -> None:
        def work(conn: Connection) -> None:
            effect(conn, events)
            advance(conn)

        await database.write(work)

    return handle
