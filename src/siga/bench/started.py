"""A SIGA of its own process, started as a user would, with a first account and as many bays as asked for."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from siga.bench.device import Device

EMAIL = "first@town.example"
CENTRE = (-3.7038, 40.4168)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Town:
    """A started SIGA and what is needed to use it: clients of both doors, the first account's token."""

    def __init__(self, process: asyncio.subprocess.Process, users_url: str, sensors_url: str, password: str) -> None:
        self.process, self.users_url, self.sensors_url, self.password = process, users_url, sensors_url, password
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
        self.users = httpx.AsyncClient(base_url=users_url, limits=limits, timeout=60)
        self.sensors = httpx.AsyncClient(base_url=sensors_url, limits=limits, timeout=60)
        self.ready_s = 0.0
        self.municipality_id = ""
        self.setup_code: str | None = None
        self.token = ""

    async def close(self) -> None:
        """Close the clients."""
        await self.users.aclose()
        await self.sensors.aclose()

    async def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None,
                  expect: int | None = None, **options: Any) -> Any:  # fmt: skip
        """A request as the first account (or by another token); the decoded answer. AssertionError if refused."""
        headers = {"authorization": f"Bearer {token or self.token}", **options.pop("headers", {})}
        answer = await self.users.request(method, path, json=body, headers=headers, **options)
        wrong = answer.status_code != expect if expect else answer.status_code >= 400
        if wrong:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None

    async def found(self, name: str = "Villa Banco", centre: tuple[float, float] = CENTRE) -> None:
        """Spend the first-run code: the first account and its municipality."""
        municipality = {"name": name, "lon": centre[0], "lat": centre[1], "contact": "010"}
        body = {"code": self.setup_code, "email": EMAIL, "name": "First", "password": self.password,
                "municipality": municipality}  # fmt: skip
        answer = await self.users.post("/api/v1/auth/setup", json=body)
        if answer.status_code >= 400:
            raise AssertionError(f"setup: {answer.status_code} {answer.text}")
        await self.sign_in()
        self.municipality_id = next(g["municipality_id"] for g in (await self.me())["grants"] if g["municipality_id"])

    async def sign_in(self) -> None:
        """A fresh access token of the first account."""
        self.token = await self.token_of(EMAIL, self.password)

    async def token_of(self, email: str, password: str) -> str:
        """An access token."""
        answer = await self.users.post("/api/v1/auth/token", json={"email": email, "password": password})
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    async def me(self) -> dict[str, Any]:
        """The first account."""
        return dict(await self.ask("GET", "/api/v1/auth/me"))

    async def person(self, role: str, email: str, password: str = "a long enough pass phrase") -> str:  # noqa: S107
        """A person with a role, invited and signed in; the access token."""
        if role == "driver":
            body = {"email": email, "password": password, "name": "Somebody"}
            answer = await self.users.post("/api/v1/auth/register", json=body)
        else:
            grants = [{"role": role, "municipality_id": self.municipality_id}]
            invited = await self.ask("POST", "/api/v1/users", {"email": email, "name": "Somebody", "grants": grants})
            body = {"code": invited["code"], "password": password}
            answer = await self.users.post("/api/v1/auth/invitation", json=body)
        answer.raise_for_status()
        return await self.token_of(email, password)

    async def zone(self, name: str = "Centro", mode: str = "enforcing") -> str:
        """A zone's id."""
        body = {"municipality_id": self.municipality_id, "name": name, "mode": mode}
        return str((await self.ask("POST", "/api/v1/zones", body))["zone_id"])

    async def bay(self, zone_id: str, code: str, **more: Any) -> str:
        """A bay's id; in service, identified by card and camera."""
        body = {"zone_id": zone_id, "code": code, "category": "disabled", "lon": CENTRE[0], "lat": CENTRE[1],
                "life": "in_service", "identify": ["card", "camera", "check_in"], **more}  # fmt: skip
        return str((await self.ask("POST", "/api/v1/bays", body))["bay_id"])

    async def device(self, kind: str, *bay_ids: str, **more: Any) -> Device:
        """An enrolled device on bays."""
        if kind == "camera":
            more = {"resolution_id": "R-1", "custody_body": "Police", **more}
        body = {"municipality_id": self.municipality_id, "kind": kind, "bay_ids": bay_ids, **more}
        made = await self.ask("POST", "/api/v1/devices", body)
        return await Device.enrol(self.sensors, made["code"])

    async def set(self, key: str, value: Any) -> None:
        """Change a live setting of the municipality."""
        body = {"value": value, "municipality_id": self.municipality_id}
        await self.ask("PUT", f"/api/v1/config/settings/{key}", body)

    async def no_limits(self) -> None:
        """Lift the doors' rate limits: one machine plays a whole town."""
        for key, value in (
            ("gateway.requests_per_ip_min", 1_000_000), ("gateway.device_requests_per_min", 100_000),
            ("gateway.device_reports_per_day", 1_000_000_000),
        ):  # fmt: skip
            await self.ask("PUT", f"/api/v1/config/settings/{key}", {"value": value})

    def kill(self) -> None:
        """Kill the whole process group, as a power cut of the machine's processes would."""
        os.killpg(self.process.pid, signal.SIGKILL)


@asynccontextmanager
async def started(
    data: Path, *, ports: tuple[int, int] | None = None, password: str | None = None,
    environment: Mapping[str, str] | None = None, arguments: tuple[str, ...] = (),
    centre: tuple[float, float] = CENTRE,
) -> AsyncIterator[Town]:  # fmt: skip
    """Run `siga up` on a data folder until the block ends; the first start founds a municipality."""
    users, sensors = ports or free_ports(2)[:2]
    command = ["up", "--data", str(data), "--port", str(users), "--sensors-port", str(sensors), *arguments]
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siga", *command, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    town = Town(
        process, f"http://127.0.0.1:{users}", f"http://127.0.0.1:{sensors}", password or secrets.token_urlsafe(12)
    )
    try:
        town.setup_code = await _until_ready(process)
        town.ready_s = time.perf_counter() - began
        drain = asyncio.create_task(_drain(process))
        if town.setup_code is not None:
            await town.found(centre=centre)
        elif password is not None:
            await town.sign_in()
            town.municipality_id = next(
                g["municipality_id"] for g in (await town.me())["grants"] if g["municipality_id"]
            )
        yield town
    finally:
        await town.close()
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            town.kill()
            await process.wait()
        if "drain" in locals():
            drain.cancel()


async def _until_ready(process: asyncio.subprocess.Process) -> str | None:
    """Read the start console up to its last line; the first-run code if it shows one."""
    code = None
    while process.stdout is not None:
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        if not line:
            raise AssertionError("SIGA did not start; what went wrong stands above")
        found = re.search(r"/setup/(\S+)", line)
        code = found.group(1) if found else code
        if "Ctrl-C" in line:
            break
    return code


async def _drain(process: asyncio.subprocess.Process) -> None:
    while process.stdout is not None and await process.stdout.readline():
        pass
