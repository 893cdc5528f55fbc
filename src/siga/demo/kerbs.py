"""Reserved bays along the kerbs: where they lie, for whom, and how they are made."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from siga.demo.geometry import distance_m
from siga.demo.model import Bay, Category, Closure, Identification, Kerb, Life, Point, Surface, Surroundings
from siga.demo.streets import Layout

SHARES: dict[Category, float] = {
    "disabled": 0.75,
    "delivery": 0.09,
    "taxi": 0.05,
    "authority": 0.055,
    "ambulance": 0.055,
}
UNMONITORED_SHARE = 0.15
MOST_BAYS = 2000
_PITCH_M = 6.8
_CLEAR_M = 15.0
_NEAR_M = 150.0  # a landmark colours the bays around it this far
_ZONE_WEIGHTS = {"CE": 1.7, "ME": 1.35, "HO": 1.3, "TE": 1.1, "ES": 1.1, "AR": 0.8, "HU": 0.7}
_WHERE: dict[Category, tuple[Surroundings, ...]] = {
    "disabled": ("centre", "shops", "market", "health", "station", "leisure", "residential"),
    "delivery": ("shops", "market", "centre"),
    "taxi": ("station", "health", "centre", "leisure"),
    "authority": ("centre", "health"),
    "ambulance": ("health", "residential", "centre"),
}
_CLOSURES = (("Obras en la acera", -9, 21), ("Zanja de la red de aguas", -3, 12), ("Andamio en la fachada", -20, 40))


class Slot(Struct, frozen=True, kw_only=True):
    """A length of kerb long enough for one bay."""

    run: int
    side: int
    step: int
    along: float
    place: Point
    zone: str
    near: tuple[tuple[Surroundings, float], ...]


def make_bays(rng: Random, layout: Layout, count: int) -> list[Bay]:
    """`count` bays (1 to 2,000) with codes in their order of place; sensors, cameras and holders come later.

    Raises ValueError for a count outside that range.
    """
    if not 1 <= count <= MOST_BAYS:
        raise ValueError(f"a town has 1 to {MOST_BAYS} bays, not {count}")
    slots = _slots(layout)
    taken: dict[tuple[int, int, int], Category] = {}
    chosen: list[tuple[Slot, Category]] = []
    for category, zone, wanted in _orders(rng, layout, count):
        chosen += _choose(rng, slots[zone], taken, category, wanted)
    everywhere = [slot for zone in slots.values() for slot in zone]
    chosen += _choose(rng, everywhere, taken, "disabled", count - len(chosen))
    chosen.sort(key=lambda pair: (pair[0].zone, pair[0].run, pair[0].side, pair[0].step))
    numbers = dict.fromkeys(slots, 0)
    bays = []
    for slot, category in chosen:
        numbers[slot.zone] += 1
        bays.append(_bay(rng, layout, slot, category, f"{slot.zone}-{numbers[slot.zone]:03d}"))
    return _with_lives(rng, bays)


def _slots(layout: Layout) -> dict[str, list[Slot]]:
    """All free kerb by zone, away from crossings."""
    marks = [(mark.surroundings, Point(lon=mark.lon, lat=mark.lat)) for mark in layout.landmarks]
    slots: dict[str, list[Slot]] = {box.zone.code: [] for box in layout.boxes}
    for index, run in enumerate(layout.runs):
        for step in range(int((run.end - run.start - 20) / _PITCH_M)):
            along = run.start + 12 + step * _PITCH_M
            if not run.clear(along, _CLEAR_M):
                continue
            for side in (-1, 1):
                u, v = run.plan(along, side * (run.width_m / 2 - 2.6))
                place = layout.frame.point(u, v)
                near = tuple((kind, d) for kind, mark in marks if (d := distance_m(place, mark)) < 2.5 * _NEAR_M)
                zone = layout.zone_at(u, v).code
                slots[zone].append(
                    Slot(run=index, side=side, step=step, along=along, place=place, zone=zone, near=near)
                )
    return slots


def _orders(rng: Random, layout: Layout, count: int) -> Iterator[tuple[Category, str, int]]:
    """How many bays of each category each zone gets, by largest remainder; rare categories first."""
    codes = [box.zone.code for box in layout.boxes]
    rest = count
    for category, share in sorted(SHARES.items(), key=lambda item: item[1]):
        total = rest if category == "disabled" else round(count * share)
        rest -= total
        weights = [_ZONE_WEIGHTS.get(code, 1.0) * rng.uniform(0.85, 1.15) for code in codes]
        exact = [total * weight / sum(weights) for weight in weights]
        given = [int(value) for value in exact]
        by_remainder = sorted(range(len(codes)), key=lambda index: given[index] - exact[index])
        for index in by_remainder[: total - sum(given)]:
            given[index] += 1
        yield from ((category, code, number) for code, number in zip(codes, given, strict=True) if number)


def _choose(
    rng: Random, slots: list[Slot], taken: dict[tuple[int, int, int], Category], category: Category, wanted: int
) -> list[tuple[Slot, Category]]:
    """Stands of one to four bays side by side, more of them near what draws that category's people."""
    if wanted <= 0 or not slots:
        return []
    wishes = _WHERE[category]
    weights = list(
        accumulate(0.03 + sum(math.exp(-d / 90) for kind, d in slot.near if kind in wishes) for slot in slots)
    )
    by_place = {(slot.run, slot.side, slot.step): slot for slot in slots}
    result: list[tuple[Slot, Category]] = []
    for _ in range(40 * wanted + 200):
        first = rng.choices(slots, cum_weights=weights)[0]
        for offset in range(rng.choice((1, 1, 2, 2, 3, 4))):
            place = (first.run, first.side, first.step + offset)
            if place in taken or place not in by_place:
                break
            taken[place] = category
            result.append((by_place[place], category))
            if len(result) == wanted:
                return result
    return result


