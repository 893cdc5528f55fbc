"""SQLite behind SQLAlchemy Core through APSW: one file a service, one writer, WAL, synchronous=FULL.

The only module that imports an SQLite driver. Exactly one connection writes and checkpoints; readers are
`query_only` and never checkpoint (reliability: the WAL-reset fault needs two).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine, MetaData, create_engine, pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from siga.engines import apsw_dbapi
from siga.engines.threads import ThreadedDatabase

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "cache_size=-16000")


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


def _engine(path: Path, *, read_only: bool, readers: int = 1) -> Engine:
    def connect() -> apsw_dbapi.Connection:
        connection = apsw_dbapi.connect(str(path))
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if read_only:
            connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute("PRAGMA query_only=ON")
            connection.isolation_level = "READ"
        return connection

    return create_engine(
        "sqlite+apsw://", creator=cast("Any", connect), poolclass=pool.QueuePool, pool_size=readers, max_overflow=0
    )


def open_sqlite(path: Path, metadata: MetaData) -> ThreadedDatabase:
    """Open (and create) one service's file with its tables."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = not path.exists()
    writer = _engine(path, read_only=False)
    metadata.create_all(writer)
    if new:
        path.chmod(0o600)
    reader = _engine(path, read_only=True)
    return ThreadedDatabase(
        path.stem, writer, reader, readers=1, is_full=lambda fault: isinstance(fault, apsw_dbapi.FullError)
    )
