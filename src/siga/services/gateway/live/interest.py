"""Who watches a place or a bay: groups of clients indexed by map cells; a change touches only those it concerns."""

from __future__ import annotations

from math import floor
from typing import Generic, Protocol, TypeVar

from siga.kit.geo import Box
from siga.services.gateway.live.model import Watch

_SIZES_DEG = (0.01, 0.1, 1.0)
"""Cells of about 1 km, 10 km and 100 km north to south."""
_MOST_CELLS = 64

Cell = tuple[float, int, int]


class Watching(Protocol):
    """Whatever is indexed by what it watches."""

    @property
    def watch(self) -> Watch:
        """What it watches; never changes."""
        ...


W = TypeVar("W", bound=Watching)


class Interest(Generic[W]):
    """An index from places and bay ids to watchers.

    A box is entered in the cells of the finest size of which it covers few; one that covers many even of the largest
    is looked at with every change.
    """

    def __init__(self) -> None:
        self._index: dict[Cell | str, dict[W, None]] = {}
        self._wide: dict[W, None] = {}

    def add(self, watcher: W) -> None:
        """Enter a watcher."""
        cells = _cells(watcher.watch.box)
        if cells is None:
            self._wide[watcher] = None
        for key in (*watcher.watch.bay_ids, *(cells or ())):
            self._index.setdefault(key, {})[watcher] = None

    def remove(self, watcher: W) -> None:
        """Take a watcher out."""
        self._wide.pop(watcher, None)
        for key in (*watcher.watch.bay_ids, *(_cells(watcher.watch.box) or ())):
            there = self._index[key]
            del there[watcher]
            if not there:
                del self._index[key]

    def at(self, bay_id: str, lon: float, lat: float) -> list[W]:
        """Those who watch a bay at that place, each once."""
        found = list(self._index.get(bay_id, ()))
        for size in _SIZES_DEG:
            here = self._index.get((size, floor(lon / size), floor(lat / size)))
            if here:
                found += [one for one in here if _by_box(one.watch, bay_id, lon, lat)]
        found += [one for one in self._wide if _by_box(one.watch, bay_id, lon, lat)]
        return found


def _by_box(watch: Watch, bay_id: str, lon: float, lat: float) -> bool:
    """Whether the box holds the place; who names the bay is found by its name already."""
    return watch.box is not None and bay_id not in watch.bay_ids and watch.box.holds(lon, lat)


def _cells(box: Box | None) -> list[Cell] | None:
    """The cells a box covers, none without a box; None when they are too many of any size."""
    if box is None:
        return []
    spans = [(box.min_lon, box.max_lon)]
    if box.min_lon > box.max_lon:
        spans = [(box.min_lon, 180.0), (-180.0, box.max_lon)]
    for size in _SIZES_DEG:
        rows = range(floor(box.min_lat / size), floor(box.max_lat / size) + 1)
        columns = [range(floor(west / size), floor(east / size) + 1) for west, east in spans]
        if len(rows) * sum(map(len, columns)) <= _MOST_CELLS:
            return [(size, column, row) for span in columns for column in span for row in rows]
    return None
