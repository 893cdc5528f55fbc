"""Plane geometry of small outlines in degrees: a point inside, and places for several bays at one spot."""

from __future__ import annotations

import math
from itertools import pairwise

import msgspec

BAY_PITCH_M = 2.5
"""Distance between the markers of bays at one point: about a car's width."""

_ROW_PITCH_M = 5.0
_PER_ROW = 10
_METRES_PER_DEGREE = 111_195.0
_MIN_AREA = 1e-14  # square degrees: about one square centimetre

Ring = list[list[float]]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Where a place is: a point, and its outer ring when the file draws one."""

    lon: float
    lat: float
    ring: Ring | None = None

    def swapped(self) -> Shape:
        """The same with longitude and latitude exchanged."""
        ring = [[y, x] for x, y in self.ring] if self.ring else None
        return Shape(lon=self.lat, lat=self.lon, ring=ring)


def ring_area(ring: Ring) -> float:
    """Signed area of a closed ring in its own units squared; positive when drawn counter-clockwise."""
    x0, y0 = ring[0]
    return sum((ax - x0) * (by - y0) - (bx - x0) * (ay - y0) for (ax, ay), (bx, by) in pairwise(ring)) / 2


def interior_point(rings: list[Ring]) -> tuple[float, float] | None:
    """A point inside the polygon (outer ring, then holes): its centroid, else the middle of its widest part.

    None when it encloses no area.
    """
    area = ring_area(rings[0])
    if not abs(area) > _MIN_AREA:
        return None
    centre = _centroid(rings[0], area)
    if _inside(centre, rings):
        return centre
    heights = sorted({y for ring in rings for _, y in ring})
    middle = (heights[0] + heights[-1]) / 2
    below = max(y for y in heights if y <= middle)
    above = min((y for y in heights if y > middle), default=below)
    scan = (below + above) / 2
    spans = _crossings(rings, scan)
    width, left = max(
        ((right - left, left) for left, right in zip(spans[::2], spans[1::2], strict=False)), default=(0, 0)
    )
    return (left + width / 2, scan) if width > 0 else None


def _centroid(ring: Ring, area: float) -> tuple[float, float]:
    x0, y0 = ring[0]
    sum_x = sum_y = 0.0
    for (ax, ay), (bx, by) in pairwise((x - x0, y - y0) for x, y in ring):
        cross = ax * by - bx * ay
        sum_x += (ax + bx) * cross
        sum_y += (ay + by) * cross
    return x0 + sum_x / (6 * area), y0 + sum_y / (6 * area)


def _crossings(rings: list[Ring], height: float) -> list[float]:
    """Where the edges cross the horizontal line at `height`, from left to right."""
    found = []
    for ring in rings:
        for (ax, ay), (bx, by) in pairwise(ring):
            if (ay > height) != (by > height):
                found.append(ax + (height - ay) * (bx - ax) / (by - ay))
    return sorted(found)


def _inside(point: tuple[float, float], rings: list[Ring]) -> bool:
    x, y = point
    return sum(crossing > x for crossing in _crossings(rings, y)) % 2 == 1


def spread(shape: Shape, count: int) -> list[tuple[float, float]]:
    """Positions (lon, lat) for `count` bays of one place, none on top of another.

    In an outline: evenly along the line through its inner point that runs with its longest side. At a point: the
    first on the point itself, so that it stays when the place grows; the others 2.5 m apart towards the east, ten to a
    row, rows 5 m apart towards the south. Both are guesses, to tell markers apart.
    """
    if count == 1:
        return [(shape.lon, shape.lat)]
    line = _line_inside(shape) if shape.ring else None
    if line is None:
        return [_beside(shape, index) for index in range(count)]
    (ax, ay), (bx, by) = line
    steps = [(index + 0.5) / count for index in range(count)]
    return [(round(ax + (bx - ax) * step, 8), round(ay + (by - ay) * step, 8)) for step in steps]


def _beside(shape: Shape, index: int) -> tuple[float, float]:
    if index == 0:
        return shape.lon, shape.lat
    line, place = divmod(index, _PER_ROW)
    per_degree = _METRES_PER_DEGREE * max(math.cos(math.radians(shape.lat)), 0.01)
    lon = shape.lon + place * BAY_PITCH_M / per_degree
    lat = shape.lat - line * _ROW_PITCH_M / _METRES_PER_DEGREE
    return round(lon - 360 if lon > 180 else lon, 8), round(max(lat, -90.0), 8)


def _line_inside(shape: Shape) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The stretch inside the ring of the line through the point that is parallel to the ring's longest side."""
    ring = shape.ring or []
    narrow = math.cos(math.radians(shape.lat))
    edges = list(pairwise(ring))
    (ax, ay), (bx, by) = max(
        edges, key=lambda edge: math.hypot((edge[1][0] - edge[0][0]) * narrow, edge[1][1] - edge[0][1])
    )
    dx, dy = bx - ax, by - ay
    before: list[float] = []
    after: list[float] = []
    for (px, py), (qx, qy) in edges:
        ex, ey = qx - px, qy - py
        cross = dx * ey - dy * ex
        if cross == 0:
            continue
        along = ((px - shape.lon) * ey - (py - shape.lat) * ex) / cross
        across = ((px - shape.lon) * dy - (py - shape.lat) * dx) / cross
        if 0 <= across <= 1:
            (after if along > 0 else before).append(along)
    if not before or not after:
        return None
    back, forth = max(before), min(after)
    return (shape.lon + dx * back, shape.lat + dy * back), (shape.lon + dx * forth, shape.lat + dy * forth)
