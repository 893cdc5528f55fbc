"""Chooses among all lines of a picture: which are plates, which of them is the one meant, and how sure that is."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from siga.services.images.grammars import Fit, fits, named_country
from siga.services.images.lines import Line
from siga.services.images.model import MAX_CANDIDATES, Box, PlateCandidate, same_place

MOST_IN_VIEW = 10
LEAST_CONFIDENCE = 0.1
"""Below this a candidate is not worth a person's time."""

_AIM = (0.5, 0.6)
"""Where in the frame the bay's vehicle usually is: share of width from the left, of height from the top."""
_PLATE_MARGIN = 0.25
"""How far a plate reaches beyond its text on each side, in text heights."""
_CURVE = (
    (0.0, 0.99), (0.16, 0.97), (0.22, 0.9), (0.3, 0.82), (0.4, 0.65), (0.5, 0.5), (0.7, 0.35), (0.9, 0.15), (1.1, 0.1),
    (1.5, 0.01),
)  # fmt: skip
_SHAPE_COST = {"single": 0.0, "joined": 0.06, "stacked": 0.12}
_PER_READ_SCORE, _PER_LOWER_CASE, _PER_HALVING, _PER_DISTANCE = 1.2, 0.8, 0.2, 0.25

_BADGE = re.compile(
    r"[A-Z]{0,3}\d{1,3}"
    r"(CDI|TDI|HDI|DCI|TSI|GTI|TDCI|TFSI|CRDI|JTD|JTDM|CDTI|DTI|SDI|GTD|HP|KM|KMH|CV|KW)"
)  # fmt: skip
_SIGNS = """
    TAXI POLICIA GUARDIA POLICE POLIZEI AMBULANCIA BOMBEROS PARKING APARCAMIENTO SALIDA ENTRADA STOP EXIT FARMACIA
    RESERVADO MINUSVALIDOS PROHIBIDO VADO PERMANENTE CARGA DESCARGA ZONA AZUL BUS ESCOLAR OPEN CLOSED ABIERTO CERRADO
"""
_MAKES = """
    PEUGEOT CITROEN RENAULT DACIA TOYOTA NISSAN HONDA MAZDA SUZUKI SUBARU LEXUS SKODA SEAT CUPRA AUDI OPEL FORD FIAT
    LANCIA VOLVO SAAB JEEP TESLA KIA HYUNDAI MERCEDES BENZ PORSCHE JAGUAR ROVER SMART MINI CHEVROLET DODGE IVECO
    MITSUBISHI VOLKSWAGEN OCTAVIA FABIA GOLF POLO PASSAT IBIZA LEON TOLEDO CORDOBA CLIO MEGANE SCENIC LAGUNA KANGOO
    FOCUS FIESTA MONDEO TRANSIT ASTRA CORSA VECTRA PUNTO PANDA DOBLO BERLINGO PICASSO PARTNER YARIS COROLLA AURIS
    TURBO SPORT DIESEL HYBRID ELECTRIC QUATTRO XDRIVE
"""
_WORDS = frozenset(f"{_SIGNS} {_MAKES}".split())


class Ranked(NamedTuple):
    """One candidate with the cost by which it is compared to the others (the lower the better)."""

    candidate: PlateCandidate
    cost: float
    exact: bool


def _plate_box(line: Line, width_px: int, height_px: int) -> Box:
    margin = _PLATE_MARGIN * line.height_px
    left, top = max(0.0, line.left - margin), max(0.0, line.top - margin / 2)
    right, bottom = min(width_px, line.right + margin), min(height_px, line.bottom + margin / 2)
    return (round(left), round(top), round(right - left), round(bottom - top))


def _writing_cost(line: Line) -> float:
    """How little the line looks like a plate's writing: uncertain, small letters, spread out, in several pieces."""
    pitch = (line.right - line.left) / max(line.height_px * line.length, 1.0)
    odd_pitch = 0.0 if line.shape == "stacked" else max(0.0, 0.25 - pitch, pitch - 1.2)
    cost = _PER_READ_SCORE * (1 - line.score) + _PER_LOWER_CASE * line.lower_case + _SHAPE_COST[line.shape]
    return cost + min(odd_pitch, 1.0)


