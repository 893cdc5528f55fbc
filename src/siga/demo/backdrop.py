"""The street behind and under the car: façade, pavement, kerb, sign and the blue bay, by day or night."""

from __future__ import annotations

from functools import lru_cache
from random import Random

from PIL import Image

from siga.demo.canvas import Canvas, Colour, Dot, darker, lighter, mixed
from siga.demo.model import Category
from siga.demo.night import by_night
from siga.demo.pictogram import draw_wheelchair

WIDTH, HEIGHT = 1280, 960
STREETS = 6
PAVEMENT_Y, KERB_Y, ROAD_Y = 436.0, 516.0, 546.0
BAY: tuple[Dot, Dot, Dot, Dot] = ((236, 552), (1044, 552), (1204, 926), (76, 926))
_SIGN_BLUE: Colour = (0, 84, 166)
_PAINT_BLUE: Colour = (38, 98, 172)
_WHITE: Colour = (244, 245, 243)
_YELLOW: Colour = (232, 184, 44)
_SIGN_RED: Colour = (200, 30, 40)
_WALLS: tuple[Colour, ...] = (
    (236, 222, 196), (229, 201, 164), (240, 233, 220), (214, 186, 160), (226, 214, 222), (221, 226, 214),
)  # fmt: skip
_SHUTTERS: tuple[Colour, ...] = (
    (62, 104, 92), (96, 74, 58), (58, 84, 118), (122, 62, 52), (74, 90, 62), (70, 70, 78),
)  # fmt: skip
_AWNINGS: tuple[Colour, ...] = (
    (178, 62, 52), (44, 108, 96), (196, 140, 46), (54, 88, 140), (128, 62, 92), (90, 110, 60),
)  # fmt: skip


@lru_cache(maxsize=6)
def backdrop(street: int, night: bool, category: Category = "disabled") -> Image.Image:
    """The empty street `street` (0…5) with a bay of the category, RGB, 1280 × 960; do not draw on it, copy it."""
    rng = Random(street)
    canvas = Canvas(WIDTH, HEIGHT, _WALLS[street])
    panes = _facade(canvas, street, night, rng)
    _pavement(canvas, rng)
    _road(canvas, rng)
    _bay(canvas, category)
    _tree(canvas, 92 if street % 2 else 124, rng)
    _sign(canvas, 1172, category)
    day = canvas.finished()
    if not night:
        return day
    dark = by_night(day)
    for box in panes:  # lit from within, not by the street
        dark.paste(day.crop(box), box[:2])
    return dark


def _facade(canvas: Canvas, street: int, night: bool, rng: Random) -> list[tuple[int, int, int, int]]:
    """The house; answers with the panes behind which a light is on."""
    wall = _WALLS[street]
    canvas.band(0, 0, WIDTH, PAVEMENT_Y, lighter(wall, 0.18), darker(wall, 0.1))
    canvas.box(0, 52, WIDTH, 66, lighter(wall, 0.45))
    canvas.box(0, 66, WIDTH, 72, darker(wall, 0.2))
    plinth = mixed(wall, (130, 122, 116), 0.6)
    canvas.box(0, 366, WIDTH, PAVEMENT_Y, plinth)
    canvas.box(0, 366, WIDTH, 371, lighter(plinth, 0.3))
    for x in range(-40 + rng.randrange(60), WIDTH, 142):
        canvas.box(x, 371, x + 2, PAVEMENT_Y, darker(plinth, 0.18))
    lit: list[tuple[int, int, int, int]] = []
    for x in (-60, 250, 480, 700):
        left = x + rng.randint(-6, 6)
        on = night and x > 0 and rng.random() < 0.6
        _window(canvas, left, street, on)
        if on:
            sides, storeys = ((left, left + 52), (left + 58, left + 110)), ((118, 200), (205, 314))
            lit += [(x0, y0, x1, y1) for x0, x1 in sides for y0, y1 in storeys]
    _shop(canvas, 884, street, night)
    if night:
        lit += [(898, 220, 966, 400), (972, 220, 1040, 400)]
    return lit


