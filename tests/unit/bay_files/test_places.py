"""Positions that cannot be true: exchanged, projected, off the earth, null island, far away."""

from __future__ import annotations

TOWN = [(str(n), -0.37 - n / 1000, 39.47 + n / 1000) for n in range(12)]
NEW_YORK = [(str(n), -74.0 - n / 1000, 40.7 + n / 1000) for n in range(12)]


def lines(rows, swap=False):
    return [
        "id;lon;lat",
        *(";".join((n, str(lat), str(lon)) if swap else (n, str(lon), str(lat))) for n, lon, lat in rows),
    ]


def slugs(result):
    return [(row.row, row.slug) for row in result.refused]


def test_a_file_that_only_makes_sense_swapped_is_put_right(read_csv):
    straight, swapped = read_csv(*lines(NEW_YORK)), read_csv(*lines(NEW_YORK, swap=True))
    assert swapped.drafts == straight.drafts
    assert any("exchanged" in note for note in swapped.notes)
    assert not any("exchanged" in note for note in straight.notes)


def test_a_swapped_file_that_is_on_the_earth_is_found_by_the_towns_centre(read_csv):
    swapped = read_csv(*lines(TOWN, swap=True), near=(-0.3763, 39.4699))
    assert swapped.drafts == read_csv(*lines(TOWN)).drafts
    unknown = read_csv(*lines(TOWN, swap=True))
    assert unknown.drafts[0].lon == 39.47
    assert any("longitude 39.4700" in note for note in unknown.notes)


def test_a_swapped_outline_is_turned_with_its_point(read_geo):
    ring = [[40.0, -120.0], [40.0001, -120.0], [40.0001, -119.9999], [40.0, -120.0]]
    (draft,) = read_geo(({"type": "Polygon", "coordinates": [ring]}, {})).drafts
    assert draft.outline[1] == [-120.0, 40.0001]
    assert draft.lat > 40


def test_one_swapped_row_is_refused(read_csv):
    odd = ["99;39.4699;-0.3763"]
    assert slugs(read_csv(*lines(TOWN), *odd)) == [(14, "swapped")]
    assert slugs(read_csv(*lines(TOWN), *odd, near=(-0.3763, 39.4699))) == [(14, "swapped")]
    assert slugs(read_csv(*lines(NEW_YORK), "99;40.7;-74.0")) == [(14, "swapped")]
    assert slugs(read_csv(*lines(TOWN), "99;39.4;-100.3")) == [(14, "swapped")]


def test_far_away_from_the_town(read_csv):
    result = read_csv(*lines(TOWN), "99;-3.7038;40.4168", near=(-0.3763, 39.4699))
    assert slugs(result) == [(14, "far_away")]
    assert "303 km" in result.refused[0].reason


def test_a_country_is_not_torn_apart(read_csv):
    assert not read_csv(*lines(TOWN), "98;-16.25;28.46", "99;-8.4;43.36").refused


def test_impossible_positions(read_csv):
    result = read_csv(
        *lines(TOWN),
        "91;0;0",
        "92;0,00000;-0.0",
        "93;nan;39.4",
        "94;;39.4",
        "95;725000.5;4372000.25",
        "96;200;95",
        "97;1e999;39.4",
        "98;39º28';0º22'",
        "99;-0.37;39.47.12",
    )
    assert [slug for _, slug in slugs(result)] == [
        "null_island",
        "null_island",
        "position_missing",
        "position_missing",
        "projected",
        "off_earth",
        "position_unreadable",
        "position_unreadable",
        "position_unreadable",
    ]
    projected = result.refused[4].reason
    assert "x 725000.5, y 4372000.25" in projected
    assert "ogr2ogr -s_srs EPSG:25830 -t_srs EPSG:4326" in projected


def test_the_projection_a_file_names_is_the_one_to_reproject_from(read_geo):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25831"}}
    result = read_geo(([430000, 4582000], {"id": 1}), crs=crs)
    assert "ogr2ogr -s_srs EPSG:25831 " in result.refused[0].reason
    degrees = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert len(read_geo(([2.1, 41.4], {"id": 1}), crs=degrees).drafts) == 1