def _place_cost(line: Line, tallest_px: float, width_px: int, height_px: int) -> float:
    """How little the line's place suggests the vehicle in the bay: small among its likes, far from the aim."""
    across = ((line.left + line.right) / 2 / width_px - _AIM[0]) ** 2
    down = ((line.top + line.bottom) / 2 / height_px - _AIM[1]) ** 2
    halvings = min(math.log2(tallest_px / max(line.height_px, 1.0)), 3.0)
    return _PER_HALVING * max(halvings, 0.0) + _PER_DISTANCE * math.sqrt(across + down)


def _known_word_cost(found: Fit, line: Line) -> float:
    groups = {group for word in line.words for group in word}
    whole = "".join(group for word in line.words for group in word)
    return 0.6 if found.plate in _WORDS or groups & _WORDS or _BADGE.fullmatch(whole) else 0.0


def confidence(cost: float) -> float:
    """Turn a reading's own cost (form and writing, not place) into a confidence of 0.01..0.99.

    The curve runs through the shares of right answers, per cost, on real photographs at full, half and a third of their
    size, blurred and in artificial night (380 pictures); a straight line joins its points.
    """
    for (low, at_low), (high, at_high) in itertools.pairwise(_CURVE):
        if cost < high:
            return round(at_low + (at_high - at_low) * (max(cost, low) - low) / (high - low), 3)
    return _CURVE[-1][1]


def _of_line(line: Line, site_country: str) -> Iterable[tuple[Fit, float, str | None]]:
    ordered = fits(line.words, site_country)
    seen: set[str] = set()
    for index, found in enumerate(ordered):
        if found.plate not in seen and len(seen) < MAX_CANDIDATES:
            seen.add(found.plate)
            own = found.cost + _writing_cost(line) + _known_word_cost(found, line)
            yield found, own, named_country(ordered[index:])


def rank(lines: Sequence[Line], width_px: int, height_px: int, site_country: str) -> list[Ranked]:
    """Read all lines as plates and order them, the best first; `width_px` and `height_px` are the picture's.

    A text that is found twice in one place (by two passes of the OCR engine) is kept once, as it was read best.
    """
    read = [(line, *one) for line in lines for one in _of_line(line, site_country)]
    tallest = max((line.height_px for line, _, own, _ in read if own < 1.0), default=1.0)
    kept: list[Ranked] = []
    for line, found, own, country in sorted(read, key=lambda each: each[2]):
        box = _plate_box(line, width_px, height_px)
        again = [one for one in kept if one.candidate.plate == found.plate and same_place(one.candidate.box, box)]
        if not again:
            candidate = PlateCandidate(plate=found.plate, confidence=confidence(own), country=country, box=box)
            kept.append(Ranked(candidate, own + _place_cost(line, tallest, width_px, height_px), found.exact))
    return sorted(kept, key=lambda one: one.cost)


def _shared(rivals: Sequence[PlateCandidate]) -> list[PlateCandidate]:
    """Let candidates for one place share the certainty that there is: at most one of them is right."""
    left, shared = 1.0, []
    for one in rivals:
        share = max(0.01, min(one.confidence, left))
        shared.append(msgspec.structs.replace(one, confidence=round(share, 3)))
        left -= share
    return shared


def choose(ranked: Sequence[Ranked]) -> tuple[PlateCandidate, ...]:
    """Pick up to three candidates for the best place, then one for every other place."""
    worthy = [one.candidate for one in ranked if one.candidate.confidence >= LEAST_CONFIDENCE]
    if not worthy:
        return ()
    best = _shared([one for one in worthy if same_place(one.box, worthy[0].box)][:MAX_CANDIDATES])
    others: list[PlateCandidate] = []
    for one in worthy:
        if not any(same_place(one.box, other.box) for other in [*best, *others]):
            others.append(one)
    return (*best, *others[: MOST_IN_VIEW - 1])
