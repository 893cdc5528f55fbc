"""PostgreSQL behind SQLAlchemy Core through psycopg: one schema a service."""

from __future__ import annotations

import re

from sqlalchemy import MetaData, create_engine, event, text

from siga.engines.threads import ThreadedDatabase

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
_DISK_FULL = "53100"


def _is_full(fault: BaseException) -> bool:
    return getattr(fault, "sqlstate", None) == _DISK_FULL


def open_postgres(url: str, schema: str, metadata: MetaData, *, readers: int = 4) -> ThreadedDatabase:
    """Open one service's schema (made if missing) with its tables.

    `url` is `postgresql://…`; ValueError for a schema name that is not plain lower case.
    """
    if not _NAME.match(schema):
        raise ValueError(f"not a schema name: {schema}")
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    options = {"options": f"-csearch_path={schema} -csynchronous_commit=on"}
    writer = create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=options)
    reader = create_engine(url, pool_size=readers, max_overflow=0, pool_pre_ping=True, connect_args=options)

    @event.listens_for(reader, "begin")
    def _read_only(conn: object) -> None:
        conn.exec_driver_sql("SET TRANSACTION READ ONLY")  # type: ignore[attr-defined]

    with writer.begin() as conn:
        conn.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
    metadata.create_all(writer)
    return ThreadedDatabase(schema, writer, reader, readers=readers, is_full=_is_full)
