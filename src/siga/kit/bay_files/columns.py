"""Which column plays which role: by the words of its header, and where names mislead, by what stands in it."""

from __future__ import annotations

import msgspec

from siga.kit.bay_files.model import BadBayFile
from siga.kit.bay_files.positions import Found, shape_of_cell, shape_of_geometry, shape_of_numbers
from siga.kit.bay_files.reasons import refusal
from siga.kit.bay_files.shapes import Shape
from siga.kit.bay_files.source import MAX_COLUMNS, Record, Source
from siga.kit.bay_files.texts import header_words
from siga.kit.bay_files.vocabulary import LENGTH_OR_LON, LON_FIRST, LON_LAT, ROLES

_LOOSE = 10_000
_TRUNCATED = 10  # a shapefile cuts the names of its columns there
_SAMPLE = 50
_LONGEST_HEADER = 80
_NO_POSITION_IN_NAME = ("address", "number", "length", "width", "surface")

_WHOLE_NAMES = frozenset(name.replace("_", "") for names in ROLES.values() for name in names)

Pair = tuple[str, str]


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """The headers of each role, best first, and where the positions are."""

    roles: dict[str, tuple[str, ...]]
    geometries: tuple[tuple[str, bool], ...] = ()
    """Headers of cells that hold a whole position, with whether the longitude stands first."""
    pairs: tuple[Pair, ...] = ()
    """Headers of longitude and latitude."""

    def get(self, record: Record, role: str) -> str:
        """The first cell of the role that is not empty, else the empty text."""
        for header in self.roles.get(role, ()):
            if cell := record.cells.get(header):
                return cell
        return ""

    def locate(self, record: Record) -> Found:
        """Where the record is: its geometry, else the first of its position columns that can be read."""
        if record.refused:
            return record.refused
        if record.geometry is not None or not (self.geometries or self.pairs):
            return shape_of_geometry(record.geometry)
        first = refusal("position_missing")
        for found in self._tries(record):
            if isinstance(found, Shape):
                return found
            if first.slug == "position_missing":
                first = found
        return first

    def _tries(self, record: Record) -> list[Found]:
        whole = [shape_of_cell(record.cells.get(header, ""), lon_first=first) for header, first in self.geometries]
        split = [shape_of_numbers(record.cells.get(lon), record.cells.get(lat)) for lon, lat in self.pairs]
        return whole + split


def understands(headers: list[str]) -> bool:
    """Whether a row of cells reads like a header with a position in it."""
    if len(headers) > MAX_COLUMNS:
        return False
    names = [header for header in headers if 0 < len(header) <= _LONGEST_HEADER]
    return any(_pair(names, pair) for pair in (*LON_LAT, *LENGTH_OR_LON)) or bool(_matching(names, ROLES["geometry"]))


def find_columns(source: Source, overrides: dict[str, str]) -> Columns:
    """The columns of `source`; `overrides` (role → header) win.

    Raises BadBayFile: `column_unknown` (an override names a role or header that is not there), `no_position`.
    """
    _check_overrides(source, overrides)
    roles = {role: _matching(source.headers, names) for role, names in ROLES.items()}
    roles |= {role: (header,) for role, header in overrides.items() if role not in ("lon", "lat")}
    sure = _pairs(source.headers, overrides, LON_LAT)
    taken = {header for pair in sure for header in pair}
    whole = [header for header in roles["geometry"] if header not in taken and _holds_positions(source, header)]
    pairs = sure if sure or whole else _pairs(source.headers, overrides, LENGTH_OR_LON)
    taken |= {header for pair in pairs for header in pair} | set(whole)
    for role in _NO_POSITION_IN_NAME:
        roles[role] = tuple(header for header in roles[role] if header not in taken)
    if not source.is_table:
        return Columns(roles=roles)
    if not whole and not pairs:
        raise BadBayFile("no_position", _no_position(source))
    geometries = tuple((header, header_words(header) in LON_FIRST) for header in whole)
    return Columns(roles=roles, geometries=geometries, pairs=pairs)


def _check_overrides(source: Source, overrides: dict[str, str]) -> None:
    if ("lon" in overrides) != ("lat" in overrides):
        raise BadBayFile("column_unknown", "Name both columns, of “lon” and of “lat”.")
    for role, header in overrides.items():
        if role not in ROLES and role not in ("lon", "lat"):
            known = ", ".join(sorted((*ROLES, "lon", "lat")))
            raise BadBayFile("column_unknown", f"“{role}” is not the role of a column: use one of {known}.")
        if header not in source.headers:
            seen = ", ".join(source.headers[:40])
            raise BadBayFile("column_unknown", f"{source.filename} has no column “{header}”; it has: {seen}.")


def _matching(headers: list[str], names: tuple[str, ...]) -> tuple[str, ...]:
    """The headers that bear one of the names, best first; the same for any order of the columns."""
    found = []
    for header in headers:
        ranks = [rank for index, name in enumerate(names) if (rank := _rank(header, name, index)) is not None]
        if ranks:
            found.append((min(ranks), header))
    return tuple(header for _, header in sorted(found))


def _rank(header: str, name: str, index: int) -> int | None:
    words = header_words(header)
    if name.startswith("~"):
        return _LOOSE + index if set(name[1:].split()) <= set(words.split("_")) else None
    plain, wanted = words.replace("_", ""), name.replace("_", "")
    if plain == wanted:
        return index
    cut = len(header) == _TRUNCATED and len(plain) >= _TRUNCATED - 1 and plain not in _WHOLE_NAMES
    return index if cut and wanted.startswith(plain) else None


def _holds_positions(source: Source, header: str) -> bool:
    """Whether a column called like positions holds some (“location” may well be an address)."""
    return any(isinstance(shape_of_cell(value), Shape) for value in source.values(header)[:_SAMPLE])


def _pairs(headers: list[str], overrides: dict[str, str], known: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """The columns of longitude and latitude, at most one pair: as named by the caller, else the surest."""
    if "lon" in overrides:
        return ((overrides["lon"], overrides["lat"]),)
    first = next((pair for names in known if (pair := _pair(headers, names))), None)
    return (first,) if first else ()


def _pair(headers: list[str], names: tuple[str, str]) -> Pair | None:
    lon, lat = (_matching(headers, (name,)) for name in names)
    return (lon[0], lat[0]) if lon and lat and lon[0] != lat[0] else None


def _no_position(source: Source) -> str:
    seen = ", ".join(f"“{header}”" for header in source.headers[:40]) or "none"
    pairs = "; ".join(f"{lon} + {lat}" for lon, lat in LON_LAT if not lon.startswith("~"))
    cells = ", ".join(name for name in ROLES["geometry"] if not name.startswith("~"))
    return (
        f"{source.filename} has no column with positions. Columns seen: {seen}. Understood: two columns ({pairs}), "
        f"or one with GeoJSON, WKT or “lat, lon” ({cells}). Rename the columns, or name them by role."
    )
