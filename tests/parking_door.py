"""Parking behind the real sensors' door of this process: devices that sign, enrol, rotate and keep what they sent."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import importlib.util
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from granian.server.embed import Server

from support import MUNICIPALITY, Running

CLIENT = Path(__file__).resolve().parents[1] / "clients" / "siga_device.py"
Envelope = tuple[str, str, bytes, str]
"""Method, path, body and `Authorization`: what an eavesdropper has."""


def client_module() -> Any:
    """The reference device client."""
    spec = importlib.util.spec_from_file_location("siga_device", CLIENT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The body of a refusal of that kind."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{slug}"
    return body


@asynccontextmanager
async def listening(system: Running, port: int) -> AsyncIterator[None]:
    """The sensors' door on a port."""
    app = system.system.services["gateway"].extra["sensors"]
    server = Server(app, address="127.0.0.1", port=port, interface="asgi", log_enabled=False)
    serving = asyncio.create_task(server.serve())
    await asyncio.sleep(0.3)
    try:
        yield
    finally:
        server.stop()
        await asyncio.wait_for(serving, 5)


class Signing:
    """A device with an HMAC key. Its clock says `created`, 0 for a device without one."""

    def __init__(self, door: httpx.AsyncClient, device_id: str, key: bytes, *, has_clock: bool = True) -> None:
        self.door, self.device_id, self.key, self._has_clock = door, device_id, key, has_clock
        self.nonces, self.sequences = itertools.count(1), itertools.count(1)

    def envelope(self, method: str, path: str, body: bytes = b"", *, nonce: int | None = None,
                 key: bytes | None = None) -> Envelope:  # fmt: skip
        """A signed request, not sent."""
        number, created = next(self.nonces) if nonce is None else nonce, int(time.time()) if self._has_clock else 0
        digest = hashlib.sha256(body).hexdigest()
        lines = ("SIGA1", method, path, "", self.device_id, str(created), str(number), digest)
        seal = base64.b64encode(hmac.digest(key or self.key, "\n".join(lines).encode(), "sha256")).decode()
        words = f'SIGA-HMAC device="{self.device_id}", created="{created}", nonce="{number}", signature="{seal}"'
        return method, path, body, words

    def reports(self, count: int, **more: Any) -> Envelope:
        """So many new reports in an envelope."""
        items = [
            {"device_id": self.device_id, "epoch": 1, "sequence": n, "occupied": n % 2 == 1}
            for n in itertools.islice(self.sequences, count)
        ]
        return self.envelope("POST", "/sensors/v1/reports", msgspec.json.encode(items), **more)

    async def send(self, envelope: Envelope) -> httpx.Response:
        """Send it as it is."""
        method, path, body, words = envelope
        return await self.door.request(method, path, content=body, headers={"authorization": words}, timeout=60)

    async def report(self, count: int, **more: Any) -> httpx.Response:
        """Send new reports."""
        return await self.send(self.reports(count, **more))


class Doors:
    """The administration's door of Parking and the sensors' door."""

    def __init__(self, system: Running) -> None:
        self.admin = system.as_person("parking", "administrator")
        app = system.system.services["gateway"].extra["sensors"]
        self.sensors = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sensors")

    async def device(self, **more: Any) -> Signing:
        """A sensor, made and enrolled."""
        body = {"municipality_id": MUNICIPALITY, "kind": "bay_sensor", **more}
        made = (await self.admin.post("/api/v1/devices", body)).json()
        told = (await self.sensors.post("/sensors/v1/enrol", json={"code": made["code"]})).json()
        key = base64.b64decode(told["key"])
        return Signing(self.sensors, told["device_id"], key, has_clock=body.get("has_clock", True))

    async def watching(self, **more: Any) -> Signing:
        """A sensor on a bay of its own."""
        known = (await self.admin.get("/api/v1/zones")).json()["zones"]
        if not known:
            zone = {"municipality_id": MUNICIPALITY, "name": "Centro"}
            known = [(await self.admin.post("/api/v1/zones", zone)).json()]
        bay = {"zone_id": known[0]["zone_id"], "code": f"B{time.monotonic_ns()}", "category": "disabled", "lon": -0.37,
               "lat": 39.47, "life": "in_service"}  # fmt: skip
        made = (await self.admin.post("/api/v1/bays", bay)).json()
        return await self.device(bay_ids=[made["bay_id"]], **more)
