"""CSV files: separators `,` `;` tab `|`, quoted cells, title lines above the header, ragged rows.

The format is RFC 4180 with the habits of Excel (`sep=;`, Latin-1, UTF-16) and of open-data portals.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from itertools import islice

from siga.kit.bay_files.model import MAX_ROWS, BadBayFile
from siga.kit.bay_files.reasons import refusal
from siga.kit.bay_files.source import Record, Source, check_size
from siga.kit.bay_files.texts import tidy

_SEPARATORS = (";", "\t", ",", "|")
_HEAD_ROWS = 15

Rows = list[tuple[int, list[str]]]


def read_table(text: str, filename: str, notes: list[str], is_header: Callable[[list[str]], bool]) -> Source:
    """The table in `text`; `is_header` says whether names of columns can be understood as a header with positions.

    The header is the first of the first 15 rows that `is_header` accepts, else the first row of several cells.
    Raises BadBayFile: `malformed_csv`, `no_rows`, `too_many_rows`, `too_many_columns`.
    """
    separator = _separator(text, is_header)
    rows = _rows(text, separator, filename, MAX_ROWS + 2 * _HEAD_ROWS)
    start = _header_at(rows, is_header)
    if start and rows[:start]:
        notes = [*notes, f"{start} lines above the header (row {rows[start][0]}) were skipped."]
    headers = _unique([tidy(cell) for cell in rows[start][1]]) if rows else []
    check_size(filename, len(rows) - start - 1 if rows else 0, len(headers))
    records = [_record(number, cells, headers) for number, cells in rows[start + 1 :]]
    return Source(filename=filename, headers=headers, records=records, notes=notes, is_table=True)


def _rows(text: str, separator: str, filename: str, limit: int) -> Rows:
    """The rows with their numbers as a spreadsheet shows them (first = 1); blank rows are counted and left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        numbered = enumerate(reader, start=1)
        filled = (pair for pair in numbered if any(map(str.strip, pair[1])) and not _says_separator(*pair))
        return list(islice(filled, limit))
    except csv.Error as error:
        detail = f"{filename} is broken at line {reader.line_num} ({error}): open and save it again as CSV UTF-8."
        raise BadBayFile("malformed_csv", detail) from error


def _says_separator(number: int, cells: list[str]) -> bool:
    return number == 1 and cells[0].strip().casefold().startswith("sep=")


def _separator(text: str, is_header: Callable[[list[str]], bool]) -> str:
    """The separator that yields a header understood, else the most columns; ties go to the first of `; tab , |`."""
    first, _, _ = text.lstrip().partition("\n")
    if first.casefold().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4]
    head = "".join(islice(io.StringIO(text), 60))[:200_000]

    def score(separator: str) -> tuple[bool, int]:
        try:
            rows = _rows(head, separator, "", _HEAD_ROWS)
        except BadBayFile:
            return False, 0
        understood = [len(cells) for _, cells in rows if is_header(cells)]
        return bool(understood), max(understood or [len(cells) for _, cells in rows] or [0])

    return max(_SEPARATORS, key=score)


def _header_at(rows: Rows, is_header: Callable[[list[str]], bool]) -> int:
    for index, (_, cells) in enumerate(rows[:_HEAD_ROWS]):
        if is_header(cells):
            return index
    return next((i for i, (_, cells) in enumerate(rows[:_HEAD_ROWS]) if sum(map(bool, cells)) > 1), 0)


def _unique(headers: list[str]) -> list[str]:
    """Headers made different: an empty one becomes `column N`, the second `id` becomes `id *`, which means the same."""
    seen: dict[str, int] = {}
    unique = []
    for index, header in enumerate(headers, start=1):
        name = header or f"column {index}"
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} {'*' * (seen[name] - 1)}")
    return unique


def _record(number: int, cells: list[str], headers: list[str]) -> Record:
    """A row as record; more cells than headers refuse it, since nobody knows which belongs where."""
    texts = [tidy(cell) for cell in cells]
    named = {header: cell for header, cell in zip(headers, texts, strict=False) if cell}
    if not any(texts[len(headers) :]):
        return Record(row=number, cells=named)
    why = refusal("too_many_cells", found=len(cells), expected=len(headers))
    return Record(row=number, cells=named, refused=why)
