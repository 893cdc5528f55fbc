"""A street of Parking alone, spoken to as its routes are: by the administration, the gateway and guests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from siga.kit.clock import HandClock, rfc3339
from support import MUNICIPALITY, Running, running

START = datetime(2026, 11, 24, 11, tzinfo=UTC)


class Street:
    """One enforcing zone with bays, sensors enrolled, and the calls tests make."""

    def __init__(self, system: Running, clock: HandClock) -> None:
        self.system, self.clock = system, clock
        self.admin = system.as_person("parking", "administrator")
        self.gateway = system.as_service("parking", "gateway")
        self.guest = system.as_guest("parking")
        self.nonce = 0

    async def zone(self, **more: Any) -> dict[str, Any]:
        """A new zone."""
        body = {"municipality_id": MUNICIPALITY, "name": "Centro", "mode": "enforcing", **more}
        return dict((await self.admin.post("/api/v1/zones", body)).json())

    async def bay(self, zone_id: str, code: str, **more: Any) -> dict[str, Any]:
        """A new bay in service."""
        body = {"zone_id": zone_id, "code": code, "category": "disabled", "lon": -0.37, "lat": 39.47,
                "life": "in_service", "identify": ["card"], **more}  # fmt: skip
        answer = await self.admin.post("/api/v1/bays", body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def sensor(self, *bay_ids: str, **more: Any) -> str:
        """An enrolled sensor on bays."""
        body = {"municipality_id": MUNICIPALITY, "kind": "bay_sensor", "bay_ids": bay_ids, "period_s": 600, **more}
        made = await self.admin.post("/api/v1/devices", body)
        assert made.status_code == 201, made.text
        enrolled = await self.gateway.post("/internal/v1/enrol", {"code": made.json()["code"]})
        return str(enrolled.json()["device_id"])

    async def say(self, device_id: str, sequence: int, occupied: bool, **more: Any) -> dict[str, Any]:
        """One report; its ack."""
        answer = await self.send(device_id, [{"device_id": device_id, "epoch": 1, "sequence": sequence,
                                              "occupied": occupied, **more}])  # fmt: skip
        return dict(answer[0])

    async def send(self, device_id: str, reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """An envelope of reports; their acks."""
        self.nonce += 1
        body = {"device_id": device_id, "nonce": self.nonce, "received_at": rfc3339(self.clock()), "reports": reports}
        answer = await self.gateway.post("/internal/v1/reports", body)
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    async def tick(self, seconds: float) -> None:
        """Let time pass and act."""
        self.clock.forward(seconds)
        await self.system.system.services["parking"].extra["parking"].tick()

    async def seen(self, bay_id: str) -> dict[str, Any]:
        """The bay as anyone sees it."""
        return dict((await self.guest.get(f"/api/v1/bays/{bay_id}")).json())

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """All events of a kind, their data."""
        page = (await self.gateway.get("/internal/v1/events", after=0, limit=1000)).json()
        return [e["data"] for e in page["events"] if e["kind"] == kind]


@asynccontextmanager
async def street(data: Path, url: str | None, clock: HandClock | None = None) -> AsyncIterator[Street]:
    """Parking alone, by a clock that stands."""
    clock = clock or HandClock(START)
    async with running("parking", data=data, database_url=url, clock=clock) as system:
        yield Street(system, clock)
