"""What clients of the live stream watch, asked of Parking as anyone: the stream carries what anyone may see.

Clients that watch the same share one snapshot while it is fetched and shortly after. That stays exact: each is told
what came after the snapshot's position from what changed lately.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from siga.contract.auth import Principal
from siga.contract.base import Word
from siga.contract.events import Event
from siga.contract.parking import BayDefined
from siga.kit.geo import Box
from siga.kit.peers import Peers
from siga.kit.problem import Invalid, NotFound
from siga.services.gateway.live.hub import Hub, Placed
from siga.services.gateway.live.model import Watch, snapshot_event

PAGE = 1000
MOST_BAYS = 20_000
SHARED_S = 2.0
"""So long a snapshot is handed to others who watch the same."""
_ZONES_KEPT = 20_000
_NOWHERE = Box(min_lon=0.0, min_lat=-90.0, max_lon=0.0, max_lat=-90.0)
_ANYONE: dict[str, Any] = {"on_behalf": Principal(user_id="guest:live", session_id=""), "as_kind": "guest"}


class _Zoned(Word):
    zone_id: str


class _Placed(msgspec.Struct):
    bay_id: str
    lon: float
    lat: float


class _Page(Word):
    """A page of bays, each as it came: nothing of it is read but where the bay is."""

    bays: list[msgspec.Raw]
    next: str | None = None
    position: int = 0


_placed = msgspec.json.Decoder(_Placed)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All bays watched as of a position of Parking's journal, on the wire, and where they are."""

    position: int
    wire: bytes
    places: tuple[Placed, ...]


class _Views(dict[str, tuple[bytes, tuple[float, float]]]):
    """By bay: its JSON and its place."""

    def keep(self, view: msgspec.Raw) -> None:
        placed = _placed.decode(view)
        self[placed.bay_id] = bytes(view), (placed.lon, placed.lat)

    def as_of(self, position: int) -> Snapshot:
        wire = snapshot_event(position, (view for view, _ in self.values()))
        return Snapshot(position, wire, tuple((bay_id, place) for bay_id, (_, place) in self.items()))


class Snapshots:
    """Fetches snapshots, and the zones of bays for staff whose role is narrowed to zones."""

    def __init__(self, peers: Peers, hub: Hub) -> None:
        self._peers, self._hub = peers, hub
        self._shared: dict[Watch, asyncio.Task[Snapshot]] = {}
        self._zones: dict[str, str] = {}

    async def of(self, watch: Watch, after: int = -1) -> Snapshot:
        """The bays watched, as of a later position than `after`; one that the hub can tell from onward, unless the map
        changes all the time."""
        for _ in range(3):
            found = await asyncio.shield(self._share(watch))
            if found.position > after and (self._hub.recent is None or found.position >= self._hub.recent.floor):
                break
            self._shared.pop(watch, None)
        return found

    def hear(self, event: Event) -> None:
        """Forget the zone of a bay that was changed."""
        data = event.decoded() if event.kind == BayDefined.__name__ else None
        if isinstance(data, BayDefined):
            self._zones.pop(data.bay.bay_id, None)

    async def zone_of(self, bay_id: str | None) -> str | None:
        """The zone of a bay, also of a personal one; None when it is not known."""
        if bay_id is None:
            return None
        if bay_id not in self._zones:
            try:
                bay = await self._peers["parking"].get(f"/internal/v1/bays/{quote(bay_id, safe='')}", _Zoned)
            except NotFound:
                return None
            if len(self._zones) > _ZONES_KEPT:
                self._zones.clear()
            self._zones[bay_id] = bay.zone_id
        return self._zones[bay_id]

    def _share(self, watch: Watch) -> asyncio.Task[Snapshot]:
        task = self._shared.get(watch)
        if task is None:
            task = self._shared[watch] = asyncio.create_task(self._fetch(watch))
            task.add_done_callback(lambda done: self._settle(watch, done))
        return task

    def _settle(self, watch: Watch, task: asyncio.Task[Snapshot]) -> None:
        """Keep what was fetched for a moment; a failure is shared by nobody who comes later."""
        kept_s = 0.0 if task.cancelled() or task.exception() else SHARED_S
        asyncio.get_running_loop().call_later(kept_s, self._drop, watch, task)

    def _drop(self, watch: Watch, task: asyncio.Task[Snapshot]) -> None:
        if self._shared.get(watch) is task:
            del self._shared[watch]

    async def _fetch(self, watch: Watch) -> Snapshot:
        views = _Views()
        heard = self._hub.recent.floor if self._hub.recent is not None else 0
        position = await self._in_box(watch.box or _NOWHERE, views)
        for bay_id in watch.bay_ids - views.keys():
            await self._one(bay_id, views)  # read later than the position: what happened in between is told again
        return views.as_of(max(position, heard))  # Parking shows what it tells before it tells it

    async def _in_box(self, box: Box, views: _Views) -> int:
        """Read all pages into `views`; the position of the oldest."""
        bbox = f"{box.min_lon},{box.min_lat},{box.max_lon},{box.max_lat}"
        position: int | None = None
        cursor: str | None = None
        while True:
            page = await self._peers["parking"].get(
                "/api/v1/bays", _Page, params={"bbox": bbox, "limit": PAGE, "cursor": cursor}, **_ANYONE
            )
            position = page.position if position is None else min(position, page.position)
            for view in page.bays:
                views.keep(view)
            cursor = page.next
            if cursor is None:
                return position
            if len(views) > MOST_BAYS:
                raise Invalid(f"There are more than {MOST_BAYS} bays in that box; ask for a smaller one.")

    async def _one(self, bay_id: str, views: _Views) -> None:
        try:
            view = await self._peers["parking"].get(f"/api/v1/bays/{quote(bay_id, safe='')}", msgspec.Raw, **_ANYONE)
        except NotFound:
            return
        views.keep(view)