def _window(canvas: Canvas, x: float, street: int, lit: bool) -> None:
    wall, wood = _WALLS[street], _SHUTTERS[street]
    canvas.box(x - 8, 110, x + 118, 322, lighter(wall, 0.5))
    glass = ((255, 222, 150), (226, 168, 92)) if lit else ((116, 142, 160), (70, 92, 112))
    canvas.band(x, 118, x + 110, 314, *glass)
    if not lit:
        canvas.veil([(x + 20, 314), (x + 78, 118), (x + 104, 118), (x + 46, 314)], _WHITE, 0.16)
    canvas.box(x + 52, 118, x + 58, 314, _WHITE)
    canvas.box(x, 200, x + 110, 205, _WHITE)
    for left in (x - 62, x + 120):
        canvas.box(left, 110, left + 52, 322, wood, 2)
        for y in range(120, 312, 14):
            canvas.box(left + 6, y, left + 46, y + 7, darker(wood, 0.28))
    canvas.box(x - 14, 322, x + 124, 334, lighter(wall, 0.6))
    canvas.box(x - 14, 334, x + 124, 339, darker(wall, 0.28))


def _shop(canvas: Canvas, x: float, street: int, night: bool) -> None:
    """A small shop front with a striped awning, without letters: the only text in the picture is the plate."""
    frame, cloth = darker(_SHUTTERS[street], 0.25), _AWNINGS[street]
    canvas.box(x, 150, x + 170, PAVEMENT_Y, frame, 4)
    glass = ((255, 226, 160), (222, 170, 100)) if night else ((150, 176, 190), (92, 116, 134))
    canvas.band(x + 14, 180, x + 156, 400, *glass)
    canvas.veil([(x + 40, 400), (x + 96, 180), (x + 128, 180), (x + 72, 400)], _WHITE, 0.2)
    canvas.box(x + 82, 180, x + 88, PAVEMENT_Y, frame)
    for stripe in range(8):
        left, right = x - 26 + stripe * 28, x + 2 + stripe * 28
        top_left, top_right = x - 6 + stripe * 23, x + 17 + stripe * 23
        colour = cloth if stripe % 2 == 0 else _WHITE
        canvas.shape([(top_left, 122), (top_right, 122), (right, 206), (left, 206)], colour)
        canvas.oval((left + right) / 2, 206, 14, 13, darker(colour, 0.1))
    canvas.box(x - 10, 116, x + 182, 124, darker(cloth, 0.35), 3)


def _pavement(canvas: Canvas, rng: Random) -> None:
    stone: Colour = (205, 200, 192)
    canvas.band(0, PAVEMENT_Y, WIDTH, KERB_Y, darker(stone, 0.2), darker(stone, 0.04), stone)
    joint = darker(stone, 0.14)
    for y in (456, 482):
        canvas.box(0, y, WIDTH, y + 1.5, joint)
    for x in range(-900, 2200, 92):
        canvas.stroke([(640 + (x - 640) * 0.8, PAVEMENT_Y), (x, KERB_Y)], joint, 1.5)
    canvas.box(0, KERB_Y, WIDTH, KERB_Y + 9, (226, 223, 216))
    canvas.band(0, KERB_Y + 9, WIDTH, ROAD_Y, (176, 172, 166), (140, 138, 136))
    for x in range(rng.randrange(150) - 150, WIDTH + 150, 168):
        canvas.box(x, KERB_Y, x + 2, ROAD_Y, (150, 147, 143))


def _road(canvas: Canvas, rng: Random) -> None:
    canvas.band(0, ROAD_Y, WIDTH, HEIGHT, (86, 90, 96), (102, 106, 112), (118, 121, 126))
    for _ in range(520):
        y = ROAD_Y + 6 + (HEIGHT - ROAD_Y) * rng.random()
        size = 0.6 + 1.5 * (y - ROAD_Y) / (HEIGHT - ROAD_Y) * rng.random()
        tone = rng.randint(82, 140)
        canvas.oval(rng.random() * WIDTH, y, size * 1.5, size, (tone, tone + 2, tone + 5))


def bay_place(x: float, y: float) -> Dot:
    """The pixel for a place in the bay: x from its left line (0) to its right (1), y from kerb (0) to lane (1)."""
    (left_top, top), (right_top, _), (right, bottom), (left, _) = BAY
    west, east = left_top + (left - left_top) * y, right_top + (right - right_top) * y
    return west * (1 - x) + east * x, top + (bottom - top) * y


