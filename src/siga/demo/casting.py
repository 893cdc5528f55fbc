"""Who plays a part: the car for a command of the visitor of the demo, and who stood where when the town was made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from siga.demo.habits import PastChange, stay_length_s
from siga.demo.model import Bay, Holder, Town
from siga.demo.people import make_plate
from siga.demo.records import Parked, StreetMemory
from siga.demo.visitors import Crowd, Visitor, crowd, next_visitor

Who = Literal["card", "no_card", "card_not_read", "revoked"]
_TRIES = 40


def cast(people: Crowd, bay: Bay, who: Who, rng: Random, busy: Collection[str]) -> Visitor | None:
    """A car that comes to `bay` in this way; None when all who could are parked elsewhere."""
    if who == "no_card":
        plate = _one_of(people.strangers, rng, busy) or make_plate(rng)
        return Visitor(key=plate, kind="stranger", plate=plate, card_uid=None, holder=None, guest=None,
                       expected="unverified")  # fmt: skip
    holder = _holder(people, bay, who, rng, busy)
    if holder is None:
        return None
    plate, reads = rng.choice(holder.plates), "card" in bay.identify
    if who == "card" and reads:
        return _visitor(holder, plate, "card", holder.card_uid, "authorised")
    if who == "card" and "check_in" in bay.identify:
        return _visitor(holder, plate, "check_in", None, "authorised")
    if who == "revoked" and reads:
        return _visitor(holder, plate, "lapsed", holder.card_uid, "unauthorised")
    return _visitor(holder, plate, "card_not_read", None, "unverified")


def _visitor(holder: Holder, plate: str, kind: str, uid: str | None, expected: str) -> Visitor:
    return Visitor(
        key=holder.key, kind=kind, plate=plate, card_uid=uid, holder=holder, guest=None, expected=expected  # type: ignore[arg-type]
    )  # fmt: skip


def _holder(people: Crowd, bay: Bay, who: Who, rng: Random, busy: Collection[str]) -> Holder | None:
    if who == "revoked":
        keys: Sequence[str] = [key for key in people.lapsed if people.holders[key].standing == "revoked"]
    elif bay.holder:
        keys = (bay.holder,)
    else:
        keys = people.valid[bay.category]
    key = _one_of(keys, rng, busy)
    return people.holders[key] if key else None


def _one_of(keys: Sequence[str], rng: Random, busy: Collection[str]) -> str | None:
    free = [key for key in keys if key not in busy]
    return rng.choice(free) if free else None


def opening_scene(town: Town, past: Iterable[PastChange], now: datetime, rng: Random, *, speed: float,
                  away: Collection[str]) -> StreetMemory:  # fmt: skip
    """The street at the end of the past: whoever still stood there stands there now."""
    people, bays = crowd(town), {bay.code: bay for bay in town.bays}
    last = {change.bay_code: change for change in past}
    parked: dict[str, Parked] = {}
    busy = set(away)
    for code, change in last.items():
        visitor = _as_before(people, bays[code], change, rng, busy) if change.occupied else None
        if visitor is None:
            continue
        busy.add(visitor.key)
        stay_s = stay_length_s(bays[code], visitor.kind, now, rng, speed) * rng.random()
        parked[code] = Parked(visitor=visitor, since=change.at, leaves_at=now + timedelta(seconds=stay_s))
    since = {code: change.at for code, change in last.items() if code in parked or not change.occupied}
    return StreetMemory(parked=parked, since=since)


def _as_before(people: Crowd, bay: Bay, change: PastChange, rng: Random, busy: Collection[str]) -> Visitor | None:
    """Somebody whose stay comes to what the past says of it."""
    for _ in range(_TRIES):
        visitor = next_visitor(people, bay, rng, busy)
        if visitor is not None and visitor.expected == change.authorisation:
            return visitor
    return None
