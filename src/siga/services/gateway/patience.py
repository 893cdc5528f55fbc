"""How long a door waits for a client: one look a second over all who are waited for, instead of a timer each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")
_LOOK_S = 1.0


class Patience:
    """`waited` awaits something for at most about `limit_s` seconds; TimeoutError when it does not come."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._given_up: set[asyncio.Task[Any]] = set()
        self._looking = False

    async def waited(self, work: Awaitable[T]) -> T:
        """What `work` gives."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._waiting[task] = loop.time() + self._limit_s
        if not self._looking:
            self._looking = True
            loop.call_later(_LOOK_S, self._look, loop)
        try:
            return await work
        except asyncio.CancelledError:
            if task in self._given_up and task.uncancel() <= 0:
                raise TimeoutError from None
            raise
        finally:
            self._waiting.pop(task, None)
            self._given_up.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task, until in list(self._waiting.items()):
            if now >= until and task not in self._given_up:
                self._given_up.add(task)
                task.cancel()
        self._looking = bool(self._waiting)
        if self._looking:
            loop.call_later(_LOOK_S, self._look, loop)
