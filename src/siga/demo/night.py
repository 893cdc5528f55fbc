"""The same scene by night: dark and blue, with a street lamp's warm pool from the upper right."""

from __future__ import annotations

from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from siga.demo.canvas import Colour

_DARK: Colour = (74, 88, 132)
_WARM: Colour = (255, 212, 146)
_POOL: tuple[tuple[int, int], tuple[int, int]] = ((900, 470), (900, 720))  # middle and half axes, pixels of 1280 × 960


@cache
def _pool() -> Image.Image:
    """How much of the lamp's light falls where, as a mask of 1280 × 960."""
    small = Image.new("L", (160, 120), 0)
    draw = ImageDraw.Draw(small)
    (cx, cy), (rx, ry) = _POOL
    for step in range(24):
        share = 1 - step / 24
        box = tuple(v / 8 for v in (cx - rx * share, cy - ry * share, cx + rx * share, cy + ry * share))
        draw.ellipse(box, fill=round(170 * (1 - share * share)))
    return small.filter(ImageFilter.GaussianBlur(4)).resize((1280, 960), Image.Resampling.BILINEAR)


def by_night(picture: Image.Image, left: int = 0, top: int = 0) -> Image.Image:
    """A picture (RGB or RGBA, transparency kept) as the night shows it with its corner at (left, top) of the scene."""
    day = picture.convert("RGB")
    pool = _pool().crop((left, top, left + day.width, top + day.height))
    dark = ImageChops.multiply(day, Image.new("RGB", day.size, _DARK))
    dark.paste(ImageChops.multiply(day, Image.new("RGB", day.size, _WARM)), (0, 0), pool)
    if picture.mode == "RGBA":
        dark.putalpha(picture.getchannel("A"))
    return dark


def lamp_lit(dark: Image.Image, day: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Give a box of `dark` (left, top, right, bottom) back its light by day, fading out around it."""
    pad = 30
    mask = Image.new("L", ((box[2] - box[0] + 4 * pad) // 2, (box[3] - box[1] + 4 * pad) // 2), 0)
    mask.paste(235, (pad, pad, mask.width - pad, mask.height - pad))
    mask = mask.filter(ImageFilter.GaussianBlur(9)).resize((mask.width * 2, mask.height * 2), Image.Resampling.BILINEAR)
    corner = (box[0] - 2 * pad, box[1] - 2 * pad)
    light = day.convert("RGB").crop((*corner, corner[0] + mask.width, corner[1] + mask.height))
    if dark.mode == "RGBA":
        alpha = dark.getchannel("A")
        dark.paste(light, corner, mask)
        dark.putalpha(alpha)
    else:
        dark.paste(light, corner, mask)
