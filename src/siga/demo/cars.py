"""Draws a car seen from behind: wheels, shell, glass, lamps and its plate."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from PIL import Image, ImageDraw

from siga.demo.bodies import BODIES, COLOURS, Body
from siga.demo.canvas import SCALE, Canvas, Colour, Corner, Dot, darker, lighter, mixed, rounded
from siga.demo.plates import plate_picture

LAYER_WIDTH, LAYER_HEIGHT = 960, 800
GROUND_Y = 770.0
_BLACK: Colour = (30, 32, 36)
_TRIM: Colour = (46, 49, 54)
_RED: Colour = (150, 18, 26)


class _Pen:
    """Places the units of a body on a layer."""

    def __init__(self, body: Body) -> None:
        self.size = body.half_width_px
        self.canvas = Canvas(LAYER_WIDTH, LAYER_HEIGHT)

    def dot(self, x: float, y: float) -> Dot:
        return LAYER_WIDTH / 2 + x * self.size, GROUND_Y - y * self.size

    def half(self, corners: Sequence[Corner], side: int = 1) -> list[Dot]:
        return [self.dot(side * x, y) for x, y in rounded(corners)]

    def whole(self, corners: Sequence[Corner]) -> list[Dot]:
        """A right half and its mirror image as one outline."""
        mirrored = [(-x, y, r) for x, y, r in reversed(corners)]
        return [self.dot(x, y) for x, y in rounded([*corners, *mirrored])]

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Colour, radius: float = 0.0) -> None:
        left, top = self.dot(x0, y1)
        right, bottom = self.dot(x1, y0)
        self.canvas.box(left, top, right, bottom, fill, radius * self.size)


def draw_car(plate: str, seed: int, plate_width: int) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """A car as an RGBA layer of 960 × 800, its tyres at y = 770, and the plate's left, top, right, bottom on it."""
    rng = Random(seed)
    body, colour = rng.choice(BODIES), rng.choice(COLOURS)
    pen = _Pen(body)
    _wheels_and_mirrors(pen, body, colour)
    _shell(pen, body, colour)
    _glass(pen, body)
    _tail(pen, body, colour, rng)
    return _with_plate(pen, body, plate, plate_width)


def _wheels_and_mirrors(pen: _Pen, body: Body, colour: Colour) -> None:
    for side in (-1, 1):
        inner, outer = sorted((side * 0.64, side * 0.93))
        pen.box(inner, 0, outer, body.tyre_top, (26, 27, 30), 0.05)
        for tread in (0.70, 0.78, 0.86):
            x0, x1 = sorted((side * tread, side * (tread + 0.015)))
            pen.box(x0, 0.01, x1, 0.2, (46, 48, 52))
    belt = max(y for _, y, _ in body.light) + 0.06
    pen.box(-0.80, 0.075, 0.80, 0.3, (20, 21, 24), 0.03)
    mirror = (
        (0.93, belt - 0.03, 0.02), (1.10, belt, 0.04), (1.125, belt + 0.12, 0.05), (1.02, belt + 0.15, 0.05),
        (0.93, belt + 0.07, 0.02),
    )  # fmt: skip
    for side in (-1, 1):
        pen.canvas.shaded(pen.half(mirror, side), [(0, lighter(colour, 0.12)), (1, darker(colour, 0.35))])


def _shell(pen: _Pen, body: Body, colour: Colour) -> None:
    roof = body.roof_y
    fin = ((-0.035, roof - 0.02, 0), (0.035, roof - 0.02, 0), (0.012, roof + 0.075, 0.02), (-0.012, roof + 0.075, 0.02))
    pen.canvas.shape([pen.dot(x, y) for x, y in rounded(fin)], darker(colour, 0.45))
    stops = [
        (0.0, lighter(colour, 0.3)), (0.1, lighter(colour, 0.08)), (0.36, colour), (0.43, lighter(colour, 0.2)),
        (0.6, colour), (1.0, darker(colour, 0.4)),
    ]  # fmt: skip
    pen.canvas.shaded(pen.whole(body.outline), stops)
    for side in (-1, 1):  # the flanks turn away from the light
        flank = ((0.93, 0.2), (1.04, 0.2), (1.04, 1.0), (0.80, 1.7), (0.74, 1.6), (0.90, 1.0))
        pen.canvas.veil([pen.dot(side * x, y) for x, y in flank], (10, 14, 20), 0.34, 14)


