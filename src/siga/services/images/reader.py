"""Reads the plates in a photograph: decoding, text recognition on the whole picture, choice among its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from siga.services.images.decode import NotAPicture, Picture, decode
from siga.services.images.lines import TextBox, lines
from siga.services.images.model import PlateCandidate, Reading, Reason
from siga.services.images.ranking import Ranked, choose, rank

if TYPE_CHECKING:
    import numpy as np

    from siga.services.images.engine import TextEngine

    Pixels: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

QUICK_SIDE_PX = 640
"""The first pass looks for text in a picture of this longest side; what it finds is read in full size."""
FULL_SHORT_SIDE_PX, FULL_LONG_SIDE_PX = 736, 1280
"""The second pass looks in a picture whose shorter side has at least 736 px, unless the longer would exceed 1280."""
SURE = 0.9
SMALLEST_SIDE_PX = 48
SMALL_SIDE_PX, SMALL_TEXT_PX = 200, 11
DARK_LEVEL = 150
"""A picture is dark when 99.5 % of its pixels are below this grey level (0..255)."""


class PlateReader:
    """Reads pictures one at a time with PP-OCRv6 (rapidocr, onnxruntime, one thread); not safe for use by two threads.

    The models (31 MB, inside rapidocr's wheel) are loaded by `warm_up`, or by the first `read`.
    """

    def __init__(self) -> None:
        self._engine: TextEngine | None = None

    def warm_up(self) -> TextEngine:
        """Load the engine and its models if that has not been done (one to three seconds)."""
        if self._engine is None:
            from siga.services.images.engine import TextEngine

            self._engine = TextEngine()
        return self._engine

    def read(self, image: bytes, site_country: str = "ES") -> Reading:
        """Read a photograph; `site_country` (ISO 3166-1) is where the camera stands.

        A picture that cannot be used is answered with a reading whose `reason` says why; no error is raised for it.
        """
        try:
            picture = decode(image)
        except NotAPicture as error:
            return Reading(reason=error.reason)
        if min(picture.image.size) < SMALLEST_SIDE_PX:
            return Reading(reason="too_small")
        engine = self.warm_up()
        pixels, dark = _pixels(picture)
        boxes, ranked = _cascade(engine, pixels, site_country)
        plates = choose(ranked)
        if not plates:
            return Reading(reason=_why(picture, boxes, dark))
        return Reading(plates=tuple(_in_original(plate, picture.scale) for plate in plates))


def _cascade(engine: TextEngine, pixels: Pixels, site_country: str) -> tuple[list[TextBox], list[Ranked]]:
    """Look once quickly; look again in full when that showed no sure plate, and choose among both."""
    height, width = pixels.shape[:2]
    boxes = engine.text(pixels, QUICK_SIDE_PX, "max")
    ranked = rank(lines(boxes), width, height, site_country)
    if ranked and ranked[0].exact and ranked[0].candidate.confidence >= SURE:
        return boxes, ranked
    more = engine.text(pixels, *_full_limit(width, height))
    return [*boxes, *more], rank([*lines(boxes), *lines(more)], width, height, site_country)


def _full_limit(width: int, height: int) -> tuple[int, str]:
    """Give the detector's limit for the second pass: the side in px, and whether it is the shorter or the longer."""
    short, long = sorted((width, height))
    growth = min(max(1.0, FULL_SHORT_SIDE_PX / short), FULL_LONG_SIDE_PX / long)
    return (FULL_LONG_SIDE_PX, "max") if growth < 1.0 else (round(short * growth), "min")


def _pixels(picture: Picture) -> tuple[Pixels, bool]:
    """Give the picture in the order OpenCV wants (BGR), brightened when it is dark, and say whether it is dark."""
    import cv2
    import numpy as np

    pixels = np.ascontiguousarray(np.asarray(picture.image)[:, :, ::-1])
    low, high = np.percentile(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), (1.0, 99.5))
    if high >= DARK_LEVEL:
        return pixels, False
    levels = np.clip((np.arange(256) - low) * (255.0 / max(high - low, 1.0)), 0, 255).astype(np.uint8)
    smooth = cv2.GaussianBlur(pixels, (3, 3), 0)
    return np.asarray(cv2.LUT(smooth, levels), dtype=np.uint8), True


def _why(picture: Picture, boxes: list[TextBox], dark: bool) -> Reason:
    """Say why no plate was read: the light, the size, or that there is none."""
    if dark:
        return "too_dark"
    tiny = bool(boxes) and max(box.height_px for box in boxes) < SMALL_TEXT_PX
    return "too_small" if tiny or max(picture.image.size) < SMALL_SIDE_PX else "no_plate"


def _in_original(plate: PlateCandidate, scale: float) -> PlateCandidate:
    left, top, width, height = (round(value * scale) for value in plate.box)
    return PlateCandidate(
        plate=plate.plate, confidence=plate.confidence, country=plate.country, box=(left, top, width, height)
    )
