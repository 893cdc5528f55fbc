"""Reading again, or in another order, changes nothing: identifiers, codes, twins."""

from __future__ import annotations

import json
import re
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from siga.kit.bay_files import BadBayFile, ReadOptions, read_addresses, read_bays

CODE = re.compile(r"[A-Z]{1,4}-[0-9A-Z]{1,16}(-[1-9][0-9]*)?")

words = st.text(st.characters(codec="utf-8", exclude_characters=';"\r\n\x00'), max_size=8)
row = st.tuples(
    st.one_of(st.integers(0, 30).map(str), words),
    st.integers(-3, 3).map(lambda n: str(n / 1000)),
    st.integers(0, 3).map(lambda n: f"39,{470 + n}"),
    st.sampled_from(("1", "2", "1 von 2", "", "0", "x")),
    st.sampled_from(("GIG/GIC", "Taxi", "Autre", "?")),
    words,
)
tables = st.lists(row, min_size=1, max_size=25)


def read(rows, **options):
    text = "\n".join((";".join(("id", "lon", "lat", "plazas", "tipo", "direccion")), *map(";".join, rows)))
    return read_bays(text.encode(), filename="x.csv", category=None, options=ReadOptions(**options))


def facts(result):
    drafts = {
        (d.external_id, d.code, d.lon, d.lat, d.category, d.address, d.capacity_index, d.zone_name, str(d.attributes))
        for d in result.drafts
    }
    return drafts, sorted(row.slug for row in result.refused)


@given(tables, st.randoms(use_true_random=False), st.sampled_from(("file", "place")))
@settings(max_examples=30, deadline=None)
def test_any_order_of_rows_gives_the_same_bays(rows, random, identity):
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = read(rows, identity=identity), read(shuffled, identity=identity)
    assert facts(first) == facts(second)
    assert len({draft.code for draft in first.drafts}) == len(first.drafts)
    assert len({draft.external_id for draft in first.drafts}) == len(first.drafts)
    assert all(CODE.fullmatch(draft.code) for draft in first.drafts)
    seen = {draft.row for draft in first.drafts} | {row.row for row in first.refused}
    assert len(seen) == sum(1 for row in rows if any(cell.strip() for cell in row))


@given(st.binary(max_size=300), st.sampled_from(("x.csv", "x.geojson")))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_read_or_refused(data, filename):
    for reader in (read_bays, read_addresses):
        with suppress(BadBayFile):
            reader(data, filename=filename)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("type", "id", "lon", "tags", "x")), inner)
    ),
    max_leaves=6,
)
kinds_of_geometry = st.sampled_from(("Point", "Polygon", "MultiPolygon", "MultiPoint", "GeometryCollection", "Odd"))


@given(st.lists(st.tuples(kinds_of_geometry, json_values, json_values, json_values), min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_any_json_in_features_is_read_or_refused(features):
    document = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "id": own, "properties": properties, "geometry": {"type": kind, "coordinates": at}}
            for kind, at, properties, own in features
        ],
    }
    result = read_bays(json.dumps(document).encode(), filename="x.geojson", category="taxi")
    assert {draft.row for draft in result.drafts} | {row.row for row in result.refused} == set(
        range(1, len(features) + 1)
    )


def test_codes_come_from_identifiers(read_csv):
    ids = ["1", "256347", "007", "280.0", "P01", "pmr-12", "node/123", "layer_x.55", "01e10d390a735e5b177c7a342de393dc"]
    result = read_csv("id;lon;lat", *(f"{own};{n}.5;40" for n, own in enumerate(ids)))
    assert [draft.code for draft in result.drafts][:8] == [
        "D-0001", "D-256347", "D-0007", "D-0280", "D-P01", "D-PMR12", "D-N123", "D-0055",
    ]  # fmt: skip
    assert re.fullmatch("D-[2-9B-Z]{7}", result.drafts[8].code)
    assert result.drafts[3].external_id == "280"


def test_ids_with_the_same_code_both_give_way(read_csv):
    result = read_csv("id;lon;lat", "7;1;40", "007;2;40", "a1;3;40", "A-1;4;40", "8;5;40")
    codes = [draft.code for draft in result.drafts]
    assert len(set(codes)) == 5
    assert codes[4] == "D-0008"
    assert "D-0007" not in codes
    assert "D-A1" not in codes


