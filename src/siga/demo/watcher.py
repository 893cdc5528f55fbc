"""An officer's app that watches the live stream and tells Street what becomes of the cars there; and keeps the duty."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from siga.demo.doors import Away, Door, Person, Refused

_LONGEST_PAUSE_S = 10.0
_DUTY_EVERY_S = 3 * 3600.0
_CASES_KEPT = 500
Tell = Callable[..., None]


class Watcher:
    """Follows the cases of the bays that Street shows. `codes` by bay id; `follows` says which are of interest."""

    def __init__(self, door: Door, officers: list[Person], codes: dict[str, str], follows: Callable[[str], bool],
                 tell: Tell) -> None:  # fmt: skip
        self._door, self._officers, self._codes = door, officers, codes
        self._follows, self._tell = follows, tell
        self._told: dict[str, set[str]] = {}
        self._rng = Random()

    async def run(self) -> None:
        """Listen for ever; the stream is opened again whenever it ends."""
        pause_s = 0.5
        while True:
            try:
                headers = await self._officers[0].headers()
                async for name, data in self._door.events("/api/v1/live?staff=1", headers):
                    pause_s = 0.5
                    if name == "case":
                        await self._case(data)
            except (Away, Refused):
                pass
            await asyncio.sleep(pause_s * self._rng.uniform(0.7, 1.3))
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def keep_duty(self) -> None:
        """Be on duty, so that who reports something is told that somebody can come."""
        while True:
            for officer in self._officers:
                try:
                    await officer.ask("PUT", "/api/v1/cases/duty", {"on": True})
                except (Away, Refused) as fault:
                    await asyncio.sleep(_LONGEST_PAUSE_S)
                    raise Away(str(fault)) from fault
            await asyncio.sleep(_DUTY_EVERY_S)

    async def _case(self, news: dict[str, Any]) -> None:
        code = self._codes.get(news["bay_id"])
        if code is None or not self._follows(code):
            return
        case = await self._officers[0].ask("GET", f"/api/v1/cases/{news['case_id']}")
        if news["case_id"] not in self._told and len(self._told) >= _CASES_KEPT:
            del self._told[next(iter(self._told))]
        told = self._told.setdefault(news["case_id"], set())
        for what, detail in steps_of(case):
            if what not in told:
                told.add(what)
                self._tell(code, what, **detail)


def steps_of(case: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What can be told of a case by now, in order: opened, its plate, how it ended."""
    steps: list[tuple[str, dict[str, Any]]] = [("case_opened", {"reason": case["reason"]})]
    plate = case.get("plate")
    if plate and plate.get("check") not in (None, "none", "pending"):
        steps.append(("plate_read", {"plate": plate["plate"], "check": plate["check"]}))
    elif case.get("complete") and case.get("photo_state") == "arrived" and not plate:
        steps.append(("plate_unreadable", {}))
    elif case.get("photo_state") == "not_coming":
        steps.append(("photo_not_coming", {}))
    if case["state"] == "withdrawn":
        steps.append(("withdrawn", {}))
    if case["state"] == "resolved":
        steps.append(("resolved", {"outcome": case.get("outcome")}))
    return steps
