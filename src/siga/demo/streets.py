"""Streets, parks, zones and doors of the town, laid out on its plan."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from random import Random

from msgspec import Struct

from siga.demo import names
from siga.demo.geometry import (
    HALF_HEIGHT_M,
    HALF_WIDTH_M,
    RIVER_NORTH_M,
    RIVER_SOUTH_M,
    Frame,
    Plan,
    boundary,
    clipped,
    densified,
    inside,
    make_frame,
)
from siga.demo.model import Address, Area, AreaKind, Landmark, Mode, Point, Street, Surroundings, Zone

_SAMPLE_M = 12.0  # how finely a line is walked to find where it ends
_CORNER_M = 15.0  # nothing is parked and no door stands nearer to a crossing's middle


class Run(Struct, frozen=True, kw_only=True):
    """One street on the plan: from `start` to `end` along u or v, at `fixed` on the other axis, with its crossings."""

    name: str
    along_u: bool
    fixed: float
    start: float
    end: float
    width_m: float
    crossings: tuple[float, ...]

    def plan(self, along: float, aside: float = 0.0) -> Plan:
        """The place `along` metres on the run's axis and `aside` metres off its middle (positive: north or east)."""
        return (along, self.fixed + aside) if self.along_u else (self.fixed + aside, along)

    def clear(self, along: float, margin_m: float) -> bool:
        """Whether neither a crossing nor the river lies within the margin."""
        if not self.along_u and RIVER_SOUTH_M - margin_m < along < RIVER_NORTH_M + margin_m:
            return False
        at = bisect_left(self.crossings, along - margin_m)
        return at == len(self.crossings) or self.crossings[at] > along + margin_m


class ZoneBox(Struct, frozen=True, kw_only=True):
    """A zone's rectangle of the plan, before the town's bounds cut it."""

    zone: Zone
    west: float
    south: float
    east: float
    north: float


class Layout(Struct, frozen=True, kw_only=True):
    """The plan and what was made of it; `doors` holds per run and side the addresses by their place along it."""

    frame: Frame
    runs: tuple[Run, ...]
    boxes: tuple[ZoneBox, ...]
    areas: tuple[Area, ...]
    landmarks: tuple[Landmark, ...]
    streets: tuple[Street, ...]
    addresses: tuple[Address, ...]
    doors: dict[tuple[int, int], list[tuple[float, Address]]]

    def zone_at(self, u: float, v: float) -> Zone:
        """The zone of a place of the plan; beyond all boxes, the nearest row's last."""
        for box in self.boxes:
            if box.west <= u < box.east and box.south <= v < box.north:
                return box.zone
        return self.boxes[-1].zone


def lay_out(rng: Random) -> Layout:
    """Draw streets, areas, zones, landmarks and doors of one town."""
    frame = make_frame(rng)
    us = _lines(rng, -HALF_WIDTH_M + 22, HALF_WIDTH_M - 14, 66, 94)
    vs = _lines(rng, RIVER_NORTH_M + 14, HALF_HEIGHT_M - 14, 66, 92)
    south = _lines(rng, -HALF_HEIGHT_M + 26, RIVER_SOUTH_M - 12, 62, 80)
    park = (_nearest(us, 395), _nearest(vs, -10), _nearest(us, 545), _nearest(vs, 145))
    runs = tuple(_runs(rng, us, vs, south, park))
    boxes = tuple(_zones(frame, us, vs))
    areas = _areas(frame, us, vs, park)
    landmarks = tuple(_landmark(frame, us, sorted(south + vs), wish) for wish in names.LANDMARKS)
    streets = tuple(Street(name=run.name, width_m=run.width_m, line=_line(frame, run)) for run in runs)
    bare = Layout(
        frame=frame, runs=runs, boxes=boxes, areas=areas, landmarks=landmarks, streets=streets, addresses=(), doors={}
    )
    doors = {(index, side): list(_doors(rng, bare, run, side)) for index, run in enumerate(runs) for side in (-1, 1)}
    addresses = tuple(address for row in doors.values() for _, address in row)
    return Layout(
        frame=frame,
        runs=runs,
        boxes=boxes,
        areas=areas,
        landmarks=landmarks,
        streets=streets,
        addresses=addresses,
        doors=doors,
    )


