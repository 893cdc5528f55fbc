"""From a geometry or a cell to a shape: GeoJSON (RFC 7946), WKT (OGC 06-103r4) and “lat, lon” pairs."""

from __future__ import annotations

import json
import math
import re
import reprlib

from siga.kit.bay_files.reasons import Refusal, refusal
from siga.kit.bay_files.shapes import Ring, Shape, interior_point, ring_area
from siga.kit.bay_files.texts import to_number

_WKT = re.compile(r"(?:SRID=\d+;)?\s*(POINT|POLYGON|MULTIPOLYGON|[A-Z]+)\s*(?:Z|M|ZM)?\s*(\(.*\))", re.IGNORECASE)
_WKT_PAIR = re.compile(r"([-+\d.eE]+)\s+([-+\d.eE]+)(?:\s+[-+\d.eE]+){0,2}", re.ASCII)
_MAX_VERTICES = 10_000
_BETWEEN = (re.compile(r"\s*[;|]\s*"), re.compile(r",\s+|\s+"), re.compile(r","))

Found = Shape | Refusal


def shape_of_geometry(geometry: object) -> Found:
    """A GeoJSON geometry as a shape.

    Point, MultiPoint of one, Polygon, MultiPolygon (its largest part), GeometryCollection of one, Feature, and an
    object with `lon` and `lat`. Refusals: `position_missing`, `position_unreadable`, `geometry_unsupported`,
    `outline_empty`.
    """
    if geometry is None or geometry == {}:
        return refusal("position_missing")
    if not isinstance(geometry, dict):
        return refusal("position_unreadable", text=reprlib.repr(geometry))
    inside = geometry.get("geometry")
    if geometry.get("type") == "Feature" and isinstance(inside, dict) and inside.get("type") != "Feature":
        return shape_of_geometry(inside)
    if "lon" in geometry and "lat" in geometry:
        return shape_of_numbers(geometry["lon"], geometry["lat"])
    inner = geometry.get("geometries")
    if isinstance(inner, list) and len(inner) == 1 and isinstance(inner[0], dict) and "geometries" not in inner[0]:
        return shape_of_geometry(inner[0])
    return _shape(str(geometry.get("type")), geometry.get("coordinates"))


def _shape(kind: str, coordinates: object) -> Found:
    if not isinstance(coordinates, list) or not coordinates:
        known = kind in ("Point", "Polygon", "MultiPoint", "MultiPolygon")
        return refusal("position_missing") if known else refusal("geometry_unsupported", text=kind)
    if kind == "MultiPoint" and len(coordinates) == 1:
        return _shape("Point", coordinates[0])
    if kind == "Point":
        two = coordinates[:2]
        return (
            shape_of_numbers(*two) if len(two) == 2 else refusal("position_unreadable", text=reprlib.repr(coordinates))
        )
    if kind == "Polygon":
        return _largest([coordinates])
    if kind == "MultiPolygon":
        return _largest(coordinates)
    return refusal("geometry_unsupported", text=kind)


def shape_of_numbers(lon: object, lat: object) -> Found:
    """A point from two numbers or texts of numbers; refused as `position_missing` or `position_unreadable`."""
    if lon in (None, "") or lat in (None, ""):
        return refusal("position_missing")
    x, y = to_number(lon), to_number(lat)
    if x is None or y is None:
        return refusal("position_unreadable", text=f"{lon} {lat}")
    return Shape(lon=x, lat=y)


def _largest(polygons: list[object]) -> Found:
    """The largest of several polygons: a point inside it and its outer ring."""
    read = [rings for polygon in polygons if (rings := _rings(polygon))]
    if len(read) < len(polygons):
        return refusal("position_unreadable", text=reprlib.repr(polygons))
    rings = max(read, key=lambda rings: (abs(ring_area(rings[0])), repr(rings))) if len(read) > 1 else read[0]
    point = interior_point(rings)
    if point is None or not all(map(math.isfinite, point)):
        return refusal("outline_empty")
    return Shape(lon=point[0], lat=point[1], ring=rings[0])


def _rings(polygon: object) -> list[Ring] | None:
    """Rings of numbers, closed where the file forgot to; None when anything else stands there."""
    if not isinstance(polygon, list) or not polygon:
        return None
    rings: list[Ring] = []
    for raw in polygon:
        if not isinstance(raw, list) or not 3 <= len(raw) <= _MAX_VERTICES:
            return None
        pairs = [
            (to_number(c[0]), to_number(c[1])) if isinstance(c, list) and len(c) > 1 else (None, None) for c in raw
        ]
        ring = [[x, y] for x, y in pairs if x is not None and y is not None]
        if len(ring) < len(raw):
            return None
        rings.append(ring if ring[0] == ring[-1] else [*ring, list(ring[0])])
    return rings


def shape_of_cell(cell: str, *, lon_first: bool = False) -> Found:
    """A shape from one cell: GeoJSON text, WKT (lon lat), or two numbers, latitude first unless `lon_first`.

    The two numbers may have decimal commas when a blank, `;` or `|` stands between them.
    """
    if not cell:
        return refusal("position_missing")
    if cell.startswith(("{", "[")):
        return _shape_of_json(cell)
    if wkt := _WKT.fullmatch(cell):
        return _shape_of_wkt(wkt[1].upper(), wkt[2])
    if cell.upper().endswith("EMPTY"):
        return refusal("position_missing")
    numbers = _pair(cell.strip("() "))
    if numbers is None:
        return refusal("position_unreadable", text=cell)
    return shape_of_numbers(*(numbers if lon_first else numbers[::-1]))


def _shape_of_json(cell: str) -> Found:
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return refusal("position_unreadable", text=cell)
    return _shape("Point", value) if isinstance(value, list) else shape_of_geometry(value)


def _shape_of_wkt(kind: str, body: str) -> Found:
    names = {"POINT": "Point", "POLYGON": "Polygon", "MULTIPOLYGON": "MultiPolygon"}
    if kind not in names:
        return refusal("geometry_unsupported", text=kind)
    listed = _WKT_PAIR.sub(r'["\1","\2"]', body).replace("(", "[").replace(")", "]")
    try:
        coordinates = json.loads(listed)
    except (ValueError, RecursionError):
        return refusal("position_unreadable", text=f"{kind} {body}")
    return _shape(names[kind], coordinates[0] if kind == "POINT" and len(coordinates) == 1 else coordinates)


def _pair(text: str) -> tuple[str, str] | None:
    if to_number(text) is not None:  # “3,857” is one number, not two
        return None
    for between in _BETWEEN:
        parts = [part for part in between.split(text) if part]
        if len(parts) == 2:
            return parts[0], parts[1]
    four = text.split(",")
    return (f"{four[0]}.{four[1]}", f"{four[2]}.{four[3]}") if len(four) == 4 else None
