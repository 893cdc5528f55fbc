"""Rows that claim to be the same place: one is kept, the others are refused, whatever their order."""

from __future__ import annotations

from collections import defaultdict

from siga.kit.bay_files.model import RefusedRow
from siga.kit.bay_files.reasons import refusal
from siga.kit.bay_files.rows import Place

_SHOWN = 5


def without_twins(places: list[Place]) -> tuple[list[Place], list[RefusedRow]]:
    """The places with different identifiers, in their order, and the rows refused.

    The same id at the same position (6 decimals), or the same position, kind and address without ids: the one with the
    smallest content is kept (`duplicate_row`). The same id at different positions: all are refused (`duplicate_id`),
    since nobody can say which is right.
    """
    groups: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        groups[place.external_id].append(place)
    refused: list[RefusedRow] = []
    kept: list[Place] = []
    for group in groups.values():
        survivors, turned_away = _one_of(group) if len(group) > 1 else (group, [])
        kept += survivors
        refused += turned_away
    return sorted(kept, key=lambda place: place.record.row), refused


def _one_of(group: list[Place]) -> tuple[list[Place], list[RefusedRow]]:
    if len({(round(place.shape.lon, 6), round(place.shape.lat, 6)) for place in group}) > 1:
        rows = ", ".join(str(row) for row in sorted(place.record.row for place in group)[:_SHOWN])
        why = refusal("duplicate_id", text=group[0].external_id, rows=rows)
        return [], [place.record.refuse(why) for place in group]
    first = min(group, key=lambda place: (place.record.content(), repr(place.shape), place.record.row))
    why = refusal("duplicate_row", other=first.record.row)
    return [first], [place.record.refuse(why) for place in group if place is not first]
