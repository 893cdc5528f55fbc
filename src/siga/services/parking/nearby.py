"""The nearest places, and those in a box: a static R-tree in Mercator's plane, exact great-circle order, pure.

Mercator's map is conformal: seen from a point, near things lie in the same order as on the sphere, at any latitude. A
great circle of `d` radians from latitude φ is at most `d / cos(|φ| + d)` long on the map, so what lies farther on the
map than that cannot be nearer on the earth; the search goes on until that holds.
"""

from __future__ import annotations

import math
from array import array
from typing import Any, NamedTuple

import geoindex_rs.rtree as rt
import numpy as np

from siga.kit.geo import EARTH_RADIUS_M, Box

_POLE = math.pi / 2 - 1e-9
_FIRST, _SPARE, _MORE = 4, 2, 4
_MOST_ASKED = 2_000
"""Looking at every place by vectors is quicker than asking the tree for more."""

Hit = tuple[float, int]
"""(distance in metres, place)."""


def mercator(phi: float) -> float:
    """Northing on the unit sphere's Mercator map of a latitude in radians; the poles lie far away but not endlessly."""
    return math.asinh(math.tan(min(_POLE, max(-_POLE, phi))))


def map_reach(distance: float, phi: float) -> float:
    """How far on the map, at most, everything lies that is within `distance` (radians) of latitude `phi`."""
    farthest = abs(phi) + distance
    return distance / math.cos(farthest) if farthest < _POLE else math.inf


class Plan(NamedTuple):
    """Positions as they were when an index was planned, to be built beside the readers."""

    xs: array[float]
    ys: array[float]
    stamp: int


