"""Local days and clocks as `<input type="datetime-local">` sends them, to instants and back; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def instant_of(text: str, zone: ZoneInfo) -> datetime | None:
    """The instant (UTC) of a local time such as `2026-11-22T09:30`; None for anything else.

    In the hour that comes twice in autumn the first is meant.
    """
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    if local.tzinfo is not None or ("T" not in text and " " not in text):
        return None
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def local_text(at: datetime | None, zone: ZoneInfo) -> str:
    """The instant as a local time for such an input, to the minute; empty for None."""
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"
