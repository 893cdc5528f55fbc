"""GeoJSON and OpenStreetMap's tags: geometries, outlines, ids, and what is no bay."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from siga.kit.bay_files import BadBayFile, read_bays

SPOT = [-0.3763, 39.4699]
L_SHAPE = [[0, 50], [0.0003, 50], [0.0003, 50.0001], [0.0001, 50.0001], [0.0001, 50.0003], [0, 50.0003], [0, 50]]
U_SHAPE = [[0, 0], [9, 0], [9, 9], [8, 9], [8, 1], [1, 1], [1, 9], [0, 9], [0, 0]]


def inside(lon, lat, ring):
    crossings = 0
    for (ax, ay), (bx, by) in pairwise(ring):
        if (ay > lat) != (by > lat) and ax + (lat - ay) * (bx - ax) / (by - ay) > lon:
            crossings += 1
    return crossings % 2 == 1


def slugs(result):
    return [(row.row, row.slug) for row in result.refused]


@pytest.mark.parametrize("ring", [L_SHAPE, L_SHAPE[::-1], U_SHAPE, [[x + 10, y + 40] for x, y in U_SHAPE]])
@pytest.mark.parametrize("bays", [1, 2, 3, 7])
def test_points_of_an_outline_lie_inside_it(read_geo, ring, bays):
    result = read_geo(({"type": "Polygon", "coordinates": [ring]}, {"anzahl": bays}))
    assert len({(draft.lon, draft.lat) for draft in result.drafts}) == bays
    assert all(inside(draft.lon, draft.lat, draft.outline) for draft in result.drafts)
    assert {draft.attributes.get("position_estimated") for draft in result.drafts} == {None if bays == 1 else True}


def test_a_hole_is_not_inside(read_geo):
    square = [[0, 50], [4, 50], [4, 54], [0, 54], [0, 50]]
    hole = [[1, 51], [3, 51], [3, 53], [1, 53], [1, 51]]
    (draft,) = read_geo(({"type": "Polygon", "coordinates": [square, hole]}, {})).drafts
    assert inside(draft.lon, draft.lat, square)
    assert not inside(draft.lon, draft.lat, hole)


def test_other_geometries(read_geo):
    small, large = [[[0, 50], [1e-4, 50], [0, 50.0001]]], [[[1, 50], [1.001, 50], [1, 50.001], [1, 50]]]
    result = read_geo(
        ({"type": "MultiPolygon", "coordinates": [small, large]}, {"id": 1}),
        ({"type": "MultiPoint", "coordinates": [SPOT]}, {"id": 2}),
        ({"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [*SPOT, 20.0]}]}, {"id": 3}),
        ({"type": "Polygon", "coordinates": small}, {"id": 4}),
    )
    assert not result.refused
    assert result.drafts[0].outline == large[0]
    assert (result.drafts[1].lon, result.drafts[2].lat) == (-0.3763, 39.4699)
    assert result.drafts[3].outline[0] == result.drafts[3].outline[-1]


@pytest.mark.parametrize(
    ("geometry", "slug"),
    [
        (None, "position_missing"),
        ({"type": "Point", "coordinates": []}, "position_missing"),
        ({"type": "Point", "coordinates": [1]}, "position_unreadable"),
        ({"type": "Point", "coordinates": [math.nan, 39.4]}, "position_unreadable"),
        ({"type": "Point", "coordinates": ["north", 39.4]}, "position_unreadable"),
        ({"type": "Point", "coordinates": [10**400, 39.4]}, "position_unreadable"),
        ({"type": "Point", "coordinates": [True, 39.4]}, "position_unreadable"),
        ("POINT (1 2)", "position_unreadable"),
        ({"type": "LineString", "coordinates": [SPOT, SPOT]}, "geometry_unsupported"),
        ({"type": "MultiPoint", "coordinates": [SPOT, SPOT]}, "geometry_unsupported"),
        ({"type": "Polygon", "coordinates": [[SPOT, SPOT, SPOT, SPOT]]}, "outline_empty"),
        ({"type": "Polygon", "coordinates": [[SPOT, [1], SPOT]]}, "position_unreadable"),
        ({"type": "Polygon", "coordinates": [[[1e308, 0], [0, 1e308], [-1e308, 0]]]}, "outline_empty"),
    ],
)
def test_geometries_refused(read_geo, geometry, slug):
    result = read_geo((SPOT, {"id": 1}), (geometry, {"id": 2}))
    assert slugs(result) == [(2, slug)]
    assert result.refused[0].excerpt


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        ("{", "not_json"),
        ("[" * 100_000, "not_json"),
        ("id;lon;lat\n1;2;3", "not_json"),
        ("[1, 2]", "not_geojson"),
        ('{"type": "Topology"}', "not_geojson"),
        ('{"version": 0.6, "elements": []}', "overpass_json"),
        ('{"type": "FeatureCollection", "features": []}', "no_rows"),
    ],
)
def test_files_refused_as_a_whole(bad_slug, data, slug):
    assert bad_slug(data, "town.geojson") == slug


def test_one_feature_and_strange_entries():
    one = b'{"type": "Feature", "geometry": {"type": "Point", "coordinates": [-0.3763, 39.4699]}, "properties": null}'
    assert len(read_bays(one, filename="x", category="taxi").drafts) == 1
    result = read_bays(b'{"features": [3, %s]}' % one, filename="x", category="taxi")
    assert slugs(result) == [(1, "not_a_feature")]


@pytest.mark.parametrize("part", ["geometry", "properties", "coordinates"])
@pytest.mark.parametrize("depth", [300, 900, 980])
def test_nesting_without_end(part, depth):
    deep = '{"type": "Feature", "geometry": ' * depth + "null" + "}" * depth
    if part == "coordinates":
        deep = '{"type": "Polygon", "coordinates": ' + "[" * depth + "]" * depth + "}"
    feature = '{"type": "Feature", "properties": %s, "geometry": %s}'
    text = feature % (f'{{"x": {deep}}}', "null") if part == "properties" else feature % ("{}", deep)
    try:
        result = read_bays(text.encode(), filename="x.geojson", category="taxi")
    except BadBayFile as bad:
        slug = bad.slug
    else:
        slug = result.refused[0].slug
    assert slug in ("not_json", "position_missing", "position_unreadable", "geometry_unsupported")


def test_osm_tags(read_geo):
    space = {"amenity": "parking_space"}
    result = read_geo(
        (SPOT, space | {"@id": "node/1", "parking_space": "disabled", "width": "3.6 m", "kerb": "lowered"}),
        ([-0.3764, 39.4], space | {"@id": "way/2", "parking_space": "disabled", "capacity": "3"}),
        ([-0.3765, 39.4], {"amenity": "parking", "capacity": "300", "capacity:disabled": "2", "@id": "way/3"}),
        ([-0.3766, 39.4], {"amenity": "parking", "capacity:disabled": "yes", "@id": "way/4"}),
        ([-0.3767, 39.4], space | {"@id": "node/5", "parking_space": "delivery"}),
        ([-0.3768, 39.4], space | {"@id": "node/6", "disabled": "designated"}),
        ([-0.3769, 39.4], {"amenity": "taxi", "@id": "node/7", "tags": {"capacity": 2}}),
        category=None,
    )
    assert not result.refused
    assert [(d.code, d.category) for d in result.drafts] == [
        ("D-N1", "disabled"),
        *[(f"D-W2{suffix}", "disabled") for suffix in ("", "-2", "-3")],
        *[(f"D-W3{suffix}", "disabled") for suffix in ("", "-2")],
        ("D-W4", "disabled"),
        ("L-N5", "delivery"),
        ("D-N6", "disabled"),
        *[(f"T-N7{suffix}", "taxi") for suffix in ("", "-2")],
    ]
    assert result.drafts[0].attributes == {"width_m": 3.6, "kerb": "lowered"}


def test_osm_places_that_are_no_reserved_bay(read_geo):
    rows = (
        (SPOT, {"id": 1, "amenity": "parking", "capacity": "300"}),
        ([-0.37, 39.4], {"id": 2, "amenity": "parking_space", "parking_space": "normal"}),
        ([-0.38, 39.4], {"id": 3, "amenity": "parking", "capacity:disabled": "no"}),
        ([-0.39, 39.4], {"id": 4, "amenity": "parking_space"}),
    )
    assert slugs(read_geo(*rows)) == [(1, "not_a_bay"), (2, "not_reserved"), (3, "no_bays")]
    assert slugs(read_geo(*rows, category=None))[-1] == (4, "kind_missing")
    assert slugs(read_geo(*rows, force_category=True)) == [(1, "not_a_bay"), (3, "no_bays")]


def test_osm_tags_as_columns(read_csv):
    result = read_csv("@id,@lat,@lon,amenity,capacity:disabled", "node/9,39.4699,-0.3763,parking,2", category=None)
    assert [(draft.external_id, draft.code) for draft in result.drafts] == [("node/9", "D-N9"), ("node/9#2", "D-N9-2")]
