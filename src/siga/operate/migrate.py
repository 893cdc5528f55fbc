"""The stores of a folder brought to this release's schema, each in one transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError

from siga.contract.base import Word
from siga.engines import guard, schema
from siga.engines.ledger import Ledger
from siga.engines.sqlite import open_sqlite, shut
from siga.engines.sqlite_copy import Snapshot
from siga.operate import folder as places
from siga.operate.findings import Finding, bad, note, ok


class SchemaState(Word):
    """A store's schema, and the newest one."""

    service: str
    revision: str
    newest: str


def states(data: Path, database_url: str | None) -> list[SchemaState]:
    """The schema of every store that is there; OSError when one cannot be read or a newer SIGA wrote it."""
    found = []
    for name in places.stores():
        revision = _of_schema(database_url, name) if database_url else _of_file(data, name)
        if revision is not None:
            schema.refuse_unknown(revision, _package(name))
            found.append(SchemaState(service=name, revision=revision, newest=schema.head(_package(name))))
    return found


def _package(name: str) -> str:
    return f"siga.services.{name}.migrations"


def _of_file(data: Path, name: str) -> str | None:
    path = places.store_of(data, name)
    if not guard.is_there(path, expected=Ledger(data).expects(name)):
        return None
    guard.check(path)
    store = Snapshot(path, at_rest=True)
    try:
        return store.revision or (schema.BASELINE if store.rows("SELECT 1 FROM sqlite_schema") else None)
    finally:
        store.close()


def _of_schema(database_url: str, name: str) -> str | None:
    from siga.engines.postgres import engine_of

    engine = engine_of(database_url, f"siga_{name}")
    try:
        with engine.connect() as conn:
            return schema.revision_of(conn)
    except DBAPIError as fault:
        raise OSError(f"the database cannot be asked: {fault.orig}") from fault
    finally:
        engine.dispose()


def run(data: Path, database_url: str | None, tell: Callable[[str], None]) -> None:
    """Upgrade every store that is there. What is done already stays done; the rest is as before when one fails."""
    for one in states(data, database_url):
        if database_url is None:
            path = places.store_of(data, one.service)
            shut(open_sqlite(path, MetaData(), migrations=_package(one.service), expected=True, tell=tell))
        elif one.revision != one.newest:
            _upgrade_schema(database_url, one, tell)


def _upgrade_schema(database_url: str, one: SchemaState, tell: Callable[[str], None]) -> None:
    from siga.engines.postgres import engine_of

    tell(f"Upgrading the store of {one.service}: schema {one.revision} → {one.newest} …")
    engine = engine_of(database_url, f"siga_{one.service}")
    try:
        with engine.begin() as conn:
            schema.upgrade(conn, _package(one.service))
    finally:
        engine.dispose()


def look(data: Path, database_url: str) -> Iterator[Finding]:
    """For the doctor: PostgreSQL answers, and its schemas are this release's."""
    try:
        found = states(data, database_url)
    except OSError as fault:
        yield bad("PostgreSQL", str(fault), "look whether it runs and whether database_url is right")
        return
    yield ok("PostgreSQL", f"holds the stores of {', '.join(one.service for one in found) or 'nobody yet'}")
    for one in found:
        if one.revision != one.newest:
            yield note(f"schema of {one.service}", f"{one.revision}; this SIGA works with {one.newest}",
                       "the next start upgrades it, or `siga migrate` now")  # fmt: skip
