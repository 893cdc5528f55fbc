"""Four kinds of cars seen from behind, as outlines in units of half a car's width with the ground at zero."""

from __future__ import annotations

from msgspec import Struct

from siga.demo.canvas import Colour, Corner

COLOURS: tuple[Colour, ...] = (
    (232, 233, 231), (176, 181, 186), (88, 94, 102), (44, 48, 56), (166, 38, 40), (34, 72, 124), (30, 104, 104),
    (196, 178, 146), (112, 30, 46), (206, 154, 44), (96, 142, 176),
)  # fmt: skip


class Body(Struct, frozen=True, kw_only=True):
    """One kind of car as right halves: outlines run from the middle below to the middle above."""

    half_width_px: float
    outline: tuple[Corner, ...]
    window: tuple[Corner, ...]
    light: tuple[Corner, ...]
    lid: tuple[Corner, ...]
    trim: tuple[Corner, ...]
    plate_y: float
    tyre_top: float
    wiper: bool = True

    @property
    def roof_y(self) -> float:
        """The highest point."""
        return max(y for _, y, _ in self.outline)


def _corners(text: str) -> tuple[Corner, ...]:
    """ "x,y" or "x,y,radius" between spaces."""
    corners: list[Corner] = []
    for word in text.split():
        x, y, *radius = (float(value) for value in word.split(","))
        corners.append((x, y, radius[0] if radius else 0.0))
    return tuple(corners)


HATCH = Body(
    half_width_px=372,
    outline=_corners(
        "0,0.16 0.82,0.16,0.05 0.925,0.21,0.06 0.985,0.5,0.16 1,0.76,0.12 "
        "0.97,0.985,0.1 0.915,1.07,0.12 0.8,1.45,0.16 0.66,1.585,0.14 0.3,1.635,0.2 0,1.64"
    ),
    window=_corners("0,1.07 0.66,1.07,0.1 0.775,1.13,0.08 0.675,1.455,0.1 0.34,1.502,0.3 0,1.512"),
    light=_corners("0.995,0.8,0.05 0.965,1,0.05 0.8,1.035,0.05 0.64,0.99,0.06 0.58,0.86,0.06 0.7,0.79,0.06"),
    lid=_corners("0,0.5 0.56,0.5,0.1 0.62,0.8,0.06 0.76,1.06,0.1 0.76,1.1"),
    trim=_corners("0,0.16 0.82,0.16,0.05 0.925,0.21,0.06 0.955,0.37,0.05 0.7,0.42,0.1 0.55,0.36,0.08 0,0.36"),
    plate_y=0.7,
    tyre_top=0.5,
)
SALOON = Body(
    half_width_px=384,
    outline=_corners(
        "0,0.16 0.82,0.16,0.05 0.925,0.21,0.06 0.985,0.46,0.14 1,0.74,0.12 "
        "0.975,0.95,0.08 0.9,1.02,0.08 0.72,1.37,0.18 0.58,1.485,0.14 0.28,1.525,0.2 0,1.53"
    ),
    window=_corners("0,1.06 0.7,1.06,0.08 0.755,1.1,0.06 0.6,1.375,0.1 0.3,1.42,0.28 0,1.43"),
    light=_corners("0.995,0.79,0.05 0.972,0.93,0.05 0.8,0.965,0.04 0.46,0.925,0.05 0.44,0.81,0.04 0.72,0.78,0.06"),
    lid=_corners("0,0.48 0.62,0.48,0.1 0.72,0.76,0.06 0.84,0.99,0.06 0.8,1.03"),
    trim=_corners("0,0.16 0.82,0.16,0.05 0.925,0.21,0.06 0.945,0.33,0.05 0.5,0.35,0.08 0,0.35"),
    plate_y=0.66,
    tyre_top=0.46,
    wiper=False,
)
SUV = Body(
    half_width_px=366,
    outline=_corners(
        "0,0.21 0.8,0.21,0.05 0.93,0.27,0.06 0.99,0.56,0.12 1,0.86,0.12 "
        "0.975,1.1,0.1 0.93,1.17,0.1 0.85,1.55,0.14 0.74,1.69,0.12 0.3,1.73,0.2 0,1.735"
    ),
    window=_corners("0,1.18 0.72,1.18,0.08 0.81,1.23,0.07 0.735,1.55,0.08 0.37,1.595,0.33 0,1.605"),
    light=_corners(
        "0.995,0.86,0.05 0.97,1.1,0.05 0.86,1.17,0.05 0.76,1.13,0.05 "
        "0.74,0.98,0.05 0.52,0.96,0.04 0.5,0.89,0.03 0.8,0.84,0.05"
    ),
    lid=_corners("0,0.58 0.64,0.58,0.1 0.72,0.86,0.06 0.84,1.16,0.06 0.84,1.2"),
    trim=_corners("0,0.21 0.8,0.21,0.05 0.93,0.27,0.06 0.985,0.54,0.06 0.78,0.6,0.08 0.64,0.46,0.08 0,0.46"),
    plate_y=0.76,
    tyre_top=0.6,
)
VAN = Body(
    half_width_px=350,
    outline=_corners(
        "0,0.18 0.82,0.18,0.05 0.94,0.23,0.06 0.99,0.5,0.12 1,0.9,0.2 "
        "0.985,1.2,0.2 0.93,1.68,0.18 0.84,1.84,0.14 0.4,1.875,0.2 0,1.88"
    ),
    window=_corners("0,1.14 0.72,1.14,0.07 0.8,1.2,0.06 0.76,1.63,0.09 0.38,1.668,0.34 0,1.675"),
    light=_corners("0.995,0.74,0.04 0.965,1.28,0.05 0.9,1.31,0.05 0.86,1.2,0.05 0.85,0.8,0.05 0.9,0.72,0.04"),
    lid=_corners("0,0.5 0.72,0.5,0.08 0.82,0.74,0.06 0.84,1.66,0.1 0.7,1.75,0.08 0,1.78"),
    trim=_corners("0,0.18 0.82,0.18,0.05 0.94,0.23,0.06 0.975,0.44,0.06 0.7,0.47,0.08 0,0.47"),
    plate_y=0.8,
    tyre_top=0.55,
)
BODIES = (HATCH, SALOON, SUV, VAN, HATCH)
