"""Lines of text read as plates: every country's own, confusable characters, frames, seals, and what is no plate."""

from __future__ import annotations

import itertools
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siga.services.images.confusables import COSTS, choices, exchange_cost
from siga.services.images.countries import FORMS, SPAIN
from siga.services.images.grammars import GRAMMARS, LETTERS, MOST_EXCHANGED, Grammar, expand, fit, fits, named_country

CONSONANTS = "BCDFGHJKLMNPRSTVWXYZ"
ALL = [grammar for grammars in GRAMMARS.values() for grammar in grammars]


def words(text: str) -> list[list[str]]:
    return [re.findall("[A-Z0-9]+", word) for word in text.split()]


def best(text: str, site_country: str = "ES") -> str | None:
    found = fits(words(text), site_country)
    return found[0].plate if found else None


@st.composite
def plates(draw: st.DrawFn, grammars: list[Grammar]) -> tuple[str, Grammar]:
    """A plate of one of these grammars, as it is printed."""
    grammar = draw(st.sampled_from(grammars))
    printed = [[seen for seen, (wanted, _) in slot.items() if seen == wanted] for slot in grammar.slots]
    text = "".join(draw(st.sampled_from(sorted(characters))) for characters in printed)
    if grammar.districts:
        code = draw(st.sampled_from(sorted(grammar.districts)))
        text = text[: grammar.district_at] + code + text[grammar.district_at + len(code) :]
    return text, grammar


spanish = st.builds("{:04d} {}{}{}".format, st.integers(0, 9999), *[st.sampled_from(CONSONANTS)] * 3)


@settings(deadline=None)
@given(plates(ALL))
def test_a_printed_plate_fits_its_own_grammar_unchanged(case: tuple[str, Grammar]) -> None:
    text, grammar = case
    if not text.isalpha():
        assert fit(text, grammar) == (text, 0.0)


@settings(deadline=None)
@given(st.sampled_from(ALL), st.data())
def test_what_a_grammar_makes_of_any_text_fits_it_unchanged(grammar: Grammar, data: st.DataObject) -> None:
    size = len(grammar.slots)
    text = data.draw(st.text(string.ascii_uppercase + string.digits, min_size=size, max_size=size))
    found = fit(text, grammar)
    if found is not None:
        plate, cost = found
        assert 0.0 <= cost <= MOST_EXCHANGED
        assert fit(plate, grammar) == (plate, 0.0)


@settings(deadline=None)
@given(spanish)
def test_a_spanish_plate_is_read_as_it_stands(text: str) -> None:
    found = fits(words(text), "ES")
    assert (found[0].plate, found[0].country, found[0].exact, found[0].cost) == (text.replace(" ", ""), "ES", True, 0.0)
    assert named_country(found) == "ES"


@settings(deadline=None)
@given(spanish, st.data())
def test_one_confused_digit_of_a_spanish_plate_is_put_right(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, 3))  # a plate that begins with a letter may be a Romanian or British one
    seen = {"0": "O", "1": "I", "2": "Z", "5": "S", "8": "B"}.get(text[at])
    if seen is not None:
        assert best(text[:at] + seen + text[at + 1 :]) == text.replace(" ", "")


@settings(deadline=None)
@given(spanish, st.data())
def test_one_confused_letter_of_a_spanish_plate_is_put_right(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(5, 7))
    seen = {"B": "8", "S": "5", "Z": "2"}.get(text[at])
    if seen is not None:
        assert best(text[:at] + seen + text[at + 1 :]) == text.replace(" ", "")


@settings(deadline=None)
@given(st.lists(st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=8), max_size=5))
def test_any_line_is_answered_by_plates_in_order_of_cost(groups: list[str]) -> None:
    found = fits([groups], "ES")
    assert [each.cost for each in found] == sorted(each.cost for each in found)
    assert all(re.fullmatch("[A-Z0-9]{4,10}", each.plate) for each in found)
    assert len({(each.plate, each.country) for each in found}) == len(found)


@settings(deadline=None)
@given(st.lists(st.text(string.digits, min_size=1, max_size=6), max_size=4))
def test_digits_alone_are_never_a_plate(groups: list[str]) -> None:
    assert fits([groups], "ES") == []


