"""A drawing surface with smooth edges: everything is drawn at twice the size and halved at the end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Dot = tuple[float, float]
Corner = tuple[float, float, float]  # x, y, radius of the rounding
SCALE = 2


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """The colour that lies `share` (0…1) of the way from one to the other."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def lighter(colour: Colour, share: float) -> Colour:
    """Towards white by `share`."""
    return mixed(colour, (255, 255, 255), share)


def darker(colour: Colour, share: float) -> Colour:
    """Towards a cool black by `share`."""
    return mixed(colour, (12, 16, 24), share)


def rounded(corners: Sequence[Corner], steps: int = 7) -> list[Dot]:
    """A closed outline whose corners are rounded by their radius with a quadratic curve."""
    outline: list[Dot] = []
    for index, (x, y, radius) in enumerate(corners):
        before, after = corners[index - 1], corners[(index + 1) % len(corners)]
        start, end = _towards((x, y), before[:2], radius), _towards((x, y), after[:2], radius)
        if radius <= 0:
            outline.append((x, y))
            continue
        for step in range(steps + 1):
            t = step / steps
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
            outline.append((a * start[0] + b * x + c * end[0], a * start[1] + b * y + c * end[1]))
    return outline


def _towards(corner: Dot, other: Dot, distance: float) -> Dot:
    length = math.dist(corner, other)
    share = min(0.5, distance / length) if length else 0.0
    return corner[0] + (other[0] - corner[0]) * share, corner[1] + (other[1] - corner[1]) * share


class Canvas:
    """A surface `width` × `height` in final pixels, whose methods take final pixels too; clear when `fill` is None."""

    def __init__(self, width: int, height: int, fill: Colour | None = None) -> None:
        size = (width * SCALE, height * SCALE)
        self.image = Image.new("RGBA", size, (0, 0, 0, 0)) if fill is None else Image.new("RGB", size, fill)
        self._draw = ImageDraw.Draw(self.image)

    def shape(self, outline: Iterable[Dot], fill: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon(_big(outline), fill=fill)

    def stroke(self, line: Iterable[Dot], fill: Colour, width: float) -> None:
        """An open line with round joints."""
        self._draw.line(_big(line), fill=fill, width=max(1, round(width * SCALE)), joint="curve")

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        """A filled ellipse around (x, y)."""
        self._draw.ellipse(tuple(v * SCALE for v in (x - rx, y - ry, x + rx, y + ry)), fill=fill)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Colour, radius: float = 0.0) -> None:
        """A filled rectangle with rounded corners."""
        self._draw.rounded_rectangle(tuple(v * SCALE for v in (x0, y0, x1, y1)), radius * SCALE, fill=fill)

    def shaded(self, outline: Iterable[Dot], stops: Sequence[tuple[float, Colour]]) -> None:
        """A polygon filled from top to bottom through the colours at `stops` (0…1 of its height, rising)."""
        dots = _big(outline)
        left, top = math.floor(min(x for x, _ in dots)), math.floor(min(y for _, y in dots))
        width, height = math.ceil(max(x for x, _ in dots)) - left + 1, math.ceil(max(y for _, y in dots)) - top + 1
        mask = Image.new("L", (width, height), 0)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in dots], fill=255)
        self.image.paste(gradient(width, height, stops), (left, top), mask)

    def band(self, x0: float, y0: float, x1: float, y1: float, *colours: Colour) -> None:
        """A rectangle that runs from top to bottom through two or more colours, evenly spaced."""
        corner = (math.floor(x0 * SCALE), math.floor(y0 * SCALE))
        width, height = math.ceil(x1 * SCALE) - corner[0], math.ceil(y1 * SCALE) - corner[1]
        stops = [(index / (len(colours) - 1), colour) for index, colour in enumerate(colours)]
        self.image.paste(gradient(width, height, stops), corner)

    def veil(self, outline: Iterable[Dot], fill: Colour, opacity: float, blur: float = 0.0) -> None:
        """A translucent polygon (`opacity` 0…1), its edge softened over `blur` pixels, on what is drawn already."""
        dots = list(outline)
        pad = blur * 2.5
        left, top = min(x for x, _ in dots) - pad, min(y for _, y in dots) - pad
        width, height = max(x for x, _ in dots) + pad - left, max(y for _, y in dots) + pad - top
        small = 4 if blur else 1 / SCALE
        mask = Image.new("L", (max(1, round(width / small)), max(1, round(height / small))), 0)
        inner = [((x - left) / small, (y - top) / small) for x, y in dots]
        ImageDraw.Draw(mask).polygon(inner, fill=round(255 * opacity))
        if blur:
            mask = mask.filter(ImageFilter.GaussianBlur(blur / small))
            mask = mask.resize((round(width * SCALE), round(height * SCALE)), Image.Resampling.BILINEAR)
        self._lay(fill, (round(left * SCALE), round(top * SCALE)), mask)

    def _lay(self, fill: Colour, corner: tuple[int, int], mask: Image.Image) -> None:
        if self.image.mode == "RGB":
            self.image.paste(fill, corner, mask)
            return
        area = (corner[0], corner[1], corner[0] + mask.width, corner[1] + mask.height)
        below = self.image.crop(area)
        above = below.copy()
        above.paste(Image.new("RGB", mask.size, fill), (0, 0), mask)
        above.putalpha(below.getchannel("A"))
        self.image.paste(above, corner)

    def finished(self) -> Image.Image:
        """The picture in its final size."""
        return self.image.reduce(SCALE)


def gradient(width: int, height: int, stops: Sequence[tuple[float, Colour]]) -> Image.Image:
    """A picture that runs from top to bottom through the colours at `stops`."""
    column = bytearray()
    steps = 128
    for step in range(steps):
        at = step / (steps - 1)
        index = next((i for i, (place, _) in enumerate(stops) if place >= at), len(stops) - 1)
        (low, first), (high, second) = stops[max(0, index - 1)], stops[index]
        column += bytes(mixed(first, second, 0.0 if high <= low else min(1.0, max(0.0, (at - low) / (high - low)))))
    line = Image.frombytes("RGB", (1, steps), bytes(column)).resize((1, height), Image.Resampling.BILINEAR)
    return line.resize((width, height), Image.Resampling.NEAREST)


def _big(dots: Iterable[Dot]) -> list[Dot]:
    return [(x * SCALE, y * SCALE) for x, y in dots]
