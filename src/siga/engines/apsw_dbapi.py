"""A small DB-API 2.0 face for APSW, just what SQLAlchemy's SQLite dialect calls.

APSW carries its own SQLite (>= 3.51.3, without the WAL-reset fault); the interpreter's `sqlite3` must never open the
same file, hence this shim instead of the default driver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import apsw

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))
Binary = bytes


class Error(Exception):
    """PEP 249: any fault of the database."""


class InterfaceError(Error):
    """PEP 249: the driver was used wrongly."""


class DatabaseError(Error):
    """PEP 249: a fault of the store itself."""


class DataError(DatabaseError):
    """PEP 249: a value that does not fit."""


class OperationalError(DatabaseError):
    """PEP 249: busy, full, unreadable."""


class FullError(OperationalError):
    """The disk is full (SQLITE_FULL)."""


class IntegrityError(DatabaseError):
    """PEP 249: a constraint was violated."""


class InternalError(DatabaseError):
    """PEP 249: the store is damaged (SQLITE_CORRUPT, SQLITE_NOTADB, or a page whose checksum does not fit)."""


class ProgrammingError(DatabaseError):
    """PEP 249: the statement is wrong."""


class NotSupportedError(DatabaseError):
    """PEP 249: this store cannot do that."""


_FAULTS: tuple[tuple[tuple[type[Exception], ...], type[Error]], ...] = (
    ((apsw.ConstraintError,), IntegrityError),
    ((apsw.FullError,), FullError),
    ((apsw.CorruptError, apsw.NotADBError), InternalError),
    ((apsw.SQLError, apsw.BindingsError, apsw.MisuseError), ProgrammingError),
    ((apsw.MismatchError, apsw.TooBigError, apsw.RangeError), DataError),
    ((apsw.Error,), OperationalError),
)


def _translated(fault: Exception) -> Error:
    if getattr(fault, "extendedresult", None) == apsw.SQLITE_IOERR_DATA:
        return InternalError("a page is not as it was written: its checksum does not fit")
    for ours, theirs in _FAULTS:
        if isinstance(fault, ours):
            return theirs(str(fault))
    return InterfaceError(str(fault))


class Cursor:
    """One statement and its rows; rows are fetched whole, so that no read stays open behind a write."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self._next = 0
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        """Run one statement."""
        raw = self._connection.raw
        before = raw.total_changes()
        try:
            cursor = raw.cursor()
            # Columns are asked for before the first step: a statement without rows forgets them when it is done.
            cursor.exec_trace = self._describe
            cursor.execute(sql, tuple(parameters))
            self._rows, self._next = cast("list[tuple[Any, ...]]", cursor.fetchall()), 0
        except apsw.Error as fault:
            raise _translated(fault) from fault
        self.rowcount = raw.total_changes() - before
        self.lastrowid = raw.last_insert_rowid()
        return self

    def _describe(self, cursor: apsw.Cursor, _sql: str, _bindings: Any) -> bool:
        columns = cursor.get_description()
        self.description = [(name, kind, None, None, None, None, None) for name, kind in columns] or None
        return True

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        """Run one statement for each row of parameters."""
        raw = self._connection.raw
        before = raw.total_changes()
        try:
            raw.cursor().executemany(sql, (tuple(row) for row in rows))
        except apsw.Error as fault:
            raise _translated(fault) from fault
        self.description, self._rows, self._next = None, [], 0
        self.rowcount = raw.total_changes() - before
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, None at the end."""
        if self._next >= len(self._rows):
            return None
        self._next += 1
        return self._rows[self._next - 1]

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """The next `size` rows."""
        start, self._next = self._next, min(len(self._rows), self._next + (size or self.arraysize))
        return self._rows[start : self._next]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        rows, self._next = self._rows[self._next :], len(self._rows)
        return rows

    def close(self) -> None:
        """Let go of the rows."""
        self._rows = []

    def setinputsizes(self, sizes: Any) -> None:
        """PEP 249: nothing to do."""

    def setoutputsize(self, size: Any, column: Any = None) -> None:
        """PEP 249: nothing to do."""


class Connection:
    """A connection that is in autocommit until the dialect says BEGIN."""

    isolation_level: str | None = ""

    def __init__(self, raw: apsw.Connection) -> None:
        self.raw = raw
        self.after_commit: Callable[[], None] | None = None
        """Called when a commit is on disk, before anybody hears of it."""

    def cursor(self) -> Cursor:
        """A new cursor."""
        return Cursor(self)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        """Run one statement on a cursor of its own."""
        return self.cursor().execute(sql, parameters)

    def _end(self, word: str) -> None:
        if not self.raw.in_transaction:
            return
        try:
            self.raw.execute(word)
        except apsw.Error as fault:
            raise _translated(fault) from fault

    def commit(self) -> None:
        """Commit what is open, if anything is."""
        if not self.raw.in_transaction:
            return
        self._end("COMMIT")
        if self.after_commit is not None:
            self.after_commit()

    def rollback(self) -> None:
        """Undo what is open, if anything is."""
        self._end("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self.raw.close()


def connect(database: str, **_: Any) -> Connection:
    """Open a database file by APSW."""
    try:
        return Connection(apsw.Connection(database))
    except apsw.Error as fault:
        raise _translated(fault) from fault
