"""A Spanish number plate as a picture, with glyphs of even width as stamped ones have."""

from __future__ import annotations

import math
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

_BLACK = (22, 22, 24)
_WHITE = (246, 246, 242)
_BLUE = (16, 62, 150)
_GLYPH_PX = 160
# In millimetres of the real plate: 520 × 110, glyphs 77 high.
_WIDTH_MM, _HEIGHT_MM, _BAND_MM, _GLYPH_MM, _PITCH_MM, _GAP_MM = 520.0, 110.0, 42.0, 74.0, 58.5, 24.0


@lru_cache(maxsize=64)
def _glyph(character: str, width: int, height: int) -> Image.Image:
    """One character as a mask of exactly this size; narrow ones keep their own width."""
    font = ImageFont.load_default(_GLYPH_PX)
    stroke = 6
    left, top, right, bottom = font.getbbox(character, stroke_width=stroke)
    canvas = Image.new("L", (math.ceil(right - left), math.ceil(bottom - top)), 0)
    ImageDraw.Draw(canvas).text((-left, -top), character, fill=255, font=font, stroke_width=stroke)
    narrow = min(1.0, canvas.width / canvas.height / 0.62) if character in "1JL" else 1.0
    return canvas.resize((max(1, round(width * narrow)), height), Image.Resampling.LANCZOS)


def plate_picture(plate: str, width: int) -> Image.Image:
    """The plate "1234BCD" as an RGB picture `width` pixels wide, as high as real ones are (520 × 110 mm)."""
    mm = width / _WIDTH_MM
    height = round(_HEIGHT_MM * mm)
    picture = Image.new("RGB", (width, height), _WHITE)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, _BAND_MM * mm, height), fill=_BLUE)
    _band(draw, mm)
    glyph_height, glyph_width = round(_GLYPH_MM * mm), round((_PITCH_MM - 11.5) * mm)
    text_mm = 7 * _PITCH_MM + _GAP_MM - 11.5
    left = (_BAND_MM + (_WIDTH_MM - 6 - _BAND_MM - text_mm) / 2) * mm
    for index, character in enumerate(plate):
        mask = _glyph(character, glyph_width, glyph_height)
        at = left + (index * _PITCH_MM + (_GAP_MM if index >= 4 else 0)) * mm + (glyph_width - mask.width) / 2
        picture.paste(_BLACK, (round(at), (height - glyph_height) // 2), mask)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), round(7 * mm), outline=_BLACK, width=max(1, round(2.6 * mm)))
    return picture


def _band(draw: ImageDraw.ImageDraw, mm: float) -> None:
    """Twelve stars (dots at this size) and the E."""
    cx, cy, ring = (_BAND_MM / 2 + 1) * mm, 37 * mm, 12.5 * mm
    for star in range(12):
        x, y = cx + ring * math.sin(math.tau * star / 12), cy - ring * math.cos(math.tau * star / 12)
        draw.ellipse((x - 1.9 * mm, y - 1.9 * mm, x + 1.9 * mm, y + 1.9 * mm), fill=(250, 205, 60))
    font = ImageFont.load_default(max(6, round(34 * mm)))
    draw.text((cx, 80 * mm), "E", fill=_WHITE, font=font, anchor="mm", stroke_width=max(0, round(0.8 * mm)))
