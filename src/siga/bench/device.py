"""A device for load and tests: signs, counts its nonces, says what it is told to say."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import time
from typing import Any

import httpx
import msgspec


class Device:
    """One enrolled HMAC device at the sensors' door; its nonces begin at the present time in microseconds."""

    def __init__(self, client: httpx.AsyncClient, device_id: str, key: bytes) -> None:
        self.device_id = device_id
        self._client, self._key = client, key
        self._nonces = itertools.count(time.time_ns() // 1000)
        self._sequence = itertools.count(1)
        self.epoch = 1

    @classmethod
    async def enrol(cls, client: httpx.AsyncClient, code: str) -> Device:
        """Spend an enrolment code."""
        answer = await client.post("/sensors/v1/enrol", json={"code": code, "key_kind": "hmac"})
        answer.raise_for_status()
        body = answer.json()
        return cls(client, body["device_id"], base64.b64decode(body["key"]))

    def signed(self, method: str, path: str, query: str = "", body: bytes = b"", *, nonce: int | None = None,
               created: int | None = None) -> str:  # fmt: skip
        """The Authorization header over exactly these parts."""
        at = str(int(time.time()) if created is None else created)
        number = str(next(self._nonces) if nonce is None else nonce)
        lines = ["SIGA1", method, path, query, self.device_id, at, number, hashlib.sha256(body).hexdigest()]
        mac = hmac.new(self._key, "\n".join(lines).encode(), hashlib.sha256).digest()
        signature = base64.b64encode(mac).decode()
        return f'SIGA-HMAC device="{self.device_id}", created="{at}", nonce="{number}", signature="{signature}"'

    async def ask(self, method: str, path: str, query: str = "", body: bytes = b"",
                  content_type: str = "application/json") -> httpx.Response:  # fmt: skip
        """One signed request."""
        headers = {"authorization": self.signed(method, path, query, body), "content-type": content_type}
        url = f"{path}?{query}" if query else path
        return await self._client.request(method, url, content=body, headers=headers, timeout=60)

    def report(self, occupied: bool, **more: Any) -> dict[str, Any]:
        """The next report, not yet sent."""
        return {
            "device_id": self.device_id, "epoch": self.epoch, "sequence": next(self._sequence), "occupied": occupied,
            **more,
        }  # fmt: skip

    async def say(self, occupied: bool, **more: Any) -> dict[str, Any]:
        """Send the next report; its ack."""
        answer = await self.send([self.report(occupied, **more)])
        return answer[0]

    async def send(self, reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send reports as one envelope; their acks."""
        answer = await self.ask("POST", "/sensors/v1/reports", body=msgspec.json.encode(reports))
        answer.raise_for_status()
        return list(answer.json())
