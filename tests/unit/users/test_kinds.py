"""What each kind of accreditation must be, whatever its dates; and the words by which a holder is found."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from siga.contract.accreditations import AccreditationKind
from siga.kit.countries import COUNTRIES
from siga.services.users.model.kinds import (
    CollectiveNeedsPlate,
    ProvisionalTooLong,
    UnknownCountry,
    check_country,
    check_kind,
    year_after,
)
from siga.services.users.model.names import holder_words
from siga.services.users.model.problems import BadDates

days = st.dates(date(2020, 1, 1), date(2090, 12, 31))
kinds: st.SearchStrategy[AccreditationKind] = st.sampled_from(["personal", "provisional", "collective"])


def fault_of(kind: AccreditationKind, first: date, last: date, plates: int) -> type[Exception] | None:
    try:
        check_kind(kind, first, last, plates)
    except (BadDates, ProvisionalTooLong, CollectiveNeedsPlate) as fault:
        return type(fault)
    return None


@given(kinds, days, st.integers(1, 4000), st.integers(0, 3))
def test_no_kind_ends_before_it_begins(kind: AccreditationKind, first: date, before: int, plates: int) -> None:
    assert fault_of(kind, first, first - timedelta(days=before), plates) is BadDates


@given(days, st.integers(0, 4000), st.integers(0, 3))
def test_a_provisional_one_lasts_a_year_at_most(first: date, length: int, plates: int) -> None:
    last = first + timedelta(days=length)
    expected = None if last <= year_after(first) else ProvisionalTooLong
    assert fault_of("provisional", first, last, plates) is expected
    assert fault_of("personal", first, last, plates) is None


@given(days, st.integers(0, 366), st.integers(0, 5))
def test_a_collective_one_is_bound_to_a_plate(first: date, length: int, plates: int) -> None:
    expected = None if plates else CollectiveNeedsPlate
    assert fault_of("collective", first, first + timedelta(days=length), plates) is expected


@given(st.dates(date(1, 1, 1), date(9998, 12, 31)))
def test_a_year_after_is_the_same_day_or_the_last_of_february(day: date) -> None:
    after = year_after(day)
    assert after.year == day.year + 1
    assert (after.month, after.day) == ((2, 28) if (day.month, day.day) == (2, 29) else (day.month, day.day))
    assert 365 <= (after - day).days <= 366


@given(days)
def test_the_bounds_are_days_of_law_not_lengths(first: date) -> None:
    assume(first.year < 2090)
    assert fault_of("provisional", first, year_after(first), 0) is None
    assert fault_of("provisional", first, year_after(first) + timedelta(days=1), 0) is ProvisionalTooLong


@given(st.text(max_size=3))
def test_only_codes_of_iso_3166_are_countries(code: str) -> None:
    if code in COUNTRIES:
        assert check_country(code) == code
    else:
        with pytest.raises(UnknownCountry):
            check_country(code)


def test_there_are_the_countries_that_issue_the_european_card() -> None:
    assert len(COUNTRIES) == 249
    assert {"ES", "PT", "FR", "DE", "IE", "GB", "CH", "NO", "IS", "LI", "MT", "CY"} <= COUNTRIES
    assert not COUNTRIES & {"UK", "EU", "XX", "es"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("María de la O Gómez-Ruiz", {"maria", "o", "gomez", "ruiz"}),
        ("MARIA  GOMEZ", {"maria", "gomez"}),
        ("Íñigo Núñez", {"inigo", "nunez"}),
        ("de la Y", {"de", "la", "y"}),
        ("Fundación San José, S.L.", {"fundacion", "san", "jose", "s", "l"}),
    ],
)  # fmt: skip
def test_a_name_is_found_by_its_words_without_accents_and_particles(name: str, words: set[str]) -> None:
    assert holder_words(name) == words


@given(st.text(max_size=120))
def test_a_name_in_another_case_has_the_same_words(name: str) -> None:
    assert holder_words(name.strip()) == holder_words(f"  {name}\t")
    assert all(word and word == word.casefold() for word in holder_words(name))
    assert len(holder_words(name)) <= 20
