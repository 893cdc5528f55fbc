"""Following another service's journal from now on, in memory only: a gateway keeps nothing and starts afresh."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from siga.contract.events import Event
from siga.kit.log import logger
from siga.ports import EventFeed

_WAIT_S = 20.0
_log = logger("gateway")


class Follower:
    """Hands each event of `feed` after its head at the start to `handle`, in order, and never gives up.

    `position` is that of the last event handled, None before the first look; `on_start` hears where it starts.
    An event that `handle` cannot take is logged and passed.
    """

    def __init__(self, feed: EventFeed, handle: Callable[[Event], None],
                 on_start: Callable[[int], None] | None = None) -> None:  # fmt: skip
        self.position: int | None = None
        self.source = feed.source
        self._feed, self._handle, self._on_start = feed, handle, on_start

    async def run(self) -> None:
        """Follow for ever; cancel to stop."""
        delay_s = 0.1
        while True:
            try:
                await self.step(_WAIT_S)
                delay_s = 0.1
            except Exception as fault:
                _log.warning("follower_waits", source=self.source, why=str(fault) or repr(fault), wait_s=delay_s)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, 5.0)

    async def step(self, wait_s: float) -> None:
        """Read and hand on one batch, waiting up to `wait_s` for it."""
        if self.position is None:
            head = await self._feed.head()
            if self._on_start:
                self._on_start(head)
            self.position = head
        for event in await self._feed.read(self.position, 500, wait_s):
            try:
                self._handle(event)
            except Exception as fault:
                _log.error("event_passed", source=self.source, kind=event.kind, position=event.position, exc_info=fault)
            self.position = event.position
