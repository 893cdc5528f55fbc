"""What Redis is told beforehand: the radius around each place that holds as many bays as are wanted there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import geoindex_rs.rtree as rt
import numpy as np

from siga.bench.rivals.redis import Query

_EARTH_M = 6_371_008.8
_ROOM = 1.01
"""Redis reckons with another radius of the earth and rounds positions to some centimetres."""


def tenth_radii(positions: Sequence[tuple[float, float]], places: Sequence[tuple[float, float]], wanted: int
                ) -> list[Query]:  # fmt: skip
    """For each place the distance of its `wanted`-th nearest position (lon, lat in degrees), a little more."""
    xs = np.radians(np.array([lon for lon, _ in positions]))
    phis = np.radians(np.array([lat for _, lat in positions]))
    ys = np.arcsinh(np.tan(phis))  # Mercator's map keeps the order of what is near
    builder = rt.RTreeBuilder(len(positions))
    builder.add(xs, ys, xs, ys)
    tree = builder.finish()
    found = []
    for lon, lat in places:
        x, phi = math.radians(lon), math.radians(lat)
        near = np.asarray(rt.neighbors(tree, x, math.asinh(math.tan(phi)), max_results=wanted, max_distance=None))
        half = (
            np.sin((phis[near] - phi) / 2) ** 2 + math.cos(phi) * np.cos(phis[near]) * np.sin((xs[near] - x) / 2) ** 2
        )
        farthest = 2 * _EARTH_M * math.asin(math.sqrt(float(half.max())))
        found.append(Query(lon, lat, farthest * _ROOM + 1.0))
    return found
