"""The municipalities as pages need them: names, short names, time zones; the last ones known while Users is away."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from siga.contract.users import Municipality
from siga.kit.peers import Peers
from siga.kit.problem import Unavailable

_FRESH_S = 5.0
_WAIT_S = 2.0
DEFAULT_ZONE = ZoneInfo("Europe/Madrid")


class Towns:
    """Asks Users for all municipalities, at most every few seconds."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._known: list[Municipality] | None = None
        self._at_s = 0.0

    async def all(self) -> list[Municipality]:
        """Every municipality; Unavailable only if they were never heard of."""
        if self._known is None or time.monotonic() - self._at_s > _FRESH_S:
            try:
                self._known = await self._peers["users"].get(
                    "/internal/v1/municipalities", list[Municipality], timeout_s=_WAIT_S
                )
            except Unavailable:
                if self._known is None:
                    raise
            self._at_s = time.monotonic()
        return self._known

    @property
    def known(self) -> list[Municipality]:
        """Those heard of so far, without asking."""
        return self._known or []

    def forget(self) -> None:
        """Ask anew next time: one was founded or changed."""
        self._at_s = 0.0

    async def one(self, municipality_id: str) -> Municipality | None:
        """The municipality of that id."""
        return next((town for town in await self.all() if town.municipality_id == municipality_id), None)


def zone_of(town: Municipality | None) -> ZoneInfo:
    """Its time zone, peninsular Spain's where it is not known."""
    try:
        return ZoneInfo(town.time_zone) if town else DEFAULT_ZONE
    except (ZoneInfoNotFoundError, ValueError):
        return DEFAULT_ZONE
