"""A device for load and tests: signs, counts its nonces, says what it is told to say."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import msgspec

from siga.bench.signing import Key, Signer


class Device:
    """One enrolled HMAC device at the sensors' door; its nonces begin at the present time in microseconds."""

    def __init__(self, client: httpx.AsyncClient, key: Key) -> None:
        self.device_id = key.device_id
        self._client, self._signer = client, Signer(key)
        self._sequence = itertools.count(1)
        self.epoch = 1

    @classmethod
    async def enrol(cls, client: httpx.AsyncClient, code: str) -> Device:
        """Spend an enrolment code."""
        answer = await client.post("/sensors/v1/enrol", json={"code": code, "key_kind": "hmac"})
        answer.raise_for_status()
        body = answer.json()
        return cls(client, Key(device_id=body["device_id"], key=body["key"]))

    def signed(self, method: str, path: str, query: str = "", body: bytes = b"", *, nonce: int | None = None,
               created: int | None = None) -> str:  # fmt: skip
        """The Authorization header over exactly these parts."""
        return self._signer.authorisation(method, path, query, body, nonce=nonce, created=created)

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
