"""SIGA's two doors as the demo's devices and people use them: HTTP with patience, tokens, signatures."""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from siga.demo.records import DeviceKey
from siga.demo.signing import Nonces, authorisation

_LONGEST_PAUSE_S = 10.0
_JSON = "application/json"


class Refused(Exception):
    """SIGA said no: its status, the slug of its problem and its words."""

    def __init__(self, status: int, slug: str, detail: str, where: str) -> None:
        super().__init__(f"{where}: {status} {slug}: {detail}")
        self.status, self.slug, self.detail = status, slug, detail


class Away(Exception):
    """SIGA did not answer for longer than the caller would wait."""


class Door:
    """One door. `ask` tries again while SIGA is away or asks to wait, for `patience_s` seconds at most."""

    def __init__(self, url: str, *, connections: int = 16, patience_s: float = 30.0) -> None:
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx.AsyncClient(base_url=url, limits=limits, timeout=httpx.Timeout(30.0, pool=None))
        # Many people share this client: each brings their own cookies, none are kept here.
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._patience_s = patience_s
        self._rng = Random()

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def ask(self, method: str, path: str, *, content: bytes = b"", headers: Mapping[str, str] | None = None,
                  wait_s: float = 0.0, patience_s: float | None = None) -> httpx.Response:  # fmt: skip
        """One request; `wait_s`: how long SIGA may think about it. Refused for an answer of 400 and more, else Away."""
        until = time.monotonic() + (self._patience_s if patience_s is None else patience_s)
        pause_s = 0.25
        while True:
            asked_s = None
            try:
                answer = await self._client.request(
                    method, path, content=content, headers=headers, timeout=httpx.Timeout(30.0 + wait_s, pool=None)
                )
                if answer.status_code not in (429, 502, 503, 507):
                    return _checked(answer, f"{method} {path.partition('?')[0]}")
                asked_s = _retry_after_s(answer)
            except httpx.TransportError as fault:
                answer, cause = None, fault
            wait = asked_s or pause_s * self._rng.uniform(0.7, 1.3)
            if time.monotonic() + wait > until:
                if answer is not None:
                    return _checked(answer, f"{method} {path.partition('?')[0]}")
                raise Away(f"SIGA does not answer: {cause!r}") from cause
            await asyncio.sleep(wait)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def json(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None,
                   params: Mapping[str, Any] | None = None, patience_s: float | None = None) -> Any:  # fmt: skip
        """A request with a JSON body, if any; the answer's JSON, None for an empty one."""
        content = b"" if body is None else msgspec.json.encode(body)
        kind = {} if body is None else {"content-type": _JSON}
        query = f"?{urlencode(params)}" if params else ""
        answer = await self.ask(
            method, path + query, content=content, headers={**kind, **(headers or {})}, patience_s=patience_s
        )
        return msgspec.json.decode(answer.content) if answer.content else None

    async def events(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[tuple[str, Any]]:
        """Server-sent events of a stream as (name, data) until it ends; Refused or Away when it does not begin."""
        timeout = httpx.Timeout(30.0, pool=None)
        try:
            async with self._client.stream("GET", path, headers=headers, timeout=timeout) as answer:
                if answer.status_code >= 400:
                    await answer.aread()
                    _checked(answer, f"GET {path.partition('?')[0]}")
                name = ""
                async for line in answer.aiter_lines():
                    field, _, value = line.partition(": ")
                    if field == "event":
                        name = value
                    elif field == "data":
                        yield name, msgspec.json.decode(value)
        except httpx.TransportError as fault:
            raise Away(f"the stream broke: {fault!r}") from fault


class Person:
    """Somebody with an account at the users' door: signs in when needed and keeps the tokens fresh."""

    def __init__(self, door: Door, email: str, password: str) -> None:
        self._door, self._email, self._password = door, email, password
        self._lock = asyncio.Lock()
        self._tokens: dict[str, Any] = {}
        self._fresh_until = 0.0

    async def headers(self) -> dict[str, str]:
        """The header that says who asks."""
        async with self._lock:
            if time.monotonic() >= self._fresh_until:
                await self._renew()
            return {"authorization": f"Bearer {self._tokens['access_token']}"}

    async def _renew(self) -> None:
        tokens, self._tokens = self._tokens, {}
        if tokens:
            try:
                await self._take("/api/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]})
                return
            except Refused:
                pass
        await self._take("/api/v1/auth/token", {"email": self._email, "password": self._password})

    async def _take(self, path: str, body: dict[str, str]) -> None:
        asked = time.monotonic()
        self._tokens = await self._door.json("POST", path, body)
        self._fresh_until = asked + max(5.0, self._tokens["expires_in"] - 30.0)

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """A request in their name; signs in again once when the token is not good any more."""
        try:
            return await self._door.json(method, path, body, headers=await self.headers(), **more)
        except Refused as refused:
            if refused.status != 401:
                raise
        self._fresh_until = 0.0
        return await self._door.json(method, path, body, headers=await self.headers(), **more)


class SignedDevice:
    """A device at the sensors' door: every request signed with its own key and a nonce of its own."""

    def __init__(self, door: Door, kept: DeviceKey, nonces: Nonces) -> None:
        self.device_id, self.period_s = kept.device_id, kept.period_s
        self._door, self._key, self._nonces = door, b64decode(kept.key), nonces

    async def ask(self, method: str, path: str, body: bytes = b"", *, query: str = "", kind: str = _JSON,
                  wait_s: float = 0.0) -> Any:  # fmt: skip
        """One signed request, not repeated here: a retry takes a new nonce."""
        signed = authorisation(
            self.device_id, self._key, method, path, query, body, created=int(time.time()), nonce=self._nonces.next()
        )
        headers = {"authorization": signed, **({"content-type": kind} if body else {})}
        target = f"{path}?{query}" if query else path
        answer = await self._door.ask(method, target, content=body, headers=headers, wait_s=wait_s, patience_s=0.0)
        return msgspec.json.decode(answer.content) if answer.content else None


def _checked(answer: httpx.Response, where: str) -> httpx.Response:
    if answer.status_code < 400:
        return answer
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        problem = {}
    slug = str(problem.get("type", "")).rsplit("/", 1)[-1]
    faults = "; ".join(f"{f.get('pointer')} {f.get('reason')}" for f in problem.get("errors", []))
    detail = f"{problem.get('detail', '')} {faults}".strip()
    raise Refused(answer.status_code, slug, detail, where)


def _retry_after_s(answer: httpx.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdigit() else None
