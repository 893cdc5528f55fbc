"""PostgreSQL behind SQLAlchemy Core through psycopg: one schema a service."""

from __future__ import annotations

import re

from sqlalchemy import Engine, MetaData, create_engine, event, inspect, text

from siga.engines import schema as shape
from siga.engines.threads import ThreadedDatabase

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
_DISK_FULL = "53100"


def _is_full(fault: BaseException) -> bool:
    return getattr(fault, "sqlstate", None) == _DISK_FULL


def engine_of(url: str, schema: str, size: int = 1) -> Engine:
    """An engine on one service's schema; ValueError for a schema name that is not plain lower case."""
    if not _NAME.match(schema):
        raise ValueError(f"not a schema name: {schema}")
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    options = {"options": f"-csearch_path={schema} -csynchronous_commit=on"}
    return create_engine(url, pool_size=size, max_overflow=0, pool_pre_ping=True, connect_args=options)


def open_postgres(url: str, schema: str, metadata: MetaData, *, readers: int = 4, migrations: str | None = None,
                  expected: bool = False, tell: shape.Tell = lambda _: None) -> ThreadedDatabase:  # fmt: skip
    """Open one service's schema (made if missing) with its tables as this release declares them.

    `url` is `postgresql://…`; `migrations` is the package of the service's revisions; without it missing tables are
    made and nothing else. OSError when a store that was there before (`expected`) is not there, SchemaTooNew when a
    newer SIGA wrote it, ValueError for a schema name that is not plain lower case.
    """
    writer, reader = engine_of(url, schema), engine_of(url, schema, readers)

    @event.listens_for(reader, "begin")
    def _read_only(conn: object) -> None:
        conn.exec_driver_sql("SET TRANSACTION READ ONLY")  # type: ignore[attr-defined]

    try:
        _prepare(writer, schema, metadata, migrations, expected, tell)
    except BaseException:
        writer.dispose()
        raise
    return ThreadedDatabase(schema, writer, reader, readers=readers, is_full=_is_full)


def _prepare(writer: Engine, schema: str, metadata: MetaData, migrations: str | None, expected: bool,
             tell: shape.Tell) -> None:  # fmt: skip
    if expected:
        with writer.connect() as conn:
            if not inspect(conn).get_table_names(schema):
                raise OSError(
                    f"the store '{schema}' was in use and is not in this database: does database_url name the right "
                    "one? Restore the database from its backup, or start with another data folder"
                )
    with writer.begin() as conn:
        conn.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
    if migrations is None:
        metadata.create_all(writer)
        return
    with writer.begin() as conn:
        shape.prepare(conn, metadata, migrations, tell)
