"""Which integration a secret belongs to, kept in the door's memory for a minute; never written, never logged."""

from __future__ import annotations

import hmac
import time

from siga.contract.events import Event
from siga.contract.lorawan import IntegrationDefined, IntegrationKey, SecretQuestion
from siga.kit.clock import Clock
from siga.kit.peers import Peers
from siga.kit.problem import NotFound
from siga.services.gateway.sensors.lns.secret import hash_of

KEPT_S = 60.0
"""A secret that was changed opens nothing after this at the latest, even if no event arrives."""
_MOST = 2_000


class Integrations:
    """Parking's integrations by the SHA-256 of their secret, forgotten whenever one of them changes."""

    def __init__(self, peers: Peers, clock: Clock) -> None:
        self._peers, self._clock = peers, clock
        self._kept: dict[str, tuple[IntegrationKey, float]] = {}
        self._generation = 0

    async def of_secret(self, secret: str) -> IntegrationKey | None:
        """The integration that this secret opens, None when it opens none (any more)."""
        wanted = hash_of(secret)
        kept = self._kept.get(wanted)
        if kept is None or time.monotonic() - kept[1] >= KEPT_S:
            kept = await self._asked(wanted)
        if kept is None or not hmac.compare_digest(kept[0].secret_hash, wanted):
            return None
        until = kept[0].until
        return None if until is not None and self._clock() >= until else kept[0]

    def hear(self, event: Event) -> None:
        """An integration was made or changed: ask anew about all of them."""
        if event.kind == IntegrationDefined.__name__:
            self._generation += 1
            self._kept.clear()

    async def _asked(self, wanted: str) -> tuple[IntegrationKey, float] | None:
        generation = self._generation
        self._kept.pop(wanted, None)
        try:
            question = SecretQuestion(secret_hash=wanted)
            found = await self._peers["parking"].post(
                "/internal/v1/lorawan/integrations/resolve", question, IntegrationKey
            )
        except NotFound:
            return None
        kept = (found, time.monotonic())
        if generation == self._generation:  # else one changed meanwhile, perhaps this one
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[wanted] = kept
        return kept
