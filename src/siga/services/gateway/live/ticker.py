"""The one task that flushes groups when they are due, and once a second looks after the quiet and the stalled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from siga.kit.waiting import waited
from siga.services.gateway.live.client import Client
from siga.services.gateway.live.hub import Hub

PING_S = 15.0
STALLED_S = 10.0
"""A client that does not take what it is sent for so long is dropped; it comes back by its last event id."""
SWEEP_S = 1.0
_AT_ONCE = 50
"""So many clients are woken before others in the loop have their turn: requests must not wait for a whole fan-out."""


class Ticker:
    """Runs a hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._woken = 0

    async def run(self) -> None:
        """Flush and sweep for ever; cancel to stop."""
        loop = asyncio.get_running_loop()
        sweep_s = loop.time() + SWEEP_S
        while True:
            pause_s = max(0.0, min(sweep_s - loop.time(), self._hub.pause_s()))
            if pause_s:
                await waited(self._hub.due, pause_s)
            self._hub.due.clear()
            while woken := self._hub.flush():
                await self._wake(woken)
            if loop.time() >= sweep_s:
                sweep_s = loop.time() + SWEEP_S
                await self._sweep(loop.time())

    async def _sweep(self, now_s: float) -> None:
        for client in self._hub.stalled(STALLED_S):
            client.drop(now_s)
        self._hub.forget_places()
        await self._wake(self._hub.quiet(PING_S))

    async def _wake(self, clients: Iterable[Client]) -> None:
        for client in clients:
            client.wake()
            self._woken += 1
            if self._woken % _AT_ONCE == 0:
                await asyncio.sleep(0)
