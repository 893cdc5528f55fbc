"""SQLite behind SQLAlchemy Core through APSW: one file a service, one writer, WAL, synchronous=FULL, checked pages.

Only this room drives SQLite. Exactly one connection writes and checkpoints; readers are `query_only` and never
checkpoint (reliability: the WAL-reset fault needs two).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import apsw
from sqlalchemy import Engine, MetaData, create_engine, pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.exc import DBAPIError

from siga.engines import apsw_dbapi, checksums, guard, schema
from siga.engines.guard import StoreDamaged, Witness
from siga.engines.threads import ThreadedDatabase

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "cache_size=-16000",
            "secure_delete=ON")  # fmt: skip
_WRITTEN_ANEW_BYTES = 256 * 2**20
"""Larger stores are not written anew after an erasure: it would hold the writer for more than about a second."""
_READER_PRAGMAS = ("wal_autocheckpoint=0", "query_only=ON", "cache_size=-4000")
"""What readers ask for again lies in the services' own memory or in the system's; nine of them kept 16 MB each."""


class ApswDialect(SQLiteDialect):
    """SQLAlchemy's SQLite dialect over the APSW shim; transactions begin IMMEDIATE except on readers."""

    driver = "apsw"
    supports_statement_cache = True
    default_paramstyle = "qmark"

    @classmethod
    def import_dbapi(cls) -> Any:
        """The shim."""
        return apsw_dbapi

    def create_connect_args(self, url: Any) -> tuple[list[Any], dict[str, Any]]:
        """The file's path alone."""
        return [url.database or ":memory:"], {}

    def _get_server_version_info(self, connection: Any) -> tuple[int, ...]:
        return apsw_dbapi.sqlite_version_info

    def do_begin(self, dbapi_connection: Any) -> None:
        """Writers take the lock at once, so that nothing fails half-way; readers take a snapshot."""
        raw = getattr(dbapi_connection, "driver_connection", dbapi_connection)
        raw.execute("BEGIN DEFERRED" if raw.isolation_level == "READ" else "BEGIN IMMEDIATE")

    def on_connect(self) -> Callable[[Any], None] | None:
        """No functions to register."""
        return None

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """A closed connection cannot be used again."""
        return "closed" in str(e).lower() and "connection" in str(e).lower()


registry.register("sqlite.apsw", __name__, "ApswDialect")


def connected(path: Path, *, read_only: bool) -> apsw_dbapi.Connection:
    """A connection of ours to a store; a new store gets room for checksums in its pages."""
    connection = apsw_dbapi.connect(str(path))
    if not read_only and checksums.AVAILABLE and not connection.execute("PRAGMA page_count").fetchall()[0][0]:
        connection.raw.reserve_bytes(reserve=checksums.RESERVED_BYTES)
    for pragma in (*_PRAGMAS, *(_READER_PRAGMAS if read_only else ())):
        connection.execute(f"PRAGMA {pragma}")
    if read_only:
        connection.isolation_level = "READ"
    return connection


def _engine(connect: Callable[[], apsw_dbapi.Connection], readers: int = 1) -> Engine:
    return create_engine(
        "sqlite+apsw://", creator=cast("Any", connect), poolclass=pool.QueuePool, pool_size=readers, max_overflow=0
    )


class _Writing:
    """The one connection that writes, and its witness."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._witness: Witness | None = None
        self.engine = _engine(self._connect)

    def _connect(self) -> apsw_dbapi.Connection:
        connection = connected(self._path, read_only=False)
        if self._witness is not None:
            self._witness.close()
        self._witness = Witness(self._path, connection.raw)
        connection.after_commit = self._witness.note
        return connection

    def scour(self) -> bool:
        """Write the store anew, unless it is large, then fold its log in and cut it; False when a reader needs it yet.

        `secure_delete` overwrites what is deleted, but where rows move between pages some bytes of them may stay
        behind; and the log holds pages as they were.
        """
        with self.engine.connect() as conn:
            driver = cast("apsw_dbapi.Connection", conn.connection.driver_connection)
            if self._witness is not None:
                self._witness.promise_nothing()
            try:
                if self._path.stat().st_size <= _WRITTEN_ANEW_BYTES:
                    driver.execute("VACUUM")
                driver.raw.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            except (apsw.BusyError, apsw_dbapi.FullError):
                return False
            return True

    def close(self) -> None:
        """Before the last connection goes, which folds the log in."""
        if self._witness is not None:
            self._witness.close()
            self._witness = None


def open_sqlite(path: Path, metadata: MetaData, *, migrations: str | None = None, expected: bool = False,
                tell: schema.Tell = lambda _: None) -> ThreadedDatabase:  # fmt: skip
    """Open (and create) one service's file, its tables as this release declares them.

    `migrations` is the package of the service's revisions; without it missing tables are made and nothing else. A store
    that was there before is `expected`. StoreDamaged when it is not what was left, SchemaTooNew when a newer SIGA wrote
    it; in both cases nothing was changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = not guard.is_there(path, expected=expected)
    if not new:
        guard.check(path)
    writing = _Writing(path)
    try:
        _prepare(path, writing.engine, metadata, migrations, expected, tell)
    except BaseException:
        writing.close()
        writing.engine.dispose()
        raise
    if new:
        path.chmod(0o600)
    reader = _engine(lambda: connected(path, read_only=True))
    return ThreadedDatabase(
        path.stem, writing.engine, reader, readers=1, path=path, before_close=writing.close,
        scour=writing.scour,
        is_full=lambda fault: isinstance(fault, apsw_dbapi.FullError),
        is_damaged=lambda fault: isinstance(fault, apsw_dbapi.InternalError),
    )  # fmt: skip


def shut(database: ThreadedDatabase) -> None:
    """Close a store that no loop has used."""
    asyncio.run(database.close())


def _prepare(path: Path, engine: Engine, metadata: MetaData, migrations: str | None, expected: bool,
             tell: schema.Tell) -> None:  # fmt: skip
    try:
        if migrations is None:
            metadata.create_all(engine)
            return
        with engine.begin() as conn:
            if expected and schema.revision_of(conn) is None:
                raise StoreDamaged(path, "it was in use and holds no tables now")
            schema.prepare(conn, metadata, migrations, tell)
        _give_checksums(path, engine, tell)
    except DBAPIError as fault:
        if isinstance(fault.orig, apsw_dbapi.InternalError):
            raise StoreDamaged(path, str(fault.orig)) from fault
        raise


def _give_checksums(path: Path, engine: Engine, tell: schema.Tell) -> None:
    """Rewrite a store of the first release so that its pages carry checksums; whole or not at all."""
    with engine.connect() as conn:
        driver = cast("apsw_dbapi.Connection", conn.connection.driver_connection)
        if not checksums.AVAILABLE or driver.raw.reserve_bytes():
            return
        tell(f"Writing checksums into the store of {path.stem} …")
        driver.raw.reserve_bytes(reserve=checksums.RESERVED_BYTES)
        try:
            driver.execute("VACUUM")
            driver.raw.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw_dbapi.FullError:
            tell(f"No room to write checksums into the store of {path.stem}: it goes on without; the next start tries")
