"""Fits a line of text to the countries' plate forms: what the plate says, whose it may be, and at what cost."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from siga.services.images.confusables import choices, exchange_cost
from siga.services.images.countries import ALPHABET, FORMS, Form

DIGITS = frozenset("0123456789")
LETTERS = frozenset(ALPHABET)
SHORTEST, LONGEST = 4, 10

FOREIGN = 0.1
"""What a country other than the site's costs: it breaks ties, and is less than any exchange of characters."""
MOST_EXCHANGED = 0.6
"""Above this the text is a name or a vanity plate that must not be forced into a form."""
UNKNOWN_FORM, WORD = 0.7, 1.0
"""Costs of text that has no form: mixed letters and digits, letters alone."""

_STRAY_SEPARATOR = 0.05
_SHORT = {4: 0.3, 5: 0.12}
_SEAL = 0.3
_BAND = 0.05
_TWINS = ({"O", "0"}, {"I", "1"})
_SEALS = frozenset("0OQDCG8B6")
_FRAME_EDGES = frozenset("I1JL")
_BAND_COUNTRY = {
    "E": "ES", "P": "PT", "F": "FR", "I": "IT", "D": "DE", "B": "BE", "L": "LU", "A": "AT", "M": "MT", "V": "VA",
    "SK": "SK", "CZ": "CZ", "PL": "PL", "GB": "GB", "UK": "GB", "NL": "NL", "RO": "RO", "HR": "HR", "H": "HU",
    "BG": "BG", "GR": "GR", "SLO": "SI", "CH": "CH", "IRL": "IE", "FIN": "FI", "S": "SE", "N": "NO", "DK": "DK",
    "EST": "EE", "LV": "LV", "LT": "LT", "UA": "UA", "TR": "TR", "AND": "AD", "FL": "LI", "MC": "MC", "MA": "MA",
    "CY": "CY",
}  # fmt: skip
"""The country codes on the blue band at the left of a plate."""

Slot: TypeAlias = dict[str, tuple[str, float]]
"""For every character that may be read here: the character on the plate and the cost of the exchange."""


class Grammar(NamedTuple):
    """One form with its repetitions written out: as many slots as the plate has characters."""

    country: str
    kind: str
    slots: tuple[Slot, ...]
    gaps: frozenset[int]
    districts: frozenset[str]
    district_at: int
    rarity: float


class Fit(NamedTuple):
    """One way to read a line; `cost` is 0 for an everyday plate of the site's country, read without any change.

    `exact` says that nothing was dropped and no character exchanged but O for 0 and I for 1 (or the reverse).
    """

    plate: str
    country: str | None
    kind: str
    cost: float
    exact: bool


_SIGN = re.compile(r"(\[[A-Z0-9]+\]|\[[A-Z]-[A-Z]\]|[A-Za-z9@-])(?:\{(\d+),(\d+)\})?")
_slot = lru_cache(maxsize=None)(choices)


def _characters(sign: str, letters: frozenset[str]) -> frozenset[str]:
    if sign.startswith("["):
        inside = sign[1:-1]
        return frozenset(map(chr, range(ord(inside[0]), ord(inside[2]) + 1))) if "-" in inside else frozenset(inside)
    kinds = {"9": DIGITS, "L": letters, "A": LETTERS, "X": letters | DIGITS}
    return kinds.get(sign) or frozenset(sign.upper())


def _parts(form: Form) -> Iterator[list[tuple[str, int]]]:
    """Yield, for every sign of the pattern, the sign with each number of slots it may take."""
    for sign, low, high in _SIGN.findall(form.pattern):
        lengths = range(int(low or 1), int(high or 1) + 1)
        yield [(sign, length) for length in (_code_lengths(form) if sign == "@" else lengths)]


def _code_lengths(form: Form) -> list[int]:
    return sorted({len(code) for code in form.districts.split()})


