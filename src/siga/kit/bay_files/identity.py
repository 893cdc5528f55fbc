"""Who a bay is from one import to the next: identifiers and codes that never depend on the order of rows."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from siga.kit.bay_files.model import Category
from siga.kit.bay_files.source import Source
from siga.kit.bay_files.texts import folded

PREFIXES: dict[Category, str] = {
    "disabled": "D", "ambulance": "A", "authority": "P", "delivery": "L", "taxi": "T", "bus": "B", "other": "X",
}  # fmt: skip
"""The letter before a code: P for police and other authorities, L for loading."""

_MOSTLY_FILLED, _MOSTLY_DIFFERENT = 0.5, 0.95
_LONGEST_ID = 120
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"  # nothing to confuse on a sign, no vowels, so no words
_NUMBER = re.compile(r"\d{1,12}", re.ASCII)
_WHOLE_FLOAT = re.compile(r"\d+\.0+", re.ASCII)
_LAYER_NUMBER = re.compile(r"[A-Za-z_][\w-]*\.(\d{1,12})", re.ASCII)
_OSM = re.compile(r"(?:https?://(?:www\.)?openstreetmap\.org/)?(node|way|relation)/(\d{1,15})", re.ASCII)
_SHORT = 12

FEATURE_ID = ""
"""Stands for the feature's own `id` member among the names of id columns."""


def id_column(source: Source, candidates: tuple[str, ...]) -> tuple[str | None, list[str]]:
    """The column that identifies the rows: a header, FEATURE_ID, or None when none does; and notes.

    It must be filled in at least half the rows and differ in at least 95 of 100 of them. Whole numbers that count from
    0 are no identity: programs number features by their place in the file, and the next export numbers others so.
    """
    notes = []
    for header in (*candidates, FEATURE_ID):
        values = [
            identifier_of(record.cells.get(header, "") if header else record.feature_id) for record in source.records
        ]
        filled = [value for value in values if value]
        name = f"Column “{header}”" if header else "The features' “id”"
        if len(filled) < _MOSTLY_FILLED * len(values) or not filled:
            continue
        if len(set(filled)) < _MOSTLY_DIFFERENT * len(filled):
            notes.append(f"{name} repeats its values and was not taken as identifier.")
        elif "0" in filled and all(_NUMBER.fullmatch(value) for value in filled):
            notes.append(f"{name} only counts the rows from 0 and was not taken as identifier.")
        else:
            return header, [*notes, f"{name} identifies the places."]
    return None, [*notes, "Position, kind and address identify the places, since no column does."]


def identifier_of(cell: str) -> str:
    """A cell as identifier: `280.0`, which spreadsheets make of 280, is 280 again; `#` and `%` are escaped."""
    text = cell.partition(".")[0] if _WHOLE_FLOAT.fullmatch(cell) else cell
    return text.replace("%", "%25").replace("#", "%23")


def external_id(own: str, lon: float, lat: float, category: str, address: str) -> str:
    """The identifier of a place: its own where it has one, else `geo-` and 20 hex digits of SHA-256.

    The digest covers longitude and latitude to 6 decimals (0.1 m), category and folded address.
    """
    if own:
        return own if len(own) <= _LONGEST_ID else f"id-{hashlib.sha256(own.encode()).hexdigest()[:20]}"
    place = f"{round(lon, 6) + 0.0:.6f}|{round(lat, 6) + 0.0:.6f}|{category}|{folded(address)}"
    return f"geo-{hashlib.sha256(place.encode()).hexdigest()[:20]}"


def numbered_id(place_id: str, index: int) -> str:
    """The identifier of the `index`-th bay of a place: the first keeps the place's, so that growth changes nothing."""
    return place_id if index == 1 else f"{place_id}#{index}"


def numbered_code(code: str, index: int) -> str:
    """The code of the `index`-th bay of a place: `D-0001`, `D-0001-2`, `D-0001-3`, …"""
    return code if index == 1 else f"{code}-{index}"


def codes_for(places: list[tuple[str, str]]) -> list[str]:
    """A code for each (prefix, external id), unique among them: prefix, `-`, body of digits and capitals.

    The body is a function of the id alone: a number with at least four digits (`17` → `0017`, `layer.17` too), `N123`
    for OSM's node/123, a short id's own letters and digits, else seven letters and digits of its SHA-256. Where two ids
    give the same body, both take twelve of their SHA-256 instead.
    """
    plain = [f"{prefix}-{_body(own)}" for prefix, own in places]
    uses = Counter(plain)
    return [
        code if uses[code] == 1 else f"{prefix}-{_drawn(own, _SHORT)}"
        for code, (prefix, own) in zip(plain, places, strict=True)
    ]


def _body(own: str) -> str:
    number = _NUMBER.fullmatch(own) or _LAYER_NUMBER.fullmatch(own)
    if number:
        return str(int(number[number.lastindex or 0])).zfill(4)
    if osm := _OSM.fullmatch(own):
        return f"{osm[1][0].upper()}{osm[2]}"
    letters = folded(own).replace("_", "").upper()
    readable = len(own) <= _SHORT and letters and not letters.isdigit()
    return letters if readable else _drawn(own, 7)


def _drawn(own: str, length: int) -> str:
    number = int.from_bytes(hashlib.sha256(own.encode()).digest(), "big")
    drawn = []
    for _ in range(length):
        number, digit = divmod(number, len(_LETTERS))
        drawn.append(_LETTERS[digit])
    return "".join(drawn)
