"""Bay sensors as in the field: they tell changes at once, now and then that they live, and keep what was not taken."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec

from siga.demo.doors import Away, Refused, SignedDevice
from siga.demo.model import Device
from siga.demo.street import Spot

_KEPT = 50  # unsent reports; the oldest are given up first
_LONGEST_PAUSE_S = 15.0
_REFUSED_PAUSE_S = 60.0
_OLDEST_SINCE = timedelta(days=6)
REPORTS = "/sensors/v1/reports"


class Sensor:
    """One sensor in the ground. `run` never ends by itself; `tell` is what it notices."""

    def __init__(self, device: Device, signed: SignedDevice, spot: Spot, slots: asyncio.Semaphore, rng: Random, *,
                 first_start: bool) -> None:  # fmt: skip
        self._device, self._signed, self._spot, self._slots, self._rng = device, signed, spot, slots, rng
        self._unsent: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._woken = asyncio.Event()
        # A device that keeps nothing asks for its epoch at every start; the first one after its enrolment is 0.
        self._epoch: int | None = 0 if first_start else None
        self._sequence = 0
        self._period_s = float(signed.period_s)
        self.has_told = asyncio.Event()

    def tell(self, occupied: bool, at: datetime, card_uid: str | None = None) -> None:
        """A car came or left, or a card was held to the reader. While the sensor is muted nothing leaves it."""
        if self._spot.muted:
            return
        self._note(occupied, at, card_uid)
        self._woken.set()

    def look(self) -> None:
        """Tell the present state: it was muted and speaks again."""
        self._woken.set()

    async def run(self) -> None:
        """Say hello, tell the present state, then speak every period and at once when something happens."""
        if self._epoch is None:
            await asyncio.sleep(self._rng.random())
            await self._until_done(self._hello)
        since, car = self._spot.since, self._spot.car
        seen_at = since if datetime.now(UTC) - since < _OLDEST_SINCE else None
        self._note(car is not None, seen_at, car.visitor.card_uid if car else None)
        while True:
            if not self._spot.muted:
                if not self._unsent:
                    self._note(self._spot.car is not None, datetime.now(UTC))
                await self._until_done(self._send)
            self.has_told.set()
            try:
                async with asyncio.timeout(self._period_s * self._rng.uniform(0.9, 1.0)):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()

    def _note(self, occupied: bool, at: datetime | None, card_uid: str | None = None) -> None:
        report: dict[str, Any] = {"occupied": occupied, "observed_at": at, "credential_uid": card_uid}
        self._unsent.append({name: value for name, value in report.items() if value is not None})

    async def _hello(self) -> None:
        asked = msgspec.json.encode({"device_id": self._signed.device_id})
        answer = await self._signed.ask("POST", "/sensors/v1/hello", asked)
        self._epoch, self._sequence = answer["epoch"], 0
        self._period_s = float(answer["period_s"])

    async def _send(self) -> None:
        """All unsent words in one request, oldest first; they are given up only when they were taken."""
        if self._spot.muted:
            self._unsent.clear()
        reports = list(self._unsent)
        if not reports:
            return
        for report in reports:
            if "sequence" not in report:
                self._sequence += 1
                report |= {"device_id": self._signed.device_id, "epoch": self._epoch, "sequence": self._sequence}
                if self._device.battery_pct is not None:
                    report["battery_pct"] = self._device.battery_pct
        await self._signed.ask("POST", REPORTS, msgspec.json.encode(reports))
        for report in reports:
            if self._unsent and self._unsent[0] is report:
                self._unsent.popleft()

    async def _until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it, again and again with longer pauses while SIGA is away; what it refuses waits a minute."""
        pause_s = 0.5
        while True:
            try:
                async with self._slots:
                    await work()
                return
            except Away:
                await asyncio.sleep(pause_s * self._rng.uniform(0.7, 1.3))
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            except Refused as refused:
                sys.stdout.write(f"{self._device.serial}: {refused}\n")
                await asyncio.sleep(_REFUSED_PAUSE_S)
