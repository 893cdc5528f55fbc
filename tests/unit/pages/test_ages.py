"""Ages in words: one coarse unit, rounded down, never zero, never the future."""

from __future__ import annotations

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from pages_made_up import NOW, texts

from siga.services.gateway.pages.ages import Length, age_s, length

_UNIT_S = {"s": 1, "min": 60, "h": 3600, "days": 86400}


@given(st.floats(min_value=1, max_value=10**9))
def test_a_length_is_its_number_of_whole_units(seconds: float) -> None:
    number, unit = length(seconds)
    assert number >= 1
    assert number * _UNIT_S[unit] <= seconds < (number + 1) * _UNIT_S[unit]


@given(st.floats(min_value=0, max_value=10**9), st.floats(min_value=0, max_value=10**9))
def test_a_longer_time_never_reads_shorter(one: float, other: float) -> None:
    first, second = (length(seconds) for seconds in sorted((one, other)))
    assert first.number * _UNIT_S[first.unit] <= second.number * _UNIT_S[second.unit]


@given(st.floats(min_value=-(10**9), max_value=1))
def test_what_is_just_now_or_to_come_is_one_second_old(seconds: float) -> None:
    assert length(seconds) == Length(1, "s")


@given(st.floats(min_value=0, max_value=10**8))
def test_an_age_is_a_number_and_a_unit_in_both_languages(seconds: float) -> None:
    for lang in ("es", "en"):
        assert re.fullmatch(r"\d+\u00a0\w+", texts(lang).lasted(seconds))


def test_units_change_where_people_change_them() -> None:
    spoken = [texts("es").lasted(seconds) for seconds in (59, 60, 3599, 3600, 47 * 3600, 48 * 3600)]
    assert [text.replace("\u00a0", " ") for text in spoken] == ["59 s", "1 min", "59 min", "1 h", "47 h", "2 días"]


def test_an_age_ticks_from_the_instant_it_carries() -> None:
    shown = str(texts("es").age(NOW - timedelta(seconds=40)))
    assert 'datetime="2026-11-22T08:59:20.000Z"' in shown
    assert "data-age" in shown
    assert "40\u00a0s" in shown


def test_the_future_is_no_age() -> None:
    assert age_s(NOW + timedelta(hours=1), NOW) == 0
