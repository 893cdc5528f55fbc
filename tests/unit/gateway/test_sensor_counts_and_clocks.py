"""A device's count goes through the door as it was sent, and a leap second is no reason to refuse a report."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from siga.services.gateway.sensors.reports import BadItem, decode_item, sort_items


def raw(**more: object) -> msgspec.Raw:
    """A report as it arrives."""
    return msgspec.Raw(msgspec.json.encode({"device_id": "d", "epoch": 1, "sequence": 1, "occupied": True, **more}))


def test_the_count_of_the_state_before_goes_on_to_parking() -> None:
    report = decode_item(raw(previous_duration_s=720), {"d"})
    assert sort_items([report], True, b"").good[0].previous_duration_s == 720


def test_a_leap_second_counts_as_the_second_before() -> None:
    report = decode_item(raw(observed_at="2016-12-31T23:59:60Z"), {"d"})
    assert report.observed_at == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(BadItem):
        decode_item(raw(observed_at="2016-12-31T23:61:00Z"), {"d"})
