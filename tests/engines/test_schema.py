"""Schemas over the years: every service's revisions lead to what its tables declare, on both engines."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, create_engine, text

from releases import FIRST, unpacked
from siga.engines import schema, sqlite
from siga.engines.postgres import engine_of, open_postgres
from siga.engines.schema import SchemaTooNew
from siga.operate.folder import store_of, stores
from siga.services.parking.store import load_bays

_TABLES = {
    "parking": "tables", "users": "store.tables", "history": "tables", "images": "store", "enforcement": "tables",
    "drivers": "store.tables", "config": "store", "logs": "tables",
}  # fmt: skip


def package(service: str) -> str:
    return f"siga.services.{service}.migrations"


def declared(service: str) -> MetaData:
    """What the service declares once all of it is loaded."""
    importlib.import_module(f"siga.services.{service}.build")
    found = importlib.import_module(f"siga.services.{service}.{_TABLES[service]}").metadata
    assert isinstance(found, MetaData)
    return found


@contextmanager
def connected(engine: Any) -> Iterator[Connection]:
    try:
        with engine.begin() as conn:
            yield conn
    finally:
        engine.dispose()


def on_file(path: Path) -> Any:
    return sqlite._engine(lambda: sqlite.connected(path, read_only=False))


def shape(conn: Connection) -> dict[str, Any]:
    """Everything SQLite knows of the tables but the names it gave itself."""
    found: dict[str, Any] = {}
    names = conn.execute(text("SELECT name, wr FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")).all()
    for name, without_rowid in names:
        if name.startswith("sqlite_") or name == "alembic_version":
            continue
        columns = conn.execute(text(f"SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{name}')"))
        indexes = conn.execute(text(f"SELECT name, \"unique\", origin, partial FROM pragma_index_list('{name}')")).all()
        found[name] = (
            without_rowid,
            [tuple(row) for row in columns],
            sorted(
                (index if origin == "c" else "", unique, origin, partial, tuple(conn.scalars(text(
                    f"SELECT name FROM pragma_index_info('{index}')"
                )))) for index, unique, origin, partial in indexes
            ),
        )  # fmt: skip
    return found


@pytest.mark.parametrize("service", stores())
def test_the_revisions_end_in_what_the_tables_declare_on_sqlite(service: str, tmp_path: Path) -> None:
    with connected(on_file(tmp_path / "declared.db")) as conn:
        declared(service).create_all(conn)
        wanted = shape(conn)
    with connected(on_file(tmp_path / "grown.db")) as conn:
        schema.upgrade(conn, package(service))
        assert schema.differences(conn, declared(service)) == []
        assert shape(conn) == wanted, "write a revision for what was changed in the tables"


def test_the_revisions_end_in_what_the_tables_declare_on_postgresql(postgres: str) -> None:
    for service in stores():
        with create_engine(postgres.replace("postgresql:", "postgresql+psycopg:")).begin() as conn:
            conn.execute(text(f"DROP SCHEMA IF EXISTS grown_{service} CASCADE"))
            conn.execute(text(f"CREATE SCHEMA grown_{service}"))
        with connected(engine_of(postgres, f"grown_{service}")) as conn:
            schema.upgrade(conn, package(service))
            assert schema.differences(conn, declared(service)) == [], service


@pytest.mark.parametrize("service", stores())
def test_the_first_revision_is_what_the_first_release_made(service: str, tmp_path: Path) -> None:
    data = unpacked(FIRST, tmp_path / "data")
    with connected(on_file(store_of(data, service))) as conn:
        assert schema.revision_of(conn) == "0001"
        wanted = shape(conn)
    with connected(on_file(tmp_path / "baseline.db")) as conn:
        schema.upgrade(conn, package(service), to="0001")
        assert shape(conn) == wanted


def test_rows_of_the_first_release_are_read_by_this_one_on_postgresql(postgres: str, tmp_path: Path) -> None:
    old = on_file(store_of(unpacked(FIRST, tmp_path), "parking"))
    with connected(old) as conn:
        rows = {name: [dict(row) for row in conn.execute(text(f"SELECT * FROM {name}")).mappings()]
                for name in ("bays", "devices", "assignments")}  # fmt: skip
    with create_engine(postgres.replace("postgresql:", "postgresql+psycopg:")).begin() as conn:
        conn.execute(text("DROP SCHEMA IF EXISTS old_parking CASCADE"))
        conn.execute(text("CREATE SCHEMA old_parking"))
    with connected(engine_of(postgres, "old_parking")) as conn:
        schema.upgrade(conn, package("parking"), to="0001")
        conn.execute(text("DROP TABLE alembic_version"))
        for name, found in rows.items():
            marks = ", ".join(f":{column}" for column in found[0])
            conn.execute(text(f"INSERT INTO {name} ({', '.join(found[0])}) VALUES ({marks})"), found)
    told: list[str] = []
    database = open_postgres(
        postgres, "old_parking", declared("parking"), migrations=package("parking"), expected=True, tell=told.append
    )
    sqlite.shut(database)
    assert told == [f"Upgrading the store of parking: schema 0001 → {schema.head(package('parking'))} …"]
    with connected(engine_of(postgres, "old_parking")) as conn:
        loaded = load_bays(conn, -1, 10)
    assert sorted(one.bay.code for one in loaded) == ["c-0", "c-1", "c-2", "c-3"]
    assert {one.bay.code: one.period_s for one in loaded} == {"c-0": 600, "c-1": 600, "c-2": 600, "c-3": None}
    assert [one.state.told for one in sorted(loaded, key=lambda one: one.bay.code)] == [False, True, True, None]


def test_a_store_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    path, metadata = tmp_path / "logs.db", declared("logs")
    sqlite.shut(sqlite.open_sqlite(path, metadata, migrations=package("logs")))
    with connected(on_file(path)) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew, match=r"schema 9999, and this SIGA knows schemas up to \d{4}: a newer SIGA"):
        sqlite.open_sqlite(path, metadata, migrations=package("logs"), expected=True)
    assert path.read_bytes() == before


def test_a_new_store_is_at_the_newest_revision_at_once(tmp_path: Path) -> None:
    told: list[str] = []
    for _ in range(2):
        sqlite.shut(
            sqlite.open_sqlite(tmp_path / "logs.db", declared("logs"), migrations=package("logs"), tell=told.append)
        )
    with connected(on_file(tmp_path / "logs.db")) as conn:
        assert schema.revision_of(conn) == schema.head(package("logs"))
    assert told == []


def test_a_postgresql_that_lost_its_stores_is_refused(postgres: str) -> None:
    with pytest.raises(OSError, match="was in use and is not in this database"):
        open_postgres(postgres, "siga_gone", declared("logs"), migrations=package("logs"), expected=True)
