"""The street as it is now: who stands in which bay and what happens next; no clock, no network, chance as an argument.

Habits say when cars come and go. So that a visitor never looks at a street asleep, around the centre something happens
every few seconds: what would come next there is brought forward.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from random import Random

from msgspec import Struct

from siga.demo.casting import Who, cast
from siga.demo.geometry import distance_m
from siga.demo.habits import next_arrival, next_visitor, stay_length_s
from siga.demo.model import Bay, Point, Town
from siga.demo.records import Parked, StreetMemory
from siga.demo.visitors import Visitor, crowd

LIVELY = 30
"""So many monitored bays around the centre have sensors that speak often, and their changes are told on Street."""
WINDOW = 14
"""Among so many public bays for people with a card around the centre something happens every PACE."""
PACE = timedelta(seconds=7)
HELD = timedelta(minutes=20)
"""So long a car stays that the visitor put there, unless they send it away."""
_SETTLING_S = (5.0, 240.0)  # in which cars leave that should have left while nobody played
_RESTED, _CHOICE = timedelta(seconds=45), 4  # so long a bay is left alone, among so many of the next it is drawn
_BREAK = timedelta(minutes=5)  # nobody is seen at two bays within it


class CannotTake(Exception):
    """The bay cannot be taken like that: `reason` is `occupied`, `free`, `closed` or `nobody`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Spot(Struct, kw_only=True):
    """One monitored bay. `next_at`: when its car leaves or the next one comes."""

    bay: Bay
    since: datetime
    next_at: datetime
    car: Parked | None = None
    muted: bool = False


class Move(Struct, frozen=True, kw_only=True):
    """A car came or left."""

    spot: Spot
    car: Parked
    came: bool
    at: datetime


def lively_bays(town: Town) -> frozenset[str]:
    """Codes of the monitored bays around the centre."""
    return frozenset(bay.code for bay in _around_centre(town, lambda bay: True)[:LIVELY])


