"""The behaviour law of the town: when the next car comes, how long it stays, and four weeks of it as history.

Arrivals are a Poisson process whose rate changes with the local hour of the week; stays are log-normal. `speed` divides
waiting and staying, never a clock: at speed 20 the instants are real, and twenty times as much happens between them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from random import Random
from zoneinfo import ZoneInfo

from msgspec import Struct

from siga.demo.model import Bay, Town
from siga.demo.rhythms import WITHOUT_RIGHT, stay_law, week_rates_per_h
from siga.demo.visitors import (
    Authorisation,
    Crowd,
    Visitor,
    VisitorKind,
    crowd,
    next_visitor,
    visitor_mix,
)

__all__ = [
    "Authorisation",
    "Crowd",
    "PastChange",
    "Visitor",
    "VisitorKind",
    "crowd",
    "history",
    "next_arrival",
    "next_visitor",
    "rate_per_h",
    "stay_length_s",
    "visitor_mix",
]

LOCAL = ZoneInfo("Europe/Madrid")
LEAST_WAIT_S = 20.0  # one car must leave before the next comes in
LEAST_STAY_S, MOST_STAY_S = 60.0, 18 * 3600.0
_BREAK = timedelta(minutes=5)  # nobody is seen at two bays within it
_OFFICER_SHARE = 0.25  # of past strangers whom an officer found without a right, in zones that enforce
_WITHOUT_RIGHT: frozenset[VisitorKind] = frozenset(("stranger", "lapsed", "foreign"))
_RELEASE, _LEAVE, _ARRIVE = range(3)


class PastChange(Struct, frozen=True, kw_only=True):
    """One change of a bay: occupied under an authorisation, or free again (then both are None).

    `credential` is the holder's key when a card, good or bad, identified one; `sequence` counts a bay's changes from 1.
    """

    bay_code: str
    at: datetime
    occupied: bool
    authorisation: Authorisation | None
    credential: str | None
    sequence: int


def rate_per_h(bay: Bay, at: datetime) -> float:
    """Expected arrivals per hour at a free bay at an aware instant, at speed 1."""
    local = at.astimezone(LOCAL)
    return bay.demand * week_rates_per_h(bay.category, bay.surroundings)[local.weekday() * 24 + local.hour]


def next_arrival(bay: Bay, now: datetime, rng: Random, speed: float = 1.0) -> datetime:
    """When the next car comes to `bay`, free since the aware instant `now`; a whole number of seconds away at speed 1.

    The wait follows the rates of the hours to come (exact for a Poisson process; a change to or from summer time
    on the way is not looked for) and is then divided by `speed`. Raises ValueError unless speed > 0.
    """
    _check_speed(speed)
    rates = week_rates_per_h(bay.category, bay.surroundings)
    local = now.astimezone(LOCAL)
    hour = local.weekday() * 24 + local.hour
    left_h = 1 - (local.minute * 60 + local.second) / 3600  # of the current hour
    target = rng.expovariate(bay.demand)
    wait_h = 0.0
    while (gain := rates[hour] * left_h) <= target:
        target -= gain
        wait_h += left_h
        hour, left_h = (hour + 1) % 168, 1.0
    wait_h += target / rates[hour]
    return now + timedelta(seconds=max(LEAST_WAIT_S, round(wait_h * 3600)) / speed)


def stay_length_s(bay: Bay, kind: VisitorKind, now: datetime, rng: Random, speed: float = 1.0) -> float:
    """Seconds that a visitor of this kind who comes at the aware instant `now` stays: 60 s to 18 h, divided by `speed`.

    Raises ValueError unless speed > 0.
    """
    _check_speed(speed)
    law = (
        WITHOUT_RIGHT
        if kind in _WITHOUT_RIGHT
        else stay_law(bay.category, bay.surroundings, now.astimezone(LOCAL).hour)
    )
    length = rng.lognormvariate(math.log(law.median_s), law.spread)
    return min(MOST_STAY_S, max(LEAST_STAY_S, round(length))) / speed


def history(town: Town, seed: int, start: datetime, end: datetime) -> Iterator[PastChange]:
    """All changes of the monitored bays in service from `start` (all free) to before `end`, in order of time.

    Deterministic from town, seed and the two instants; nobody is at two bays at once. A stay not over at `end` stays
    open. Raises ValueError for naive instants or an end before the start.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("start and end must be aware of their time zone")
    if end < start:
        raise ValueError("end lies before start")
    return _Past(town, seed).changes(start.astimezone(UTC), end.astimezone(UTC))


def _check_speed(speed: float) -> None:
    if not speed > 0:
        raise ValueError(f"speed must be above 0, not {speed}")


class _Past:
    """The walk through the past: a queue of what happens next, and who is parked."""

    def __init__(self, town: Town, seed: int) -> None:
        self._bays = [bay for bay in town.bays if bay.sensor and bay.life == "in_service"]
        self._enforcing = {zone.code for zone in town.zones if zone.mode == "enforcing"}
        self._people = crowd(town)
        self._rng = Random(f"siga:{town.seed}:history:{seed}")
        self._parked: set[str] = set()
        self._queue: list[tuple[datetime, int, int, int, str]] = []
        self._order = 0

    def changes(self, start: datetime, end: datetime) -> Iterator[PastChange]:
        sequences = [0] * len(self._bays)
        for index, bay in enumerate(self._bays):
            self._plan(next_arrival(bay, start, self._rng), _ARRIVE, index, "")
        heapify(self._queue)
        while self._queue and self._queue[0][0] < end:
            at, _, action, index, key = heappop(self._queue)
            if action == _RELEASE:
                self._parked.discard(key)
                continue
            change = self._arrive(at, index, sequences[index] + 1) if action == _ARRIVE else None
            if action == _LEAVE:
                change = self._leave(at, index, key, sequences[index] + 1)
            if change is not None:
                sequences[index] += 1
                yield change

    def _plan(self, at: datetime, action: int, index: int, key: str) -> None:
        self._order += 1
        heappush(self._queue, (at, self._order, action, index, key))

    def _arrive(self, at: datetime, index: int, sequence: int) -> PastChange | None:
        bay = self._bays[index]
        visitor = next_visitor(self._people, bay, self._rng, self._parked)
        if visitor is None:
            self._plan(next_arrival(bay, at, self._rng), _ARRIVE, index, "")
            return None
        self._parked.add(visitor.key)
        stay = timedelta(seconds=stay_length_s(bay, visitor.kind, at, self._rng))
        self._plan(at + stay, _LEAVE, index, visitor.key)
        authorisation = self._settled(bay, visitor)
        known = visitor.holder is not None and authorisation in ("authorised", "unauthorised")
        return PastChange(
            bay_code=bay.code, at=at, occupied=True, authorisation=authorisation,
            credential=visitor.key if known else None, sequence=sequence,
        )  # fmt: skip

    def _settled(self, bay: Bay, visitor: Visitor) -> Authorisation:
        """What it came to in the end: now and then an officer looked at the windscreen."""
        seen = visitor.kind == "stranger" and bay.zone in self._enforcing and self._rng.random() < _OFFICER_SHARE
        return "unauthorised" if seen else visitor.expected

    def _leave(self, at: datetime, index: int, key: str, sequence: int) -> PastChange:
        bay = self._bays[index]
        self._plan(at + _BREAK, _RELEASE, index, key)
        self._plan(next_arrival(bay, at, self._rng), _ARRIVE, index, "")
        return PastChange(
            bay_code=bay.code, at=at, occupied=False, authorisation=None, credential=None, sequence=sequence
        )