def test_prefix_and_kind_in_the_code(read_csv):
    rows = ("id;lon;lat;tipo", "1;1;40;Taxi", "2;2;40;PMR")
    assert [draft.code for draft in read_csv(*rows).drafts] == ["T-0001", "D-0002"]
    assert [draft.code for draft in read_csv(*rows, code_prefix="VLC").drafts] == ["VLC-0001", "VLC-0002"]


def test_without_ids_the_place_is_the_identity(read_csv):
    before = read_csv("lon;lat;adresse", "1.1234567;40;Rue Foch", "2;40;Rue Foch")
    after = read_csv("lat;lon;Adresse", "40;2.0;rue  foch", "40;1.12345671;RUE FOCH", "40;3;neu")
    assert {draft.external_id for draft in before.drafts} < {draft.external_id for draft in after.drafts}
    assert {draft.code for draft in before.drafts} < {draft.code for draft in after.drafts}


def test_a_place_that_grows_keeps_its_first_bay(read_csv):
    one = read_csv("id;lon;lat;plazas", "5;1;40;1").drafts
    three = read_csv("id;lon;lat;plazas", "5;1;40;3").drafts
    assert three[0] == one[0]
    assert [draft.code for draft in three] == ["D-0005", "D-0005-2", "D-0005-3"]


def test_rows_without_id_among_rows_with_one(read_csv):
    result = read_csv("id;lon;lat", "1;1;40", "2;2;40", ";3;40")
    assert [draft.external_id[:4] for draft in result.drafts] == ["1", "2", "geo-"]


def test_columns_that_repeat_or_merely_count_are_no_identity(read_csv, read_geo):
    repeated = read_csv("ref;lon;lat", "a;1;40", "a;2;40", "b;3;40")
    assert all(draft.external_id.startswith("geo-") for draft in repeated.drafts)
    assert any("repeats its values" in note for note in repeated.notes)
    counted = read_geo(([1, 40], {}, 0), ([2, 40], {}, 1))
    assert all(draft.external_id.startswith("geo-") for draft in counted.drafts)
    assert any("only counts the rows" in note for note in counted.notes)
    named = read_geo(([1, 40], {}, "layer.1"), ([2, 40], {}, "layer.2"))
    assert [draft.code for draft in named.drafts] == ["D-0001", "D-0002"]
    asked = read_csv("ref;lon;lat", "a;1;40", "b;3;40", columns={"id": "ref"})
    assert [draft.external_id for draft in asked.drafts] == ["a", "b"]


def test_the_files_own_id_column_wins_over_the_features_id(read_geo):
    result = read_geo(([1, 40], {"id": 31}, "layer.1"), ([2, 40], {"id": 32}, "layer.2"))
    assert [draft.external_id for draft in result.drafts] == ["31", "32"]


def test_twins(read_csv):
    rows = [f"{n};{n / 100};40;Calle {n}" for n in range(30)]
    same = read_csv("ref;lon;lat;calle", *(f"r{row}" for row in rows), f"r{rows[7]}")
    assert [(row.row, row.slug) for row in same.refused] == [(32, "duplicate_row")]
    assert "row 9" in same.refused[0].reason
    torn = read_csv("ref;lon;lat;calle", *(f"r{row}" for row in rows), "r7;5;41;Calle 7")
    assert [(row.row, row.slug) for row in torn.refused] == [(9, "duplicate_id"), (32, "duplicate_id")]
    assert "rows 9, 32" in torn.refused[0].reason
    without = read_csv("lon;lat;calle", "1;40;Sol", "1;40;Sol", "1;40;Luna")
    assert [(row.row, row.slug) for row in without.refused] == [(3, "duplicate_row")]


def test_which_twin_is_kept_does_not_depend_on_the_order(read_csv):
    rows = ("1;40;Sol;b", "1;40;Sol;a", "1;40;Sol;c")
    kept = [read_csv("lon;lat;calle;note", *order).drafts for order in (rows, rows[::-1], rows[1:] + rows[:1])]
    assert [[draft.attributes["source_note"] for draft in drafts] for drafts in kept] == [["a"]] * 3


def test_ids_too_long_or_with_signs_of_ours(read_csv):
    result = read_csv("id;lon;lat;plazas", f"{'x' * 300};1;40;1", "a#2;2;40;1", "a;3;40;2")
    assert [len(draft.external_id) < 130 for draft in result.drafts] == [True] * 4
    assert [draft.external_id for draft in result.drafts][1:] == ["a%232", "a", "a#2"]
