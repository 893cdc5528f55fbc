"""CSV files as towns write them: separators, encodings, title lines, ragged rows, and every way to write a position."""

from __future__ import annotations

import pytest

from siga.kit.bay_files import MAX_BYTES, BadBayFile, read_bays

VALENCIA = (-0.3763, 39.4699)


def at(result):
    return [(draft.lon, draft.lat) for draft in result.drafts]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(read_csv, separator):
    result = read_csv(separator.join(("id", "lon", "lat")), separator.join(("7", "-0.3763", "39.4699")))
    assert at(result) == [VALENCIA]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_encodings_keep_accents(read_csv, encoding):
    result = read_csv("id;Dirección;lon;lat", "1;Calle Colón;-0.3763;39.4699", encoding=encoding)
    assert result.drafts[0].address == "Calle Colón"
    assert any("Latin-1" in note for note in result.notes) == (encoding in ("latin-1", "cp1252"))


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("lat;lon", "39,4699;-0,3763"),
        ("Latitud;Longitud", "39.4699;-0.3763"),
        ("longitude;latitude", "-00000000,3763; 00000039,4699"),
        ("Xlong;Ylat", "-0.3763;39.4699"),
        ("F03_COORDONNEES_X;F05_COORDONNEES_Y", '"-0,3763";"39,4699"'),
        ("Breitengrad;Längengrad", "39.4699;−0.3763"),
        ("Länge;Breite", "-0.3763;39.4699"),
        ("X;Y", "-0.3763;39.4699"),
        ("geo_point_2d;id", "39.4699, -0.3763;1"),
        ("geo_point_2d;id", "39,4699 -0,3763;1"),
        ("Coordenadas;id", "39.4699,-0.3763;1"),
        ("lon_lat;id", "-0.3763, 39.4699;1"),
        ("WKT;id", "POINT (-0.3763 39.4699);1"),
        ("the_geom;id", '"SRID=4326;POINT Z(-0.3763 39.4699 12)";1'),
        ("geo_shape;id", '"{""coordinates"": [-0.3763, 39.4699], ""type"": ""Point""}";1'),
        (
            "geom;id",
            '"{""type"": ""Feature"", ""geometry"": {""type"": ""Point"", ""coordinates"": [-0.3763, 39.4699]}}";1',
        ),
        ("geopoint;id", '"{""lon"": -0.3763, ""lat"": 39.4699}";1'),
        ("Ubicación;id", "(39.4699, -0.3763);1"),
    ],
)
def test_positions_in_every_spelling(read_csv, header, cells):
    assert at(read_csv(header, cells)) == [VALENCIA]


def test_two_sources_of_position_help_each_other(read_csv):
    result = read_csv(
        "id;geo_shape;geo_point_2d",
        '1;"{""coordinates"": [-0.3763, 39.4699], ""type"": ""Point""}";',
        "2;;39.4700, -0.3763",
        "3;;",
        "4;broken;",
    )
    assert [draft.external_id for draft in result.drafts] == ["1", "2"]
    assert [(row.row, row.slug) for row in result.refused] == [(4, "position_missing"), (5, "position_unreadable")]


def test_one_number_with_a_decimal_comma_is_no_pair(read_csv):
    with pytest.raises(BadBayFile, match="no_position"):
        read_csv("id;Coordonnées", '1;"3,8572999759"')


def test_names_cut_to_ten_letters_yield_to_whole_ones(read_csv):
    (draft,) = read_csv("fid;lon;lat;strasse;hausnummer;BEMERKUNGE", "1;7.8;48;Am Markt;8;x").drafts
    assert (draft.address, draft.attributes) == ("Am Markt 8", {"source_note": "x"})


def test_wkt_polygon_is_an_outline(read_csv):
    (draft,) = read_csv("id;wkt", '1;"POLYGON ((0 50, 0.0001 50, 0.0001 50.0001, 0 50.0001, 0 50))"').drafts
    assert (draft.lon, draft.lat) == pytest.approx((0.00005, 50.00005))
    assert draft.outline[0] == draft.outline[-1] == [0.0, 50.0]


def test_an_address_column_called_location_is_no_position(read_csv):
    (draft,) = read_csv("id;location;lat;lon", "1;Calle Mayor 3;39.4699;-0.3763").drafts
    assert (draft.address, draft.lon) == ("Calle Mayor 3", -0.3763)


