"""History behind the real Parking: whatever order a sensor's reports arrive in, the stays are what the sensor saw."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from siga.contract.history import StayList, StayView
from siga.kit.clock import HandClock, rfc3339
from support import MUNICIPALITY, Running, run, running

START = datetime(2026, 11, 24, 11, tzinfo=UTC)


class Street:
    """One bay with its sensor, in a Parking and a History of this process."""

    def __init__(self, system: Running, clock: HandClock) -> None:
        self.system, self.clock, self.nonce = system, clock, 0
        self.bay_id = self.device_id = ""

    async def open(self, name: str) -> None:
        """Make a bay of that name and enrol its sensor."""
        admin = self.system.as_person("parking", "administrator")
        zone = (await admin.post("/api/v1/zones", {"municipality_id": MUNICIPALITY, "name": name})).json()
        bay = {"zone_id": zone["zone_id"], "code": name, "category": "disabled", "lon": -0.37, "lat": 39.47,
               "life": "in_service"}  # fmt: skip
        self.bay_id = (await admin.post("/api/v1/bays", bay)).json()["bay_id"]
        device = {"municipality_id": MUNICIPALITY, "kind": "bay_sensor", "bay_ids": [self.bay_id], "period_s": 600}
        code = (await admin.post("/api/v1/devices", device)).json()["code"]
        gateway = self.system.as_service("parking", "gateway")
        self.device_id = (await gateway.post("/internal/v1/enrol", {"code": code})).json()["device_id"]

    async def send(self, reports: list[dict[str, Any]]) -> None:
        """One envelope at the clock's time."""
        self.nonce += 1
        body = {"device_id": self.device_id, "nonce": self.nonce, "received_at": rfc3339(self.clock()),
                "reports": [{"device_id": self.device_id, "epoch": 1, **one} for one in reports]}  # fmt: skip
        answer = await self.system.as_service("parking", "gateway").post("/internal/v1/reports", body)
        assert answer.status_code == 200, answer.text

    async def stays(self) -> list[StayView]:
        """The bay's stays, oldest first, once History has heard all that Parking told."""
        parking = self.system.system.services["parking"].feed
        history = self.system.system.services["history"]
        assert parking is not None
        assert history.database is not None
        from siga.services.history.tables import journal

        for _ in range(500):
            if await history.database.read(lambda conn: journal.cursor(conn, "parking")) >= await parking.head():
                break
            await asyncio.sleep(0.01)
        caller = self.system.as_person("history", "police")
        answer = await caller.get(f"/api/v1/history/bays/{self.bay_id}/stays", limit=1000)
        return list(reversed(msgspec.json.decode(answer.content, type=StayList).stays))


def a_walk(rng: Random, number: int, start: datetime) -> list[dict[str, Any]]:
    """What a sensor saw: turns and repeats, some minutes apart, in its own order."""
    found, minutes, occupied = [], 1.0, False
    for sequence in range(1, number + 1):
        minutes += rng.choice([1, 3, 7, 12])
        occupied = occupied if rng.random() < 0.35 else not occupied
        found.append({"sequence": sequence, "occupied": occupied, "observed_at": start + timedelta(minutes=minutes)})
    return found


def stays_seen(walk: list[dict[str, Any]]) -> list[tuple[datetime, datetime | None]]:
    """The stays in it, as anyone would tell them who has all of it in order."""
    found: list[tuple[datetime, datetime | None]] = []
    for report in walk:
        if report["occupied"] and (not found or found[-1][1] is not None):
            found.append((report["observed_at"], None))
        elif not report["occupied"] and found and found[-1][1] is None:
            found[-1] = (found[-1][0], report["observed_at"])
    return found


def arriving(rng: Random, walk: list[dict[str, Any]], order: str) -> list[list[dict[str, Any]]]:
    """The reports in envelopes: as they happened or mixed up, some of them twice."""
    reports = list(walk)
    if order == "mixed":
        reports.sort(key=lambda one: one["sequence"] + rng.uniform(0, 3))
    if order == "any":
        rng.shuffle(reports)
    reports += rng.sample(reports, len(reports) // 4)
    cuts = sorted(rng.sample(range(1, len(reports)), min(len(reports) - 1, rng.randint(1, 8))))
    return [reports[a:b] for a, b in zip([0, *cuts], [*cuts, len(reports)], strict=True)]


@pytest.mark.parametrize("order", ["straight", "mixed", "any"])
def test_the_stays_are_what_the_sensor_saw(tmp_path: Path, order: str) -> None:
    async def work() -> None:
        clock = HandClock(START)
        async with running("parking", "history", data=tmp_path, clock=clock) as system:
            for seed in range(12):
                rng = Random(seed)
                street = Street(system, clock)
                await street.open(f"C-{seed}")
                walk = a_walk(rng, rng.randint(4, 16), clock())
                clock.forward(6 * 3600)
                for envelope in arriving(rng, walk, order):
                    await street.send(envelope)
                    clock.forward(rng.choice([1, 200, 400]))
                    await system.system.services["parking"].extra["parking"].tick()
                found = await street.stays()
                assert [(one.started_at, one.ended_at) for one in found] == stays_seen(walk), seed

    run(work())
