"""A bay in a driver's words."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages_made_up import NOW, bay, texts

from siga.services.gateway.pages.driver import views
from siga.services.gateway.pages.driver.find import read_search
from siga.services.gateway.pages.driver.sketch import SIZE, sketch
from siga.services.gateway.pages.i18n import Texts


def _plain(words: object) -> str:
    import re

    return re.sub(r"<[^>]+>", "", str(words)).replace("\u00a0", " ")


def test_a_free_bay_tells_both_its_ages(es: Texts) -> None:
    ages = views.ages_of(bay(), es)
    assert [_plain(age) for age in ages] == ["libre desde hace 12 min", "el sensor habló hace 40 s"]


def test_a_silent_sensor_says_for_how_long(es: Texts) -> None:
    ages = views.ages_of(bay(occupancy="unknown", heard_at=NOW - timedelta(hours=3)), es)
    assert [_plain(age) for age in ages] == ["el sensor no habla desde hace 3 h"]


def test_a_bay_without_a_sensor_is_neither_free_nor_without_signal(es: Texts) -> None:
    words = views.bay_words(bay(occupancy="unmonitored", changed_at=None, heard_at=None), es, {"m-1": "soria"})
    assert words.state == "Sin sensor"
    assert not words.ages


def test_a_sensor_that_never_spoke_says_so(es: Texts) -> None:
    assert _plain(views.ages_of(bay(heard_at=None, changed_at=None), es)[-1]) == "el sensor aún no ha hablado"


def test_a_bay_without_an_address_is_called_by_its_code(es: Texts) -> None:
    assert views.bay_words(bay(address=""), es, {}).title == "Plaza AB-12"


def test_what_a_bay_is_like_is_said_in_words(es: Texts) -> None:
    traits = views.traits_of({"width_m": 2.25, "slope_pct": 4, "kerb": "lowered", "surface": "sand", "layout": "x"}, es)
    assert traits == ["2,2 m de ancho", "pendiente del 4 %", "bordillo rebajado", "suelo: sand"]


def test_the_towns_own_words_about_the_rule_go_first(es: Texts) -> None:
    rule = views.rule_of(bay(rule_text={"es": "Solo con tarjeta."}), es)
    assert [_plain(line) for line in rule] == ["Solo con tarjeta.", "Como máximo 2 h."]


@pytest.mark.parametrize(
    ("hours", "spoken"),
    [
        (None, "A todas horas, todos los días."),
        ("24/7", "A todas horas, todos los días."),
        ("Mo-Fr 08:00-20:00", "Horario: lunes a viernes de 08:00 a 20:00."),
        (
            "Mo-Fr 08:00-14:00,16:00-20:00; Sa 08:00-14:00; PH off",
            "Horario: lunes a viernes de 08:00 a 14:00 y de 16:00 a 20:00; sábado de 08:00 a 14:00; festivos no rige.",
        ),
        ("sunrise-sunset", "Horario, como lo da el ayuntamiento: sunrise-sunset"),
        ("Mo[1] 08:00-10:00", "Horario, como lo da el ayuntamiento: Mo[1] 08:00-10:00"),
    ],
)
def test_hours_are_said_in_plain_words_where_they_are_simple(hours: str | None, spoken: str, es: Texts) -> None:
    assert views.hours_words(hours, es) == spoken


@given(st.text(max_size=40))
def test_no_hours_break_the_page(hours: str) -> None:
    assert views.hours_words(hours, texts("es"))


def test_free_bays_come_first_and_doubtful_ones_last(es: Texts) -> None:
    states = ("doubtful", "unmonitored", "free", "occupied")
    cards = [views.bay_words(bay(occupancy=state), es, {}, n) for n, state in enumerate(states, 1)]
    assert [name for name, _ in views.grouped(cards)] == ["free", "unmonitored", "others", "doubtful"]


def test_the_way_is_handed_over_to_what_the_person_has() -> None:
    way = views.handover(bay(lon=-3.7, lat=40.4))
    assert way.geo == "geo:40.400000,-3.700000?q=40.400000,-3.700000(Calle%20Mayor%2C%204)"
    assert parse_qs(urlsplit(way.google).query)["destination"] == ["40.400000,-3.700000"]
    assert parse_qs(urlsplit(way.apple).query)["daddr"] == ["40.400000,-3.700000"]
    assert parse_qs(urlsplit(way.waze).query)["ll"] == ["40.400000,-3.700000"]


def test_a_sign_leads_to_its_bay() -> None:
    assert views.bay_path("alcalá", "A 1/2") == "/b/alcal%C3%A1/A%201%2F2"


@given(st.lists(st.tuples(st.floats(-3.72, -3.68), st.floats(40.39, 40.41)), min_size=1, max_size=30))
def test_every_mark_of_the_sketch_lies_on_it(places: list[tuple[float, float]]) -> None:
    t = texts("es")
    cards = [
        views.bay_words(bay(lon=lon, lat=lat, distance_m=100.0), t, {}, n) for n, (lon, lat) in enumerate(places, 1)
    ]
    drawn = sketch(cards, -3.7, 40.4)
    assert drawn is not None
    assert len(drawn.pins) == len(places)
    assert all(0 < pin.x < SIZE and 0 < pin.y < SIZE for pin in drawn.pins)


def test_north_is_up_and_east_is_right(es: Texts) -> None:
    cards = [views.bay_words(bay(lon=-3.69, lat=40.41, distance_m=900.0), es, {}, 1)]
    drawn = sketch(cards, -3.7, 40.4)
    assert drawn is not None
    assert drawn.pins[0].x > SIZE / 2 > drawn.pins[0].y


def test_nothing_is_drawn_of_what_is_far_away(es: Texts) -> None:
    assert sketch([views.bay_words(bay(distance_m=90_000.0), es, {}, 1)], -3.7, 40.4) is None


def test_a_search_that_makes_no_sense_is_as_if_it_were_not_there() -> None:
    search = read_search("", "nan", "95", "", "spaceship", "", "many", "")
    assert (search.lon, search.lat, search.category, search.limit, search.any) == (None, None, "disabled", 10, False)


def test_a_search_is_found_again_by_its_address() -> None:
    search = read_search(" Noria ", "-2,74", "39.1", "", "taxi", "1", "20", "soria")
    assert search.link() == "/?q=Noria&lon=-2.74&lat=39.1&town=soria&category=taxi&any=1&limit=20"
    assert search.link(q="", lon=None, category="disabled", any=False, limit=10, town="", lat=None) == "/"