def test_longitud_is_a_length_only_without_latitud(read_csv):
    (with_partner,) = read_csv("id;wkt;latitud;longitud", "1;POINT (2.17 41.38);41.38;2.17").drafts
    (alone,) = read_csv("id;wkt;anchura;longitud", "1;POINT (2.17 41.38);3,60;5,20").drafts
    assert "length_m" not in with_partner.attributes
    assert alone.attributes == {"width_m": 3.6, "length_m": 5.2}


def test_title_lines_blank_rows_and_excels_sep(read_csv):
    result = read_csv("sep=;", "Places réservées;;", ";;2011", "", "id;lon;lat", "", "5;-0.3763;39.4699")
    assert (result.drafts[0].external_id, result.drafts[0].row) == ("5", 7)
    assert any("above the header (row 5)" in note for note in result.notes)


def test_quoted_separators_and_line_breaks(read_csv):
    result = read_csv("id,address,lon,lat", '1,"Plaza Mayor, 3\n(esquina)","-0,3763","39,4699"', "2,x,-0.3,39.4")
    assert result.drafts[0].address == "Plaza Mayor, 3 (esquina)"
    assert [draft.row for draft in result.drafts] == [2, 3]


def test_unquoted_decimal_commas_are_refused_not_guessed(read_csv):
    result = read_csv("id,lon,lat", "1,-0.3763,39.4699", "2,-0,3763,39,4699")
    assert [(row.row, row.slug) for row in result.refused] == [(3, "too_many_cells")]
    assert "double quotes" in result.refused[0].reason


def test_same_header_twice_and_short_rows(read_csv):
    result = read_csv("lon;lat;note;note", "-0.3763;39.4699;first", "-0.3764;39.4699;;second")
    assert [draft.attributes["source_note"] for draft in result.drafts] == ["first", "second"]


def test_columns_named_by_the_caller(read_csv):
    rows = ("A;B;C;D", "17;-0.3763;39.4699;2")
    result = read_csv(*rows, columns={"id": "A", "lon": "B", "lat": "C", "capacity": "D"})
    assert [draft.code for draft in result.drafts] == ["D-0017", "D-0017-2"]
    for wrong in ({"lon": "B"}, {"colour": "A"}, {"id": "Z"}):
        with pytest.raises(BadBayFile, match="column_unknown"):
            read_csv(*rows, columns=wrong)


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"id;lon;lat\n", "no_rows"),
        (b"id;name\n1;x\n", "no_position"),
        (b"id;the_geom\n1;0101000020E6100000\n", "no_position"),
        (b"PK\x03\x04....", "spreadsheet"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"SQLite format 3\x00", "geopackage"),
        (b"%PDF-1.7", "not_a_table"),
        (b"<?xml version='1.0'?><kml/>", "not_a_table"),
        (b"id;lon;lat\n1;\x00;3\n", "not_a_table"),
        (b'id;lon;lat\n1;2;"' + b"x" * 140_000, "malformed_csv"),
        (b"x;" * 1001 + b"lon;lat\n" + b"1;" * 1001 + b"2;3\n", "too_many_columns"),
        (b"lon;lat\n" + b"1;2\n" * 200_001, "too_many_rows"),
    ],
)
def test_files_refused_as_a_whole(bad_slug, data, slug):
    assert bad_slug(data) == slug


def test_a_file_too_large_is_not_even_decoded(bad_slug):
    assert bad_slug(bytes(MAX_BYTES + 1)) == "too_large"


def test_more_bays_than_rows_allow(bad_slug):
    assert bad_slug("lon;lat;plazas\n" + "".join(f"1.{i:05};2;100\n" for i in range(2_001))) == "too_many_bays"


def test_no_position_lists_what_was_seen_and_what_is_understood():
    with pytest.raises(BadBayFile) as caught:
        read_bays(b"Calle;Huecos\nMayor;2\n", filename="town.csv", category="disabled")
    assert "“Calle”, “Huecos”" in caught.value.detail
    assert "longitud + latitud" in caught.value.detail
    assert "geo_point_2d" in caught.value.detail


def test_wrong_arguments_are_the_callers_fault(read_csv):
    rows = ("lon;lat", "1;2")
    for wrong in ({"category": "vip"}, {"category": None, "force_category": True}, {"code_prefix": "v-"}):
        with pytest.raises(ValueError):
            read_csv(*rows, **wrong)
