"""What Parking's words mean, what lines of an import are taken, which stay a receipt covers, how pseudonyms end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from siga.contract.events import Event
from siga.contract.history import ReceiptAsk
from siga.contract.parking import BayChanged, ReportCameLate
from siga.kit.problem import Conflict, Invalid, NotFound
from siga.services.history.facts import change_of, late_changes_of
from siga.services.history.forgetting import overdue
from siga.services.history.imports import read_lines
from siga.services.history.model import Stay
from siga.services.history.pseudonyms import Pseudonyms
from siga.services.history.queries import Span
from siga.services.history.receipts import covered, span_of
from siga.services.history.statistics import whole_days

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def event(data: Any, recorded: float) -> Event:
    return Event(
        event_id="e", kind=type(data).__name__, source="parking", position=7, municipality_id="m", subject_id="b",
        occurred_at=at(0), recorded_at=at(recorded), data=msgspec.Raw(b"{}"),
    )  # fmt: skip


def changed(**more: Any) -> BayChanged:
    values = {
        "occupancy": "occupied",
        "public_occupancy": "occupied",
        "changed_at": at(1),
        "observed_at": at(3),
        **more,
    }
    return BayChanged(bay_id="b", zone_id="z", code="B", category="disabled", **values)


@pytest.mark.parametrize(
    ("data", "happened", "told"),
    [
        (changed(stay_id="S"), 1, True),
        (changed(stay_id="S", previous_authorisation="pending", previous_occupancy="occupied"), 9, True),
        (changed(ended_stay_id="S", previous_authorisation="pending", occupancy="free"), 1, False),
        (changed(stay_id="S", previous_authorisation="pending", occupancy="unknown", cause="time"), 9, True),
        (changed(stay_id="S", previous_authorisation="pending", previous_occupancy="unknown"), 3, True),
        (changed(occupancy="unknown", changed_at=None, observed_at=None, cause="device"), 9, None),
        (changed(stay_id="S", previous_authorisation="pending", cause="late_report"), 1, True),
    ],
    ids=["came", "authorised", "left", "silent", "heard again", "no device", "came earlier"],
)
def test_a_word_of_parking_says_when_it_happened_and_what_the_sensor_told(
    data: BayChanged, happened: float, told: bool | None
) -> None:
    change = change_of(event(data, 9), data, 1, None)
    assert (change.at, change.told) == (at(happened), told)
    assert change.since == (data.changed_at or at(9))


def late(occupied: bool, until: float | None) -> ReportCameLate:
    return ReportCameLate(
        bay_id="b", zone_id="z", device_id="d", occupied=occupied, observed_at=at(2), received_at=at(9),
        order=(1, 1, 1), until_at=None if until is None else at(until),
    )  # fmt: skip


def test_a_late_report_also_says_until_when_it_held() -> None:
    both = late_changes_of(event(late(True, 5), 9), late(True, 5), 1)
    assert [(one.at, one.told) for one in both] == [(at(2), True), (at(5), False)]
    for until in (None, 2, 1):
        assert len(late_changes_of(event(late(True, until), 9), late(True, until), 1)) == 1


def test_lines_are_read_one_by_one_and_numbered_as_an_editor_does() -> None:
    body = b'{"bay_id":"b","at":"2026-11-22T08:00:00Z","occupied":true,"sequence":1}\r\n\n{"bay_id":"b"}\nnull\n'
    lines = read_lines(body, NINE)
    assert [number for number, _ in lines.by_bay["b"]] == [1]
    assert [one.line for one in lines.refused] == [3, 4]
    assert read_lines(b"", NINE).by_bay == {}


def stay(start: float, end: float | None, **more: Any) -> Stay:
    return Stay(started_at=at(start), opened=1, ended_at=None if end is None else at(end), **more)


def test_a_receipt_covers_all_pieces_of_a_named_stay() -> None:
    found = covered([stay(0, 10, stay_id="S"), stay(20, 30, stay_id="S", authorisation="authorised")], Span())
    assert (found.started_at, found.ended_at, found.authorisation) == (at(0), at(30), "authorised")


def test_a_receipt_for_a_span_is_for_the_stay_that_fills_most_of_it() -> None:
    span = Span(from_at=at(8), to_at=at(30))
    assert covered([stay(0, 10), stay(12, 40)], span).started_at == at(12)
    with pytest.raises(Conflict):
        covered([stay(0, 10), stay(12, None)], span)
    with pytest.raises(NotFound):
        covered([], span)


@pytest.mark.parametrize("more", [{}, {"bay_id": "b"}, {"bay_id": "b", "from_at": NINE},
                                  {"bay_id": "b", "from_at": NINE, "to_at": at(-1)},
                                  {"bay_id": "b", "from_at": NINE.replace(tzinfo=None), "to_at": NINE}])  # fmt: skip
def test_a_stay_must_be_named(more: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        span_of(ReceiptAsk(check_in_id="c", **more))


def test_pseudonyms_are_the_same_within_a_month_and_unlinked_beyond(tmp_path: Path) -> None:
    names = Pseudonyms(tmp_path / "keys")
    first = names.of("card-1", NINE)
    assert first == names.of("card-1", NINE + timedelta(days=5)) == Pseudonyms(tmp_path / "keys").of("card-1", NINE)
    assert first != names.of("card-2", NINE)
    assert first[7:] != names.of("card-1", NINE + timedelta(days=30))[7:]


def test_a_destroyed_key_never_comes_back(tmp_path: Path) -> None:
    names = Pseudonyms(tmp_path / "keys")
    before, key = names.of("card-1", NINE), names.key_id("2026-11")
    names.of("card-1", NINE + timedelta(days=30))
    assert names.months() == ["2026-11", "2026-12"]
    names.destroy("2026-11")
    names.destroy("2026-11")
    assert names.months() == ["2026-12"]
    assert names.of("card-1", NINE) != before
    assert names.key_id("2026-11") != key, "a key made later for the same month is another one"


def test_the_bytes_of_a_destroyed_key_are_overwritten_before_its_file_goes(tmp_path: Path) -> None:
    names = Pseudonyms(tmp_path / "keys")
    names.of("card-1", NINE)
    path = tmp_path / "keys" / "2026-11.key"
    key = path.read_bytes()
    second_name = tmp_path / "still-open"
    second_name.hardlink_to(path)
    names.destroy("2026-11")
    assert not path.exists()
    assert len(second_name.read_bytes()) == len(key)
    assert second_name.read_bytes() != key


def test_a_month_is_overdue_so_many_days_after_its_end() -> None:
    months = ["2026-09", "2026-10", "2026-11"]
    assert overdue(months, datetime(2026, 12, 1, tzinfo=UTC), timedelta(days=31)) == ["2026-09"]
    assert overdue(months, datetime(2026, 12, 3, tzinfo=UTC), timedelta(days=31)) == ["2026-09", "2026-10"]


def test_a_key_cut_short_by_a_crash_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "2026-11.key").write_bytes(b"short")
    assert Pseudonyms(tmp_path).of("card-1", NINE).startswith("2026-11:")
    assert len((tmp_path / "2026-11.key").read_bytes()) == 32


def test_the_publics_days_are_local_and_over() -> None:
    zone = ZoneInfo("Europe/Madrid")
    first, last = whole_days(at(-3000), at(3000), NINE, zone)
    assert (first, last) == (datetime(2026, 11, 19, 23, tzinfo=UTC), datetime(2026, 11, 21, 23, tzinfo=UTC))
    assert whole_days(at(-5), NINE, NINE, zone) == (last, last)
