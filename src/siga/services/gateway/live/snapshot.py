"""What a client of the live stream watches, asked of Parking as anyone: the stream carries what anyone may see."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from siga.contract.auth import Principal
from siga.contract.base import Word
from siga.contract.events import Event
from siga.contract.parking import BayDefined, BayList, BayView
from siga.kit.geo import Box
from siga.kit.peers import Peers
from siga.kit.problem import Invalid, NotFound
from siga.services.gateway.live.model import Watch

PAGE = 1000
MOST_BAYS = 20_000
_ZONES_KEPT = 20_000
_NOWHERE = Box(min_lon=0.0, min_lat=-90.0, max_lon=0.0, max_lat=-90.0)
_ANYONE: dict[str, Any] = {"on_behalf": Principal(user_id="guest:live", session_id=""), "as_kind": "guest"}


class _Placed(Word):
    zone_id: str


class Snapshots:
    """Fetches snapshots, and the zones of bays for staff whose role is narrowed to zones."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._zones: dict[str, str] = {}

    async def of(self, watch: Watch) -> tuple[int, list[BayView]]:
        """The bays watched and the position of Parking's journal up to which they tell everything."""
        position, bays = await self._in_box(watch.box or _NOWHERE)
        for bay_id in watch.bay_ids - bays.keys():
            bay = await self._one(bay_id)  # read later than the position: what happened in between is told again
            if bay is not None:
                bays[bay_id] = bay
        return position, list(bays.values())

    def hear(self, event: Event) -> None:
        """Forget the zone of a bay that was changed."""
        data = event.decoded()
        if isinstance(data, BayDefined):
            self._zones.pop(data.bay.bay_id, None)

    async def zone_of(self, bay_id: str | None) -> str | None:
        """The zone of a bay, also of a personal one; None when it is not known."""
        if bay_id is None:
            return None
        if bay_id not in self._zones:
            try:
                bay = await self._peers["parking"].get(f"/internal/v1/bays/{quote(bay_id, safe='')}", _Placed)
            except NotFound:
                return None
            if len(self._zones) > _ZONES_KEPT:
                self._zones.clear()
            self._zones[bay_id] = bay.zone_id
        return self._zones[bay_id]

    async def _in_box(self, box: Box) -> tuple[int, dict[str, BayView]]:
        bbox = f"{box.min_lon},{box.min_lat},{box.max_lon},{box.max_lat}"
        position: int | None = None
        cursor: str | None = None
        found: dict[str, BayView] = {}
        while True:
            page = await self._peers["parking"].get(
                "/api/v1/bays", BayList, params={"bbox": bbox, "limit": PAGE, "cursor": cursor}, **_ANYONE
            )
            position = page.position if position is None else min(position, page.position)
            found |= {bay.bay_id: bay for bay in page.bays}
            cursor = page.next
            if cursor is None:
                return position, found
            if len(found) > MOST_BAYS:
                raise Invalid(f"There are more than {MOST_BAYS} bays in that box; ask for a smaller one.")

    async def _one(self, bay_id: str) -> BayView | None:
        try:
            bay = await self._peers["parking"].get(f"/api/v1/bays/{quote(bay_id, safe='')}", BayView, **_ANYONE)
        except NotFound:
            return None
        return bay
