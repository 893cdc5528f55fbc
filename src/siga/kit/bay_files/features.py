"""GeoJSON files (RFC 7946), and the older habits still met: `crs`, numeric ids, OSM tags as an object."""

from __future__ import annotations

import json
import re

from siga.kit.bay_files.model import BadBayFile
from siga.kit.bay_files.reasons import refusal
from siga.kit.bay_files.source import Record, Source, check_size
from siga.kit.bay_files.texts import tidy

_EPSG = re.compile(r"EPSG:(?:[\d.]*:)?(\d{4,6})$", re.IGNORECASE | re.ASCII)
_TOO_DEEP = "{} holds numbers or nesting no map has: export it again."
_DEGREES = frozenset({"4326", "4258", "4979", "4171", "4269"})


def read_features(text: str, filename: str, notes: list[str]) -> Source:
    """The features in `text`: a FeatureCollection, or one Feature.

    Raises BadBayFile: `not_json`, `not_geojson`, `overpass_json`, `no_rows`, `too_many_rows`, `too_many_columns`.
    """
    document = _parse(text, filename)
    features = _features(document, filename)
    check_size(filename, len(features), 0)
    try:
        records = [_record(ordinal, feature) for ordinal, feature in enumerate(features, start=1)]
    except RecursionError as error:
        raise BadBayFile("not_json", _TOO_DEEP.format(filename)) from error
    headers = list(dict.fromkeys(header for record in records for header in record.cells))
    check_size(filename, len(records), len(headers))
    crs = _crs(document)
    return Source(filename=filename, headers=headers, records=records, notes=notes, is_table=False, crs=crs)


def _parse(text: str, filename: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        detail = f"{filename} is not valid JSON at {where} ({error.msg}): export it again, whole."
        raise BadBayFile("not_json", detail) from error
    except (ValueError, RecursionError) as error:
        raise BadBayFile("not_json", _TOO_DEEP.format(filename)) from error
    if isinstance(document, dict):
        return document
    raise BadBayFile("not_geojson", f"{filename} is JSON and not GeoJSON: export it as a GeoJSON FeatureCollection.")


def _features(document: dict[str, object], filename: str) -> list[object]:
    features = document.get("features")
    if document.get("type") == "Feature":
        return [document]
    if isinstance(features, list):
        return features
    if "elements" in document:
        detail = (
            f"{filename} is Overpass JSON: in overpass-turbo choose Export > GeoJSON, or convert with osmtogeojson."
        )
        raise BadBayFile("overpass_json", detail)
    raise BadBayFile("not_geojson", f"{filename} has no “features”: export it as a GeoJSON FeatureCollection.")


def _record(ordinal: int, feature: object) -> Record:
    if not isinstance(feature, dict) or feature.get("type", "Feature") != "Feature":
        return Record(row=ordinal, cells={}, geometry=None, refused=refusal("not_a_feature"))
    properties = feature.get("properties")
    cells = _cells(properties) if isinstance(properties, dict) else {}
    return Record(
        row=ordinal, cells=cells, geometry=feature.get("geometry"), feature_id=_as_text(feature.get("id")) or ""
    )


def _cells(properties: dict[str, object]) -> dict[str, str]:
    """Properties as text cells; `tags` (osmtogeojson's way) opened without hiding what stands beside it."""
    cells: dict[str, str] = {}
    for name, value in properties.items():
        header = tidy(name)
        if isinstance(value, dict) and name == "tags":
            for inner, inner_value in value.items():
                cells.setdefault(tidy(inner), _as_text(inner_value))
        elif text := _as_text(value):
            cells[header] = text
    return {header: text for header, text in cells.items() if header and text}


def _as_text(value: object) -> str:
    """A JSON value as a cell: whole floats without point, lists and objects as JSON, null and NaN as empty."""
    if value is None or isinstance(value, str):
        return tidy(value or "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return tidy(str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value))
    if isinstance(value, int):
        return str(value)
    return tidy(json.dumps(value, ensure_ascii=False)[:1000])


def _crs(document: dict[str, object]) -> str | None:
    """The projection a GeoJSON of before 2016 names (`crs.properties.name`), when it is not in degrees."""
    crs = document.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    found = _EPSG.search(name) if isinstance(name, str) else None
    return f"EPSG:{found[1]}" if found and found[1] not in _DEGREES else None
