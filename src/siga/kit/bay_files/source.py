"""A file taken apart into records, whatever its format."""

from __future__ import annotations

import reprlib

import msgspec

from siga.kit.bay_files.model import MAX_ROWS, BadBayFile, RefusedRow
from siga.kit.bay_files.reasons import Refusal
from siga.kit.bay_files.texts import shortened

MAX_COLUMNS = 1_000
"""Most columns (or different property names) of one file."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a table or one feature: its cells that are not empty, by header."""

    row: int
    cells: dict[str, str]
    geometry: object = None
    feature_id: str = ""
    refused: Refusal | None = None

    def content(self) -> str:
        """Its cells as one text that does not depend on its row: settles which of two twins is kept."""
        return repr((sorted(self.cells.items()), self.feature_id))

    def refuse(self, why: Refusal) -> RefusedRow:
        """This record as a refused row, with an excerpt of at most 120 characters."""
        excerpt = shortened(" | ".join(self.cells.values()) or reprlib.repr(self.geometry), 120)
        return RefusedRow(row=self.row, reason=why.reason, slug=why.slug, excerpt=excerpt)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A file's records with their headers; `is_table` is false for features."""

    filename: str
    headers: list[str]
    records: list[Record]
    notes: list[str]
    is_table: bool
    crs: str | None = None
    """The projection the file itself names, e.g. `EPSG:25830`; None when it names none or WGS 84."""

    def values(self, header: str) -> list[str]:
        """The different values of a column, sorted: the same for any order of rows."""
        return sorted({record.cells[header] for record in self.records if header in record.cells})


def check_size(filename: str, rows: int, columns: int) -> None:
    """Raise BadBayFile `no_rows`, `too_many_rows` or `too_many_columns`."""
    if rows == 0:
        raise BadBayFile("no_rows", f"{filename} holds no rows, only their description: export it with its data.")
    if rows > MAX_ROWS:
        raise BadBayFile("too_many_rows", f"{filename} has more than {MAX_ROWS:,} rows: split it by district.")
    if columns > MAX_COLUMNS:
        raise BadBayFile("too_many_columns", f"{filename} has {columns:,} columns, more than {MAX_COLUMNS:,}.")
