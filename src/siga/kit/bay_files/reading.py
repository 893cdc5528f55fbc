"""A file of bays read from its first byte to drafts, refusals and notes; pure."""

from __future__ import annotations

import re
from collections import Counter

from siga.kit.bay_files.columns import find_columns
from siga.kit.bay_files.identity import PREFIXES, codes_for, numbered_code, numbered_id
from siga.kit.bay_files.loading import load
from siga.kit.bay_files.model import (
    CATEGORIES,
    MAX_ROWS,
    BadBayFile,
    BayDraft,
    Category,
    ReadOptions,
    ReadResult,
    RefusedRow,
)
from siga.kit.bay_files.places import settle
from siga.kit.bay_files.reasons import Refusal
from siga.kit.bay_files.rows import Place, RowReader
from siga.kit.bay_files.shapes import spread
from siga.kit.bay_files.source import Source
from siga.kit.bay_files.twins import without_twins
from siga.kit.bay_files.zones import zone_names

_PREFIX = re.compile(r"[A-Z]{1,4}", re.ASCII)
_TALLY = {
    "one_of": "{n} rows say “k of n”: each was read as one bay.",
    "unstated": "{n} rows do not say how many bays they are: each was read as one.",
    "kind": "{n} rows name a kind that is not known here: they took the category given, {category}.",
    "width": "{n} widths could not be read as metres between 1 and 15 and were left out.",
    "length": "{n} lengths could not be read as metres between 1.5 and 60 and were left out.",
}


def read_bays(
    data: bytes, *, filename: str, category: str | None = None, options: ReadOptions | None = None
) -> ReadResult:
    """The bays of a GeoJSON or CSV file (at most 64 MB and 200,000 rows), every refused row, and notes on the file.

    `category` is for rows that name no kind of their own. Neither identifiers nor codes depend on the order of rows,
    so that reading a file twice, or sorted otherwise, gives the same bays. Raises BadBayFile when the file as a whole
    cannot be used, ValueError for a category or prefix that does not exist.
    """
    options = options or ReadOptions()
    given = _checked(category, options)
    source = load(data, filename)
    columns = find_columns(source, options.columns)
    reader = RowReader(source, columns, given, options)
    located, extent = settle([columns.locate(record) for record in source.records], options, source.crs)
    places: list[Place] = []
    refused: list[RefusedRow] = []
    for record, found in zip(source.records, located, strict=True):
        place = found if isinstance(found, Refusal) else reader.read(record, found)
        if isinstance(place, Refusal):
            refused.append(record.refuse(place))
        else:
            places.append(place)
    places, twins = without_twins(places)
    drafts = _drafts(places, options, source)
    notes = [*source.notes, *extent, *reader.notes, *_told(reader.tally, category), _sum(places, drafts)]
    return ReadResult(drafts=drafts, refused=sorted([*refused, *twins], key=lambda row: row.row), notes=notes)


def _checked(category: str | None, options: ReadOptions) -> Category | None:
    if category is not None and category not in CATEGORIES:
        raise ValueError(f"category {category!r} is none of {', '.join(CATEGORIES)}")
    if options.force_category and category is None:
        raise ValueError("force_category needs a category")
    if options.code_prefix is not None and not _PREFIX.fullmatch(options.code_prefix):
        raise ValueError("code_prefix is 1 to 4 capital letters")
    return category


def _drafts(places: list[Place], options: ReadOptions, source: Source) -> list[BayDraft]:
    if sum(place.bays for place in places) > MAX_ROWS:
        detail = f"{source.filename} counts more than {MAX_ROWS:,} bays: split it by district, or correct its numbers."
        raise BadBayFile("too_many_bays", detail)
    codes = codes_for([(options.code_prefix or PREFIXES[place.category], place.external_id) for place in places])
    zones = zone_names([(place.district, place.town) for place in places])
    return [
        draft for place, code, zone in zip(places, codes, zones, strict=True) for draft in _bays_of(place, code, zone)
    ]


def _bays_of(place: Place, code: str, zone: str | None) -> list[BayDraft]:
    """One draft for each bay of a place; positions that were worked out say so (`position_estimated`)."""
    surveyed = (place.shape.lon, place.shape.lat)
    return [
        BayDraft(
            external_id=numbered_id(place.external_id, index),
            code=numbered_code(code, index),
            lon=lon,
            lat=lat,
            category=place.category,
            address=place.address,
            zone_name=zone,
            capacity_index=index,
            attributes=place.attributes | ({} if (lon, lat) == surveyed else {"position_estimated": True}),
            outline=place.shape.ring,
            row=place.record.row,
        )
        for index, (lon, lat) in enumerate(spread(place.shape, place.bays), start=1)
    ]


def _told(tally: Counter[str], category: str | None) -> list[str]:
    return [words.format(n=tally[key], category=category) for key, words in _TALLY.items() if tally[key]]


def _sum(places: list[Place], drafts: list[BayDraft]) -> str:
    return f"{len(places):,} places hold {len(drafts):,} bays."
