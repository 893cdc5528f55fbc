"""Asking another service: its app directly when it runs in this process, else by HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import httpx
import msgspec

from siga.contract.auth import Principal
from siga.kit import tracing
from siga.kit.auth import Keyring
from siga.kit.near import App, Reply, ask
from siga.kit.problem import FieldFault, Problem, ProblemBody, Unavailable, problem_kinds

T = TypeVar("T")


def problem_from(response: Reply) -> Problem:
    """The problem another service answered with, as ours to raise on."""
    try:
        body = msgspec.json.decode(response.content, type=ProblemBody)
    except msgspec.MsgspecError:
        return Unavailable(f"Another service answered {response.status_code}.")
    slug = body.type.rsplit("/", 1)[-1]
    kind = next((kind for kind in problem_kinds() if kind.slug == slug), None)
    if kind is None:
        kind = type("OtherProblem", (Problem,), {"slug": slug, "status": body.status, "__doc__": body.title})
    errors = [FieldFault(fault.pointer, fault.reason) for fault in body.errors or ()]
    wait = response.headers.get("retry-after")
    return kind(body.detail, errors=errors, headers={"Retry-After": wait} if wait else None)


class Peer:
    """One other service, asked in the name of this one (or, from the gateway, of a person)."""

    def __init__(self, me: str, name: str, where: str | App, keys: Keyring) -> None:
        self.name = name
        self._me, self._keys = me, keys
        self._app = None if isinstance(where, str) else where
        self._client = httpx.AsyncClient(base_url=where) if isinstance(where, str) else None

    async def get(
        self, path: str, kind: type[T], *, params: Mapping[str, Any] | None = None,
        on_behalf: Principal | None = None, as_kind: str = "person", timeout_s: float = 10.0,
    ) -> T:  # fmt: skip
        """GET and decode into `kind`; raises the other side's Problem."""
        response = await self.request(
            "GET", path, params=params, on_behalf=on_behalf, as_kind=as_kind, timeout_s=timeout_s
        )
        return msgspec.json.decode(response.content, type=kind)

    async def post(self, path: str, body: Any, kind: type[T], *, on_behalf: Principal | None = None,
                   as_kind: str = "person", method: str = "POST", timeout_s: float = 10.0) -> T:  # fmt: skip
        """Send `body` as JSON and decode the answer into `kind` (`None` for no content)."""
        response = await self.request(
            method, path, content=msgspec.json.encode(body), on_behalf=on_behalf, as_kind=as_kind, timeout_s=timeout_s
        )
        if not response.content:
            return None  # type: ignore[return-value]
        return msgspec.json.decode(response.content, type=kind)

    async def request(self, method: str, path: str, *, params: Mapping[str, Any] | None = None,
                      content: bytes | None = None, content_type: str = "application/json",
                      headers: Mapping[str, str] | None = None, on_behalf: Principal | None = None,
                      as_kind: str = "person", timeout_s: float = 10.0) -> Reply:  # fmt: skip
        """Any request; the raw answer if it is a success, else the other side's Problem."""
        send = {"authorization": f"Bearer {self._token(on_behalf, as_kind)}", **(headers or {})}
        if content is not None:
            send["content-type"] = content_type
        if tracing.traceparent.get():
            send["traceparent"] = str(tracing.traceparent.get())
        if tracing.request_id.get():
            send["x-request-id"] = str(tracing.request_id.get())
        clean = {k: _text(v) for k, v in (params or {}).items() if v is not None}
        try:
            response = await self._asked(method, path, clean, send, content, timeout_s)
        except (httpx.HTTPError, TimeoutError) as fault:
            raise Unavailable(f"The service '{self.name}' does not answer just now.") from fault
        if response.status_code >= 400:
            raise problem_from(response)
        return response

    async def _asked(self, method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str],
                     content: bytes | None, timeout_s: float) -> Reply:  # fmt: skip
        if self._app is not None:
            return await ask(self._app, method, path, params, headers, content, timeout_s)
        assert self._client is not None
        far = await self._client.request(
            method, path, params=params, content=content, headers=headers, timeout=timeout_s
        )
        return Reply(far.status_code, far.content, far.headers)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    def _token(self, on_behalf: Principal | None, as_kind: str) -> str:
        if on_behalf is None:
            return self._keys.service_token(self._me, self.name)
        return self._keys.caller_token(self.name, as_kind, on_behalf)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Peers:
    """All other services by name. They are made when first asked for, so that services can be built in any order."""

    def __init__(self, me: str, keys: Keyring, transports: Mapping[str, Any]) -> None:
        self._me, self._keys, self._transports = me, keys, transports
        self._peers: dict[str, Peer] = {}

    def __getitem__(self, name: str) -> Peer:
        """The peer of that name; KeyError when this process does not know where it runs."""
        peer = self._peers.get(name)
        if peer is None:
            peer = self._peers[name] = Peer(self._me, name, self._transports[name], self._keys)
        return peer

    async def close(self) -> None:
        """Close all connections."""
        for peer in self._peers.values():
            await peer.close()
