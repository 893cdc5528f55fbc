"""Runs a service's database functions in threads: one writer, one reader, faults turned into problems."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from siga.contract.events import Event
from siga.kit.log import logger
from siga.kit.problem import StoreDamaged, StoreFailed, StoreFull

T = TypeVar("T")
_MOST_HELD_S = 2.0


def _never(_: BaseException) -> bool:
    return False


def _nothing() -> None:
    return


def _at_once() -> bool:
    return True


class ThreadedDatabase:
    """A `siga.ports.Database` over one SQLAlchemy engine for writing and one for reading."""

    def __init__(self, name: str, writer: Engine, reader: Engine, *, readers: int,
                 is_full: Callable[[BaseException], bool], is_damaged: Callable[[BaseException], bool] = _never,
                 path: Path | None = None, before_close: Callable[[], None] = _nothing,
                 scour: Callable[[], bool] = _at_once) -> None:  # fmt: skip
        """`path` is the file behind it, if it is one; `before_close` is called before the last connection goes;
        `scour`, in the writer's thread, takes what was deleted out of the files."""
        self.dialect, self.name, self.path = writer.dialect.name, name, path
        self.damage: str | None = None
        """What was found damaged since the start."""
        self._writer, self._reader, self._is_full, self._is_damaged = writer, reader, is_full, is_damaged
        self._before_close, self._scour = before_close, scour
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-writer")
        self._read_threads = ThreadPoolExecutor(readers, thread_name_prefix=f"{name}-reader")
        self._closed = False
        self._told: list[Callable[[Sequence[Event]], None]] = []
        self._beside: list[Callable[[Connection], None]] = []

    def on_append(self, tell: Callable[[Sequence[Event]], None]) -> None:
        """Call `tell` in the loop after each commit that appended events, with those events."""
        self._told.append(tell)

    def beside(self, work: Callable[[Connection], None]) -> None:
        """Run `work` at the end of every writing transaction, inside it and in its caller's context."""
        self._beside.append(work)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` on a reader connection."""
        return await self._run(self._read_threads, lambda: self._transact(self._reader, fn, ())[0])

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in one transaction; committed and synced when this returns."""
        result, appended = await self._run(self._write_thread, lambda: self._transact(self._writer, fn, self._beside))
        if appended:
            for tell in self._told:
                tell(appended)
        return result

    async def scour(self) -> bool:
        """Take what was deleted before out of the store's files; False when a reader stands in the way just now."""
        return await self._run(self._write_thread, self._scour)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Nothing is written while the block runs, which must be short; TimeoutError when the writer stays busy."""
        loop = asyncio.get_running_loop()
        reached, release = asyncio.Event(), threading.Event()

        def hold() -> bool:
            loop.call_soon_threadsafe(reached.set)
            return release.wait(_MOST_HELD_S)

        holding = loop.run_in_executor(self._write_thread, hold)
        try:
            await asyncio.wait_for(reached.wait(), _MOST_HELD_S)
            yield
        finally:
            release.set()
            in_time = await holding
        if not in_time:
            raise TimeoutError("the writer went on before the block ended")

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._closed:  # a long poll that outlived the service
            raise StoreFailed("SIGA is stopping; ask again in a moment.")
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(pool, context.run, work)

    def _transact(self, engine: Engine, fn: Callable[[Connection], T],
                  beside: Sequence[Callable[[Connection], None]]) -> tuple[T, list[Event]]:  # fmt: skip
        try:
            with engine.begin() as conn:
                conn.info.pop("appended", None)
                result = fn(conn)
                for work in beside:
                    work(conn)
                appended: list[Event] = conn.info.pop("appended", [])
            return result, appended
        except IntegrityError:
            raise
        except DBAPIError as fault:
            if self._is_full(fault.orig or fault):
                raise StoreFull("The disk of this service is full; free some space, it resumes by itself.") from fault
            if self._is_damaged(fault.orig or fault):
                raise self._damaged(str(fault.orig)) from fault
            raise StoreFailed(f"The store did not answer as it should: {type(fault.orig).__name__}") from fault

    def _damaged(self, what: str) -> StoreDamaged:
        if self.damage is None:
            self.damage = what
            logger(self.name).error("store_damaged", store=str(self.path or self.name), what=what)
        damaged = StoreDamaged("A part of the store is damaged; SIGA's own logs tell its keepers what to do.")
        damaged.store, damaged.what = str(self.path or self.name), what
        return damaged

    async def close(self) -> None:
        """Let what runs finish, then close the connections."""
        self._closed = True
        loop = asyncio.get_running_loop()
        for pool in (self._write_thread, self._read_threads):
            await loop.run_in_executor(None, pool.shutdown)
        self._reader.dispose()
        self._before_close()
        self._writer.dispose()
