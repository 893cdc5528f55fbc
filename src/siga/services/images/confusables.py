"""Characters an OCR engine mistakes for one another on number plates, each pair with a cost between 0 and 1."""

from __future__ import annotations

_DIGIT_SEEN_AS_LETTER = {
    "0": {"O": 0.12, "Q": 0.15, "D": 0.3, "C": 0.6, "U": 0.6},
    "1": {"I": 0.12, "L": 0.35, "T": 0.6, "J": 0.5},
    "2": {"Z": 0.15},
    "4": {"A": 0.35},
    "5": {"S": 0.15},
    "6": {"G": 0.2, "C": 0.6},
    "7": {"T": 0.45, "Y": 0.6, "Z": 0.5},
    "8": {"B": 0.2},
    "9": {"P": 0.6, "G": 0.6},
}
"""A digit stands on the plate, a letter was read."""

_LETTER_SEEN_AS_DIGIT = {
    "O": {"0": 0.12},
    "Q": {"0": 0.35, "9": 0.6},
    "D": {"0": 0.3},
    "C": {"0": 0.6, "6": 0.6},
    "U": {"0": 0.6},
    "I": {"1": 0.12},
    "L": {"1": 0.35},
    "J": {"1": 0.5, "3": 0.6},
    "T": {"7": 0.35, "1": 0.5},
    "Y": {"7": 0.6},
    "Z": {"2": 0.15, "7": 0.45},
    "A": {"4": 0.35},
    "S": {"5": 0.15, "8": 0.6},
    "G": {"6": 0.2, "0": 0.6, "9": 0.6},
    "B": {"8": 0.15, "3": 0.5},
    "P": {"9": 0.6},
}
"""A letter stands on the plate, a digit was read."""

_LETTER_SEEN_AS_LETTER = {
    "D": {"O": 0.3, "Q": 0.4},
    "O": {"Q": 0.15, "D": 0.3, "C": 0.5},
    "Q": {"O": 0.2},
    "G": {"C": 0.45, "O": 0.5, "Q": 0.4},
    "C": {"O": 0.45, "G": 0.4},
    "V": {"U": 0.35, "Y": 0.45},
    "U": {"V": 0.4},
    "Y": {"V": 0.45},
    "F": {"E": 0.4, "P": 0.5},
    "E": {"F": 0.4},
    "P": {"F": 0.5, "R": 0.5},
    "R": {"A": 0.6, "P": 0.5},
    "L": {"I": 0.35},
    "T": {"I": 0.4},
    "J": {"I": 0.4},
    "I": {"L": 0.35, "T": 0.45, "J": 0.45},
    "M": {"N": 0.45, "H": 0.5},
    "N": {"M": 0.45, "H": 0.5},
    "H": {"N": 0.5, "M": 0.5},
    "K": {"X": 0.45},
    "X": {"K": 0.45},
    "B": {"E": 0.6, "R": 0.6},
}
"""One letter stands on the plate, another, which this country's plates do not use, was read."""


def _merge() -> dict[tuple[str, str], float]:
    costs: dict[tuple[str, str], float] = {}
    for table in (_DIGIT_SEEN_AS_LETTER, _LETTER_SEEN_AS_DIGIT, _LETTER_SEEN_AS_LETTER):
        for wanted, seen_as in table.items():
            costs |= {(seen, wanted): cost for seen, cost in seen_as.items()}
    return costs


COSTS: dict[tuple[str, str], float] = _merge()
"""(character read, character on the plate) -> cost; a pair that is not here is never exchanged."""


def exchange_cost(seen: str, wanted: str) -> float | None:
    """Return what it costs to take the character `seen` for `wanted`: 0 when equal, None when never confused."""
    return 0.0 if seen == wanted else COSTS.get((seen, wanted))


def choices(allowed: frozenset[str]) -> dict[str, tuple[str, float]]:
    """Map every character that may be read in a slot to the cheapest `allowed` one and its cost."""
    best = {character: (character, 0.0) for character in allowed}
    for (seen, wanted), cost in sorted(COSTS.items(), key=lambda item: item[1]):
        if wanted in allowed and seen not in best:
            best[seen] = (wanted, cost)
    return best
