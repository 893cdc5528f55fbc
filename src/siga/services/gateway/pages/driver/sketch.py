"""A sketch of where the listed bays lie: north up, to scale, no tiles; the list says the same in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from siga.kit.geo import EARTH_RADIUS_M
from siga.services.gateway.pages.driver.views import BayWords

SIZE = 640
_EDGE = 56
_NICE_M = (25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 20_000)
_M_PER_DEG = math.pi * EARTH_RADIUS_M / 180
_APART = 40.0


@dataclass(frozen=True)
class Pin:
    """A bay on the sketch, in its units; `number` is its place in the list."""

    card: BayWords
    x: float
    y: float


@dataclass(frozen=True)
class Ring:
    """A circle of a round distance about the place searched for."""

    radius: float
    distance_m: int


@dataclass(frozen=True)
class Sketch:
    """Pins and rings about the centre of a square of `SIZE` units."""

    pins: Sequence[Pin]
    rings: Sequence[Ring]
    size: int = SIZE


def sketch(cards: Sequence[BayWords], lon: float, lat: float) -> Sketch | None:
    """The sketch about a position; None when there is nothing to draw or it is too far away to be one picture."""
    near = [card for card in cards if (card.bay.distance_m or 0) < 20_000]
    if not near:
        return None
    places = [_metres(card.bay.lon, card.bay.lat, lon, lat) for card in near]
    reach_m = max(60.0, *(math.hypot(x, y) for x, y in places))
    scale = (SIZE / 2 - _EDGE) / reach_m
    spots = _apart([(SIZE / 2 + x * scale, SIZE / 2 - y * scale) for x, y in places])
    pins = [Pin(card, round(x, 1), round(y, 1)) for card, (x, y) in zip(near, spots, strict=True)]
    return Sketch(pins, _rings(reach_m, scale))


def _metres(lon: float, lat: float, lon0: float, lat0: float) -> tuple[float, float]:
    """East and north of the centre in metres, on the plane that touches there."""
    return (lon - lon0) * _M_PER_DEG * math.cos(math.radians(lat0)), (lat - lat0) * _M_PER_DEG


def _rings(reach_m: float, scale: float) -> list[Ring]:
    fitting = [distance for distance in _NICE_M if distance * scale <= SIZE / 2 - 8]
    chosen = [one for one in fitting if one == fitting[-1] or one * 2 == fitting[-1] or one * 2.5 == fitting[-1]]
    return [Ring(round(distance * scale, 1), distance) for distance in chosen[-2:]]


def _apart(spots: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The spots pushed apart a little where marks would hide each other, nearest ones staying where they are."""
    placed: list[tuple[float, float]] = []
    for x, y in spots:
        turn = 0.0
        best = (x, y)
        while any(math.hypot(best[0] - px, best[1] - py) < _APART for px, py in placed) and turn < 10 * math.pi:
            turn += math.pi / 4
            reach = _APART * (0.6 + turn / (2 * math.pi) * 0.5)
            best = (x + reach * math.cos(turn), y + reach * math.sin(turn))
        placed.append((min(max(best[0], 24), SIZE - 24), min(max(best[1], 24), SIZE - 24)))
    return placed