def expand(form: Form) -> Iterator[Grammar]:
    """Write out the repetitions and district lengths of one form; plates of 4 to 10 characters only."""
    letters = frozenset(form.letters)
    for chosen in itertools.product(*_parts(form)):
        slots: list[Slot] = []
        gaps, district_at, districts = set(), 0, frozenset[str]()
        for sign, length in chosen:
            if sign == "-":
                gaps.add(len(slots))
            elif sign == "@":
                district_at, districts = len(slots), frozenset(c for c in form.districts.split() if len(c) == length)
                slots += [_slot(LETTERS)] * length
            else:
                slots += [_slot(_characters(sign, letters))] * length
        if SHORTEST <= len(slots) <= LONGEST:
            yield Grammar(form.country, form.kind, tuple(slots), frozenset(gaps), districts, district_at, form.rarity)


def _by_length(forms: Iterable[Form]) -> dict[int, list[Grammar]]:
    table: dict[int, list[Grammar]] = {length: [] for length in range(SHORTEST, LONGEST + 1)}
    for form in forms:
        for grammar in expand(form):
            table[len(grammar.slots)].append(grammar)
    return table


GRAMMARS: dict[int, list[Grammar]] = _by_length(FORMS)


@lru_cache(maxsize=4096)
def _district(text: str, listed: frozenset[str]) -> tuple[str, float] | None:
    """Find the listed code that is cheapest to read into `text`."""
    if text in listed:
        return text, 0.0
    found: list[tuple[float, str]] = []
    for code in listed:
        costs = [exchange_cost(seen, wanted) for seen, wanted in zip(text, code, strict=True)]
        if None not in costs:
            found.append((sum(filter(None, costs)), code))
    return (min(found)[1], min(found)[0]) if found else None


def fit(text: str, grammar: Grammar) -> tuple[str, float] | None:
    """Read `text` (as long as the grammar) as this grammar's plate: the plate and the cost of exchanged characters.

    None when a character cannot be exchanged, when too much would have to be, or when not one letter and one digit
    was read as such (clocks, dates and telephone numbers are not plates).
    """
    plate, total = [], 0.0
    for seen, slot in zip(text, grammar.slots, strict=True):
        found = slot.get(seen)
        if found is None:
            return None
        plate.append(found[0])
        total += found[1]
    if grammar.districts:
        start, end = grammar.district_at, grammar.district_at + len(next(iter(grammar.districts)))
        code = _district(text[start:end], grammar.districts)
        if code is None:
            return None
        total += code[1] - sum(grammar.slots[at][text[at]][1] for at in range(start, end))
        plate[start:end] = code[0]
    if total > MOST_EXCHANGED:
        return None
    kept = "".join(wanted for seen, wanted in zip(text, plate, strict=True) if seen == wanted)
    return None if kept.isdigit() or kept.isalpha() or not kept else ("".join(plate), max(total, 0.0))


def _trimmed(text: str) -> Iterator[tuple[str, int, float]]:
    """Yield the text, and the text without what a plate's frame added: (text, characters cut at the left, cost)."""
    yield text, 0, 0.0
    yield text[1:], 1, 0.3 if text[0] in _FRAME_EDGES or text[0] == text[1] else 0.45
    yield text[:-1], 0, 0.3 if text[-1] in _FRAME_EDGES else 0.45
    if text[:2] in _BAND_COUNTRY:
        yield text[2:], 2, 0.45


def _exact(text: str, plate: str) -> bool:
    return all(seen == wanted or {seen, wanted} in _TWINS for seen, wanted in zip(text, plate, strict=True))


def _fit(grammar: Grammar, text: str, found: tuple[str, float], changed: float, stray: float = 0.0) -> Fit:
    cost = found[1] + changed + stray + grammar.rarity + _SHORT.get(len(grammar.slots), 0.0)
    return Fit(found[0], grammar.country, grammar.kind, cost, not changed and _exact(text, found[0]))


