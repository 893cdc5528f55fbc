"""What tests share: services running in this process on a real store, and callers of every kind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pytest

from siga.contract.auth import SERVICES, Grant, Principal
from siga.kit.auth import Keyring, make_keys
from siga.kit.clock import Clock, utc_now
from siga.ports import MailDoor
from siga.system import Config, System

T = TypeVar("T")
MUNICIPALITY = "0190c0de-0000-7000-8000-000000000001"
OTHER_MUNICIPALITY = "0190c0de-0000-7000-8000-000000000002"


def run(work: Coroutine[Any, Any, T], limit_s: float = 60.0) -> T:
    """Run one test's coroutine to its end."""
    return asyncio.run(asyncio.wait_for(work, limit_s))


def shared(*parts: str) -> Path:
    """A file of the shared material; skips by name where that is absent, fails in CI."""
    root = Path(os.environ.get("SIGA_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    path = root.joinpath(*parts)
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"shared material is missing in CI: {'/'.join(parts)}")
        pytest.skip(f"shared material is absent: {'/'.join(parts)}")
    return path


class Caller:
    """An HTTP client of one service's app that speaks as somebody."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client, self._headers = client, {"authorization": f"Bearer {token}"}

    async def ask(
        self, method: str, path: str, body: Any = None, *, content: bytes | None = None,
        headers: Mapping[str, str] | None = None, params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:  # fmt: skip
        """One request; `body` is sent as JSON."""
        send = {**self._headers, **(headers or {})}
        if body is not None:
            content, send["content-type"] = msgspec.json.encode(body), "application/json"
        return await self._client.request(method, path, content=content, headers=send, params=params, timeout=30)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """GET with query parameters."""
        return await self.ask("GET", path, params=params)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        """POST a JSON body."""
        return await self.ask("POST", path, body)


class Running:
    """Some services in this process. `as_person("users", "administrator")` is a caller of the users service."""

    def __init__(self, system: System, keys: Keyring, clock: Clock = utc_now) -> None:
        self.system, self.keys, self.clock = system, keys, clock
        self._clients: dict[str, httpx.AsyncClient] = {}

    def _client(self, service: str) -> httpx.AsyncClient:
        if service not in self._clients:
            transport = httpx.ASGITransport(self.system.services[service].app)
            self._clients[service] = httpx.AsyncClient(transport=transport, base_url="http://test")
        return self._clients[service]

    def as_person(self, service: str, *roles: str, municipality_id: str = MUNICIPALITY, user_id: str = "person-1",
                  zone_ids: tuple[str, ...] = (), confirmed_at: datetime | None = None) -> Caller:  # fmt: skip
        """A signed-in person with these roles, who showed who they are just now unless told otherwise."""
        grants = tuple(
            Grant(role=role, municipality_id=municipality_id, zone_ids=zone_ids)  # type: ignore[arg-type]
            for role in roles
        )
        principal = Principal(
            user_id=user_id, session_id=f"session-{user_id}", grants=grants, confirmed_at=confirmed_at or self.clock()
        )
        return Caller(self._client(service), self.keys.caller_token(service, "person", principal))

    def as_principal(self, service: str, principal: Principal) -> Caller:
        """A person as Users told the gateway of them."""
        return Caller(self._client(service), self.keys.caller_token(service, "person", principal))

    def as_guest(self, service: str, guest_id: str = "guest:1") -> Caller:
        """Somebody who is not signed in."""
        principal = Principal(user_id=guest_id, session_id="")
        return Caller(self._client(service), self.keys.caller_token(service, "guest", principal))

    def as_service(self, service: str, name: str) -> Caller:
        """Another service speaking for itself."""
        return Caller(self._client(service), self.keys.service_token(name, service))


@asynccontextmanager
async def running(*names: str, data: Path, clock: Clock = utc_now, database_url: str | None = None,
                  remote: Mapping[str, Any] | None = None, mail: MailDoor | None = None,
                  **options: Any) -> AsyncIterator[Running]:  # fmt: skip
    """Run services in this process on real stores below `data`; `remote` may give ASGI stand-ins for others."""
    make_keys(data / "keys", SERVICES)
    keys = Keyring.open(data / "keys", SERVICES)
    config = Config(
        data=data,
        names=names,
        clock=clock,
        database_url=database_url,
        options=options,
        mail=mail,
        log_to_stderr="critical",
    )
    system = System(config)
    system.stand_ins.update(remote or {})
    await system.start()
    try:
        yield Running(system, keys, clock)
    finally:
        await system.stop()
