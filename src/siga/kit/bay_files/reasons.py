"""Why a row is refused: every slug with its sentence, in one place."""

from __future__ import annotations

import msgspec

from siga.kit.bay_files.model import CATEGORIES
from siga.kit.bay_files.texts import shortened

_KINDS = ", ".join(CATEGORIES)

REASONS: dict[str, str] = {
    "too_many_cells": "The row has {found} cells and the header {expected}: put cells that hold the separator "
    "(a decimal comma, for example) between double quotes, or save with “;” as separator.",
    "not_a_feature": "This entry is not a GeoJSON Feature: give it type “Feature”, geometry and properties.",
    "position_missing": "The row has no position: fill in its longitude and latitude in degrees.",
    "position_unreadable": "“{text}” cannot be read as a position: write decimal degrees, for example "
    "longitude -0.3763 and latitude 39.4699.",
    "geometry_unsupported": "A {text} is not a place of bays: convert it to one point or polygon for each place "
    "(QGIS: Vector > Geometry Tools > Multipart to Singleparts, or Centroids).",
    "outline_empty": "The outline encloses no area: draw it with at least three different corners, or give a point.",
    "null_island": "The position is 0, 0, which programs write for “unknown”: fill in the real one.",
    "off_earth": "Longitude {lon}, latitude {lat} is not on the earth: write decimal degrees.",
    "swapped": "Longitude and latitude of this row look exchanged (lon {lon}, lat {lat}): exchange them.",
    "projected": "x {lon}, y {lat} are metres of a map projection, not degrees: reproject the file to WGS 84 and "
    "import the result: ogr2ogr -s_srs {crs} -t_srs EPSG:4326 new.geojson <this file>{hint}; "
    "or QGIS: Export > Save Features As, CRS EPSG:4326.",
    "far_away": "The position (lon {lon}, lat {lat}) is {km} km away from the town: correct it, or import it with "
    "the town it belongs to.",
    "kind_missing": f"The row does not say whom the bay is for: add a column “kind” with one of {_KINDS}, "
    "or import with --category.",
    "kind_unknown": f"“{{text}}” is not a kind of bay known here: write one of {_KINDS}, or import with --category.",
    "kind_ambiguous": "“{text}” names several kinds of bay ({kinds}): write one of them, one row for each.",
    "not_reserved": "OpenStreetMap says parking_space={text}, which is no bay reserved for anybody: leave it out, "
    "correct the tag, or force the category.",
    "not_a_bay": "OpenStreetMap says amenity={text} and not how many bays are reserved: add capacity:disabled with "
    "their number, or map the bays themselves as amenity=parking_space.",
    "no_bays": "The row counts no bays (“{text}”): write how many there are, or leave the row out.",
    "count_unreadable": "“{text}” is not a number of bays: write a whole number.",
    "count_too_large": "{text} bays in one place are more than {limit}: correct the number, split the row, "
    "or raise the limit.",
    "duplicate_row": "The same place, kind and address as row {other}: leave one out; if they are several bays, "
    "write their number in one row or give each its own id.",
    "duplicate_id": "The id “{text}” stands at several places (rows {rows}): give each its own.",
    "street_missing": "The row names no street: fill in the street, or the whole address.",
    "duplicate_address": "The same address at the same position as row {other}: leave one out.",
}
"""slug → sentence; every refused row carries one of these."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why one row is refused."""

    slug: str
    reason: str


def refusal(slug: str, **words: object) -> Refusal:
    """The refusal `slug` with its words filled in; `text`, which comes from the file, is shortened."""
    shown = {name: shortened(str(word), 60) if name == "text" else word for name, word in words.items()}
    return Refusal(slug=slug, reason=REASONS[slug].format(**shown))
