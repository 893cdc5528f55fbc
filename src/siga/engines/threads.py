"""Runs a service's database functions in threads: one writer, one reader, faults turned into problems."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from siga.contract.events import Event
from siga.kit.problem import StoreFailed, StoreFull

T = TypeVar("T")


class ThreadedDatabase:
    """A `siga.ports.Database` over one SQLAlchemy engine for writing and one for reading."""

    def __init__(
        self, name: str, writer: Engine, reader: Engine, *, readers: int, is_full: Callable[[BaseException], bool]
    ) -> None:
        self.dialect = writer.dialect.name
        self._writer, self._reader, self._is_full = writer, reader, is_full
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-writer")
        self._read_threads = ThreadPoolExecutor(readers, thread_name_prefix=f"{name}-reader")
        self._closed = False
        self._told: list[Callable[[Sequence[Event]], None]] = []

    def on_append(self, tell: Callable[[Sequence[Event]], None]) -> None:
        """Call `tell` in the loop after each commit that appended events, with those events."""
        self._told.append(tell)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` on a reader connection."""
        return await self._run(self._read_threads, lambda: self._transact(self._reader, fn)[0])

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in one transaction; committed and synced when this returns."""
        result, appended = await self._run(self._write_thread, lambda: self._transact(self._writer, fn))
        if appended:
            for tell in self._told:
                tell(appended)
        return result

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._closed:  # a long poll that outlived the service
            raise StoreFailed("SIGA is stopping; ask again in a moment.")
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(pool, context.run, work)

    def _transact(self, engine: Engine, fn: Callable[[Connection], T]) -> tuple[T, list[Event]]:
        try:
            with engine.begin() as conn:
                conn.info.pop("appended", None)
                result = fn(conn)
                appended: list[Event] = conn.info.pop("appended", [])
            return result, appended
        except IntegrityError:
            raise
        except DBAPIError as fault:
            if self._is_full(fault.orig or fault):
                raise StoreFull("The disk of this service is full; free some space, it resumes by itself.") from fault
            raise StoreFailed(f"The store did not answer as it should: {type(fault.orig).__name__}") from fault

    async def close(self) -> None:
        """Let what runs finish, then close the connections."""
        self._closed = True
        loop = asyncio.get_running_loop()
        for pool in (self._write_thread, self._read_threads):
            await loop.run_in_executor(None, pool.shutdown)
        self._writer.dispose()
        self._reader.dispose()
