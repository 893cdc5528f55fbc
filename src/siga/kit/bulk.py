"""Many rows of one form, by the driver itself: for the paths where SQLAlchemy's care of each row would cost most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table

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


def _mark(conn: Connection) -> str:
    return "?" if conn.dialect.paramstyle == "qmark" else "%s"
