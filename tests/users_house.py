"""The users service with its first municipality set up, and callers of every kind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from siga.contract.events import EventPage
from siga.kit.clock import HandClock
from siga.ports import MailDoor
from support import Caller, Running, running

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ADMIN, PASSWORD = "ana@town.example", "three unrelated words"
HOLDER = "Encarnación Villalobos"


def slug(answer: httpx.Response) -> str:
    """The kind of a refusal."""
    return str(answer.json()["type"]).rsplit("/", 1)[-1]


def setup_body(code: str, **values: Any) -> dict[str, Any]:
    """What the first run's page sends."""
    town = {"name": "Villanueva del Río", "contact": "info@town.example", "lon": -5.7, "lat": 37.6}
    return {"code": code, "email": ADMIN, "name": "Ana", "password": PASSWORD, "municipality": town, **values}


def accreditation_body(**values: Any) -> dict[str, Any]:
    """What an administrator sends to give an accreditation."""
    return {
        "category": "disabled", "issuer": "Villanueva", "number": "VN-12-00034", "holder": HOLDER,
        "valid_from": "2026-01-01", "valid_to": "2026-12-31", **values,
    }  # fmt: skip


class House:
    """A running users service; times move by `clock`."""

    def __init__(self, system: Running, clock: HandClock) -> None:
        self.system, self.clock = system, clock
        self.guest = system.as_guest("users")
        self.gateway = system.as_service("users", "gateway")
        self.municipality_id = self.admin_id = ""

    @property
    def admin(self) -> Caller:
        """The administrator of the first municipality."""
        return self.staff("administrator", user_id=self.admin_id)

    def staff(self, *roles: str, user_id: str = "somebody", municipality_id: str | None = None) -> Caller:
        """A signed-in person with these roles, in the first municipality unless another is named."""
        where = self.municipality_id if municipality_id is None else municipality_id
        return self.system.as_person("users", *roles, municipality_id=where, user_id=user_id)

    def service(self, name: str) -> Caller:
        """Another service."""
        return self.system.as_service("users", name)

    async def set_up(self) -> None:
        """Make the first account, or find it again after a restart."""
        code = self.system.system.services["users"].extra["setup_code"]
        if code is not None:
            answer = await self.guest.post("/api/v1/auth/setup", setup_body(code))
            assert answer.status_code == 201, answer.text
        towns = (await self.guest.get("/api/v1/municipalities")).json()["municipalities"]
        self.municipality_id = towns[0]["municipality_id"]
        people = (await self.admin.get("/api/v1/users")).json()["people"]
        self.admin_id = next(one["user_id"] for one in people if one["email"] == ADMIN)

    async def sign_in(self, email: str = ADMIN, password: str = PASSWORD, address: str = "192.0.2.1") -> httpx.Response:
        """Open a session as the gateway does."""
        body = {"email": email, "password": password, "user_agent": "a browser", "address": address}
        return await self.gateway.post("/internal/v1/sessions", body)

    async def resolve(self, token: str) -> httpx.Response:
        """Ask whose session it is, as the gateway does."""
        return await self.gateway.post("/internal/v1/sessions/resolve", {"token": token})

    async def tokens(self, email: str = ADMIN, password: str = PASSWORD) -> dict[str, Any]:
        """Sign in as an app."""
        answer = await self.guest.post("/api/v1/auth/token", {"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def register(self, email: str = "eva@mail.example") -> str:
        """A driver's account; its id."""
        body = {"email": email, "password": PASSWORD, "name": "Eva"}
        answer = await self.guest.post("/api/v1/auth/register", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["user_id"])

    async def invite(self, email: str = "pol@town.example", role: str = "police", **values: Any) -> dict[str, Any]:
        """Invite somebody to one role; the answer with its code."""
        body = {"email": email, "name": "Pol", "grants": [{"role": role}], **values}
        answer = await self.admin.post("/api/v1/users", body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def use(self, code: str, password: str = PASSWORD) -> httpx.Response:
        """Use an invitation."""
        return await self.guest.post("/api/v1/auth/invitation", {"code": code, "password": password})

    async def give(self, **values: Any) -> dict[str, Any]:
        """A new accreditation; the answer with its claim code."""
        answer = await self.admin.post("/api/v1/accreditations", accreditation_body(**values))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def facts(self, kind: str, after: int = 0) -> list[Any]:
        """The events of one kind, decoded."""
        return [event.decoded() for event in (await self.events(after)).events if event.kind == kind]

    async def events(self, after: int = 0) -> EventPage:
        """The journal as other services read it, but for what is told to the audit."""
        page = await self.journal(after)
        found = [event for event in page.events if event.kind != "Acted"]
        return EventPage(events=found, head=found[-1].position if found else after if page.events else page.head)

    async def journal(self, after: int = 0) -> EventPage:
        """The whole journal."""
        answer = await self.service("parking").get("/internal/v1/events", after=after, limit=1000)
        return msgspec.json.decode(answer.content, type=EventPage)


_TEMPLATES = tempfile.TemporaryDirectory(prefix="siga-users-")


async def _furnish(data: Path) -> None:
    """Put the files of a users service that is set up into an empty folder; made once in a test run."""
    template = Path(_TEMPLATES.name) / "data"
    if not template.exists():
        async with running("users", data=template, clock=HandClock(NOW)) as system:
            await House(system, HandClock(NOW)).set_up()
    shutil.copytree(template, data, dirs_exist_ok=True)


@asynccontextmanager
async def house(data: Path, database_url: str | None = None, *, clock: HandClock | None = None, set_up: bool = True,
                mail: MailDoor | None = None) -> AsyncIterator[House]:  # fmt: skip
    """The users service with its first municipality."""
    clock = clock or HandClock(NOW)
    if set_up and database_url is None and not (data / "users").exists():
        await _furnish(data)
    async with running(
        "users", data=data, clock=clock, database_url=database_url, mail=mail, public_url="https://parking.example"
    ) as system:
        found = House(system, clock)
        if set_up:
            await found.set_up()
        yield found