def _strip(x0: float, y0: float, x1: float, y1: float) -> list[Dot]:
    return [bay_place(x0, y0), bay_place(x1, y0), bay_place(x1, y1), bay_place(x0, y1)]


def _bay(canvas: Canvas, category: Category) -> None:
    """Blue with the wheelchair for disabled people; else only lines, yellow for deliveries."""
    if category == "disabled":
        canvas.shaded(_strip(0, 0, 1, 1), [(0, darker(_PAINT_BLUE, 0.16)), (1, _PAINT_BLUE)])
        draw_wheelchair(canvas, lambda x, y: bay_place(0.5 + (x - 0.5) * 0.21, 0.665 + y * 0.275), _WHITE)
    for strip in ((0, 0, 0.022, 1), (0.978, 0, 1, 1), (0, 0.955, 1, 1)):
        canvas.shape(_strip(*strip), _YELLOW if category == "delivery" else _WHITE)
    for edge in (-0.32, 1.32):
        canvas.shape(_strip(edge - 0.011, 0, edge + 0.011, 1), (222, 222, 220))


# The tree's crown: discs by their place (x, y), radius and darkness.
_CROWN: tuple[tuple[float, float, float, float], ...] = (
    (0, 0, 92, 0.3), (-44, 22, 60, 0.2), (46, 16, 62, 0.2), (-20, -36, 62, 0.08), (24, -30, 58, 0.0), (0, 18, 70, 0.1),
)  # fmt: skip


def _tree(canvas: Canvas, x: float, rng: Random) -> None:
    """An orange tree in its pot on the pavement."""
    canvas.veil([(x - 62, 492), (x + 70, 492), (x + 84, 508), (x - 50, 508)], (40, 36, 34), 0.35, 8)
    pot: list[Dot] = [(x - 46, 420), (x + 46, 420), (x + 36, 502), (x - 36, 502)]
    canvas.shaded(pot, [(0, (188, 104, 70)), (1, (146, 76, 50))])
    canvas.box(x - 52, 408, x + 52, 426, (200, 118, 82), 5)
    canvas.box(x - 8, 300, x + 8, 412, (104, 78, 56))
    for dx, dy, r, tone in _CROWN:
        canvas.oval(x + dx, 236 + dy, r, r * 0.92, darker((88, 136, 72), tone))
    for _ in range(34):
        dx, dy = rng.uniform(-74, 74), rng.uniform(-68, 66)
        if dx * dx + dy * dy < 74 * 74:
            canvas.oval(x + dx, 236 + dy, 13, 7, (108, 156, 84) if dy < 8 else (70, 114, 60))
    for _ in range(13):
        dx, dy = rng.uniform(-72, 72), rng.uniform(-58, 68)
        if dx * dx + dy * dy < 76 * 76:
            canvas.oval(x + dx, 236 + dy, 9, 9, (226, 128, 36))
            canvas.oval(x + dx - 2.5, 233 + dy, 3, 3, (248, 178, 92))


def _sign(canvas: Canvas, x: float, category: Category) -> None:
    """The wheelchair on blue, or the disc that forbids parking to others (Spanish R-308)."""
    canvas.veil([(x - 6, 486), (x + 60, 502), (x + 60, 507), (x - 6, 496)], (40, 36, 34), 0.35, 4)
    canvas.band(x - 6, 60, x + 6, 492, (150, 154, 160), (120, 124, 130))
    canvas.box(x - 6, 60, x - 2, 492, (178, 182, 188))
    canvas.box(x - 11, 484, x + 11, 494, (104, 106, 110), 3)
    if category != "disabled":
        canvas.oval(x, 100, 74, 74, _WHITE)
        canvas.oval(x, 100, 71, 71, _SIGN_RED)
        canvas.oval(x, 100, 56, 56, _SIGN_BLUE)
        canvas.stroke([(x - 44, 56), (x + 44, 144)], _SIGN_RED, 14)
        return
    canvas.box(x - 70, 30, x + 70, 170, (232, 234, 236), 12)
    canvas.box(x - 65, 35, x + 65, 165, _SIGN_BLUE, 9)
    draw_wheelchair(canvas, lambda u, v: (x - 56 + u * 112, 42 + v * 116), _WHITE)
