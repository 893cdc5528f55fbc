"""What the plate reader answers: candidates, readings, and the pure rules about them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, width, height in pixels of the upright original picture."""

Reason: TypeAlias = Literal["too_small", "too_dark", "no_plate", "not_an_image", "too_large"]
"""Why a picture could not be read; the first three are about what it shows, the last two about the file."""

MAX_CANDIDATES = 3


class PlateCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """One plate that may stand in the picture.

    `plate` holds A-Z and 0-9 only. `confidence` is 0..1: the share of such candidates that turn out right.
    `country` is an ISO 3166-1 code, or None when several countries issue plates of this form.
    """

    plate: str
    confidence: float
    country: str | None = None
    box: Box


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """All that was read in one picture, best first.

    `plates` begins with up to three candidates for the best place in the picture (they share one place, so their
    boxes overlap), followed by one candidate for every other plate in view. `reason` is set when there are none.
    """

    plates: tuple[PlateCandidate, ...] = ()
    reason: Reason | None = None


def overlap(a: Box, b: Box) -> float:
    """Say which share (0..1) of the smaller box lies inside the other."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    smaller = min(a[2] * a[3], b[2] * b[3])
    return wide * high / smaller if wide > 0 and high > 0 and smaller > 0 else 0.0


def same_place(a: Box, b: Box) -> bool:
    """Say whether two boxes are about one plate in the picture."""
    return overlap(a, b) > 0.3


def candidates(reading: Reading) -> tuple[PlateCandidate, ...]:
    """Return the candidates for the best place only, best first (at most three)."""
    if not reading.plates:
        return ()
    best = reading.plates[0]
    return tuple(plate for plate in reading.plates if same_place(plate.box, best.box))[:MAX_CANDIDATES]


def others_in_view(reading: Reading) -> tuple[PlateCandidate, ...]:
    """Return the plates that belong to other vehicles than the best candidate's."""
    if not reading.plates:
        return ()
    best = reading.plates[0]
    return tuple(plate for plate in reading.plates if not same_place(plate.box, best.box))
