"""How long somebody must wait after failures: free at first, then longer each time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

WINDOW_S = 900
"""Failures older than this are forgotten."""
FIRST_WAIT_S = 30
LONGEST_WAIT_S = 900
ACCOUNT_LIMIT = 5
ADDRESS_LIMIT = 30
REGISTER_LIMIT = 60
RECOVERY_LIMIT = 5
"""Wishes about one address (a new password, another address), whoever has them."""


def recent(failures: Sequence[datetime], now: datetime) -> tuple[datetime, ...]:
    """The failures that still count."""
    return tuple(at for at in failures if (now - at).total_seconds() < WINDOW_S)


def wait_s(failures: Sequence[datetime], limit: int, now: datetime) -> int:
    """Whole seconds to wait before the next attempt, 0 when it may be now.

    At `limit` failures within 15 minutes the wait since the last one is 30 s; it doubles with each further failure,
    up to 15 minutes.
    """
    counted = recent(failures, now)
    if len(counted) < limit:
        return 0
    wait = min(FIRST_WAIT_S * 2 ** min(len(counted) - limit, 10), LONGEST_WAIT_S)
    left = (counted[-1] + timedelta(seconds=wait) - now).total_seconds()
    return min(max(0, ceil(left)), LONGEST_WAIT_S)