class Street:
    """All monitored bays in service. `away`: people who never come by themselves, since a visitor plays them."""

    def __init__(self, town: Town, memory: StreetMemory, now: datetime, *, speed: float, rng: Random,
                 away: Collection[str] = ()) -> None:  # fmt: skip
        self._people, self._rng, self._speed = crowd(town), rng, speed
        self._away = frozenset(away)
        self._resting: deque[tuple[datetime, str]] = deque()
        self._queue: list[tuple[datetime, str]] = []
        self._changed_at = now
        self.spots: dict[str, Spot] = {}
        for bay in town.bays:
            if bay.sensor is not None and bay.life == "in_service":
                self.spots[bay.code] = self._restored(bay, memory, now)
        window = _around_centre(town, lambda bay: bay.category == "disabled" and bay.holder is None)
        self._window = [self.spots[bay.code] for bay in window[:WINDOW]]
        heapify(self._queue)

    def _restored(self, bay: Bay, memory: StreetMemory, now: datetime) -> Spot:
        car = memory.parked.get(bay.code)
        since = memory.since.get(bay.code, now)
        spot = Spot(bay=bay, since=since, next_at=now, car=car, muted=bay.code in memory.muted)
        if car is None:
            spot.next_at = next_arrival(bay, now, self._rng, self._speed)
        elif car.leaves_at <= now:
            spot.next_at = now + timedelta(seconds=self._rng.uniform(*_SETTLING_S))
        else:
            spot.next_at = car.leaves_at
        self._queue.append((spot.next_at, bay.code))
        return spot

    # --- what happens by itself --------------------------------------------------------------------------------------

    def due(self, now: datetime) -> list[Move]:
        """Everything that has happened by `now`, in order."""
        self._hurry(now)
        moves = []
        while self._queue and self._queue[0][0] <= now:
            at, code = heappop(self._queue)
            spot = self.spots[code]
            if spot.next_at != at:
                continue
            move = self._leave(spot, now) if spot.car else self._arrive(spot, now)
            if move is not None:
                moves.append(move)
        return moves

    def next_at(self, now: datetime) -> datetime:
        """When to look again."""
        soonest = self._queue[0][0] if self._queue else now + PACE
        return min(soonest, max(self._changed_at + PACE, now))

    def _hurry(self, now: datetime) -> None:
        """Bring the next change of the window forward when nothing happened there for a while."""
        if now < self._changed_at + PACE:
            return
        self._changed_at = now
        idle = [
            spot for spot in self._window
            if now - spot.since >= _RESTED and not spot.muted and not (spot.car and spot.car.held)
        ]  # fmt: skip
        if idle:
            soonest = sorted(idle, key=lambda spot: spot.next_at)[:_CHOICE]
            self._plan(self._rng.choice(soonest), now)

    def _plan(self, spot: Spot, at: datetime) -> None:
        spot.next_at = at
        heappush(self._queue, (at, spot.bay.code))

    def _arrive(self, spot: Spot, now: datetime) -> Move | None:
        visitor = next_visitor(self._people, spot.bay, self._rng, self._busy(now))
        if visitor is None:
            self._plan(spot, next_arrival(spot.bay, now, self._rng, self._speed))
            return None
        stay_s = stay_length_s(spot.bay, visitor.kind, now, self._rng, self._speed)
        return self._park(spot, visitor, now, now + timedelta(seconds=stay_s), held=False)

    def _park(self, spot: Spot, visitor: Visitor, now: datetime, until: datetime, *, held: bool) -> Move:
        spot.car = Parked(visitor=visitor, since=now, leaves_at=until, held=held)
        self._plan(spot, until)
        return self._moved(spot, spot.car, now, came=True)

    def _leave(self, spot: Spot, now: datetime) -> Move:
        car, spot.car = spot.car, None
        assert car is not None
        self._resting.append((now + _BREAK / self._speed, car.visitor.key))
        self._plan(spot, next_arrival(spot.bay, now, self._rng, self._speed))
        return self._moved(spot, car, now, came=False)

    def _moved(self, spot: Spot, car: Parked, now: datetime, *, came: bool) -> Move:
        spot.since = now
        if spot in self._window:
            self._changed_at = now
        return Move(spot=spot, car=car, came=came, at=now)

    def _busy(self, now: datetime) -> set[str]:
        """Who cannot come now: parked, just left, or played by the visitor."""
        while self._resting and self._resting[0][0] <= now:
            self._resting.popleft()
        parked = {spot.car.visitor.key for spot in self.spots.values() if spot.car}
        return parked | {key for _, key in self._resting} | self._away

    # --- what the visitor of the demo does ----------------------------------------------------------------------------

    def take(self, code: str, who: Who, now: datetime) -> Move:
        """Put a car into a free bay; CannotTake says why not."""
        spot = self._spot(code)
        if spot.car is not None:
            raise CannotTake("occupied")
        visitor = cast(self._people, spot.bay, who, self._rng, self._busy(now))
        if visitor is None:
            raise CannotTake("nobody")
        return self._park(spot, visitor, now, now + HELD, held=True)

    def leave(self, code: str, now: datetime) -> Move:
        """Send the car of a bay away; CannotTake where there is none."""
        spot = self._spot(code)
        if spot.car is None:
            raise CannotTake("free")
        return self._leave(spot, now)

    def mute(self, code: str, muted: bool) -> Spot:
        """Let a sensor fall silent, or speak again."""
        spot = self._spot(code)
        spot.muted = muted
        return spot

    def _spot(self, code: str) -> Spot:
        spot = self.spots.get(code)
        if spot is None:
            raise CannotTake("closed")
        return spot

    def memory(self, nonce: int) -> StreetMemory:
        """What to keep until the next start."""
        return StreetMemory(
            parked={code: spot.car for code, spot in self.spots.items() if spot.car},
            since={code: spot.since for code, spot in self.spots.items()},
            muted=[code for code, spot in self.spots.items() if spot.muted], nonce=nonce,
        )  # fmt: skip


def _around_centre(town: Town, wanted: Callable[[Bay], bool]) -> list[Bay]:
    monitored = [bay for bay in town.bays if bay.sensor and bay.life == "in_service" and wanted(bay)]
    return sorted(monitored, key=lambda bay: distance_m(Point(lon=bay.lon, lat=bay.lat), town.centre))
