"""How long something lasted, in words: one coarse unit, as a person would say it; pure. `ages.js` says the same."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


class Length(NamedTuple):
    """A length of time: `number` of `unit`, which is `s`, `min`, `h` or `days`."""

    number: int
    unit: str


def length(seconds: float) -> Length:
    """A length in its largest whole unit, rounded down: 1…59 s, 1…59 min, 1…47 h, then days.

    Never zero and never negative: what happened just now, or in the future by a clock that is off, is one second.
    """
    whole = max(1, int(seconds))
    if whole < _MINUTE_S:
        return Length(whole, "s")
    if whole < _HOUR_S:
        return Length(whole // _MINUTE_S, "min")
    if whole < 2 * _DAY_S:
        return Length(whole // _HOUR_S, "h")
    return Length(whole // _DAY_S, "days")


def age_s(at: datetime, now: datetime) -> float:
    """Seconds from `at` to `now`, never negative."""
    return max(0.0, (now - at).total_seconds())
