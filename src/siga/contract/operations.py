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


SettingSource = Literal["default", "system", "municipality"]


class SettingView(Word):
    """A setting as it is in force in a municipality, or system-wide where none is named."""

    key: str
    kind: Literal["int", "float", "bool", "text"]
    value: int | float | bool | str
    default: int | float | bool | str
    scope: Literal["municipality", "system"]
    source: SettingSource
    """Whose value it is: the declared default, the whole system's, or this municipality's own."""
    summary: dict[str, str]
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    editor: str | None = None
    """User id of who set that value; None for the default."""
    changed_at: datetime | None = None
    revision: int = 0
    """The revision that set that value; 0 for the default."""


class SettingList(Word):
    """All settings as in force in a municipality ("" = system-wide), and the newest revision of all."""

    municipality_id: str
    revision: int
    settings: list[SettingView]


class SettingAsk(Ask):
    """A new value, for one municipality or (without) system-wide. `if_revision`: only if not changed since then."""

    value: Any
    municipality_id: str = ""
    reason: str = ""
    if_revision: int | None = None


class RollBackAsk(Ask):
    """Whose values go back; without a municipality those that the revision itself had changed."""

    municipality_id: str | None = None
    reason: str = ""


class SettingChange(Word):
    """One value in a revision; None = the default of the wider scope."""

    key: str
    before: int | float | bool | str | None
    after: int | float | bool | str | None


class Revision(Word):
    """Values that changed together, in one municipality or ("") system-wide."""

    revision: int
    municipality_id: str
    author: str
    at: datetime
    reason: str
    changes: list[SettingChange]
    rolled_back_to: int | None = None


class RevisionList(Word):
    """Revisions, newest first; `next` continues them."""

    revisions: list[Revision]
    next: str | None = None


class AppliedRow(Word):
    """Where one (process, service) stands; `behind_s`: for how long it has lacked a newer revision, or 0."""

    process: str
    service: str
    revision: int
    applied_at: datetime
    behind_s: float


class Applied(Word):
    """`in_force` of `of` living (process, service) pairs stand at `revision`.

    `slowest_ms`: from the commit to the last of those that swapped to it while running; None when there was none.
    """

    revision: int
    in_force: int
    of: int
    rows: list[AppliedRow]
    slowest_ms: float | None = None


class AppliedAnswer(Word):
    """Config's answer to a follower: the newest revision."""

    revision: int


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
    sequence: int = 0
    """The record's number in its process since its boot, from 1: one delivered twice is kept once; 0 = none."""


class LogPage(Word):
    """Log records, newest first; `next` continues them."""

    records: list[LogRecord]
    next: str | None = None


AlarmState = Literal["open", "acknowledged"]


class Alarm(Word):
    """Records of level error and above, or marked `alarm`, of one service and event, until somebody saw to them."""

    alarm_id: str
    service: str
    event: str
    level: Level
    count: int
    first_at: datetime
    last_at: datetime
    state: AlarmState
    fields: dict[str, Any] = {}
    """The fields of the newest record."""
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


class AlarmList(Word):
    """Alarms, the newest record first; `next` continues them."""

    alarms: list[Alarm]
    next: str | None = None
