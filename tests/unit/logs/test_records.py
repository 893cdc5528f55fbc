"""Rules about records: what is kept, what is an alarm, what matches."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from siga.contract.operations import Level, LogRecord
from siga.services.logs.model import Wanted, is_alarm, is_kept, matches, trace_id_of

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


def record(level: Level = "info", event: str = "bay_changed", **fields: object) -> LogRecord:
    return LogRecord(at=AT, service="parking", level=level, event=event, fields=dict(fields))


@pytest.mark.parametrize(
    ("level", "lowest", "kept"),
    [("debug", "info", False), ("info", "info", True), ("warning", "error", False), ("critical", "error", True)],
)
def test_a_record_below_the_level_in_force_is_not_kept(level: Level, lowest: str, kept: bool) -> None:
    assert is_kept(record(level), lowest) is kept


def test_a_record_marked_as_an_alarm_is_kept_whatever_the_level() -> None:
    assert is_kept(record("info", alarm=True), "error")


def test_errors_and_marked_records_are_alarms_and_nothing_else_is() -> None:
    assert is_alarm(record("error"))
    assert is_alarm(record("critical"))
    assert is_alarm(record("debug", alarm=True))
    assert not is_alarm(record("warning"))
    assert not is_alarm(record("info", alarm="true"))


def test_a_tail_shows_what_has_its_service_level_and_text() -> None:
    seen = record("warning", bay_id="B-7")
    assert matches(seen, Wanted())
    assert matches(seen, Wanted(service="parking", level="info", text="b-7"))
    assert matches(seen, Wanted(text="BAY_CHANGED"))
    assert not matches(seen, Wanted(service="users"))
    assert not matches(seen, Wanted(level="error"))
    assert not matches(seen, Wanted(text="B-8"))


def test_a_trace_id_is_taken_from_a_well_formed_traceparent_only() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    assert trace_id_of(f"00-{trace}-b7ad6b7169203331-01") == trace
    assert trace_id_of("nonsense") is None
    assert trace_id_of(None) is None
