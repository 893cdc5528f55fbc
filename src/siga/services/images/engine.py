"""The text recognition engine (PP-OCRv6 by rapidocr on onnxruntime, one thread), bounded in work and silent.

Importing this module loads rapidocr, OpenCV and onnxruntime, which takes a while; the models lie in rapidocr's wheel.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from rapidocr import RapidOCR
from rapidocr.main import RapidOCRError

from siga.services.images.lines import MOST_BOXES, TextBox, text_box

WIDEST = 12.0
"""Text longer than this many times its height is a sentence, no plate, and is not read."""
_LEAST_SCORE = 0.3
_PARAMETERS = {
    "Global.log_level": "critical",
    "Global.use_cls": False,
    "Global.text_score": _LEAST_SCORE,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def worth_reading(corners: np.ndarray[Any, Any]) -> list[int]:
    """Choose among found texts (n x 4 corners x 2, in px) which to read: no long lines, the 60 tallest, in order."""
    across = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1)
    down = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1)
    long, short = np.maximum(across, down), np.minimum(across, down)
    fitting = np.flatnonzero(long <= WIDEST * short)
    tallest = fitting[np.argsort(-short[fitting], kind="stable")][:MOST_BOXES]
    return sorted(int(index) for index in tallest)


class _BoundedOCR(RapidOCR):
    """Reads only what may be a plate: a page full of text would cost 17 seconds otherwise."""

    def detect_and_crop(self, img: Any, op_record: Any) -> tuple[list[Any], Any]:
        """Find text, and cut out what is worth reading."""
        crops, found = super().detect_and_crop(img, op_record)
        assert found.boxes is not None
        assert found.scores is not None
        kept = worth_reading(found.boxes)
        if not kept:
            raise RapidOCRError("nothing worth reading")
        found.boxes = found.boxes[kept]
        found.scores = [found.scores[index] for index in kept]
        return [crops[index] for index in kept], found


class TextEngine:
    """Finds and reads text in pictures; not safe for use by two threads."""

    def __init__(self) -> None:
        """Load the models and read a drawn text, so that the first photograph is not slower than the next."""
        cv2.setNumThreads(1)
        self._ocr: Any = _BoundedOCR(params=_PARAMETERS)
        sample = np.full((240, 480, 3), 255, np.uint8)
        cv2.putText(sample, "0000 BBB", (60, 140), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (0, 0, 0), 6)
        self._ocr(sample)

    def text(self, pixels: np.ndarray[Any, Any], side_px: int, limit: str) -> list[TextBox]:
        """Find text in a BGR picture and read it in full size.

        For finding, the picture is shrunk until its longer side has at most `side_px` (`limit` "max"), or enlarged
        until its shorter side has at least that (`limit` "min"). Boxes are in the picture's own pixels.
        """
        detector = self._ocr.text_det
        detector.limit_side_len, detector.limit_type = side_px, limit
        found = self._ocr(pixels)
        if found.boxes is None or found.txts is None or found.scores is None:
            return []
        return [
            text_box(corners.tolist(), text, float(score))
            for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        ]
