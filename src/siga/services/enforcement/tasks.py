"""Photo tasks as cameras ask for them: a long poll that is woken at once (D14)."""

from __future__ import annotations

import asyncio

from siga.contract.enforcement import PhotoTasks
from siga.contract.parking import PhotoTask
from siga.kit.problem import NotFound
from siga.kit.waiting import waited
from siga.services.enforcement import records
from siga.services.enforcement.tools import Tools

LONGEST_WAIT_S = 25.0


class PhotoDesk:
    """What each camera is asked for."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def wait(self, device_id: str, wait_s: float) -> PhotoTasks:
        """The camera's tasks; if there are none, waits up to `wait_s` seconds (25 at most) for the first."""
        loop = asyncio.get_running_loop()
        until = loop.time() + min(max(wait_s, 0.0), LONGEST_WAIT_S)
        while True:
            rung = self._tools.doors.listen(device_id)
            now = self._tools.clock()
            found = await self._tools.database.read(lambda conn, now=now: records.tasks_of(conn, device_id, now))  # type: ignore[misc]
            left_s = until - loop.time()
            if found or left_s <= 0:
                return PhotoTasks(tasks=found)
            await waited(rung, left_s)

    async def one(self, case_id: str, device_id: str) -> PhotoTask:
        """The task of a camera for a case; NotFound when its photo is not (or no longer) wanted."""
        now = self._tools.clock()
        found = await self._tools.database.read(lambda conn: records.task(conn, case_id, device_id, now))
        if found is None:
            raise NotFound("No photo is wanted from this device for that case.")
        return found
