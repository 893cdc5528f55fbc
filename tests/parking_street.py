"""Bays and sensors in a Parking of this process, and reports from them as the sensors' door hands them on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from siga.contract.history import StayList, StayView
from siga.contract.parking import Ack, MatchedReport, ReportBatch
from siga.kit.clock import HandClock
from siga.services.history.tables import journal as history_journal
from siga.services.parking.entries import Entry
from siga.services.parking.model import BayState
from siga.services.parking.tables import reports
from support import MUNICIPALITY, Running, running

START = datetime(2026, 11, 24, 11, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """An instant so many minutes after the start."""
    return START + timedelta(minutes=minutes)


class Street:
    """One enforcing zone; every bay has a sensor of its own."""

    def __init__(self, system: Running, clock: HandClock) -> None:
        self.system, self.clock = system, clock
        self.admin = system.as_person("parking", "administrator")
        self.gateway = system.as_service("parking", "gateway")
        self.parking = system.system.services["parking"].extra["parking"]
        self.zone_id = ""
        self.bay_ids: list[str] = []
        self.device_ids: list[str] = []

    async def open(self, bays: int, *, mode: str = "enforcing", period_s: int = 600, name: str = "Centro") -> None:
        """So many more bays, each with a sensor."""
        zone = {"municipality_id": MUNICIPALITY, "name": name, "mode": mode}
        self.zone_id = (await self.admin.post("/api/v1/zones", zone)).json()["zone_id"]
        for n in range(bays):
            bay = {"zone_id": self.zone_id, "code": f"{name}-{n}", "category": "disabled", "lon": -0.37, "lat": 39.47,
                   "life": "in_service", "identify": ["card"]}  # fmt: skip
            self.bay_ids.append((await self.admin.post("/api/v1/bays", bay)).json()["bay_id"])
            device = {"municipality_id": MUNICIPALITY, "kind": "bay_sensor", "bay_ids": [self.bay_ids[-1]],
                      "period_s": period_s}  # fmt: skip
            code = (await self.admin.post("/api/v1/devices", device)).json()["code"]
            answer = await self.gateway.post("/internal/v1/enrol", {"code": code})
            self.device_ids.append(answer.json()["device_id"])

    def report(self, bay: int, sequence: int, occupied: bool, **more: Any) -> MatchedReport:
        """A report of the sensor on that bay."""
        values = {"epoch": 1, **more}
        return MatchedReport(device_id=self.device_ids[bay], sequence=sequence, occupied=occupied, **values)

    def report_of(self, bay: int, entry: Entry) -> MatchedReport:
        """The report that an entry was."""
        return self.report(
            bay, entry.order[2], entry.occupied, epoch=entry.order[1], observed_at=entry.observed_at,
            previous_duration_s=entry.previous_duration_s, previous_error_s=entry.previous_error_s,
            simulated=entry.simulated, credential=entry.credential,
        )  # fmt: skip

    async def take(self, *found: MatchedReport, received_at: datetime | None = None) -> list[Ack]:
        """Reports that came through a network server: no nonce; their acks after the commit."""
        batch = ReportBatch(
            device_id=found[0].device_id, nonce=None, received_at=received_at or self.clock(), reports=list(found)
        )
        acks: list[Ack] = await self.parking.take_reports(batch)
        return acks

    def state(self, bay: int) -> BayState:
        """The bay's state as readers have it."""
        state: BayState = self.parking.picture.state(self.bay_ids[bay])
        return state

    async def kept(self) -> Sequence[Any]:
        """All kept reports."""
        database = self.system.system.services["parking"].database
        assert database is not None
        return list(await database.read(lambda conn: conn.execute(select(reports)).all()))

    async def tick(self, seconds: float) -> None:
        """Let time pass and act."""
        self.clock.forward(seconds)
        await self.parking.tick()

    async def events(self, *kinds: str) -> list[dict[str, Any]]:
        """All events of these kinds, their data."""
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            page = (await self.gateway.get("/internal/v1/events", after=after, limit=1000)).json()["events"]
            if not page:
                return found
            found += [e["data"] for e in page if e["kind"] in kinds]
            after = page[-1]["position"]

    async def history_caught_up(self) -> None:
        """Wait until History has heard all that Parking told."""
        feed = self.system.system.services["parking"].feed
        database = self.system.system.services["history"].database
        assert feed is not None
        assert database is not None
        for _ in range(3000):
            if await database.read(lambda conn: history_journal.cursor(conn, "parking")) >= await feed.head():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("History did not keep up")

    async def stays(self, bay: int) -> list[StayView]:
        """The bay's stays, oldest first."""
        await self.history_caught_up()
        caller = self.system.as_person("history", "police")
        answer = await caller.get(f"/api/v1/history/bays/{self.bay_ids[bay]}/stays", limit=1000)
        return list(reversed(msgspec.json.decode(answer.content, type=StayList).stays))


@asynccontextmanager
async def street(data: Path, *others: str, url: str | None = None, clock: HandClock | None = None
                 ) -> AsyncIterator[Street]:  # fmt: skip
    """Parking and others by a clock that stands."""
    clock = clock or HandClock(START)
    async with running("parking", *others, data=data, database_url=url, clock=clock) as system:
        yield Street(system, clock)
