"""Cameras above the bays: they wait for photo tasks and send a picture of the car that stands there."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

from siga.demo.doors import Away, Refused, SignedDevice
from siga.demo.pictures import draw_scene
from siga.demo.street import Spot

_WAIT_S = 25
_LONGEST_PAUSE_S = 15.0
_NIGHT_HOURS = frozenset((21, 22, 23, 0, 1, 2, 3, 4, 5, 6))
TASKS, PHOTOS = "/sensors/v1/tasks", "/sensors/v1/photos"
Told = Callable[[Spot, str], None]


class Camera:
    """One camera. `spots` are the bays it sees, by bay id; `told` hears `photo_wanted` and `photo_sent` of a bay."""

    def __init__(self, signed: SignedDevice, spots: dict[str, Spot], zone: ZoneInfo, drawing: asyncio.Semaphore,
                 rng: Random, told: Told) -> None:  # fmt: skip
        self._signed, self._spots, self._zone = signed, spots, zone
        self._drawing, self._rng, self._told = drawing, rng, told
        self._done: set[str] = set()

    async def run(self) -> None:
        """Ask for tasks and do them, for ever."""
        await asyncio.sleep(self._rng.random() * 2)
        pause_s = 0.5
        while True:
            try:
                asked = await self._signed.ask("GET", TASKS, query=f"wait_s={_WAIT_S}", wait_s=_WAIT_S)
                pause_s = 0.5
                if not await self._work(asked["tasks"]):
                    await asyncio.sleep(1.0 if asked["tasks"] else 0.0)
            except (Away, Refused):
                await asyncio.sleep(pause_s * self._rng.uniform(0.7, 1.3))
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _work(self, tasks: list[dict[str, str]]) -> int:
        """Photos for the tasks that are new; how many were sent."""
        sent = 0
        open_cases = {task["case_id"] for task in tasks}
        self._done &= open_cases
        for task in tasks:
            spot = self._spots.get(task["bay_id"])
            if spot is None or spot.car is None or task["case_id"] in self._done:
                continue
            self._told(spot, "photo_wanted")
            photo = await self._photo(spot)
            self._done.add(task["case_id"])
            try:
                await self._signed.ask("PUT", f"{PHOTOS}/{task['case_id']}", photo, kind="image/jpeg")
            except Refused as refused:
                if refused.status != 404:  # no longer wanted: the car left, or an officer was faster
                    raise
                continue
            self._told(spot, "photo_sent")
            sent += 1
        return sent

    async def _photo(self, spot: Spot) -> bytes:
        assert spot.car is not None
        plate = spot.car.visitor.plate
        night = datetime.now(UTC).astimezone(self._zone).hour in _NIGHT_HOURS
        async with self._drawing:
            return await asyncio.to_thread(
                draw_scene, plate, seed=zlib.crc32(plate.encode()), night=night, category=spot.bay.category
            )
