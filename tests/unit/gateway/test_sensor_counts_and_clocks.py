"""A device's count goes through the door as it was sent, and a leap second is no reason to refuse a report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.contract.parking import MatchedReport
from siga.services.gateway.sensors.reports import BadItem, decode_item, on_our_clock, sort_items


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


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def seen(observed_at: datetime | None, created: int) -> datetime | None:
    """When a report was seen, by our clock, sent in an envelope of `created`."""
    report = MatchedReport(device_id="d", epoch=1, sequence=1, occupied=True, observed_at=observed_at)
    return on_our_clock([report], created, NOW)[0].observed_at


@given(
    off_s=st.floats(-299, 299), ago_s=st.floats(0, 7 * 86400), travel_s=st.floats(0, 0.4),
)  # fmt: skip
def test_an_event_is_kept_within_two_seconds_of_the_truth_though_the_devices_clock_is_wrong(
    off_s: float, ago_s: float, travel_s: float
) -> None:
    sent = NOW - timedelta(seconds=travel_s)
    by_device = timedelta(seconds=off_s)
    truth = sent - timedelta(seconds=ago_s)
    kept = seen(truth + by_device, int((sent + by_device).timestamp()))
    assert kept is not None
    assert abs((kept - truth).total_seconds()) <= 2.0


def test_a_device_without_a_clock_or_without_an_instant_is_left_as_it_is() -> None:
    assert seen(None, int(NOW.timestamp()) - 100) is None
    assert seen(NOW - timedelta(minutes=3), 0) == NOW - timedelta(minutes=3)
