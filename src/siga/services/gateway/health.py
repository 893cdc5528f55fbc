"""`/healthz`, `/readyz`, `/metrics`: what operations ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from siga.kit.peers import Peers
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.asgi import Receive, Scope, Send, send_bytes, send_json, visit_of

_ASK_S = 2.0
_KEPT_S = 1.0


class Health:
    """Answers for the gateway and every service it can reach. `own` names what the gateway itself waits for."""

    def __init__(
        self, peers: Peers, services: Iterable[str], own: Callable[[], list[str]], *, public_metrics: bool
    ) -> None:
        self._peers, self._services, self._own = peers, tuple(services), own
        self._public_metrics = public_metrics
        self._kept: tuple[float, dict[str, str]] = (0.0, {})

    async def alive(self, scope: Scope, receive: Receive, send: Send) -> None:
        """200 as long as this process answers at all."""
        await send_json(send, {"alive": True})

    async def ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        """200 when everything behind the door is ready, else 503 with what is not."""
        services = await self._states()
        waits = self._own()
        ok = not waits and all(state == "ready" for state in services.values())
        told: dict[str, Any] = {"ready": ok, "services": services, "gateway_waits_for": waits}
        await send_json(send, told, status=200 if ok else 503, headers=[(b"cache-control", b"no-store")])

    async def metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Prometheus' text format; from this machine only unless it was made public."""
        if not (self._public_metrics or visit_of(scope).local):
            raise NotFound("There is nothing at this address.")
        await send_bytes(send, generate_latest(), CONTENT_TYPE_LATEST)

    async def _states(self) -> dict[str, str]:
        at_s, states = self._kept
        if time.monotonic() - at_s > _KEPT_S:
            found = await asyncio.gather(*(self._state(name) for name in self._services))
            states = dict(zip(self._services, found, strict=True))
            self._kept = (time.monotonic(), states)
        return states

    async def _state(self, name: str) -> str:
        try:
            async with asyncio.timeout(_ASK_S):
                await self._peers[name].request("GET", "/internal/v1/health", timeout_s=_ASK_S)
        except Problem:
            return "not ready"
        except Exception:
            return "no answer"
        return "ready"
