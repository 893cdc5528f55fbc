"""Two moves of SQL that Parking's stores share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, update


def put(conn: Connection, table: Table, key: str, values: dict[str, Any]) -> None:
    """Write one row whole: update it, or insert it when there is none."""
    rest = {name: value for name, value in values.items() if name != key}
    column = table.c[key]
    if not conn.execute(update(table).where(column == values[key]).values(rest)).rowcount:
        conn.execute(insert(table).values(values))


def parts(ids: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    """Ids in lots that one statement can name."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
