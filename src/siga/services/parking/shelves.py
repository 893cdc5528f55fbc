"""Which public bays show which occupancy, so that a search looks only where something can be found."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from siga.contract.parking import CATEGORIES, Category, PublicOccupancy
from siga.kit.geo import distance_m
from siga.services.parking.nearby import Nearby

_FEW = 256
"""So many are quicker looked at one by one than searched for in the tree."""


class Shelves:
    """Bays, by their place in the index, on one shelf for each (occupancy, category)."""

    def __init__(self, positions: list[tuple[float, float]], categories: list[Category]) -> None:
        self._positions, self._categories = positions, categories
        self._index = Nearby(positions)
        self._shelves: dict[tuple[PublicOccupancy, Category], set[int]] = {}
        self._stands: list[PublicOccupancy | None] = [None] * len(positions)

    def put(self, i: int, shows: PublicOccupancy) -> None:
        """Bay `i` shows this now."""
        before, category = self._stands[i], self._categories[i]
        if before == shows:
            return
        if before is not None:
            self._shelves[before, category].discard(i)
        self._shelves.setdefault((shows, category), set()).add(i)
        self._stands[i] = shows

    def nearest(self, lon: float, lat: float, limit: int, shows: Iterable[PublicOccupancy], category: Category | None,
                still: Callable[[int], bool], max_distance_m: float | None) -> list[tuple[float, int]]:  # fmt: skip
        """Up to `limit` (metres, place in the index) of bays that show one of `shows` and for which `still` holds."""
        kinds = (category,) if category is not None else CATEGORIES
        found = [self._shelves.get((word, kind)) for word in shows for kind in kinds]
        shelves = [shelf for shelf in found if shelf]
        if sum(len(shelf) for shelf in shelves) > _FEW:
            return self._index.nearest(
                lon, lat, limit, lambda i: any(i in shelf for shelf in shelves) and still(i), max_distance_m
            )
        near = sorted((distance_m(lon, lat, *self._positions[i]), i) for shelf in shelves for i in shelf if still(i))
        return [hit for hit in near if max_distance_m is None or hit[0] <= max_distance_m][:limit]
