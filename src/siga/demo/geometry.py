"""The town's plan: a grid in metres, bent and turned by one smooth map, so that streets look grown and never tangle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from msgspec import Struct

from siga.demo.model import Point

CENTRE = Point(lon=-2.7412, lat=39.1968)
HALF_WIDTH_M = 650.0
HALF_HEIGHT_M = 580.0
RIVER_SOUTH_M = -392.0
RIVER_NORTH_M = -346.0
_CORNER = 3.6  # of the superellipse that bounds the town
_METRES_PER_DEG_LAT = 111_050.0
_METRES_PER_DEG_LON = 111_320.0 * math.cos(math.radians(CENTRE.lat))

Plan = tuple[float, float]  # (u, v): metres east and north of the centre before the map is applied


class Frame(Struct, frozen=True, kw_only=True):
    """The map from plan to earth: a turn of the whole, waves, and an old core twisted a little more."""

    turn_rad: float
    twist_rad: float
    phases: tuple[float, float, float, float]

    def metres(self, u: float, v: float) -> tuple[float, float]:
        """Metres east and north of the centre for a place of the plan."""
        p = self.phases
        x = u + 26 * math.sin(v / 290 + p[0]) + 11 * math.sin((u + v) / 170 + p[1])
        y = v + 22 * math.sin(u / 320 + p[2]) + 9 * math.sin((u - v) / 150 + p[3])
        angle = self.turn_rad + self.twist_rad * math.exp(-(u * u + v * v) / (2 * 210.0**2))
        cos, sin = math.cos(angle), math.sin(angle)
        return x * cos - y * sin, x * sin + y * cos

    def point(self, u: float, v: float) -> Point:
        """The place on earth (WGS84, seven decimals, about a centimetre) for a place of the plan."""
        x, y = self.metres(u, v)
        return Point(
            lon=round(CENTRE.lon + x / _METRES_PER_DEG_LON, 7), lat=round(CENTRE.lat + y / _METRES_PER_DEG_LAT, 7)
        )

    def bearing_deg(self, u: float, v: float, along_u: bool) -> float:
        """Direction of a street at a place of the plan, 0 ≤ bearing < 180, clockwise from north."""
        du, dv = (2.0, 0.0) if along_u else (0.0, 2.0)
        x0, y0 = self.metres(u - du, v - dv)
        x1, y1 = self.metres(u + du, v + dv)
        return round(math.degrees(math.atan2(x1 - x0, y1 - y0)) % 180, 1) % 180


def make_frame(rng: Random) -> Frame:
    """Draw the map of one town."""
    return Frame(
        turn_rad=math.radians(rng.uniform(8, 19)) * rng.choice((-1, 1)),
        twist_rad=math.radians(rng.uniform(7, 13)) * rng.choice((-1, 1)),
        phases=(rng.uniform(0, 6.28), rng.uniform(0, 6.28), rng.uniform(0, 6.28), rng.uniform(0, 6.28)),
    )


def inside(u: float, v: float) -> bool:
    """Whether a place of the plan lies within the town's bounds."""
    return math.pow(abs(u / HALF_WIDTH_M), _CORNER) + math.pow(abs(v / HALF_HEIGHT_M), _CORNER) <= 1


def distance_m(a: Point, b: Point) -> float:
    """Metres between two places of the town (flat earth, good to 0.1 % over a few kilometres)."""
    return math.hypot((a.lon - b.lon) * _METRES_PER_DEG_LON, (a.lat - b.lat) * _METRES_PER_DEG_LAT)


def boundary(steps: int = 96) -> list[Plan]:
    """The town's bounds as a convex ring of the plan, anticlockwise."""
    ring = []
    for step in range(steps):
        angle = math.tau * step / steps
        cos, sin = math.cos(angle), math.sin(angle)
        u = math.copysign(abs(cos) ** (2 / _CORNER), cos) * HALF_WIDTH_M
        v = math.copysign(abs(sin) ** (2 / _CORNER), sin) * HALF_HEIGHT_M
        ring.append((u, v))
    return ring


def clipped(ring: Sequence[Plan], *, west: float, south: float, east: float, north: float) -> list[Plan]:
    """The part of a convex ring within a rectangle (Sutherland–Hodgman, one side after the other)."""
    result = list(ring)
    for axis, limit, sign in ((0, west, 1), (1, south, 1), (0, east, -1), (1, north, -1)):
        result = _half(result, axis, limit, sign)
    return result


def _half(ring: list[Plan], axis: int, limit: float, sign: int) -> list[Plan]:
    kept: list[Plan] = []
    for here, there in zip(ring, ring[1:] + ring[:1], strict=True):
        inner, next_inner = (here[axis] - limit) * sign >= 0, (there[axis] - limit) * sign >= 0
        if inner:
            kept.append(here)
        if inner != next_inner:
            share = (limit - here[axis]) / (there[axis] - here[axis])
            kept.append((here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])))
    return kept


def densified(ring: Sequence[Plan], step_m: float) -> list[Plan]:
    """The ring with further corners on long sides, so that the map bends it as it bends the streets."""
    result: list[Plan] = []
    for here, there in zip(ring, [*ring[1:], ring[0]], strict=True):
        parts = max(1, math.ceil(math.dist(here, there) / step_m))
        result += [
            (here[0] + (there[0] - here[0]) * part / parts, here[1] + (there[1] - here[1]) * part / parts)
            for part in range(parts)
        ]
    return result