@pytest.mark.parametrize(
    ("read", "plate", "country"),
    [
        ("1234 BCD", "1234BCD", "ES"),
        ("E 1234 BCD", "1234BCD", "ES"),
        ("E1234BCD", "1234BCD", "ES"),
        ("M-1234-ZX", "M1234ZX", "ES"),
        ("TF 0987 BC", "TF0987BC", "ES"),
        ("GC-123456", "GC123456", "ES"),
        ("R 1234 BCD", "R1234BCD", "ES"),
        ("H 1234 BCD", "H1234BCD", "ES"),
        ("CNP 1234 AB", "CNP1234AB", "ES"),
        ("PGC 1234 B", "PGC1234B", "ES"),
        ("CD 059 024", "CD059024", "ES"),
        ("45-AB-67", "45AB67", None),
        ("AB-123-CD", "AB123CD", None),
        ("AB12 CDE", "AB12CDE", "GB"),
        ("B-MW 1234", "BMW1234", "DE"),
        ("1-ABC-234", "1ABC234", "BE"),
        ("12-D-12345", "12D12345", "IE"),
        ("LJ 12-3AB", "LJ123AB", "SI"),
        ("4B0 4979", "4B04979", "CZ"),
        ("ABC 12D", "ABC12D", None),
    ],
)
def test_plates_in_use_are_read_and_named(read: str, plate: str, country: str | None) -> None:
    found = fits(words(read), "ES")
    assert found[0].plate == plate
    assert found[0].exact or "E1" in read
    if country is not None:
        assert country in {each.country for each in found if each.plate == plate}


@pytest.mark.parametrize(
    ("read", "plate"),
    [
        ("I1234 BCD", "1234BCD"),  # the frame's left edge
        ("1234 BCDI", "1234BCD"),  # the right one
        ("1234 0BCD", "1234BCD"),  # a seal between the groups
        ("1234 BOD", "1234BDD"),  # O is in no Spanish plate
        ("SK KE-123AB", "KE123AB"),  # a country's band
        ("RRZ 123AB", "RZ123AB"),  # a doubled first letter
    ],
)
def test_what_a_frame_or_a_seal_adds_is_left_out(read: str, plate: str) -> None:
    assert best(read) == plate


@pytest.mark.parametrize("read", ["WOB-VWMK4", "MK4VWB"])
def test_a_vanity_plate_is_not_forced_into_a_form(read: str) -> None:
    assert best(read) == read.replace("-", "")


def test_the_sites_country_wins_a_tie() -> None:
    assert named_country(fits(words("AB123CD"), "FR")) == "FR"
    assert named_country(fits(words("AB123CD"), "IT")) == "IT"
    assert named_country(fits(words("AB123CD"), "ES")) is None


def test_where_the_separators_stand_tells_countries_apart() -> None:
    assert named_country(fits(words("AB-123-CD"), "ES")) == "FR"


def test_a_needless_exchange_is_not_made() -> None:
    assert best("BB-135BO") == "BB135BO"
    assert best("4B8 8888") == "4B88888"


def test_repetitions_and_districts_are_written_out() -> None:
    provincial = next(form for form in SPAIN if form.kind == "provincial")
    written = list(expand(provincial))
    assert {len(grammar.slots) for grammar in written} == {6, 7, 8}
    assert {len(code) for grammar in written for code in grammar.districts} == {1, 2}


def test_every_form_makes_grammars() -> None:
    assert all(list(expand(form)) for form in FORMS)


def test_exchanges_cost_between_nothing_and_everything() -> None:
    assert all(0.0 < cost < 1.0 and seen != wanted for (seen, wanted), cost in COSTS.items())
    assert exchange_cost("A", "A") == 0.0
    assert exchange_cost("A", "B") is None


def test_a_slot_takes_the_cheapest_character() -> None:
    assert choices(LETTERS)["0"] == ("O", COSTS["0", "O"])
    assert choices(frozenset(CONSONANTS))["0"] == ("D", COSTS["0", "D"])


def test_a_line_of_many_groups_stays_cheap() -> None:
    groups = ["".join(pair) for pair in itertools.product("AB", "12")] * 2
    assert len(fits([groups], "ES")) < 2000
