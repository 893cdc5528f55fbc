"""Photos that a demo camera takes: a parked car seen from behind in a blue reserved bay, its plate legible."""

from __future__ import annotations

import io
from random import Random

from PIL import Image, ImageFilter, ImageOps

from siga.demo.backdrop import BAY, HEIGHT, STREETS, WIDTH, backdrop
from siga.demo.cars import GROUND_Y, LAYER_WIDTH, draw_car
from siga.demo.model import Category
from siga.demo.night import by_night, lamp_lit

# The bay in every picture as shares (0…1) of width and height, clockwise from the kerb's left: a camera's mask.
BAY_MASK: tuple[tuple[float, float], ...] = tuple((round(x / WIDTH, 4), round(y / HEIGHT, 4)) for x, y in BAY)
_TYRES_Y = 776
_QUALITY = 88


def draw_scene(
    plate: str,
    *,
    seed: int,
    width: int = 1280,
    height: int = 960,
    night: bool = False,
    category: Category = "disabled",
) -> bytes:
    """A JPEG of `width` × `height` pixels of a car with this plate; street, body and colour follow from the seed.

    At 1280 × 960 the plate is 236 to 284 px wide; other sizes are cut from the middle and scaled.
    Raises ValueError for a plate that is not four digits and three letters, or a size under 64 px.
    """
    if len(plate) != 7 or not (plate[:4].isdigit() and plate[4:].isalpha() and plate.isascii()):
        raise ValueError("a plate has four digits and three letters")
    if min(width, height) < 64:
        raise ValueError("a picture has at least 64 px on each side")
    rng = Random(seed)
    scene = backdrop(rng.randrange(STREETS), night, category).copy()
    car, plate_box = draw_car(plate.upper(), rng.getrandbits(32), rng.randrange(236, 286))
    left, top = WIDTH // 2 - LAYER_WIDTH // 2 + rng.randint(-26, 26), _TYRES_Y - round(GROUND_Y)
    _shadow(scene, left + LAYER_WIDTH / 2)
    if night:
        day, car = car, by_night(car, left, top)
        lamp_lit(car, day, plate_box)
    scene.paste(car, (left, top), car)
    if (width, height) != (WIDTH, HEIGHT):
        scene = ImageOps.fit(scene, (width, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    scene.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _shadow(scene: Image.Image, x: float) -> None:
    """Soft on the ground around the car, nearly black under it."""
    for half, top, bottom, opacity, blur in ((430, 690, 812, 0.5, 26), (372, 742, 790, 0.8, 9)):
        mask = Image.new("L", (2 * half // 4 + 60, (bottom - top) // 4 + 60), 0)
        mask.paste(round(255 * opacity), (30, 30, mask.width - 30, mask.height - 30))
        mask = mask.filter(ImageFilter.GaussianBlur(blur / 4)).resize(
            (mask.width * 4, mask.height * 4), Image.Resampling.BILINEAR
        )
        scene.paste((16, 20, 30), (round(x) - mask.width // 2, (top + bottom) // 2 - mask.height // 2), mask)
