"""What time does to cases, and what must be told until it is heard: photo waits, holds, the end of evidence."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from siga.contract.enforcement import PhotoHold
from siga.kit.problem import NotFound, Problem
from siga.services.enforcement import automatic, records, store
from siga.services.enforcement.tools import Tools, log
from siga.services.enforcement.turn import Turn

_LONGEST_REST_S = 60.0
"""A look at the times at least this often, in case the clock was set."""
_HOLD_REST_S = 2.0
_SWEEP_S = 3600.0
_FORGET = timedelta(days=30)
_COMPARED = timedelta(days=90)
"""So long a town can look back at what an observed zone would have opened."""


class Watch:
    """Background loops; all they know is in the store, so a restart loses nothing."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def photo_waits(self) -> None:
        """At the end of each wait the case goes on without its photo."""
        bell = self._tools.waits
        while True:
            bell.hush()
            await self._tools.turn(_photo_waits_over)
            next_at = await self._tools.database.read(store.next_photo_wait)
            rest_s = _LONGEST_REST_S
            if next_at is not None:
                rest_s = min(max((next_at - self._tools.clock()).total_seconds(), 0.01), rest_s)
            await bell.rest(rest_s)

    async def holds(self) -> None:
        """Images is told how long to keep each photo, until it has heard."""
        bell = self._tools.holds
        while True:
            bell.hush()
            todo = await self._tools.database.read(records.holds_to_tell)
            try:
                for photo_id, until in todo:
                    await self._tell_hold(photo_id, until)
            except Problem as fault:
                log.warning("hold_waits", why=fault.detail)
                await asyncio.sleep(_HOLD_REST_S)
                continue
            if not todo:
                await bell.rest()

    async def _tell_hold(self, photo_id: str, until: datetime | None) -> None:
        path = f"/internal/v1/photos/{photo_id}/hold"
        try:
            await self._tools.peers["images"].post(path, PhotoHold(until=until), type(None))
        except NotFound:
            log.warning("held_photo_is_gone", photo_id=photo_id)
        await self._tools.database.write(lambda conn: records.hold_told(conn, photo_id, until))

    async def evidence_ends(self) -> None:
        """Plates are forgotten when their case's time is over, and what never found a case."""
        while True:
            erased = await self._tools.turn(_forget)
            if erased:
                log.info("evidence_erased", cases=erased)
            await asyncio.sleep(_SWEEP_S)


def _photo_waits_over(turn: Turn) -> None:
    for case in store.photo_waits_over(turn.conn, turn.now):
        turn.change(case, automatic.photo_missed(case))


def _forget(turn: Turn) -> int:
    records.forget_photos(turn.conn, turn.now - _FORGET)
    records.forget_tasks(turn.conn, turn.now - _FORGET)
    records.forget_would_have(turn.conn, turn.now - _COMPARED)
    return store.erase_plates(turn.conn, turn.now)
