"""Waking what waits: loops of this service, and cameras in their long polls; nothing here polls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from siga.kit.waiting import waited


class Bell:
    """Wakes one loop. The loop calls `rest` when it has nothing to do; a ring while it works is not lost."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """There may be something to do."""
        self._rung.set()

    def hush(self) -> None:
        """The loop begins to look: rings from now on are news."""
        self._rung.clear()

    async def rest(self, at_most_s: float | None = None) -> None:
        """Until the next ring, or the time is over."""
        await waited(self._rung, at_most_s)


class DoorBells:
    """One bell a camera; those who wait for the same one are woken together."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Event] = {}

    def listen(self, device_id: str) -> asyncio.Event:
        """An event that is set at the next ring. Get it before looking at the store, or a ring may be missed."""
        return self._waiting.setdefault(device_id, asyncio.Event())

    def ring(self, device_ids: Iterable[str]) -> None:
        """There is something for these cameras."""
        for device_id in device_ids:
            waiting = self._waiting.pop(device_id, None)
            if waiting is not None:
                waiting.set()
