"""What all parts of the seeding share: the town, the doors, the administrator, and how many requests at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from siga.demo.accounts import visitors_own
from siga.demo.doors import Door, Person
from siga.demo.model import Town
from siga.demo.records import Account, DeviceKey, Start

_AT_ONCE = 8
T = TypeVar("T")
Tell = Callable[[str], None]


class Seeding:
    """One seeding under way. Parts enter the ids of what they made, by its key in the town."""

    def __init__(self, start: Start, town: Town, people: dict[str, Account], now: datetime, tell: Tell) -> None:
        self.town, self.tell, self.start = town, tell, start
        self.users, self.sensors = Door(start.users_url), Door(start.sensors_url)
        self.now, self.today = now, now.astimezone(ZoneInfo(town.time_zone)).date()
        chief = people[visitors_own(town)[2]]
        self.chief = Person(self.users, chief.email, chief.password)
        self.people = people
        self.municipality_id = ""
        self.zone_ids: dict[str, str] = {}
        self.bay_ids: dict[str, str] = {}
        self.accreditation_ids: dict[str, str] = {}
        self.claim_codes: dict[str, str] = {}
        self.drivers: dict[str, Person] = {}
        self.devices: dict[str, DeviceKey] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def each(self, what: str, items: Iterable[T], work: Callable[[T], Awaitable[Any]]) -> None:
        """Do `work` for every item, some at once, and tell how many there were."""
        many = list(items)

        async def one(item: T) -> None:
            async with self._slots:
                await work(item)

        async with asyncio.TaskGroup() as group:
            for item in many:
                group.create_task(one(item))
        self.tell(f"{what} {len(many)}")

    async def close(self) -> None:
        """Close the doors' connections."""
        await self.users.close()
        await self.sensors.close()