class Nearby:
    """Positions by place (0, 1, 2, …). Those put since the tree was built are looked at one by one."""

    def __init__(self) -> None:
        self._xs, self._ys, self._phis = array("d"), array("d"), array("d")
        self._tree: Any = None
        self._loose: dict[int, int] = {}
        self._stamp = 0
        self.filling = True
        """While a store is read in, nothing is searched: `rebuild` at its end finds all places."""

    def __len__(self) -> int:
        """How many places there are."""
        return len(self._xs)

    @property
    def loose(self) -> int:
        """How many places the tree does not know as they are."""
        return len(self._loose)

    def put(self, place: int, lon: float, lat: float) -> None:
        """Add the next place, or move one (degrees)."""
        x, phi = math.radians(lon), math.radians(lat)
        if place == len(self._xs):
            self._xs.append(x)
            self._ys.append(mercator(phi))
            self._phis.append(phi)
        else:
            self._xs[place], self._ys[place], self._phis[place] = x, mercator(phi), phi
        if not self.filling:
            self._stamp += 1
            self._loose[place] = self._stamp

    def dump(self, count: int) -> tuple[bytes, bytes, bytes]:
        """The positions of the first `count` places, for `restored`."""
        return self._xs[:count].tobytes(), self._ys[:count].tobytes(), self._phis[:count].tobytes()

    @classmethod
    def restored(cls, xs: bytes, ys: bytes, phis: bytes) -> Nearby:
        """Positions as they were dumped, not yet built."""
        made = cls()
        made._xs.frombytes(xs)
        made._ys.frombytes(ys)
        made._phis.frombytes(phis)
        return made

    # --- building ------------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """A copy of all positions, for `built` in a thread of its own."""
        return Plan(self._xs[:], self._ys[:], self._stamp)

    @staticmethod
    def built(plan: Plan) -> Any:
        """The tree over a plan's positions."""
        if not plan.xs:
            return None
        builder = rt.RTreeBuilder(len(plan.xs))
        builder.add(plan.xs, plan.ys, plan.xs, plan.ys)
        return builder.finish()

    def install(self, plan: Plan, tree: Any) -> None:
        """Search in this tree from now on; what was put after it was planned stays loose."""
        self._tree = tree
        self._loose = {place: stamp for place, stamp in self._loose.items() if stamp > plan.stamp}

    def rebuild(self) -> None:
        """Plan, build and install at once."""
        plan = Plan(self._xs, self._ys, self._stamp)
        self.install(plan, self.built(plan))
        self.filling = False

    # --- searching -----------------------------------------------------------------------------------------------

    def nearest(self, lon: float, lat: float, limit: int, kinds: bytearray, wanted: bytes, many: int,
                max_distance_m: float | None = None) -> list[Hit]:  # fmt: skip
        """Up to `limit` hits, nearest first, of places whose byte in `kinds` is set in the 256 flags `wanted`.

        `many` is how many such places there are in all.
        """
        total = len(self._xs)
        if not many or limit <= 0:
            return []
        x, phi = math.radians(lon), math.radians(lat)
        most = math.inf if max_distance_m is None else max_distance_m / EARTH_RADIUS_M
        # As many as hold enough wanted ones if these lay evenly; where they do not, some more, then all.
        ask = max(_FIRST * limit, _SPARE * limit * total // many)
        while ask <= _MOST_ASKED:
            found = self._try(x, phi, limit, ask, kinds, wanted, most)
            if found is not None:
                return found
            if ask >= total:
                break
            ask *= _MORE
        return self._exhaustive(x, phi, limit, kinds, wanted, most)

    def _try(self, x: float, phi: float, limit: int, ask: int, kinds: bytearray, wanted: bytes, most: float
             ) -> list[Hit] | None:  # fmt: skip
        """The answer if `ask` neighbours on the map are enough to be sure of it, else None."""
        xs, ys = self._xs, self._ys
        y, loose = mercator(phi), self._loose
        near: list[int] = []
        known = math.inf
        if self._tree is not None:
            near = np.asarray(rt.neighbors(self._tree, x, y, max_results=ask, max_distance=None)).tolist()
            if len(near) >= ask:
                known = math.hypot(xs[near[-1]] - x, ys[near[-1]] - y)
        # Beyond the antimeridian the map goes on at its other edge: what lies there is not known from here.
        known = min(known, math.pi - abs(x)) if len(near) >= ask or abs(x) > 1.5 else known
        good = [i for i in near if wanted[kinds[i]]]
        if loose:
            good = [i for i in good if i not in loose] + [i for i in loose if wanted[kinds[i]]]
            good.sort(key=lambda i: (xs[i] - x) ** 2 + (ys[i] - y) ** 2)
        reach = map_reach(most, phi) if most < math.inf else math.inf
        hits = self._measured(x, phi, good[:limit])
        if len(hits) == limit:
            reach = min(reach, map_reach(hits[-1][0], phi))
            more = good[limit:]
            for n, i in enumerate(more):  # as they lie on the map: behind the first beyond reach all are
                if math.hypot(xs[i] - x, ys[i] - y) > reach:
                    if n:
                        hits = sorted([*hits, *self._measured(x, phi, more[:n])])[:limit]
                    break
            else:
                hits = sorted([*hits, *self._measured(x, phi, more)])[:limit]
            reach = min(reach, map_reach(hits[-1][0], phi))
        if reach > known:
            return None
        return [(d * EARTH_RADIUS_M, i) for d, i in hits if d <= most]

    def _measured(self, x: float, phi: float, places: list[int]) -> list[Hit]:
        """The places with their great-circle distances in radians (haversine formula), nearest first."""
        xs, phis, sin, cos, asin, sqrt = self._xs, self._phis, math.sin, math.cos, math.asin, math.sqrt
        cos_phi = cos(phi)
        halves = [
            (sin((phis[i] - phi) / 2) ** 2 + cos_phi * cos(phis[i]) * sin((xs[i] - x) / 2) ** 2, i) for i in places
        ]
        hits = [(2 * asin(sqrt(min(1.0, half))), i) for half, i in halves]
        hits.sort()
        return hits

    def _exhaustive(self, x: float, phi: float, limit: int, kinds: bytearray, wanted: bytes, most: float
                    ) -> list[Hit]:  # fmt: skip
        """The answer by looking at every place: where few are wanted, near a pole, across the antimeridian."""
        flags = np.frombuffer(wanted, dtype=np.uint8)
        places = np.flatnonzero(flags[np.frombuffer(kinds, dtype=np.uint8)])
        if not places.size:
            return []
        xs, phis = np.frombuffer(self._xs)[places], np.frombuffer(self._phis)[places]
        half = np.sin((phis - phi) / 2) ** 2 + math.cos(phi) * np.cos(phis) * np.sin((xs - x) / 2) ** 2
        if places.size > limit:
            # Equal distances at the edge are all kept, so that the order among equals is by place.
            edge = np.partition(half, limit - 1)[limit - 1]
            kept = half <= edge
            places, half = places[kept], half[kept]
        distances = 2 * np.arcsin(np.minimum(1.0, np.sqrt(half)))
        hits = sorted(zip(distances.tolist(), places.tolist(), strict=True))[:limit]
        return [(d * EARTH_RADIUS_M, i) for d, i in hits if d <= most]

    def within(self, box: Box) -> Any:
        """All places in the box, an ascending array."""
        low, high = mercator(math.radians(box.min_lat)), mercator(math.radians(box.max_lat))
        west, east = math.radians(box.min_lon), math.radians(box.max_lon)
        spans = [(west, east)] if west <= east else [(west, math.pi), (-math.pi, east)]
        parts = [np.empty(0, dtype=np.int64)]
        if self._tree is not None:
            for left, right in spans:
                parts.append(np.asarray(rt.search(self._tree, left, low, right, high)).astype(np.int64))
        found = np.unique(np.concatenate(parts))
        if not self._loose:
            return found
        inside = [
            i for i in self._loose
            if low <= self._ys[i] <= high and any(left <= self._xs[i] <= right for left, right in spans)
        ]  # fmt: skip
        kept = found[~np.isin(found, np.fromiter(self._loose, dtype=np.int64))]
        return np.unique(np.concatenate([kept, np.array(inside, dtype=np.int64)]))
