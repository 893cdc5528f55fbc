"""Fits a line of text to the countries' plate forms: what the plate says, whose it may be, and at what cost."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from siga.services.images.confusables import choices, exchange_cost
from siga.services.images.countries import ALPHABET, FORMS, Form

DIGITS = frozenset("0123456789")
LETTERS = frozenset(ALPHABET)
SHORTEST, LONGEST = 4, 10

FOREIGN = 0.06
"""What a country other than the site's costs: only a tie-breaker, since any exchange of characters costs about as much."""
MOST_EXCHANGED = 0.75
"""Above this the text is a name or a vanity plate that must not be forced into a form."""
UNKNOWN_FORM, WORD = 0.8, 1.15
"""Costs of text that has no form: mixed letters and digits, letters alone."""

_STRAY_SEPARATOR = 0.03
_SHORT = {4: 0.3, 5: 0.12}
_SEALS = frozenset("0OQDCG8B6")
_FRAME_EDGES = frozenset("I1JLTMHE")
_BAND_CODES = frozenset(
    "E P F I D B L A M V SK CZ PL GB UK NL RO HR HU BG GR SLO SI CH IRL FIN S N DK EST LV LT UA TR AND FL MC MA CY".split()
)


class Grammar(NamedTuple):
    """One form with its repetitions written out: as many slots as the plate has characters."""

    country: str
    kind: str
    slots: tuple[frozenset[str], ...]
    gaps: frozenset[int]
    districts: frozenset[str]
    district_at: int
    rarity: float


class Fit(NamedTuple):
    """One way to read a line; `cost` is 0 for an everyday plate of the site's country, read without any change."""

    plate: str
    country: str | None
    kind: str
    cost: float
    exact: bool


_TOKEN = re.compile(r"(\[[A-Z0-9]+\]|\[[A-Z]-[A-Z]\]|[A-Za-z9@-])(?:\{(\d+),(\d+)\})?")


def _characters(token: str, letters: frozenset[str]) -> frozenset[str]:
    if token.startswith("["):
        inside = token[1:-1]
        if "-" in inside:
            return frozenset(chr(code) for code in range(ord(inside[0]), ord(inside[2]) + 1))
        return frozenset(inside)
    kinds = {"9": DIGITS, "L": letters, "A": LETTERS, "X": letters | DIGITS}
    return kinds.get(token) or frozenset(token.upper())


def expand(form: Form) -> Iterator[Grammar]:
    """Write out the repetitions and district lengths of one form; plates of 4 to 10 characters only."""
    letters, districts = frozenset(form.letters), form.districts.split()
    parts: list[list[tuple[str, int]]] = []
    for token, low, high in _TOKEN.findall(form.pattern):
        lengths = {len(code) for code in districts} if token == "@" else range(int(low or 1), int(high or 1) + 1)
        parts.append([(token, length) for length in sorted(lengths)])
    for chosen in itertools.product(*parts):
        slots: list[frozenset[str]] = []
        gaps, district_at, codes = set(), 0, frozenset[str]()
        for token, length in chosen:
            if token == "-":
                gaps.add(len(slots))
            elif token == "@":
                district_at, codes = len(slots), frozenset(code for code in districts if len(code) == length)
                slots += [LETTERS] * length
            else:
                slots += [_characters(token, letters)] * length
        if SHORTEST <= len(slots) <= LONGEST:
            yield Grammar(form.country, form.kind, tuple(slots), frozenset(gaps), codes, district_at, form.rarity)


def _by_length(forms: Iterable[Form]) -> dict[int, list[Grammar]]:
    table: dict[int, list[Grammar]] = {length: [] for length in range(SHORTEST, LONGEST + 1)}
    for form in forms:
        for grammar in expand(form):
            table[len(grammar.slots)].append(grammar)
    return table


GRAMMARS: dict[int, list[Grammar]] = _by_length(FORMS)
_choices = lru_cache(maxsize=None)(choices)


def _district(text: str, codes: frozenset[str]) -> tuple[str, float] | None:
    """Find the listed code that is cheapest to read into `text`."""
    if text in codes:
        return text, 0.0
    found: list[tuple[float, str]] = []
    for code in codes:
        costs = [exchange_cost(seen, wanted) for seen, wanted in zip(text, code, strict=True)]
        if None not in costs:
            found.append((sum(cost for cost in costs if cost is not None), code))
    return (min(found)[1], min(found)[0]) if found else None


