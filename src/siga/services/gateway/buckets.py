"""Token buckets for rate limits, pure: the clock is an argument, memory is bounded.

Written by hand in 40 lines since a library would bring its own storage, clock and middleware for this one rule.
"""

from __future__ import annotations

from math import ceil

_MOST = 50_000


class Buckets:
    """One bucket per subject, as full as a minute's allowance at first (or a window's of `window_s`), refilled evenly.

    A caller may take the whole minute at once and then waits; `take` answers the seconds to wait, 0 when it may go on.
    """

    def __init__(self, most: int = _MOST, window_s: float = 60.0) -> None:
        self._most, self._window_s = most, window_s
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, subject: str, per_min: int, now_s: float, count: int = 1) -> int:
        """Take tokens from the subject's bucket at `per_min` tokens a minute; seconds to wait when it holds too few.

        More than a bucket can hold are taken from a full one: what could never be had would wait for ever.
        """
        tokens, wanted = self._tokens(subject, per_min, now_s), min(float(count), float(per_min))
        if tokens < wanted:
            return self._until(wanted - tokens, per_min)
        self._keep(subject, tokens - wanted, now_s)
        return 0

    def wait_s(self, subject: str, per_min: int, now_s: float) -> int:
        """Seconds until there is a token, 0 when there is one; takes none."""
        tokens = self._tokens(subject, per_min, now_s)
        return 0 if tokens >= 1.0 else self._until(1.0 - tokens, per_min)

    def _tokens(self, subject: str, per_min: int, now_s: float) -> float:
        tokens, at_s = self._left.get(subject, (float(per_min), now_s))
        return min(float(per_min), tokens + max(0.0, now_s - at_s) * per_min / self._window_s)

    def _until(self, missing: float, per_min: int) -> int:
        return max(1, ceil(round(missing * self._window_s / per_min, 6)))

    def _keep(self, subject: str, tokens: float, now_s: float) -> None:
        self._left.pop(subject, None)
        self._left[subject] = (tokens, now_s)
        if len(self._left) > self._most:  # the one that was quiet longest is forgotten: its bucket is the fullest
            del self._left[next(iter(self._left))]
