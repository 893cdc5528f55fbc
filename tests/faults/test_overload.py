"""More than three times what can be taken: the excess is told to wait, memory stays bounded, nothing is lost (R21)."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from parking_street import Street
from siga.kit.clock import HandClock, rfc3339
from siga.kit.problem import Unavailable
from siga.services.parking import service
from support import run, running

START = datetime(2026, 11, 24, 11, tzinfo=UTC)
LONG = bool(os.environ.get("SIGA_LONG"))
FOR_S = 300.0 if LONG else 1.5
DEVICES, SENDERS = 30, 10_000 if LONG else 3_000
COMMIT_S = 0.15
"""Each commit is made to take so long: the store is what everything waits for."""
MOST_INSIDE = 3_000
"""Reports that may be inside at once, with some to spare."""


class Crowd:
    """Senders who wait and try again, and what became of their reports."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self.acknowledged: set[tuple[str, int]] = set()
        self.told: Counter[str] = Counter()
        self.inside = self.most_inside = 0
        self.offered = 0
        self._sequences = [0] * DEVICES
        self._rng = Random(3)

    async def say(self, device: int) -> None:
        """One report, until it is acknowledged; who is told to wait, waits that long, more or less."""
        self._sequences[device] += 1
        report = self.street.report(device, self._sequences[device], self._rng.random() < 0.5)
        wait_s = 0.0
        while True:
            self.offered += 1
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
            try:
                (ack,) = await self.street.take(report)
            except Unavailable as busy:
                self.told["wait"] += 1
                wait_s = min(4.0, max(float(busy.headers["Retry-After"]), wait_s * 1.5))
            else:
                self.told[ack.status] += 1
                self.acknowledged.add((report.device_id, report.sequence))
                return
            finally:
                self.inside -= 1
            await asyncio.sleep(wait_s * self._rng.uniform(0.25, 1.25))


def slowed(monkeypatch: pytest.MonkeyPatch, street: Street) -> None:
    """Every commit of Parking takes `COMMIT_S` longer."""
    database = street.system.system.services["parking"].database
    assert database is not None
    write = database.write

    async def slow(fn: Any) -> Any:
        def work(conn: Any) -> Any:
            time.sleep(COMMIT_S)
            return fn(conn)

        return await write(work)

    monkeypatch.setattr(database, "write", slow)


def test_who_is_told_to_wait_loses_nothing_and_memory_stays_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A tenth of the product's own measures, so that a test's crowd is too much for them.
    monkeypatch.setattr(service, "_MOST_AT_ONCE", 100)
    monkeypatch.setattr(service, "_MOST_WAITING", 2_000)

    async def work() -> None:
        clock = HandClock(START)
        async with running("parking", data=tmp_path, clock=clock) as system:
            street = Street(system, clock)
            await street.open(DEVICES, mode="observe_only")
            slowed(monkeypatch, street)
            crowd = Crowd(street)
            ends_s = time.perf_counter() + FOR_S
            busy: list[asyncio.Task[None]] = []
            over_http: asyncio.Task[bool] | None = None
            while time.perf_counter() < ends_s:
                busy = [task for task in busy if not task.done()]
                busy += [
                    asyncio.create_task(crowd.say(n % DEVICES)) for n in range(min(600, SENDERS - len(busy)))
                ]  # fmt: skip
                await asyncio.sleep(0.05)
                if over_http is None and crowd.told["wait"]:
                    over_http = asyncio.create_task(_refused_over_http(street))
            rush, taken = crowd.offered, sum(crowd.told[status] for status in ("applied", "late"))
            await asyncio.gather(*busy)
            found = {(row.device_id, row.sequence) for row in await street.kept()}
            print(
                f"\n{rush} offered and {taken} taken in {FOR_S:.0f} s, then the rest; "
                f"{crowd.told['wait']} told to wait, at most {crowd.most_inside} inside, "
                f"{len(crowd.acknowledged)} acknowledged, {len(crowd.acknowledged - found)} lost"
            )
            assert rush > 3 * taken
            assert over_http is not None
            assert await over_http
            assert crowd.most_inside <= MOST_INSIDE
            assert len(found) == len(crowd.acknowledged)
            assert found == crowd.acknowledged

    run(work(), 2 * FOR_S + 100)


async def _refused_over_http(street: Street) -> bool:
    """Whether a door is told to wait as well, with for how long: asked until it is."""
    report = {"device_id": "nobody", "epoch": 1, "sequence": 1, "occupied": True}
    body = {"device_id": "nobody", "nonce": None, "received_at": rfc3339(START), "reports": [report]}
    for _ in range(50):
        answers = await asyncio.gather(*(street.gateway.post("/internal/v1/reports", body) for _ in range(20)))
        busy = [answer for answer in answers if answer.status_code == 503]
        if busy:
            return all(int(answer.headers["retry-after"]) > 0 for answer in busy)
    return False
