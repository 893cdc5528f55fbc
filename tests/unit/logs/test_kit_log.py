"""What leaves a process as a log record: numbered, and of kinds that every sink and store can take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest

from siga.contract.operations import LogRecord
from siga.kit import log


class Kept:
    def __init__(self) -> None:
        self.records: list[LogRecord] = []

    def offer(self, record: LogRecord) -> bool:
        self.records.append(record)
        return True


@pytest.fixture
def kept() -> Iterator[Kept]:
    sink = Kept()
    log.configure(process="p", sink=sink, stderr_level="critical")
    yield sink
    log.configure(process="", sink=None, stderr_level="critical")


def test_records_of_one_boot_are_numbered_from_one(kept: Kept) -> None:
    for _ in range(3):
        log.logger("parking").info("something")
    assert [one.sequence for one in kept.records] == [1, 2, 3]
    assert len({one.process for one in kept.records}) == 1


def test_two_boots_of_one_process_share_no_number(kept: Kept) -> None:
    log.logger("parking").info("before")
    log.configure(process="p", sink=kept, stderr_level="critical")
    log.logger("parking").info("after")
    first, second = kept.records
    assert (first.process, first.sequence) != (second.process, second.sequence)
    assert first.process.startswith("p.")
    assert second.process.startswith("p.")


@pytest.mark.parametrize(
    "value",
    [
        object(), b"\xff", 2**70, {1: {2}}, "a\x00b", "\ud800", datetime(2026, 1, 1, tzinfo=UTC), float("nan"),
        ValueError("x"),
    ],
)  # fmt: skip
def test_a_field_of_any_kind_becomes_json_without_nul(kept: Kept, value: object) -> None:
    log.logger("parking").info("odd \x00 event", field=value)
    text = msgspec.json.encode(kept.records[0])
    assert b"\\u0000" not in text
    assert msgspec.json.decode(text, type=LogRecord).service == "parking"
