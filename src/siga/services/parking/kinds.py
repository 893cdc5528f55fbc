"""One byte for each bay that says all a search asks for: occupancy, category, simulated, hidden; pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from siga.contract.parking import CATEGORIES, Category, PublicOccupancy

WORDS: tuple[PublicOccupancy, ...] = ("free", "occupied", "unknown", "closed", "unmonitored", "doubtful")
"""Bits 0–2 of a kind; the category is in bits 3–5."""
_CODES = {word: code for code, word in enumerate(WORDS)}
_CATEGORY_CODES = {category: code << 3 for code, category in enumerate(CATEGORIES)}
_SIMULATED, HIDDEN = 64, 128
"""Bits of a kind; from `HIDDEN` on it is hidden from the public."""


def kind_of(word: PublicOccupancy, category: Category, *, simulated: bool, hidden: bool) -> int:
    """The byte of a bay; `hidden` from the public: personal, planned or retired."""
    return _CODES[word] | _CATEGORY_CODES[category] | (_SIMULATED * simulated) | (HIDDEN * hidden)


def is_hidden(kind: int) -> bool:
    """Whether the public sees nothing of the bay."""
    return kind >= HIDDEN


def word_of(kind: int) -> PublicOccupancy:
    """What drivers are shown."""
    return WORDS[kind & 7]


@lru_cache(maxsize=512)
def flags(words: tuple[PublicOccupancy, ...] | None, category: Category | None, *, hidden: bool = False) -> bytes:
    """256 flags, set for the kinds that are one of `words` (None = any) and of the category (None = any).

    Without `hidden` only what the public may see.
    """
    codes: Iterable[int] = range(len(WORDS)) if words is None else [_CODES[word] for word in words]
    shelves = list(_CATEGORY_CODES.values()) if category is None else [_CATEGORY_CODES[category]]
    found = bytearray(256)
    for code in codes:
        for shelf in shelves:
            for more in (0, _SIMULATED, HIDDEN, _SIMULATED | HIDDEN) if hidden else (0, _SIMULATED):
                found[code | shelf | more] = 1
    return bytes(found)


@lru_cache(maxsize=512)
def kinds_of(words: tuple[PublicOccupancy, ...], category: Category | None) -> tuple[int, ...]:
    """The kinds that `flags` are set for."""
    return tuple(kind for kind, flag in enumerate(flags(words, category)) if flag)


def _wire(kind: int) -> bytes:
    code = kind & 7
    if code >= len(WORDS):
        return b""
    simulated = b"true" if kind & _SIMULATED else b"false"
    return b'"occupancy":"' + WORDS[code].encode() + b'","simulated":' + simulated + b","


WIRES: tuple[bytes, ...] = tuple(_wire(kind) for kind in range(256))
"""The members of an encoded bay that follow from its kind."""
