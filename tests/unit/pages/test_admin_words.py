"""How the administration's pages put things into words and read what was typed; all pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.contract.auth import Grant
from siga.contract.history import StatisticsRow
from siga.contract.operations import LogRecord, SettingView
from siga.contract.parking import Device, Rule, StaffBayView
from siga.contract.users import Municipality
from siga.services.gateway.pages import app
from siga.services.gateway.pages.admin.bays import read_filters
from siga.services.gateway.pages.admin.cards import card_of
from siga.services.gateway.pages.admin.desk import filled, towns_of
from siga.services.gateway.pages.admin.device_words import device_words, state_of, want_of
from siga.services.gateway.pages.admin.imports import refusal_words
from siga.services.gateway.pages.admin.instants import instant_of, local_text
from siga.services.gateway.pages.admin.logs import record_words
from siga.services.gateway.pages.admin.rules import rule_words
from siga.services.gateway.pages.admin.sections import SECTIONS, open_sections
from siga.services.gateway.pages.admin.setting_words import setting_words, value_of, value_words
from siga.services.gateway.pages.admin.start import Count, count_wants, lines_of
from siga.services.gateway.pages.admin.statistics import Row, csv_of, label_of, mix_of, sentence
from siga.services.gateway.pages.admin.tray import Tray, Upload
from siga.services.gateway.pages.admin.words import Refused
from siga.services.gateway.pages.i18n import Texts, merged

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
WORDS = merged(room.texts for room in app.ROOMS)


def texts(lang: str = "es") -> Texts:
    return Texts(lang, WORDS[lang], NOW, MADRID)


def device(**values: Any) -> Device:
    known: dict[str, Any] = {"device_id": "device-123456", "municipality_id": "m", "kind": "bay_sensor",
                             "enrolled": True, "bay_ids": ("b",), "period_s": 60}  # fmt: skip
    return Device(**{**known, **values})


# --- sections and places ---------------------------------------------------------------------------------------------


def test_a_role_sees_only_its_sections_under_their_headings() -> None:
    found = open_sections(lambda one: one.action in ("devices.read", "logs.read"))
    assert [(group, [one.name for one in sections]) for group, sections in found] == [
        ("street", ["devices"]), ("system", ["logs"]),
    ]  # fmt: skip


def test_nothing_but_the_start_is_open_without_an_action() -> None:
    assert [one.name for one in SECTIONS if not one.action] == ["start"]


def test_towns_are_those_with_something_to_administer() -> None:
    towns = [Municipality(municipality_id=one, name=one.upper(), slug=one) for one in ("a", "b", "c")]
    grants = [Grant(role="police", municipality_id="a"), Grant(role="operator", municipality_id="c"),
              Grant(role="platform")]  # fmt: skip
    assert [town.slug for town in towns_of(grants, towns)] == ["c"]


def test_a_filter_that_makes_no_sense_is_as_if_it_were_not_there() -> None:
    filters = read_filters({"zone": "z", "category": "yacht", "state": "free", "life": "dead", "q": "Mayor"})
    assert filters.query() == "zone=z&state=free&q=Mayor"
    assert filters.params()["category"] is None


# --- instants and forms ----------------------------------------------------------------------------------------------


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC)))
def test_a_local_time_comes_back_as_it_was_but_for_the_hour_that_comes_twice(at: datetime) -> None:
    minute = at.replace(second=0, microsecond=0)
    back = instant_of(local_text(minute, MADRID), MADRID)
    assert back in (minute, minute - timedelta(hours=1))


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-11-22", "2026-11-22T25:00", "2026-11-22T09:00Z"])
def test_what_is_no_local_time_is_none(text: str) -> None:
    assert instant_of(text, MADRID) is None


def test_a_form_is_filled_with_nothing_as_empty_and_many_as_many() -> None:
    form = filled({"a": None, "b": ("x", "y"), "c": 3})
    assert (form.text("a"), form.texts("b"), form.text("c")) == ("", ["x", "y"], "3")


# --- cards -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "form"), [
    ("04A1B2C3", "hex"), ("04:12:34:56", "hex"), ("0412345678901234", "decimal"), ("2850617917", "decimal"),
    ("A9E94281", "hex"), ("12345678", "decimal"), ("04123456", "hex"),
])  # fmt: skip
def test_a_wedge_readers_text_is_taken_for_what_it_most_likely_is(text: str, form: str) -> None:
    assert card_of(text).form == form


def test_the_clerks_own_word_about_the_form_counts() -> None:
    assert card_of("04123456", "decimal").form == "decimal"
    assert card_of("A9E94281", turned=True).reversed


# --- devices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("values", "state"), [
    ({}, "on"), ({"revoked": True}, "revoked"), ({"enrolled": False}, "waiting"), ({"enabled": False}, "off"),
    ({"heard_at": NOW - timedelta(seconds=151)}, "silent"), ({"heard_at": NOW - timedelta(seconds=149)}, "on"),
])  # fmt: skip
def test_a_devices_state(values: dict[str, Any], state: str) -> None:
    assert state_of(device(**values), texts()) == state


@pytest.mark.parametrize(("values", "want"), [
    ({}, ""), ({"enrolled": False}, "enrol"), ({"battery_pct": 19}, "battery"), ({"battery_pct": 20}, ""),
    ({"bay_ids": ()}, "bay"), ({"kind": "camera"}, "resolution"), ({"revoked": True, "enrolled": False}, ""),
    ({"kind": "camera", "resolution_id": "R-1", "custody_body": "Policía Local"}, ""),
])  # fmt: skip
def test_what_a_device_wants_from_a_person(values: dict[str, Any], want: str) -> None:
    assert want_of(device(**values)) == want


def test_a_device_in_words_says_how_many_bays_are_not_named() -> None:
    words = device_words(device(bay_ids=("a", "b"), battery_pct=5), texts(), {})
    assert (words.more_bays, words.wants, words.name) == (2, "Poca batería", "Sin nombre (…123456)")


def test_wants_are_counted_and_make_lines_with_their_place() -> None:
    counts = count_wants([device(battery_pct=3), device(battery_pct=4), device()])
    assert counts == {"battery": 2}
    lines = lines_of({"devices": counts, "silent": Count(1, False, ("AB-1",)), "reports": Count(0), "alarms": None})
    assert [(line.key, line.path) for line in lines] == [
        ("silent", "/admin/bays?state=unknown"), ("device_battery", "/admin/devices?wants=battery"),
    ]  # fmt: skip


# --- rules -----------------------------------------------------------------------------------------------------------


def test_a_rule_in_words_names_its_place_and_whose_grace_holds() -> None:
    bay = StaffBayView(bay_id="b", code="AB-1", municipality_id="m", zone_id="z", zone_name="Centro",
                       category="disabled", lon=0.0, lat=0.0, occupancy="free")  # fmt: skip
    rule = Rule(rule_id="r", municipality_id="m", bay_id="b", max_stay_min=150)
    words = rule_words(rule, texts(), {}, {"b": bay}, 300)
    assert (words.where, words.stay.replace("\xa0", " ")) == ("Plaza AB-1", "2 h 30 min")
    assert words.grace.replace("\xa0", " ") == "5 min (la general)"
    zone = Rule(rule_id="r", municipality_id="m", zone_id="z", category="taxi", grace_s=0)
    assert rule_words(zone, texts(), {"z": "Centro"}, {}, 300).where == "Zona Centro · Taxis"
    assert rule_words(zone, texts(), {"z": "Centro"}, {}, 300).grace == "ninguna"


# --- settings --------------------------------------------------------------------------------------------------------


def setting(**values: Any) -> SettingView:
    known: dict[str, Any] = {
        "key": "parking.grace_s", "kind": "int", "value": 300, "default": 300, "scope": "municipality",
        "source": "default", "summary": {"es": "Cortesía.", "en": "Grace."}, "unit": "s", "low": 0, "high": 7200,
    }  # fmt: skip
    return SettingView(**{**known, **values})


@pytest.mark.parametrize(("kind", "text", "value"), [
    ("int", "25", 25), ("int", "2,5", None), ("int", "x", None), ("float", "2,5", 2.5), ("float", "inf", None),
    ("bool", "1", True), ("bool", "", None), ("text", "info", "info"), ("int", "99999", 99999),
])  # fmt: skip
def test_what_was_typed_as_a_value(kind: str, text: str, value: object) -> None:
    assert value_of(setting(kind=kind), text) == value


def test_a_setting_in_words_has_value_bounds_and_source() -> None:
    words = setting_words(setting(editor="u", source="municipality"), texts(), {"u": "Elena"})
    assert words.value.replace("\xa0", " ") == "300 s (5 min)"
    assert words.bounds.replace("\xa0", " ").replace("\u202f", "") == "De 0 s a 7200 s (2 h)."
    assert (words.name, words.source, words.editor) == ("Tiempo de cortesía", "propio del municipio", "Elena")
    assert setting_words(setting(editor="v"), texts("en"), {}).editor == "somebody else"


def test_a_value_that_is_no_number_is_said_plainly() -> None:
    assert [value_words(one, "", texts("en")) for one in (None, True, "info", 2.5)] == ["default", "Yes", "info", "2.5"]


# --- statistics ------------------------------------------------------------------------------------------------------


def figures(group: str, stays: int, occupancy: float | None, **authorisations: int) -> Row:
    row = StatisticsRow(group=group, label=group, bays=3, stays=stays, mean_stay_min=50.0, occupancy=occupancy,
                        coverage=1.0, authorisations=authorisations, simulated=True)  # fmt: skip
    return Row(label_of(row, "zone", {"z": "=Centro"}, texts()), row, mix_of(row))


def test_the_sentence_says_how_many_where_it_is_fullest_and_what_stayed_unverified() -> None:
    rows = [figures("z", 80, 0.4, authorised=60, unverified=20), figures("y", 20, 0.2, authorised=20)]
    said = sentence(rows, texts(), "zone").replace("\xa0", " ")
    assert said == ("Hubo 100 estancias en cuatro semanas. La zona más ocupada es =Centro, el 40 % del tiempo. "
                    "El 20 % de las estancias quedó sin verificar.")  # fmt: skip
    assert sentence([], texts("en"), "hour") == "There are no stays to count yet."


def test_labels_of_hours_weekdays_and_categories() -> None:
    row = figures("23", 1, None).figures
    assert label_of(row, "hour", {}, texts()) == "23:00–00:00"
    assert label_of(figures("1", 1, None).figures, "weekday", {}, texts()) == "Lunes"
    assert label_of(figures("taxi", 1, None).figures, "category", {}, texts("en")) == "Taxis"


def test_a_share_that_rounds_to_nothing_is_left_out() -> None:
    assert [word for word, _, _ in figures("z", 1000, 0.1, pending=1, authorised=999).mix] == ["authorised"]


def test_the_file_opens_with_accents_and_runs_no_formula() -> None:
    text = csv_of([figures("z", 80, None, authorised=80)])
    assert text.startswith(b"\xef\xbb\xbfgroup,label,bays")
    assert b"z,'=Centro,3,80,50.0,,1.0,0,80,0,0,0,True" in text


# --- logs, imports ---------------------------------------------------------------------------------------------------


def test_a_record_in_words_has_the_day_only_when_it_is_not_today_and_no_empty_fields() -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    record = LogRecord(at=NOW, service="users", level="info", event="x", traceparent=trace, fields={"n": 2, "w": None})
    words = record_words(record, texts())
    assert (words.when, words.trace, words.fields) == ("10:00:00", "a" * 32, [("n", "2")])
    old = LogRecord(at=NOW - timedelta(days=2), service="users", level="info", event="x")
    assert record_words(old, texts()).when == "2026-11-20 10:00:00"


def test_refused_rows_are_told_in_the_visitors_language_else_in_english() -> None:
    rows = [Refused(row=2, reason="It is far.", slug="off-the-earth", excerpt=""),
            Refused(row=3, reason="New kind.", slug="never-heard", excerpt="")]  # fmt: skip
    (_, known, plain), (_, unknown, english) = refusal_words(texts(), rows)
    assert known.startswith("La posición no está en la Tierra")
    assert (plain, unknown, english) == (False, "New kind.", True)


def test_an_upload_is_its_senders_alone_leaves_the_tray_once_and_not_too_late() -> None:
    clock = [0.0]
    tray = Tray(lambda: clock[0])
    upload = Upload(user_id="u", municipality_id="m", kind="bays", category="", data=b"x")
    key = tray.put(upload)
    assert tray.take(key, "v", "bays") is None
    assert tray.take(key, "u", "addresses") is None
    assert tray.take(key, "u", "bays") == upload
    assert tray.take(key, "u", "bays") is None
    late = tray.put(upload)
    clock[0] = 1801.0
    assert tray.take(late, "u", "bays") is None


def test_the_tray_lets_the_oldest_go_when_it_is_full() -> None:
    tray = Tray(lambda: 0.0)
    big = Upload(user_id="u", municipality_id="m", kind="bays", category="", data=bytes(70 * 1024 * 1024))
    first, second = tray.put(big), tray.put(big)
    assert tray.take(first, "u", "bays") is None
    assert tray.take(second, "u", "bays") is not None
