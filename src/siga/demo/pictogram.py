"""The wheelchair sign, drawn from strokes in a unit square, so that it can stand on a sign or lie on the ground."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise

from siga.demo.canvas import Canvas, Colour, Dot

_BODY = 0.085
_STROKES: tuple[tuple[tuple[Dot, ...], float], ...] = (
    (((0.40, 0.24), (0.44, 0.545), (0.69, 0.545), (0.80, 0.83), (0.90, 0.79)), _BODY),
    (((0.42, 0.375), (0.65, 0.375)), _BODY * 0.85),
)
_WHEEL: tuple[float, float, float] = (0.435, 0.675, 0.245)


@cache
def _polygons() -> tuple[tuple[Dot, ...], ...]:
    x, y, r = _WHEEL
    wheel = tuple((x + r * math.cos(math.radians(a)), y + r * math.sin(math.radians(a))) for a in range(22, 238, 6))
    shapes: list[tuple[Dot, ...]] = [_disc((0.385, 0.115), 0.088)]
    for line, width in (*_STROKES, (wheel, _BODY * 0.85)):
        shapes += [_disc(dot, width / 2) for dot in line]
        shapes += [_bar(a, b, width) for a, b in pairwise(line)]
    return tuple(shapes)


def _disc(centre: Dot, radius: float) -> tuple[Dot, ...]:
    return tuple(
        (centre[0] + radius * math.cos(math.tau * k / 20), centre[1] + radius * math.sin(math.tau * k / 20))
        for k in range(20)
    )


def _bar(a: Dot, b: Dot, width: float) -> tuple[Dot, ...]:
    length = math.dist(a, b)
    dx, dy = (b[1] - a[1]) / length * width / 2, (a[0] - b[0]) / length * width / 2
    return (a[0] + dx, a[1] + dy), (b[0] + dx, b[1] + dy), (b[0] - dx, b[1] - dy), (a[0] - dx, a[1] - dy)


def draw_wheelchair(canvas: Canvas, place: Callable[[float, float], Dot], fill: Colour) -> None:
    """Draw the sign; `place` maps the unit square (0, 0 at the top left) to pixels of the canvas."""
    for polygon in _polygons():
        canvas.shape([place(x, y) for x, y in polygon], fill)
