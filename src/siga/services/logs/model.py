"""What is kept, what is an alarm, what a search or a tail wants to see: pure rules about records."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from siga.contract.base import Word
from siga.contract.operations import LEVELS, Level, LogRecord

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
_ALARMING = LEVELS.index("error")


class Wanted(Word):
    """Which records are looked for; `level` is the lowest, `text` stands anywhere in event or fields, any case."""

    service: str | None = None
    level: Level | None = None
    text: str | None = None
    trace_id: str | None = None
    request_id: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


def rank(level: str) -> int:
    """The level's place, 0 = debug; an unknown word counts as info."""
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("info")


def trace_id_of(traceparent: str | None) -> str | None:
    """The 32 hex digits of a `traceparent` (W3C Trace Context level 1), or of a bare trace id; None for neither."""
    if traceparent is None:
        return None
    found = _TRACEPARENT.match(traceparent)
    return found.group(1) if found else None


def is_alarm(record: LogRecord) -> bool:
    """Whether a person should see to it: level error or above, or marked with a field `alarm`."""
    return rank(record.level) >= _ALARMING or record.fields.get("alarm") is True


def is_kept(record: LogRecord, lowest: str) -> bool:
    """Whether the record is kept while `lowest` is the level in force; alarms always are."""
    return rank(record.level) >= rank(lowest) or is_alarm(record)


def fields_text(record: LogRecord) -> str:
    """The fields as JSON text, as they are kept and searched."""
    return msgspec.json.encode(record.fields, enc_hook=str).decode()


def matches(record: LogRecord, wanted: Wanted) -> bool:
    """Whether a live tail with these wishes shows the record (service, level and text; times do not matter live)."""
    if wanted.service is not None and record.service != wanted.service:
        return False
    if wanted.level is not None and rank(record.level) < rank(wanted.level):
        return False
    return wanted.text is None or wanted.text.lower() in f"{record.event} {fields_text(record)}".lower()
