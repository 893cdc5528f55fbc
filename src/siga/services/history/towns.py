"""What Users says about municipalities, kept in memory for a while: time zones for statistics, names for receipts."""

from __future__ import annotations

import time

from siga.contract.users import Municipality
from siga.kit.peers import Peers
from siga.kit.problem import NotFound, Problem

_KEPT_S = 60.0
_UNKNOWN_KEPT_S = 2.0
_SOON_S = 3.0


class Towns:
    """The municipalities. While Users is away those known last are used, and the usual time zone for others."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._known: dict[str, Municipality] = {}
        self._asked_at: float | None = None

    async def one(self, municipality_id: str) -> Municipality:
        """The municipality; NotFound when Users knows none of that id."""
        if self._should_ask(municipality_id):
            try:
                found = await self._peers["users"].get(
                    "/internal/v1/municipalities", list[Municipality], timeout_s=_SOON_S
                )
            except (Problem, KeyError):  # away, or not known where it runs
                return self._known.get(municipality_id) or _unnamed(municipality_id)
            self._known = {town.municipality_id: town for town in found}
            self._asked_at = time.monotonic()
        town = self._known.get(municipality_id)
        if town is None:
            raise NotFound("There is no such municipality.")
        return town

    def _should_ask(self, municipality_id: str) -> bool:
        """Anyone may ask for any id, so that Users is not asked for each that nobody knows."""
        if self._asked_at is None:
            return True
        kept_s = _KEPT_S if municipality_id in self._known else _UNKNOWN_KEPT_S
        return time.monotonic() - self._asked_at > kept_s


def _unnamed(municipality_id: str) -> Municipality:
    return Municipality(municipality_id=municipality_id, name="", slug="")
