"""Addresses, passwords, roles: what is taken and what is refused."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.contract.auth import Grant
from siga.contract.users import Municipality
from siga.kit.problem import Invalid
from siga.services.users.model.emails import folded_email, tidy_email
from siga.services.users.model.municipalities import check_municipality, day_at, setup_steps, slug_of
from siga.services.users.model.passwords import _common, check_password
from siga.services.users.model.people import DRIVER, check_grant, may_be_reset, with_grant, within
from siga.services.users.model.problems import BadEmail, GrantRefused, WeakPassword

EMAIL = "maria.lopez@town.example"


@pytest.mark.parametrize(
    "text", ["a@b", "Maria@Town.Example", " maria@town.example ", "o'neil+x@b-c.example", "josé@señal.example"]
)
def test_an_address_is_kept_in_one_form(text: str) -> None:
    email = tidy_email(text)
    assert email == tidy_email(email.upper()) == folded_email(text)


@pytest.mark.parametrize(
    "text", ["", "a", "@b", "a@", "a b@c", "a@b@c", "a@b..c", "a@-b", "a@b-", "<a@b>", "a@" + "b" * 64, "a" * 65 + "@b"]
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadEmail):
        tidy_email(text)


@given(st.text(max_size=80))
def test_no_text_makes_the_form_of_an_address_fail_otherwise(text: str) -> None:
    try:
        email = tidy_email(text)
    except BadEmail:
        return
    assert tidy_email(email) == email


@pytest.mark.parametrize("password", ["x" * 7, "y" * 257, "aaaaaaaaaaaa", "Password1", "contraseña", "1234567890"])
def test_short_long_and_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, EMAIL)


@pytest.mark.parametrize("password", ["xx-Maria.Lopez-2026", "MARIA.LOPEZ!"])
def test_a_password_must_not_hold_the_first_part_of_the_address(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, EMAIL)
    assert check_password(password, "al@town.example") == password


@given(st.text(max_size=150))
def test_any_password_with_something_uncommon_in_it_is_taken_without_rules_of_composition(text: str) -> None:
    password = f"vk{text}wzqj"
    if not 8 <= len(unicodedata.normalize("NFC", password)) <= 200:
        return
    assert check_password(password, "zz@town.example") == unicodedata.normalize("NFC", password)


def test_every_common_password_is_long_enough_to_be_of_use_in_the_list() -> None:
    assert len(_common()) > 250
    assert [one for one in _common() if len(one) < 8 or one != one.casefold()] == []


def test_administrators_give_staff_roles_and_narrow_only_those_that_walk_the_streets() -> None:
    for role in ("police", "installer"):
        assert check_grant(Grant(role=role, municipality_id="m", zone_ids=("z",))).zone_ids == ("z",)
    for grant in (
        DRIVER, Grant(role="platform"), Grant(role="administrator", municipality_id="m", zone_ids=("z",)),
        Grant(role="auditor", municipality_id="m", zone_ids=("z",)),
    ):  # fmt: skip
        with pytest.raises(GrantRefused):
            check_grant(grant)


def test_a_role_is_given_once_a_municipality() -> None:
    wide, narrow = (Grant(role="police", municipality_id="m", zone_ids=zones) for zones in ((), ("z",)))
    elsewhere = Grant(role="police", municipality_id="n")
    assert with_grant((wide, elsewhere), narrow) == (elsewhere, narrow)
    assert within((wide, elsewhere, DRIVER), ["m"]) == (wide,)


def test_only_pure_staff_of_ones_own_may_be_given_a_new_password() -> None:
    here, there = Grant(role="police", municipality_id="m"), Grant(role="police", municipality_id="n")
    assert may_be_reset((here,), ["m"])
    assert may_be_reset((here, there), ["m", "n"])
    for grants in ((), (there,), (here, there), (here, DRIVER), (here, Grant(role="platform"))):
        assert not may_be_reset(grants, ["m"])


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Alcalá de Henares", "alcala-de-henares"), ("  L'Hospitalet  ", "l-hospitalet"), ("東京", "town")],
)
def test_a_short_name_is_plain(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@given(st.text(max_size=120))
def test_a_short_name_always_fits_on_a_sign(name: str) -> None:
    slug = slug_of(name)
    assert 1 <= len(slug) <= 40
    assert slug.strip("-") == slug
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize(
    "values",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": ""},
        {"time_zone": "Europe"},
        {"lon": 1.0},
    ],
)
def test_an_unknown_time_zone_or_half_a_position_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        check_municipality(Municipality(municipality_id="m", name="M", slug="m", **values))  # type: ignore[arg-type]


def test_a_day_is_the_towns_own() -> None:
    at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert day_at(at, "Europe/Madrid").isoformat() == "2027-01-01"
    assert day_at(at, "Atlantic/Canary").isoformat() == "2026-12-31"


def test_a_step_that_is_done_asks_for_nothing() -> None:
    town = Municipality(municipality_id="m", name="M", slug="m", contact="010", lon=0.0, lat=40.0)
    steps = setup_steps(town, {"police", "administrator"})
    assert all(step.done and step.hint == {} for step in steps)
    bare = Municipality(municipality_id="m", name="M", slug="m")
    missing = [step for step in setup_steps(bare, set()) if not step.done]
    assert [step.step for step in missing] == ["contact", "position", "staff"]
    assert all(set(step.hint) == {"es", "en"} for step in missing)
