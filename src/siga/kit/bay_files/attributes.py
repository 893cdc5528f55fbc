"""What a file says about a bay that helps to choose it: width, length, kerb, surface, slope, and words kept as text."""

from __future__ import annotations

import re
from collections import Counter

from siga.kit.bay_files.columns import Columns
from siga.kit.bay_files.source import Record
from siga.kit.bay_files.texts import header_words, shortened, to_number

Attributes = dict[str, str | float | int | bool]

_TEXTS = (
    "source_name", "source_hours", "source_max_stay", "source_sign", "source_note", "source_sensors", "kerb", "surface",
)  # fmt: skip
_TEXT_LIMIT = 500
_MEASURE = re.compile(r"([\d.,]+)\s*(m|mt|mts|metros?|metres?|meters?|meter|cm|mm)?\.?", re.IGNORECASE)
_PER_METRE = {"cm": 100.0, "mm": 1000.0}
_RANGES = {"width": (1.0, 15.0), "length": (1.5, 60.0)}
_STEEPEST_PCT = 60.0


def read_attributes(record: Record, columns: Columns, dropped: Counter[str]) -> Attributes:
    """The attributes of one record; measures that are unreadable or impossible are counted in `dropped`, not kept.

    `width_m` 1…15 and `length_m` 1.5…60 in metres (cm and mm are converted), `slope_pct` in percent up to 60; a slope
    in words stays `slope`. Columns not named in vocabulary.py (holders' names, plates) are never taken over.
    """
    kept: Attributes = {}
    for role in _TEXTS:
        text = columns.get(record, role)
        if text and not (role == "surface" and to_number(text) is not None):  # Spanish “superficie”: square metres
            kept[role] = shortened(text, _TEXT_LIMIT)
    for role, (least, most) in _RANGES.items():
        metres = _metres(record, columns, role)
        if metres is not None and least <= metres <= most:
            kept[f"{role}_m"] = round(metres, 3)
        elif columns.get(record, role):
            dropped[role] += 1
    kept.update(_slope(columns.get(record, "slope")))
    return kept


def _metres(record: Record, columns: Columns, role: str) -> float | None:
    header = next((name for name in columns.roles.get(role, ()) if record.cells.get(name)), None)
    measure = _MEASURE.fullmatch(record.cells[header]) if header else None
    number = to_number(measure[1]) if measure else None
    if header is None or measure is None or number is None:
        return None
    unit = (measure[2] or header_words(header).rpartition("_")[2]).casefold()
    return number / _PER_METRE.get(unit, 1.0)


def _slope(text: str) -> Attributes:
    number = to_number(text.replace("%", "").strip())
    if number is None:
        return {"slope": shortened(text, _TEXT_LIMIT)} if text else {}
    return {"slope_pct": number} if abs(number) <= _STEEPEST_PCT else {}
