"""History in front of stand-ins for Parking's journal and Users' municipalities, and what its tests ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from litestar import get

from siga.contract.auth import SERVICES
from siga.contract.base import Word
from siga.contract.events import Event
from siga.contract.history import ChangeList, ChangeView, Imported, Statistics, StayList, StayView
from siga.contract.parking import Bay, BayChanged, BayDefined
from siga.contract.users import Municipality
from siga.kit.auth import Keyring, make_keys
from siga.kit.clock import HandClock
from siga.kit.http import service_app
from support import MUNICIPALITY, OTHER_MUNICIPALITY, Caller, Running, running

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
BAY, OTHER_BAY, PERSONAL_BAY = "bay-1", "bay-2", "bay-3"
ZONE, OTHER_ZONE = "zone-1", "zone-2"


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


class Journal:
    """Parking's journal as far as History reads it."""

    source = "parking"

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.asked_after = 0
        self.more = asyncio.Event()

    def tell(self, data: Word, minutes: float, municipality_id: str = MUNICIPALITY) -> None:
        number = len(self.events) + 1
        self.events.append(
            Event(
                event_id=f"event-{number}", kind=type(data).__name__, source="parking", position=number,
                municipality_id=municipality_id, subject_id="", occurred_at=at(minutes), recorded_at=at(minutes),
                data=msgspec.Raw(msgspec.json.encode(data)),
            )
        )  # fmt: skip
        self.more.set()

    async def read(self, after: int, limit: int = 500, wait_s: float = 0.0) -> Sequence[Event]:
        self.asked_after = after
        if after >= len(self.events):
            self.more.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self.more.wait()
            except TimeoutError:
                return []
        return self.events[after : after + limit]

    async def head(self) -> int:
        return len(self.events)

    def bay(self, bay_id: str, municipality_id: str = MUNICIPALITY, *, zone_id: str = ZONE, **more: Any) -> None:
        values = {"code": bay_id.upper(), "category": "disabled", **more}
        bay = Bay(bay_id=bay_id, municipality_id=municipality_id, zone_id=zone_id, lon=0.0, lat=0.0, **values)
        self.tell(BayDefined(bay=bay), -10_000, municipality_id)

    def free(self, minutes: float, ended: str | None, bay_id: str = BAY, **more: Any) -> None:
        self.changed(bay_id, minutes, occupancy="free", ended_stay_id=ended,
                      previous_authorisation="pending" if ended else None, **more)  # fmt: skip

    def occupied(self, minutes: float, stay_id: str, bay_id: str = BAY, **more: Any) -> None:
        values = {"authorisation": "pending", **more}
        self.changed(bay_id, minutes, occupancy="occupied", stay_id=stay_id, **values)

    def changed(self, bay_id: str, minutes: float, **more: Any) -> None:
        values: dict[str, Any] = {
            "zone_id": ZONE, "code": bay_id.upper(), "category": "disabled", "changed_at": at(minutes),
            "observed_at": at(minutes), "public_occupancy": more["occupancy"], **more,
        }  # fmt: skip
        self.tell(BayChanged(bay_id=bay_id, **values), minutes)


@asynccontextmanager
async def history(
    data: Path, journal: Journal, clock: HandClock | None = None, **options: Any
) -> AsyncIterator[Running]:
    """History beside stand-ins; the clock stands ten hours after nine."""
    make_keys(data / "keys", SERVICES)
    keys = Keyring.open(data / "keys", SERVICES)

    @get("/internal/v1/municipalities", sync_to_thread=False)
    def municipalities() -> list[Municipality]:
        return [
            Municipality(municipality_id=MUNICIPALITY, name="Villaclara", slug="villaclara"),
            Municipality(municipality_id=OTHER_MUNICIPALITY, name="Otra", slug="otra"),
        ]

    remote = {
        "parking": service_app("parking", [], keys=keys, feed=journal),
        "users": service_app("users", [municipalities], keys=keys),
    }
    async with running("history", data=data, clock=clock or HandClock(at(600)), remote=remote, **options) as system:
        await caught_up(journal)
        yield system


async def caught_up(journal: Journal) -> None:
    """Wait until History has asked for what comes after the last event, so that it has kept them all."""
    for _ in range(1000):
        if journal.asked_after >= len(journal.events):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("History did not keep up")


def body(answer: httpx.Response, kind: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=kind)


def staff(system: Running, role: str = "police", **more: Any) -> Caller:
    return system.as_person("history", role, **more)


async def stays(caller: Caller, bay_id: str = BAY, **params: Any) -> list[StayView]:
    return list(body(await caller.get(f"/api/v1/history/bays/{bay_id}/stays", **params), StayList).stays)


async def changes(caller: Caller, bay_id: str = BAY, **params: Any) -> list[ChangeView]:
    return list(body(await caller.get(f"/api/v1/history/bays/{bay_id}/changes", **params), ChangeList).changes)


async def figures(caller: Caller, **params: Any) -> Statistics:
    found: Statistics = body(
        await caller.get("/api/v1/history/statistics", **{"municipality_id": MUNICIPALITY, **params}), Statistics
    )
    return found


def a_day(journal: Journal) -> None:
    """One bay, one authorised stay of half an hour, then an unverified one that lasts."""
    journal.bay(BAY)
    journal.free(0, None)
    journal.occupied(10, "S1")
    journal.occupied(11, "S1", changed_at=at(10), authorisation="authorised", authorised_by="card",
                     previous_authorisation="pending", previous_occupancy="occupied", subject="card-1")  # fmt: skip
    journal.free(40, "S1")
    journal.occupied(50, "S2", authorisation="unverified")


async def bring(caller: Caller, lines: Sequence[Any], **params: Any) -> Imported:
    content = b"\n".join(line if isinstance(line, bytes) else msgspec.json.encode(line) for line in lines)
    answer = await caller.ask("POST", "/api/v1/history/import", content=content, params=params)
    found: Imported = body(answer, Imported)
    return found


def line(number: int, minutes: float, occupied: bool, bay_id: str = BAY, **more: Any) -> dict[str, Any]:
    return {"bay_id": bay_id, "at": at(minutes), "occupied": occupied, "sequence": number, **more}


def a_week(bay_id: str, stays_a_day: int) -> list[dict[str, Any]]:
    """Stays of half an hour on each of the seven days that end the day before NINE's."""
    found = []
    for day in range(7):
        for stay in range(stays_a_day):
            start = -day * 1440 - 1440 + stay * 60
            found += [line(len(found) + 1, start, True, bay_id), line(len(found) + 2, start + 30, False, bay_id)]
    return found
