"""The nearest bays to a position: a static R-tree over positions, exact great-circle order, pure."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from typing import Any

import geoindex_rs.rtree as rt

from siga.kit.geo import EARTH_RADIUS_M, distance_m

_M_PER_DEG = math.pi * EARTH_RADIUS_M / 180


class Nearby:
    """An index over positions (degrees, longitude first); built anew when bays come, move or go."""

    def __init__(self, positions: Sequence[tuple[float, float]]) -> None:
        self._positions = positions
        self._tree = None
        if positions:
            builder = rt.RTreeBuilder(len(positions))
            lons, lats = array("d", (p[0] for p in positions)), array("d", (p[1] for p in positions))
            builder.add(lons, lats, lons, lats)
            self._tree = builder.finish()

    def nearest(self, lon: float, lat: float, limit: int, wanted: Callable[[int], bool],
                max_distance_m: float | None = None) -> list[tuple[float, int]]:  # fmt: skip
        """Up to `limit` (distance in metres, index) of positions that are `wanted`, nearest first.

        Neighbours by degrees are asked for in growing number until none that is left out can be nearer: what lies
        `d` degrees away in the plane is at least `d · cos(latitude)` degrees away on the sphere.
        """
        if self._tree is None or limit <= 0:
            return []
        total, ask = len(self._positions), max(32, 4 * limit)
        while True:
            found: Any = rt.neighbors(self._tree, lon, lat, max_results=min(ask, total), max_distance=None)
            indices: list[int] = found.to_pylist()
            all_near = sorted((distance_m(lon, lat, *self._positions[i]), i) for i in indices if wanted(i))
            if max_distance_m is not None:
                all_near = [hit for hit in all_near if hit[0] <= max_distance_m]
            if len(indices) >= total:
                return all_near[:limit]
            sure = self._sure_m(lon, lat, indices[-1])
            if len(all_near) >= limit and all_near[limit - 1][0] <= sure:
                return all_near[:limit]
            if max_distance_m is not None and sure > max_distance_m:
                return all_near[:limit]
            ask *= 4

    def _sure_m(self, lon: float, lat: float, last: int) -> float:
        """What was not returned is at least this far away, metres; 0 where degrees mislead (poles, ±180°)."""
        far_deg = math.hypot(self._positions[last][0] - lon, self._positions[last][1] - lat)
        highest = min(90.0, abs(lat) + far_deg)
        if far_deg > 180 - abs(lon) or highest > 85:
            return 0.0
        return far_deg * _M_PER_DEG * math.cos(math.radians(highest)) * 0.99
