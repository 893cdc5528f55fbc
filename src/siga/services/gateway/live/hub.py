"""Follows Parking's and Enforcement's journals once per process and fans their news out to the open streams."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field

import msgspec

from siga.contract.enforcement import CaseChanged, CaseOpened
from siga.contract.events import Event
from siga.contract.parking import BayChanged, BayDefined, BayHeard, BayView, DeviceAlarmed
from siga.services.gateway.live.model import (
    STAFF_NEWS,
    Change,
    Recent,
    StaffNews,
    Watch,
    bay_change,
    gone_change,
    server_sent,
)

_ZONES_KEPT = 20_000


@dataclass(slots=True, eq=False)
class Client:
    """One open stream as the hub sees it. `lost_news`: staff news were dropped because too many waited."""

    watch: Watch
    staff: bool = False
    news: deque[StaffNews] = field(default_factory=deque)
    lost_news: bool = False
    closed: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def offer_news(self, news: StaffNews) -> None:
        """Keep staff news; when too many wait the client is told to fetch everything anew."""
        if len(self.news) >= STAFF_NEWS:
            self.news.clear()
            self.lost_news = True
        self.news.append(news)
        self.woken.set()


class Hub:
    """Knows where every bay is, or last was, that clients were told of, so that one that leaves is taken from them."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.recent: Recent | None = None
        self.position = 0
        self._places: dict[str, tuple[float, float]] = {}
        self._hidden: set[str] = set()
        self._case_zones: dict[str, str] = {}

    def start(self, position: int) -> None:
        """Parking's journal is followed from this position on."""
        self.position = position
        self.recent = Recent(position)

    def corrected(self, watch: Watch, bays: list[BayView], position: int) -> list[BayView]:
        """A snapshot's bays without those that left the client's sight while it was fetched; where the others are is
        remembered."""
        kept = []
        for bay in bays:
            later = self.recent.overtakes(bay.bay_id, position) if self.recent else None
            if later is None or watch.holds(later.bay_id, later.lon, later.lat):
                self._places.setdefault(bay.bay_id, (bay.lon, bay.lat))
                kept.append(bay)
        return kept

    def hear_parking(self, event: Event) -> None:
        """Tell clients about a bay, staff about an alarm."""
        data = event.decoded()
        if isinstance(data, BayChanged):
            self._bay(event.position, data.bay_id, None if data.personal else data.view)
        elif isinstance(data, BayHeard):
            self._bay(event.position, data.bay_id, data.view)
        elif isinstance(data, BayDefined) and (data.bay.personal or data.bay.life == "retired"):
            self._bay(event.position, data.bay.bay_id, None)
        elif isinstance(data, DeviceAlarmed):
            wire = server_sent("alarm", msgspec.json.encode(data))
            self._tell_staff(StaffNews("devices.read", event.municipality_id, None, data.bay_id, wire))
        self.position = event.position

    def hear_enforcement(self, event: Event) -> None:
        """Tell staff that a case was opened or moved: ids and state, nothing else."""
        data = event.decoded()
        if isinstance(data, CaseOpened):
            self._remember_zone(data.case_id, data.zone_id)
            told: dict[str, object] = {"case_id": data.case_id, "bay_id": data.bay_id, "state": "new"}
        elif isinstance(data, CaseChanged):
            told = {
                "case_id": data.case_id, "bay_id": data.bay_id, "state": data.state, "outcome": data.outcome,
                "complete": data.complete,
            }  # fmt: skip
        else:
            return
        zone_id = self._case_zones.get(data.case_id)
        wire = server_sent("case", msgspec.json.encode(told))
        self._tell_staff(StaffNews("cases.work", event.municipality_id, zone_id, data.bay_id, wire))

    def _bay(self, position: int, bay_id: str, view: BayView | None) -> None:
        if view is None:
            self._hide(position, bay_id)
            return
        before, now = self._places.get(bay_id), (view.lon, view.lat)
        self._places[bay_id] = now
        self._hidden.discard(bay_id)
        if before is not None and before != now:
            self._tell_moved(gone_change(position, bay_id, *before), now)
        self._tell(bay_change(position, view))

    def _hide(self, position: int, bay_id: str) -> None:
        place = self._places.get(bay_id)
        if place is not None and bay_id not in self._hidden:
            self._hidden.add(bay_id)
            self._tell(gone_change(position, bay_id, *place))
        elif self.recent is not None and self.recent.overtakes(bay_id, -1) is None:
            # Nobody was told of it, but a snapshot under way may hold it. What already hides it stays.
            self.recent.add(gone_change(position, bay_id, math.nan, math.nan))

    def _tell(self, change: Change) -> None:
        if self.recent is not None:
            self.recent.add(change)
        for client in self.clients:
            if client.watch.offer(change):
                client.woken.set()

    def _tell_moved(self, gone: Change, now: tuple[float, float]) -> None:
        """Take the bay from those who watch where it was and not where it is."""
        if self.recent is not None:
            self.recent.restart(gone.position)
        for client in self.clients:
            if not client.watch.holds(gone.bay_id, *now) and client.watch.offer(gone):
                client.woken.set()

    def _tell_staff(self, news: StaffNews) -> None:
        for client in self.clients:
            if client.staff:
                client.offer_news(news)

    def _remember_zone(self, case_id: str, zone_id: str) -> None:
        self._case_zones[case_id] = zone_id
        if len(self._case_zones) > _ZONES_KEPT:
            del self._case_zones[next(iter(self._case_zones))]
