"""Whom a bay is for, how many there are, and what is said about them."""

from __future__ import annotations

import pytest

from siga.kit.bay_files import CATEGORIES
from siga.kit.bay_files.counts import Count, read_count
from siga.kit.bay_files.kinds import kinds_of
from siga.kit.geo import distance_m


@pytest.mark.parametrize(
    ("words", "category"),
    [
        *[(category, category) for category in CATEGORIES],
        ("GIG/GIC", "disabled"), ("PMR", "disabled"), ("Movilidad reducida", "disabled"),
        ("Persones amb mobilitat reduïda", "disabled"), ("Behinderte", "disabled"),
        ("Schwerbehindertenparkplatz", "disabled"), ("Minusválidos", "disabled"), ("Handicapé", "disabled"),
        ("Livraison", "delivery"), ("Carga y descarga", "delivery"), ("Càrrega i descàrrega", "delivery"),
        ("Ladezone", "delivery"), ("Taxi", "taxi"), ("Taxistand", "taxi"), ("Réservé service public", "authority"),
        ("Policía Local", "authority"), ("Feuerwehr", "authority"), ("Transport public", "bus"), ("Autobús", "bus"),
        ("Ambulancias", "ambulance"), ("Rettungswagen", "ambulance"), ("Autre", "other"), ("Otros", "other"),
    ],
)  # fmt: skip
def test_kinds(words, category):
    assert kinds_of(words) == (category,)


@pytest.mark.parametrize(
    "words", ["", "Zona azul", "no PMR", "Recarga eléctrica", "Zona de carga eléctrica", "öffentlich", "Policlínica"]
)
def test_words_that_name_no_kind(words):
    assert kinds_of(words) == ()


def test_rows_of_their_own_kind_and_the_category_given(read_csv):
    rows = ("id;lon;lat;tipo", "1;1;40;Taxi", "2;2;40;", "3;3;40;zona azul", "4;4;40;Taxi / Livraison")
    given = read_csv(*rows)
    assert [draft.category for draft in given.drafts] == ["taxi", "disabled", "disabled", "disabled"]
    assert any(note.startswith("2 rows name a kind") for note in given.notes)
    forced = read_csv(*rows, force_category=True)
    assert {draft.category for draft in forced.drafts} == {"disabled"}
    alone = read_csv(*rows, category=None)
    assert [row.slug for row in alone.refused] == ["kind_missing", "kind_unknown", "kind_ambiguous"]
    assert "“zona azul”" in alone.refused[1].reason
    assert "delivery, taxi" in alone.refused[2].reason


def test_a_column_of_types_that_are_no_kinds_is_passed_over(read_csv):
    rows = ("id;lon;lat;TYP;PARKPLATZ_", "1;1;40;öffentlich;Behinderte", "2;2;40;öffentlich;Taxi")
    assert [draft.category for draft in read_csv(*rows, category=None).drafts] == ["disabled", "taxi"]
    unknown = read_csv("id;lon;lat;TYP", "1;1;40;öffentlich", category=None)
    assert "“öffentlich”" in unknown.refused[0].reason
    assert not any("kind that is not known" in note for note in read_csv("id;lon;lat;TYP", "1;1;40;öffentlich").notes)


@pytest.mark.parametrize(
    ("text", "bays"),
    [
        ("", 1),
        ("1", 1),
        ("12", 12),
        ("2.0", 2),
        ("2,0", 2),
        ("yes", 1),
        ("Sí", 1),
        ("1 von 4", 1),
        ("2von 3", 1),
        ("3/3", 1),
    ],
)
def test_counts(text, bays):
    count = read_count(text, 100)
    assert isinstance(count, Count)
    assert count.bays == bays


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("0", "no_bays"),
        ("no", "no_bays"),
        ("two", "count_unreadable"),
        ("2.5", "count_unreadable"),
        ("-1", "count_unreadable"),
        ("5 von 4", "count_unreadable"),
        ("101", "count_too_large"),
        ("1e300", "count_too_large"),
    ],
)
def test_counts_refused(text, slug):
    assert read_count(text, 100).slug == slug


