"""Many rows of one form, by the driver itself: for the paths where SQLAlchemy's care of each row would cost most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table

from siga.kit.columns import Instant, micros

Row = tuple[Any, ...]


def insert_rows(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that hold a value for each column of the table, in their order, as the store keeps them."""
    if rows:
        names = ", ".join(column.name for column in table.columns)
        marks = ", ".join([_mark(conn)] * len(table.columns))
        conn.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(rows))  # noqa: S608


def update_rows(conn: Connection, table: Table, columns: Sequence[str], key: str, rows: Sequence[Row]) -> None:
    """Set these columns of the rows that have a key: rows of (value of each column…, key)."""
    if rows:
        mark = _mark(conn)
        setting = ", ".join(f"{column} = {mark}" for column in columns)
        conn.exec_driver_sql(f"UPDATE {table.name} SET {setting} WHERE {key} = {mark}", list(rows))  # noqa: S608


def insert_named(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows by the names of their columns; instants are aware, all else as the store keeps it."""
    if rows:
        row_of = _row_maker(table, tuple(column.name for column in table.columns))
        insert_rows(conn, table, [row_of(row) for row in rows])


def update_named(conn: Connection, table: Table, columns: Sequence[str], key: str, rows: Sequence[Mapping[str, Any]]
                 ) -> None:  # fmt: skip
    """Set these columns of the rows that have a key, by name."""
    if rows:
        row_of = _row_maker(table, (*columns, key))
        update_rows(conn, table, columns, key, [row_of(row) for row in rows])


def delete_named(conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Delete the rows that have these values."""
    if rows:
        row_of = _row_maker(table, tuple(columns))
        where = " AND ".join(f"{column} = {_mark(conn)}" for column in columns)
        conn.exec_driver_sql(f"DELETE FROM {table.name} WHERE {where}", [row_of(row) for row in rows])  # noqa: S608


@cache
def _row_maker(table: Table, columns: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Row]:
    kept_as_micros = frozenset(name for name in columns if isinstance(table.c[name].type, Instant))

    def row_of(row: Mapping[str, Any]) -> Row:
        return tuple([_kept(row.get(name)) if name in kept_as_micros else row.get(name) for name in columns])

    return row_of


def _kept(instant: datetime | None) -> int | None:
    return None if instant is None else micros(instant)


def _mark(conn: Connection) -> str:
    return "?" if conn.dialect.paramstyle == "qmark" else "%s"