def _lines(rng: Random, low: float, high: float, least: float, most: float) -> list[float]:
    """Irregular positions from low to high with blocks of `least` to `most` metres between them."""
    gaps = max(1, round((high - low) / ((least + most) / 2)))
    widths = [rng.uniform(least, most) for _ in range(gaps)]
    scale = (high - low) / sum(widths)
    return [low, *(low + scale * sum(widths[: index + 1]) for index in range(gaps))]


def _nearest(lines: list[float], wish: float) -> float:
    return min(lines, key=lambda line: abs(line - wish))


def _runs(rng: Random, us: list[float], vs: list[float], south: list[float], park: tuple[float, ...]) -> Iterator[Run]:
    """Every line of the grid cut at the river, the park and the town's bounds; each piece is a street of its own."""
    spare = list(names.STREETS)
    rng.shuffle(spare)
    chosen = {
        _nearest(us, -235): names.OLD_BRIDGE,
        _nearest(us, 300): names.NEW_BRIDGE,
        _nearest(us, 15): names.MAIN_AVENUE,
    }
    chosen |= {vs[0]: names.RIVERSIDE, _nearest(vs, 20): names.HIGH_STREET}
    bridges = {line for line, name in chosen.items() if name in (names.OLD_BRIDGE, names.NEW_BRIDGE)}
    lines = [(True, v) for v in south + vs] + [(False, u) for u in us]
    for along_u, fixed in lines:
        across = us if along_u else south + vs
        pieces = [piece for piece in _pieces(along_u, fixed, park, fixed in bridges) if piece[1] - piece[0] > 95]
        for start, end in sorted(pieces, key=lambda piece: piece[0] - piece[1]):
            main = chosen.pop(fixed, None)
            if main is None and (len(spare) < 2 or (end - start < 240 and rng.random() < 0.55)):
                continue  # not every short piece is built
            if main is None and rng.random() < 0.4:
                start, end = _shortened(rng, across, start, end)
            width = 20.0 if main else rng.choice((11.0, 12.0, 13.0, 14.0))
            crossings = tuple(line for line in across if start - 1 <= line <= end + 1)
            name = main or spare.pop()
            yield Run(name=name, along_u=along_u, fixed=fixed, start=start, end=end, width_m=width, crossings=crossings)


def _pieces(along_u: bool, fixed: float, park: tuple[float, ...], bridge: bool) -> list[tuple[float, float]]:
    reach = HALF_WIDTH_M if along_u else HALF_HEIGHT_M
    pieces: list[tuple[float, float]] = []
    start: float | None = None
    for step in range(int(2 * reach / _SAMPLE_M) + 2):
        along = -reach + step * _SAMPLE_M
        u, v = (along, fixed) if along_u else (fixed, along)
        wet = RIVER_SOUTH_M < v < RIVER_NORTH_M and not bridge
        green = park[0] < u < park[2] and park[1] < v < park[3]
        if inside(u, v) and not wet and not green:
            start = along if start is None else start
        elif start is not None:
            pieces.append((start, along - _SAMPLE_M))
            start = None
    return pieces


def _shortened(rng: Random, across: list[float], start: float, end: float) -> tuple[float, float]:
    """A street that ends at a crossing one to four blocks before its line does."""
    inner = [line for line in across if start < line < end]
    drop = rng.randint(1, 4)
    if len(inner) < drop + 4:
        return start, end
    return (inner[drop - 1], end) if rng.random() < 0.5 else (start, inner[-drop])


def _line(frame: Frame, run: Run) -> tuple[Point, ...]:
    parts = max(1, math.ceil((run.end - run.start) / 36))
    return tuple(frame.point(*run.plan(run.start + (run.end - run.start) * part / parts)) for part in range(parts + 1))