def fit(text: str, grammar: Grammar) -> tuple[str, float] | None:
    """Read `text` (as long as the grammar) as this grammar's plate: the plate and the cost of exchanged characters.

    None when a character cannot be exchanged, when too much would have to be, or when not one letter and one digit
    was read as such (clocks, dates and telephone numbers are not plates).
    """
    plate, total = "", 0.0
    for seen, slot in zip(text, grammar.slots, strict=True):
        found = _choices(slot).get(seen)
        if found is None:
            return None
        plate, total = plate + found[0], total + found[1]
        if total > MOST_EXCHANGED:
            return None
    if grammar.districts:
        start, end = grammar.district_at, grammar.district_at + len(next(iter(grammar.districts)))
        code = _district(text[start:end], grammar.districts)
        if code is None or total + code[1] > MOST_EXCHANGED:
            return None
        read_as_letters = sum(_choices(LETTERS)[seen][1] for seen in text[start:end])
        plate, total = plate[:start] + code[0] + plate[end:], total + max(0.0, code[1] - read_as_letters)
    kept = [wanted for seen, wanted in zip(text, plate, strict=True) if seen == wanted]
    return (plate, total) if any(map(str.isdigit, kept)) and any(map(str.isalpha, kept)) else None


def _trimmed(text: str) -> Iterator[tuple[str, int, float]]:
    """Yield the text, and the text without what a frame or a country band added: (text, characters cut left, cost)."""
    yield text, 0, 0.0
    yield text[1:], 1, 0.3 if text[0] in _FRAME_EDGES or text[0] in _BAND_CODES or text[0] == text[1] else 0.5
    yield text[:-1], 0, 0.3 if text[-1] in _FRAME_EDGES else 0.5
    if text[:2] in _BAND_CODES:
        yield text[2:], 2, 0.35


def _readings(text: str, separators: frozenset[int]) -> Iterator[Fit]:
    """Yield every fit of one run of characters, without the costs of other countries."""
    for part, cut, trimming in _trimmed(text):
        marks = {mark - cut for mark in separators if 0 < mark - cut < len(part)}
        for grammar in GRAMMARS.get(len(part), ()):
            if (found := fit(part, grammar)) is not None:
                stray = _STRAY_SEPARATOR * len(marks - grammar.gaps)
                yield _fit(grammar, found, stray + trimming, exact=found[1] < 0.1 and not trimming)
    for grammar in GRAMMARS.get(len(text) - 1, ()):
        for gap in grammar.gaps:
            if text[gap] in _SEALS and (found := fit(text[:gap] + text[gap + 1 :], grammar)) is not None:
                yield _fit(grammar, found, 0.3, exact=False)


def _fit(grammar: Grammar, found: tuple[str, float], extra: float, *, exact: bool) -> Fit:
    cost = found[1] + extra + grammar.rarity + _SHORT.get(len(grammar.slots), 0.0)
    return Fit(found[0], grammar.country, grammar.kind, cost, exact)


def _unknown(text: str) -> Iterator[Fit]:
    """Yield the text as it stands: vanity plates, and countries that are not in the table."""
    if not SHORTEST <= len(text) <= LONGEST - 1 or text.isdigit():
        return
    cost = WORD if text.isalpha() else UNKNOWN_FORM
    if text.isalpha() or re.fullmatch(r"[A-Z]*\d+[A-Z]*|\d[A-Z]+\d+|[A-Z]+\d+[A-Z]+\d+", text):
        yield Fit(text, None, "unknown", cost, False)


@lru_cache(maxsize=4096)
def _window(groups: tuple[str, ...]) -> tuple[Fit, ...]:
    text = "".join(groups)
    if not SHORTEST <= len(text) <= LONGEST + 2:
        return ()
    separators = frozenset(itertools.accumulate(len(group) for group in groups[:-1]))
    return (*_readings(text, separators), *_unknown(text))


def _leaving_out(groups: Sequence[str]) -> float:
    """Cost of reading a plate beside these groups of the same line: a band costs little, other words more."""
    return sum(0.05 if group in _BAND_CODES else 0.1 + 0.05 * min(len(group), 6) for group in groups)


def fits(groups: Sequence[str], site_country: str) -> list[Fit]:
    """Read a line as plates: every different plate once per country, the cheapest first.

    `groups` are the line's runs of A-Z and 0-9 as separators on the plate part them; any row of neighbouring groups may
    be the plate. `site_country` (ISO 3166-1) is where the camera stands: its forms win ties.
    """
    best: dict[tuple[str, str | None], Fit] = {}
    for start, end in itertools.combinations(range(len(groups) + 1), 2):
        left_out = _leaving_out((*groups[:start], *groups[end:]))
        for found in _window(tuple(groups[start:end])):
            cost = found.cost + left_out + (FOREIGN if found.country not in (site_country, None) else 0.0)
            key = (found.plate, found.country)
            if key not in best or cost < best[key].cost:
                best[key] = found._replace(cost=cost, exact=found.exact and left_out <= 0.1)
    return sorted(best.values(), key=lambda each: (each.cost, each.plate, each.country or ""))


def named_country(ordered: Sequence[Fit]) -> str | None:
    """Say whose plate the first of `ordered` fits is; None when another country issues it as likely."""
    first = ordered[0]
    rivals = [
        each.country
        for each in ordered
        if each.plate == first.plate and each.country not in (first.country, None) and each.cost - first.cost < 0.03
    ]
    return None if rivals else first.country
