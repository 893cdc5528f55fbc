"""How many bays a row stands for: “2”, “1 von 4”, “yes”, nothing."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from siga.kit.bay_files.reasons import Refusal, refusal
from siga.kit.bay_files.texts import folded, to_number

_ONE_OF = re.compile(r"(\d{1,4})\s*(?:von|of|de|sur|/)\s*(\d{1,4})", re.IGNORECASE | re.ASCII)
_YES = frozenset({"yes", "ja", "si", "oui", "true", "x"})
_NO = frozenset({"no", "nein", "non", "false", "keine", "ninguna", "aucune", "cap"})


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """`bays` of the place, and how the file says so."""

    bays: int
    said: Literal["stated", "one_of", "unstated"]


def read_count(text: str, limit: int) -> Count | Refusal:
    """The number of bays in `text`, 1…`limit`.

    Empty and “yes” are one bay whose number is unstated (OSM's `capacity:disabled=yes`); “2 von 4” is one bay, the
    second of four that have rows of their own (Freiburg). Refusals: `no_bays`, `count_unreadable`, `count_too_large`.
    """
    words = folded(text)
    if not text or words in _YES:
        return Count(bays=1, said="unstated")
    if words in _NO:
        return refusal("no_bays", text=text)
    if one_of := _ONE_OF.fullmatch(text.strip()):
        known = 1 <= int(one_of[1]) <= int(one_of[2])
        return Count(bays=1, said="one_of") if known else refusal("count_unreadable", text=text)
    number = to_number(text)
    if number is None or number < 0 or number != int(number):
        return refusal("count_unreadable", text=text)
    if number == 0:
        return refusal("no_bays", text=text)
    if number > limit:
        return refusal("count_too_large", text=text, limit=limit)
    return Count(bays=int(number), said="stated")