def test_several_bays_at_a_point_stand_apart_and_the_first_stays(read_csv):
    drafts = read_csv("OBJECTID;Nombre Places / Número Plazas;lon;lat", "17;13;-0.3763;39.4699").drafts
    assert [draft.capacity_index for draft in drafts] == list(range(1, 14))
    assert [draft.code for draft in drafts[:3]] == ["D-0017", "D-0017-2", "D-0017-3"]
    assert [draft.external_id for draft in drafts[:3]] == ["17", "17#2", "17#3"]
    assert (drafts[0].lon, drafts[0].lat, drafts[0].attributes) == (-0.3763, 39.4699, {})
    assert distance_m(drafts[0].lon, drafts[0].lat, drafts[1].lon, drafts[1].lat) == pytest.approx(2.5, abs=0.05)
    apart = [distance_m(a.lon, a.lat, b.lon, b.lat) for a in drafts for b in drafts if a is not b]
    assert min(apart) > 2.4
    assert all(draft.attributes == {"position_estimated": True} for draft in drafts[1:])


def test_bays_near_the_antimeridian_and_the_pole_stay_on_the_earth(read_csv):
    result = read_csv("id;lon;lat;plazas", "1;180;10;3", "2;0;-90;100")
    assert all(-180 <= draft.lon <= 180 and -90 <= draft.lat <= 90 for draft in result.drafts)


def test_a_column_of_kinds_of_places_is_no_number(read_csv):
    result = read_csv("id;lon;lat;type_places", "1;1;40;GIG/GIC", category=None)
    assert [draft.category for draft in result.drafts] == ["disabled"]


def test_attributes(read_csv):
    header = (
        "id;lon;lat;ancho_cm;Longueur;Bordillo rebajado;superficie;pavimento;pendiente;parkzeit;max_parkdauer;hinweis"
    )
    (draft,) = read_csv(header, "1;1;40;360;5,5 m;sí;18;adoquín;2,5 %;werktags 8 bis 18 Uhr;2 Std.;am Markt").drafts
    assert draft.attributes == {
        "width_m": 3.6, "length_m": 5.5, "kerb": "sí", "surface": "adoquín", "slope_pct": 2.5,
        "source_hours": "werktags 8 bis 18 Uhr", "source_max_stay": "2 Std.", "source_note": "am Markt",
    }  # fmt: skip


def test_impossible_measures_are_left_out_and_told(read_csv):
    result = read_csv("id;lon;lat;width;slope", "1;1;40;360;up", "2;2;40;wide;900")
    assert [draft.attributes for draft in result.drafts] == [{"slope": "up"}, {}]
    assert any(note.startswith("2 widths") for note in result.notes)


def test_holders_are_never_taken_over(read_csv):
    (draft,) = read_csv("id;lon;lat;titular;matricula", "1;1;40;Ana Pérez;1234BCD").drafts
    assert draft.attributes == {}
    assert "Ana" not in repr(draft)


def test_addresses_and_zones(read_csv):
    result = read_csv(
        "id;lon;lat;tipo_via;nombre_via;numero;barrio;municipio",
        "1;1;40;Calle;Colón;12;Stühlinger;Uno",
        "2;2;40;;Mayor;0;Stuehlinger;Uno",
        "3;3;40;;Mayor;;Centro;Uno",
        "4;4;40;;Mayor;;centro;Dos",
        "5;5;40;;Mayor;;;Dos",
        "6;6;40;;Mayor;;Stuehlinger;Uno",
        "7;7;40;;Sol;;;",
    )
    assert [draft.address for draft in result.drafts][:3] == ["Calle Colón 12", "Mayor", "Mayor"]
    assert [draft.zone_name for draft in result.drafts] == [
        "Stuehlinger", "Stuehlinger", "Centro (Uno)", "Centro (Dos)", "Dos", "Stuehlinger", "Sol",
    ]  # fmt: skip