def _bay(rng: Random, layout: Layout, slot: Slot, category: Category, code: str) -> Bay:
    run = layout.runs[slot.run]
    u, v = run.plan(slot.along)
    perpendicular = category == "disabled" and run.width_m > 12 and rng.random() < 0.22
    width, length = _size(rng, category, perpendicular)
    nearest = min(slot.near, key=lambda pair: pair[1], default=("residential", math.inf))
    kerbs: tuple[Kerb, ...] = ("lowered", "raised", "flush")
    surfaces: tuple[Surface, ...] = ("asphalt", "paving_stones", "sett", "concrete")
    old = 0.4 if slot.zone == "CE" else 0.06
    return Bay(
        code=code, zone=slot.zone, category=category, life="in_service", lon=slot.place.lon, lat=slot.place.lat,
        bearing_deg=layout.frame.bearing_deg(u, v, run.along_u), street=run.name, number=_number(layout, slot),
        layout="perpendicular" if perpendicular else "parallel", width_m=width, length_m=length,
        kerb=rng.choices(kerbs, (0.62, 0.26, 0.12) if category == "disabled" else (0.2, 0.75, 0.05))[0],
        surface=rng.choices(surfaces, (0.75 - old, 0.17, old, 0.08))[0],
        slope_pct=round(min(9.0, rng.expovariate(1 / 1.4)), 1), identify=_identify(rng, category),
        sensor=None, camera=None, holder=None,
        surroundings=nearest[0] if nearest[1] < _NEAR_M else "residential",
        demand=round(min(2.2, max(0.45, rng.lognormvariate(0, 0.3))), 2),
    )  # fmt: skip


def _size(rng: Random, category: Category, perpendicular: bool) -> tuple[float, float]:
    """Width and length in metres, the transfer strip of newer disabled bays included."""
    if perpendicular:
        return rng.choice((3.6, 3.7, 3.7, 3.3)), rng.choice((4.8, 5.0, 5.0))
    if category == "disabled":
        return rng.choice((2.0, 2.2, 2.2, 2.4, 2.5)), rng.choice((5.0, 6.5, 6.5, 6.6))
    if category in ("delivery", "ambulance"):
        return rng.choice((2.3, 2.5)), rng.choice((6.5, 6.6))
    return rng.choice((2.0, 2.2)), rng.choice((5.0, 5.2))


def _number(layout: Layout, slot: Slot) -> int:
    doors = layout.doors[slot.run, slot.side] or layout.doors[slot.run, -slot.side]
    if not doors:
        return 1
    at = bisect_left(doors, slot.along, key=lambda door: door[0])
    return min(doors[max(0, at - 1) : at + 1], key=lambda door: abs(door[0] - slot.along))[1].number


def _identify(rng: Random, category: Category) -> tuple[Identification, ...]:
    """Card reader and check-in; the camera is added to those it covers."""
    if category != "disabled":
        return ("card",) if rng.random() < 0.9 else ()
    roll = rng.random()
    return ("card", "check_in") if roll < 0.8 else ("card",) if roll < 0.87 else ("check_in",) if roll < 0.96 else ()


def _with_lives(rng: Random, bays: list[Bay]) -> list[Bay]:
    """A few bays planned, closed or being commissioned; at least the first bay stays in service."""
    few = max(1, round(len(bays) * 0.012)) if len(bays) >= 20 else 0
    odd = rng.sample(range(1, len(bays)), 2 * few + (1 if few else 0)) if few else []
    lives: dict[int, Life] = dict.fromkeys(odd[:few], "planned")
    lives |= dict.fromkeys(odd[few : 2 * few], "closed")
    lives |= dict.fromkeys(odd[2 * few :], "commissioning")
    result = []
    for index, bay in enumerate(bays):
        life = lives.get(index, "in_service")
        closure = None
        if life == "closed":
            reason, start, end = rng.choice(_CLOSURES)
            closure = Closure(reason=reason, from_offset_d=start, until_offset_d=end)
        result.append(bay if life == "in_service" else replace(bay, life=life, closure=closure))
    return result
