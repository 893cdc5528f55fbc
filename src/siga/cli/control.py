"""The owner's door: an owner-only Unix socket in the data folder, through which `siga` commands reach a running SIGA.

Whoever can open the socket owns the data folder and could read it anyway, so requests act as a local administrator of
every municipality.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec

from siga.contract.auth import Grant, Principal
from siga.contract.users import Municipality
from siga.kit.auth import Keyring
from siga.kit.clock import utc_now
from siga.kit.peers import Peers
from siga.kit.service import ASGI
from siga.operate.folder import SOCKET
from siga.operate.keeper import PREFIX

LOCAL_OPERATOR = "local-operator"
_OWNERS = {
    "bays": "parking", "zones": "parking", "rules": "parking", "devices": "parking", "addresses": "parking",
    "municipalities": "users", "accreditations": "users", "history": "history", "config": "config", "logs": "logs",
}  # fmt: skip


class OwnersDoor:
    """ASGI app that forwards `/api/v1/…` to its service in the owner's name, and `/owner/v1/…` to the keeper."""

    def __init__(self, apps: Mapping[str, ASGI], keys: Keyring, peers: Peers, keeper: ASGI | None = None) -> None:
        """`keeper` answers what concerns the installation itself, where this process keeps one."""
        self._apps, self._keys, self._peers, self._keeper = apps, keys, peers, keeper

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Forward one request."""
        if self._keeper is not None and scope["path"].startswith(PREFIX):
            await self._keeper(scope, receive, send)
            return
        parts = scope["path"].split("/")
        owner = _OWNERS.get(parts[3]) if scope["path"].startswith("/api/v1/") and len(parts) > 3 else None
        if owner in self._apps and scope["path"] == "/api/v1/municipalities" and scope["method"] == "GET":
            await self._municipalities(send)
            return
        if owner is None or owner not in self._apps:
            await _answer(send, 404, b'{"detail":"There is no such thing at the owner\'s door."}')
            return
        token = self._keys.caller_token(owner, "person", await self._principal())
        headers = [(k, v) for k, v in scope["headers"] if k not in (b"authorization", b"cookie")]
        headers.append((b"authorization", f"Bearer {token}".encode()))
        await self._apps[owner]({**scope, "headers": headers, "root_path": ""}, receive, send)

    async def _all(self) -> list[Municipality]:
        return await self._peers["users"].get("/internal/v1/municipalities", list[Municipality])

    async def _principal(self) -> Principal:
        grants = tuple(Grant(role="administrator", municipality_id=m.municipality_id) for m in await self._all())
        now = utc_now().replace(second=0, microsecond=0)  # who reaches this socket owns the machine; whole minutes,
        # so that the signed token can be used again
        return Principal(user_id=LOCAL_OPERATOR, session_id="local", grants=grants, confirmed_at=now)

    async def _municipalities(self, send: Any) -> None:
        await _answer(send, 200, msgspec.json.encode({"municipalities": await self._all()}))


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Refused(OSError):
    """The running SIGA could not do what it was asked for."""


def ask_keeper(data: Path, what: str, body: Any, tell: Callable[[str], None]) -> Any:
    """Ask the SIGA that runs on a data folder; None when none does. `tell` gets its lines; Refused if it failed."""
    path = data / SOCKET
    if not path.exists():
        return None
    transport = httpx.HTTPTransport(uds=str(path))
    try:
        with httpx.Client(transport=transport, base_url="http://siga", timeout=httpx.Timeout(30, read=None)) as client:
            return _answered(client, what, body, tell)
    except httpx.ConnectError:
        return None
    except httpx.HTTPError as fault:
        raise Refused(f"the SIGA that runs on {data} ended meanwhile: {fault}") from fault


def _answered(client: httpx.Client, what: str, body: Any, tell: Callable[[str], None]) -> Any:
    with client.stream("POST", f"{PREFIX}{what}", content=msgspec.json.encode(body)) as answer:
        if answer.status_code != 200:
            raise Refused("the SIGA that runs there is of another release, or serves only some services")
        for line in answer.iter_lines():
            said = msgspec.json.decode(line)
            if "line" in said:
                tell(said["line"])
            elif "failed" in said:
                raise Refused(said["failed"])
            else:
                return said["done"]
    raise Refused("the SIGA that runs there ended meanwhile")


def owners_client(data: Path) -> httpx.Client | None:
    """A client of the SIGA that runs on this data folder; None when none does."""
    path = data / SOCKET
    if not path.exists():
        return None
    client = httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://siga", timeout=300)
    try:
        there = client.get("/api/v1/municipalities").status_code != 404  # a process of some services has no such thing
    except httpx.ConnectError:
        there = False
    if not there:
        client.close()
    return client if there else None
