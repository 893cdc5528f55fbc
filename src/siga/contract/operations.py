"""Words of Config and Logs: settings, who has applied them, log records and alarms."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from siga.contract.base import Ask, Word
from siga.contract.events import event

Level = Literal["debug", "info", "warning", "error", "critical"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error", "critical")


@event
class SettingsChanged(Word):
    """A revision is in force: every (process, service) swaps its snapshot whole. Keys map to values as JSON."""

    revision: int
    changed: dict[str, Any]
    """`key` → new value for this municipality (`municipality_id` of the envelope; empty = system-wide)."""


class SettingsSnapshot(Word):
    """All values that differ from their defaults, by municipality ("" = system-wide), at a revision."""

    revision: int
    position: int
    values: dict[str, dict[str, Any]]


class SettingsApplied(Ask):
    """One (process, service) tells Config that it stands at a revision."""

    process: str
    service: str
    revision: int
    applied_at: datetime


class LogRecord(Word):
    """One record of any service. Holds no plates, names, UIDs or tokens."""

    at: datetime
    service: str
    level: Level
    event: str
    process: str = ""
    request_id: str | None = None
    traceparent: str | None = None
    fields: dict[str, Any] = {}