def _glass(pen: _Pen, body: Body) -> None:
    frame = [(x * 1.035, y + (0.02 if y > 1.3 else -0.02), r) for x, y, r in body.window]
    pen.canvas.shape(pen.whole(frame), _BLACK)
    pen.canvas.shaded(pen.whole(body.window), [(0, (64, 80, 94)), (0.5, (44, 56, 68)), (1, (30, 38, 48))])
    low, high = min(y for _, y, _ in body.window), max(y for _, y, _ in body.window)
    for x in (-0.36, 0.36):  # seats seen through the glass
        pen.box(x - 0.12, low + 0.02, x + 0.12, low + (high - low) * 0.42, (26, 32, 40), 0.05)
    for left, right, opacity in ((-0.50, -0.30, 0.2), (-0.22, -0.17, 0.14)):  # the sky in the glass
        lean = 0.24
        glint = [(left, low + 0.01), (left + lean, high - 0.02), (right + lean, high - 0.01), (right, low + 0.01)]
        pen.canvas.veil([pen.dot(x, y) for x, y in glint], (210, 226, 238), opacity)
    pen.box(-0.13, high + 0.026, 0.13, high + 0.046, (150, 20, 26), 0.008)
    if body.wiper:
        pen.canvas.stroke([pen.dot(0, low + 0.01), pen.dot(0.34, low + 0.06)], (18, 20, 22), 5)
        pen.canvas.oval(*pen.dot(0, low), 9, 7, (18, 20, 22))


def _tail(pen: _Pen, body: Body, colour: Colour, rng: Random) -> None:
    seam = darker(colour, 0.42)
    for side in (-1, 1):
        pen.canvas.stroke(_open(pen, body.lid, side), seam, 2)
    pen.canvas.shaded(pen.whole(body.trim), [(0, mixed(_TRIM, colour, 0.06)), (1, darker(_TRIM, 0.4))])
    for side in (-1, 1):
        _lamp(pen, body, side)
        low = min(y for _, y, _ in body.trim) + 0.09
        x0, x1 = sorted((side * 0.64, side * 0.86))
        pen.box(x0, low, x1, low + 0.035, (172, 40, 42), 0.012)
    y = body.plate_y
    pen.box(-0.44, y - 0.125, 0.44, y + 0.135, darker(colour, 0.3), 0.05)
    pen.box(-0.43, y - 0.13, 0.43, y + 0.12, darker(colour, 0.18), 0.05)
    pen.box(-0.30, y + 0.118, 0.30, y + 0.15, (196, 199, 202), 0.012)
    pen.canvas.oval(*pen.dot(0, y + 0.24), 19, 19, (206, 209, 212))
    pen.canvas.oval(*pen.dot(0, y + 0.24), 14, 14, darker(colour, 0.5))
    pen.canvas.oval(*pen.dot(0, y + 0.24), 6, 6, (206, 209, 212))


def _open(pen: _Pen, corners: Sequence[Corner], side: int) -> list[Dot]:
    return [pen.dot(side * x, y) for x, y in rounded(corners)]


def _lamp(pen: _Pen, body: Body, side: int) -> None:
    pen.canvas.shape(pen.half(body.light, side), darker(_RED, 0.55))
    cx = sum(x for x, _, _ in body.light) / len(body.light)
    cy = sum(y for _, y, _ in body.light) / len(body.light)
    inner = [(cx + (x - cx) * 0.86, cy + (y - cy) * 0.82, r) for x, y, r in body.light]
    pen.canvas.shaded(pen.half(inner, side), [(0, (214, 44, 44)), (0.55, _RED), (1, (112, 12, 20))])
    reach = min(0.09, 0.3 * (max(x for x, _, _ in body.light) - min(x for x, _, _ in body.light)))
    x0, x1 = sorted((side * (cx - reach), side * (cx + reach)))
    pen.box(x0, cy - 0.055, x1, cy - 0.015, (240, 236, 230), 0.012)


def _with_plate(pen: _Pen, body: Body, plate: str, plate_width: int) -> tuple[Image.Image, tuple[int, int, int, int]]:
    picture = plate_picture(plate, plate_width * SCALE)
    x, y = pen.dot(0, body.plate_y)
    left, top = round(x * SCALE - picture.width / 2), round(y * SCALE - picture.height / 2)
    mask = Image.new("L", picture.size, 0)
    radius = picture.width * 7 // 520
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, picture.width - 1, picture.height - 1), radius, fill=255)
    pen.canvas.image.paste(picture, (left, top), mask)
    box = (left // SCALE, top // SCALE, (left + picture.width) // SCALE, (top + picture.height) // SCALE)
    return pen.canvas.finished(), box
