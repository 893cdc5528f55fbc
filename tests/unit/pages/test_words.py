"""Languages, numbers, distances, times and forms, as the visitor reads them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from pages_made_up import NOW, texts

from siga.kit.problem import FieldFault, Invalid, TooMany
from siga.services.gateway.pages.account.entering import home_of
from siga.services.gateway.pages.account.own import device_words
from siga.services.gateway.pages.files import Files
from siga.services.gateway.pages.forms import Faults, faults_of, form_of
from siga.services.gateway.pages.i18n import Texts, chosen_language, merged
from siga.services.gateway.pages.web import local_path
from siga.services.users.model.problems import WeakPassword


@pytest.mark.parametrize(
    ("asked", "kept", "own", "accepted", "chosen"),
    [
        ("en", "es", "es", "es", "en"),
        (None, "en", "es", "es", "en"),
        (None, None, "en", "es", "en"),
        (None, None, None, "fr, en;q=0.8, es;q=0.9", "es"),
        (None, None, None, "en-GB,en;q=0.9", "en"),
        (None, None, None, "de", "es"),
        ("xx", None, None, None, "es"),
        (None, None, None, "en;q=0, es;q=broken", "es"),
    ],
)
def test_the_language_is_the_most_deliberate_one_that_is_spoken(
    asked: str | None, kept: str | None, own: str | None, accepted: str | None, chosen: str
) -> None:
    assert chosen_language(asked, kept, own, accepted) == chosen


def test_two_rooms_may_not_say_the_same_key() -> None:
    one = {"es": {"a.b": "x"}, "en": {"a.b": "y"}}
    with pytest.raises(ValueError, match=r"a\.b"):
        merged([one, one])


@pytest.mark.parametrize(
    ("metres", "spoken"), [(8.4, "8 m"), (163, "160 m"), (994, "990 m"), (1234, "1,2 km"), (12345, "12,3 km")]
)
def test_a_distance_is_no_more_exact_than_it_helps(metres: float, spoken: str, es: Texts) -> None:
    assert es.distance(metres).replace("\u00a0", " ") == spoken


def test_numbers_follow_the_language() -> None:
    assert texts("es").number(1234.5, 1) == "1\u202f234,5"
    assert texts("en").number(1234.5, 1) == "1,234.5"


def test_one_thing_and_several_things_are_said_differently(es: Texts) -> None:
    assert es.n("find.found", 1) == "1 plaza libre"
    assert es.n("find.found", 12) == "12 plazas libres"


def test_minutes_are_said_to_the_minute(es: Texts) -> None:
    assert [es.minutes(m).replace("\u00a0", " ") for m in (30, 90, 120, 239)] == [
        "30 min",
        "90 min",
        "2 h",
        "3 h 59 min",
    ]


def test_times_are_local_and_tell_the_day_unless_it_is_today(es: Texts) -> None:
    assert es.moment(NOW) == "10:00"
    assert es.moment(NOW - timedelta(days=1)) == "21 de noviembre de 2026, 10:00"


def test_what_a_text_is_filled_with_is_escaped(es: Texts) -> None:
    assert "&lt;b&gt;" in es.html("find.near", place="<b>")


def test_a_form_keeps_the_blanks_of_passwords_only() -> None:
    form = asyncio.run(form_of([("name", "  Ana "), ("password", " secret "), ("lang", "es"), ("lang", "en")]))
    assert (form.text("name"), form.secret("password"), form.texts("lang")) == ("Ana", " secret ", ["es", "en"])
    assert (form.text("nothing"), form.whole("name"), form.day("name")) == ("", None, None)


def test_numbers_and_days_are_read_as_people_write_them() -> None:
    form = asyncio.run(form_of([("lat", "40,4168"), ("on", "2026-11-22"), ("version", "7"), ("bad", "7.5")]))
    assert form.number("lat") == 40.4168
    assert str(form.day("on")) == "2026-11-22"
    assert (form.whole("version"), form.whole("bad")) == (7, None)


def test_a_refusal_is_told_at_its_field(es: Texts) -> None:
    problem = Invalid("The card has expired.", errors=[FieldFault("/expires_on", "must be today or later")])
    assert dict(faults_of(problem, es, "stay", ("issuer", "expires_on"))) == {"expires_on": es("stay.fault.expires_on")}


def test_a_refusal_without_a_field_finds_the_one_it_is_about(es: Texts) -> None:
    faults = faults_of(WeakPassword("too short"), es, "account", ("email", "password"))
    assert dict(faults) == {"password": es("problem.weak-password")}


def test_a_refusal_says_how_long_to_wait(es: Texts) -> None:
    faults = faults_of(TooMany("wait", headers={"Retry-After": "40"}), es, "account", ())
    assert "40" in dict(faults)[""]


def test_the_first_fault_of_a_field_stays() -> None:
    faults = Faults({"a": "first"})
    faults.add("a", "second")
    assert faults.of("a") == "first"
    assert not Faults()


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "", "/a\nb"])
def test_nobody_is_sent_to_another_site(path: str) -> None:
    assert local_path(path) == "/"


def test_one_comes_back_to_where_one_was() -> None:
    assert local_path("/police?show=mine") == "/police?show=mine"


def test_everybody_starts_where_their_work_is() -> None:
    assert home_of(frozenset({"police", "driver"})) == "/police"
    assert home_of(frozenset({"administrator"})) == "/admin"
    assert home_of(frozenset({"driver"})) == "/"


def test_a_browser_is_named_and_not_its_whole_line() -> None:
    line = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"
    assert device_words(line) == "Chrome · Android"
    assert device_words("curl/8") == "curl/8"


def test_static_files_are_named_after_what_is_in_them(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";')
    (tmp_path / "b.js").write_text("export const b = 1;")
    before = Files([tmp_path])
    (tmp_path / "b.js").write_text("export const b = 2;")
    after = Files([tmp_path])
    assert before.url("b.js") != after.url("b.js")
    assert before.url("a.js") != after.url("a.js"), "who imports it changes too"
    body = after.served[after.url("a.js").rpartition("/")[2]].body.decode()
    assert after.url("b.js").rpartition("/")[2] in body