def _readings(text: str, separators: frozenset[int]) -> Iterator[Fit]:
    """Yield every fit of one run of characters, without what another country than the site's costs."""
    for part, cut, trimming in _trimmed(text):
        marks = {mark - cut for mark in separators if 0 < mark - cut < len(part)}
        band = _BAND_COUNTRY.get(text[:cut])
        for grammar in GRAMMARS.get(len(part), ()):
            if (found := fit(part, grammar)) is not None:
                changed = min(trimming, 0.1) if band == grammar.country else trimming
                yield _fit(grammar, part, found, changed, _STRAY_SEPARATOR * len(marks - grammar.gaps))
    for grammar in GRAMMARS.get(len(text) - 1, ()):
        for gap in grammar.gaps:
            part = text[:gap] + text[gap + 1 :]
            if text[gap] in _SEALS and (found := fit(part, grammar)) is not None:
                yield _fit(grammar, part, found, _SEAL)


def _unknown(text: str) -> Iterator[Fit]:
    """Yield the text as it stands: vanity plates, and countries that are not in the table."""
    changes = sum(a.isdigit() != b.isdigit() for a, b in itertools.pairwise(text))
    if text.isalpha() and 5 <= len(text) <= 8:
        yield Fit(text, None, "unknown", WORD, False)
    elif SHORTEST <= len(text) < LONGEST and 1 <= changes <= 3:
        yield Fit(text, None, "unknown", UNKNOWN_FORM + _SHORT.get(len(text), 0.0), False)


@lru_cache(maxsize=4096)
def _window(groups: tuple[str, ...]) -> tuple[Fit, ...]:
    text = "".join(groups)
    if not SHORTEST <= len(text) <= LONGEST + 2:
        return ()
    separators = frozenset(itertools.accumulate(len(group) for group in groups[:-1]))
    return (*_readings(text, separators), *_unknown(text))


def _leaving_out(words: Sequence[Sequence[str]], start: int, end: int) -> tuple[float, str | None]:
    """Cost of reading only groups `start` to `end`, half a word being dear, and the country whose band was left out."""
    cost, at, band = 0.0, 0, None
    for word in words:
        inside = [start <= at + index < end for index in range(len(word))]
        at += len(word)
        if not all(inside):
            left_out = "".join(group for group, kept in zip(word, inside, strict=True) if not kept)
            cost += 0.45 if any(inside) else 0.1 + 0.05 * min(len(left_out), 8)
            band = band or _BAND_COUNTRY.get(left_out)
    return cost, band


def fits(words: Sequence[Sequence[str]], site_country: str) -> list[Fit]:
    """Read a line as plates: every different plate once per country, the cheapest first.

    A line is a row of words (parted by blanks), a word a row of groups of A-Z and 0-9 (parted by a hyphen, a point or a
    seal); any row of neighbouring groups may be the plate. `site_country` (ISO 3166-1) is where the camera stands: its
    forms win ties.
    """
    groups = [group for word in words for group in word]
    best: dict[tuple[str, str | None], Fit] = {}
    for start, end in itertools.combinations(range(len(groups) + 1), 2):
        found_here = _window(tuple(groups[start:end]))
        left_out, band = _leaving_out(words, start, end) if found_here else (0.0, None)
        for found in found_here:
            beside = min(left_out, _BAND) if band is not None and band == found.country else left_out
            cost = found.cost + beside + (FOREIGN if found.country not in (site_country, None) else 0.0)
            key = (found.plate, found.country)
            if key not in best or cost < best[key].cost:
                best[key] = found._replace(cost=cost, exact=found.exact and beside <= _BAND)
    return sorted(best.values(), key=lambda each: (each.cost, each.plate, each.country or ""))


def named_country(ordered: Sequence[Fit]) -> str | None:
    """Say whose plate the first of `ordered` fits is; None when another country issues it about as likely."""
    first = ordered[0]
    rival = any(
        each.plate == first.plate and each.country not in (first.country, None) and each.cost - first.cost < 0.05
        for each in ordered
    )
    return None if rival else first.country
