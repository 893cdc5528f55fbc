"""Time as an argument: aware UTC instants, one real clock, one that tests move by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present instant, aware, UTC."""
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """An aware instant as RFC 3339 with `Z` and milliseconds at most, e.g. `2026-11-22T09:00:00Z`."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    return text.replace("+00:00", "Z")


class HandClock:
    """A clock that stands still until `forward` moves it; for tests."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        """The instant it stands at."""
        return self.now

    def forward(self, seconds: float) -> datetime:
        """Move on by `seconds` (may be negative: clocks jump) and return the new instant."""
        self.now += timedelta(seconds=seconds)
        return self.now
