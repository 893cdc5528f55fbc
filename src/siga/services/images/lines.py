"""Turns the OCR engine's boxes into lines that may be plates: single boxes, joined neighbours, two rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

Words: TypeAlias = tuple[tuple[str, ...], ...]
Shape: TypeAlias = Literal["single", "joined", "stacked"]

MOST_BOXES = 60
"""The tallest boxes of a picture that are looked at; a street full of signs must not cost seconds."""
_JOINED_AT_MOST = 3
_LONGEST_TEXT = 24

_TWINS = str.maketrans("АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJSABEZHIKMNOPTYX")
_WEB = re.compile(r"www|http|@|\.[a-z]{2,3}\b")
_CLOCK = r"\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?"
_DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
_CLOCK_OR_DATE = re.compile(rf"\s*(?:{_DATE})?\s*(?:{_CLOCK})?\s*")


class TextBox(NamedTuple):
    """One piece of text as the OCR engine found it; `left` to `bottom` bound it, in pixels, `height_px` is the text's
    own height (less than the bounds' when the text is tilted), `score` 0..1 the engine's."""

    text: str
    score: float
    left: float
    top: float
    right: float
    bottom: float
    height_px: float


class Line(NamedTuple):
    """Text that may be one plate: words of groups of A-Z and 0-9, and where it stands.

    `lower_case` is the share (0..1) of its letters that were read as small ones.
    """

    words: Words
    score: float
    left: float
    top: float
    right: float
    bottom: float
    height_px: float
    shape: Shape
    lower_case: float

    @property
    def length(self) -> int:
        """Count its letters and digits."""
        return sum(len(group) for word in self.words for group in word)


def text_box(corners: Sequence[Sequence[float]], text: str, score: float) -> TextBox:
    """Make a box of its four corners: top left, top right, bottom right, bottom left along the text's direction."""
    xs, ys = [corner[0] for corner in corners], [corner[1] for corner in corners]
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = ((corner[0], corner[1]) for corner in corners)
    height = (((dx - ax) ** 2 + (dy - ay) ** 2) ** 0.5 + ((cx - bx) ** 2 + (cy - by) ** 2) ** 0.5) / 2
    return TextBox(text, score, min(xs), min(ys), max(xs), max(ys), height)


def words_of(text: str) -> Words:
    """Split text into words and groups of capital A-Z and 0-9: accents folded, Greek and Cyrillic twins made Latin."""
    plain = unicodedata.normalize("NFKD", text.replace("l", "I")).translate(_TWINS).upper()
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    words = (tuple(re.findall(r"[A-Z0-9]+", word)) for word in plain.split())
    return tuple(word for word in words if word)


def is_no_plate(text: str) -> bool:
    """Say whether text is a web address, a mail address, a clock or a date."""
    return bool(_WEB.search(text)) or bool(text.strip() and _CLOCK_OR_DATE.fullmatch(text))


def _may_belong_to_a_plate(text: str) -> bool:
    return len(text) <= _LONGEST_TEXT and not is_no_plate(text) and bool(words_of(text))


def _lower_case(text: str) -> float:
    letters = [character for character in text if character.isalpha()]
    return sum(character.islower() for character in letters) / len(letters) if letters else 0.0


def _single(box: TextBox) -> Line:
    return Line(words_of(box.text), box.score, *box[2:], "single", _lower_case(box.text))


def _together(parts: Sequence[Line], shape: Shape) -> Line:
    lengths = [part.length for part in parts]
    return Line(
        words=tuple(word for part in parts for word in part.words),
        score=min(part.score for part in parts),
        left=min(part.left for part in parts),
        top=min(part.top for part in parts),
        right=max(part.right for part in parts),
        bottom=max(part.bottom for part in parts),
        height_px=sum(part.height_px for part in parts) / len(parts),
        shape=shape,
        lower_case=sum(part.lower_case * length for part, length in zip(parts, lengths, strict=True)) / sum(lengths),
    )


def _alike(a: Line, b: Line) -> bool:
    return 0.6 < a.height_px / max(b.height_px, 1e-6) < 1.67


def _follows(a: Line, b: Line) -> bool:
    """Say whether `b` continues `a` to the right: same size, same row, a gap of at most 1.6 text heights."""
    height = min(a.height_px, b.height_px)
    apart = b.left - a.right
    level = abs((a.top + a.bottom) - (b.top + b.bottom)) / 2
    return _alike(a, b) and -0.5 * height < apart < 1.6 * height and level < 0.5 * height


def _stands_on(a: Line, b: Line) -> bool:
    """Say whether `a` is the upper row of a two-row plate and `b` the lower one."""
    height = min(a.height_px, b.height_px)
    shared = min(a.right, b.right) - max(a.left, b.left)
    narrower, wider = sorted((a.right - a.left, b.right - b.left))
    off_centre = abs((a.left + a.right) - (b.left + b.right)) / 2
    return (
        _alike(a, b)
        and -0.4 * height < b.top - a.bottom < 0.8 * height
        and shared > 0.6 * narrower
        and off_centre < 0.4 * wider
    )


def _joined(singles: Sequence[Line]) -> Iterator[Line]:
    rows: list[tuple[Line, ...]] = [(line,) for line in singles]
    for _ in range(_JOINED_AT_MOST - 1):
        rows = [(*row, line) for row in rows for line in singles if line is not row[-1] and _follows(row[-1], line)]
        yield from (_together(row, "joined") for row in rows)


def _stacked(rows: Sequence[Line]) -> Iterator[Line]:
    short = [row for row in rows if 1 <= row.length <= 6]
    for upper in short:
        for lower in short:
            if 5 <= upper.length + lower.length <= 9 and upper is not lower and _stands_on(upper, lower):
                yield _together((upper, lower), "stacked")


def lines(boxes: Sequence[TextBox]) -> list[Line]:
    """Make every line that may be a plate of an OCR engine's boxes; web addresses, clocks and dates are left out."""
    usable = [box for box in boxes if _may_belong_to_a_plate(box.text)]
    tallest = sorted(usable, key=lambda box: -box.height_px)[:MOST_BOXES]
    singles = [_single(box) for box in tallest]
    joined = list(_joined(singles))
    return [*singles, *joined, *_stacked([*singles, *joined])]