def _zones(frame: Frame, us: list[float], vs: list[float]) -> Iterator[ZoneBox]:
    far = 2 * HALF_WIDTH_M
    river = (RIVER_SOUTH_M + RIVER_NORTH_M) / 2
    rows = (-far, river, _nearest(vs, -120), _nearest(vs, 190), far)
    columns = ((-30.0,), (-200.0, 200.0), (-300.0, 60.0, 330.0), (-190.0, 220.0))
    for row, (zones, wishes) in enumerate(zip(names.ZONE_ROWS, columns, strict=True)):
        cuts = (-far, *(_nearest(us, wish) for wish in wishes), far)
        for index, (code, name, district) in enumerate(zones):
            west, east, south, north = cuts[index], cuts[index + 1], rows[row], rows[row + 1]
            ring = clipped(boundary(), west=west, south=south, east=east, north=north)
            middle = frame.point(sum(u for u, _ in ring) / len(ring), sum(v for _, v in ring) / len(ring))
            outline = tuple(frame.point(u, v) for u, v in densified(ring, 60))
            mode: Mode = "observe_only" if code in names.OBSERVED_ONLY else "enforcing"
            zone = Zone(code=code, name=name, district=district, mode=mode, centre=middle, outline=outline)
            yield ZoneBox(zone=zone, west=west, south=south, east=east, north=north)


def _areas(frame: Frame, us: list[float], vs: list[float], park: tuple[float, ...]) -> tuple[Area, ...]:
    """The river beyond the town's bounds on both sides, the park, and the main square: one whole block."""
    reach = 1.5 * HALF_WIDTH_M
    west = max(line for line in us if line <= -120)
    south = max(line for line in vs if line <= 40)
    square = (west + 14, south + 14, us[us.index(west) + 1] - 14, vs[vs.index(south) + 1] - 14)
    green = (park[0] + 9, park[1] + 9, park[2] - 9, park[3] - 9)
    rings: tuple[tuple[AreaKind, str, tuple[float, float, float, float]], ...] = (
        ("river", "Río Sereno", (-reach, RIVER_SOUTH_M + 6, reach, RIVER_NORTH_M - 8)),
        ("park", "Parque de la Alameda", green),
        ("square", "Plaza Mayor", square),
    )
    return tuple(Area(kind=kind, name=name, outline=_box(frame, box)) for kind, name, box in rings)


def _box(frame: Frame, box: tuple[float, float, float, float]) -> tuple[Point, ...]:
    west, south, east, north = box
    ring = densified([(west, south), (east, south), (east, north), (west, north)], 40)
    return tuple(frame.point(u, v) for u, v in ring)


def _landmark(frame: Frame, us: list[float], vs: list[float], wish: tuple[str, Surroundings, float, float]) -> Landmark:
    """In the middle of the block in which the wished place lies."""
    name, surroundings, u, v = wish
    east, north = min(bisect_left(us, u), len(us) - 1), min(bisect_left(vs, v), len(vs) - 1)
    place = frame.point((us[max(0, east - 1)] + us[east]) / 2, (vs[max(0, north - 1)] + vs[north]) / 2)
    return Landmark(name=name, surroundings=surroundings, lon=place.lon, lat=place.lat)


def _doors(rng: Random, layout: Layout, run: Run, side: int) -> Iterator[tuple[float, Address]]:
    """House numbers along one side: odd on one, even on the other, none at the crossings."""
    number = 1 if side < 0 else 2
    along = run.start + rng.uniform(8, 20)
    while along < run.end - 6:
        if run.clear(along, _CORNER_M - 4):
            u, v = run.plan(along, side * (run.width_m / 2 + 2.5))
            place = layout.frame.point(u, v)
            zone = layout.zone_at(u, v).code
            yield along, Address(street=run.name, number=number, zone=zone, lon=place.lon, lat=place.lat)
            number += 2
            along += rng.uniform(26, 44)
        else:
            along += 5
