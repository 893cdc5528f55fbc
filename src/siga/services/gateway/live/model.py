"""The live stream's rules, pure: what a client watches, what waits for it, what changed lately, how it is written.

Exactness: a client's last event id is P when it was told, of every bay it watches, the newest state up to P. Waiting
changes are conflated per bay and told in the order of their positions, so that this holds after every single event.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from siga.contract.parking import BayView
from siga.kit.geo import Box

RECENT_BAYS = 20_000
STAFF_NEWS = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """One bay's new state (or that it is gone), encoded once for all clients. `position` is Parking's.

    A bay that nobody may know of has no place (`lon` is not a number): its changes are kept to correct snapshots that
    were asked for before, and never told.
    """

    position: int
    bay_id: str
    lon: float
    lat: float
    wire: bytes


@dataclass(frozen=True, slots=True)
class StaffNews:
    """Something for staff of a municipality; `zone_id` None when only the bay is known. `action` is what they must be
    allowed to do to hear it."""

    action: str
    municipality_id: str
    zone_id: str | None
    bay_id: str | None
    wire: bytes


def server_sent(name: str, data: bytes, position: int | None = None) -> bytes:
    """One server-sent event (WHATWG HTML §9.2.6). `data` is JSON and holds no line break."""
    head = f"id: {position}\n" if position is not None else ""
    return f"{head}event: {name}\ndata: ".encode() + data + b"\n\n"


def bay_change(position: int, view: BayView) -> Change:
    """A bay as anyone may see it now."""
    wire = server_sent("bay", msgspec.json.encode(view), position)
    return Change(position, view.bay_id, view.lon, view.lat, wire)


def gone_change(position: int, bay_id: str, lon: float, lat: float) -> Change:
    """A bay that nobody shall see any more there: retired, made personal, or moved away."""
    return Change(position, bay_id, lon, lat, server_sent("gone", msgspec.json.encode({"bay_id": bay_id}), position))


def snapshot_event(position: int, bays: Iterable[BayView]) -> bytes:
    """All bays a client watches, as of a position."""
    data = msgspec.json.encode({"position": position, "bays": list(bays)})
    return server_sent("snapshot", data, position)


def flush_interval_s(clients: int) -> float:
    """How long changes are gathered before a client is told: 0.1 s, longer when many listen, at most half a second."""
    return min(0.5, max(0.1, clients / 4000))


@dataclass(slots=True)
class Watch:
    """What one client watches and what waits to be told to it: never more than one change per bay."""

    box: Box | None
    bay_ids: frozenset[str]
    waiting: dict[str, Change] = field(default_factory=dict)
    told: int = -1
    """Everything up to this position was told by a snapshot."""

    def holds(self, bay_id: str, lon: float, lat: float) -> bool:
        """Whether a bay at that place is watched; one without a place never is."""
        if lon != lon:
            return False
        return bay_id in self.bay_ids or (self.box is not None and self.box.holds(lon, lat))

    def offer(self, change: Change) -> bool:
        """Keep the change if it is watched and was not told yet; whether it was kept."""
        if change.position <= self.told or not self.holds(change.bay_id, change.lon, change.lat):
            return False
        self.waiting[change.bay_id] = change
        return True

    def take(self) -> list[Change]:
        """Everything that waits, in the order of positions; then nothing waits."""
        taken = sorted(self.waiting.values(), key=lambda change: change.position)
        self.waiting.clear()
        return taken

    def passed(self, position: int) -> None:
        """A snapshot told everything up to a position: what waits, or still comes, from before that is forgotten."""
        self.told = position
        self.waiting = {key: change for key, change in self.waiting.items() if change.position > position}


class Recent:
    """The newest change of each bay that changed lately, complete for everything after `floor`."""

    def __init__(self, floor: int, most: int = RECENT_BAYS) -> None:
        self.floor = floor
        self._most = most
        self._changes: dict[str, Change] = {}

    def add(self, change: Change) -> None:
        """Keep a change; the oldest bay's is forgotten when there are too many."""
        self._changes.pop(change.bay_id, None)
        self._changes[change.bay_id] = change
        if len(self._changes) > self._most:
            oldest = self._changes.pop(next(iter(self._changes)))
            self.floor = max(self.floor, oldest.position)

    def restart(self, position: int) -> None:
        """Be complete only from this position on: something happened that single changes do not tell."""
        self.floor = max(self.floor, position)
        self._changes = {key: change for key, change in self._changes.items() if change.position > position}

    def overtakes(self, bay_id: str, position: int) -> Change | None:
        """The newest change of a bay if it came after that position."""
        change = self._changes.get(bay_id)
        return change if change is not None and change.position > position else None

    def after(self, position: int) -> list[Change] | None:
        """The newest change of each bay that changed after a position; None when that reaches too far back."""
        if position < self.floor:
            return None
        found = []
        for change in reversed(self._changes.values()):
            if change.position <= position:
                break
            found.append(change)
        return found[::-1]
