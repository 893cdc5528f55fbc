"""The audit of a data folder, a backup or a database, gone through from its start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from siga.engines import guard
from siga.engines.ledger import Ledger
from siga.engines.sqlite_copy import Snapshot
from siga.operate import folder as places
from siga.operate.manifest import DATA, MANIFEST, MARK, chosen
from siga.services.logs.audit_check import Checked, Rows, check

_SERVICE = "logs"


def folder_of(path: Path) -> Path:
    """The data folder meant by a path: itself, or that of a backup or of the newest one in a folder of backups."""
    if (path / MARK).exists() or (path / MANIFEST).exists():
        return chosen(path) / DATA
    return path


def look(data: Path, now: datetime, heads: Iterable[str] | None, *, at_rest: bool = False) -> Checked:
    """Check the audit in a folder's store, every page of which is read besides.

    `at_rest`: nobody runs the folder. StoreDamaged when the store cannot be read at all, OSError when there is none.
    """
    path = places.store_of(data, _SERVICE)
    if not guard.is_there(path, expected=at_rest and Ledger(data).expects(_SERVICE)):
        raise OSError(f"there is no audit in {data}: name SIGA's data folder, or a backup, by --data")
    if at_rest:
        guard.check(path)
    snapshot = Snapshot(path, at_rest=at_rest)
    try:
        faults = [f"the store is damaged: {fault}" for fault in snapshot.faults(full=False)]
        checked = check(snapshot.each, now, heads)
    finally:
        snapshot.close()
    return Checked(chains=checked.chains, faults=[*faults, *checked.faults], keys=checked.keys)


def look_postgres(url: str, now: datetime, heads: Iterable[str] | None) -> Checked:
    """Check the audit in a PostgreSQL database, at one instant; OSError when it cannot be asked."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    from siga.engines.postgres import engine_of

    engine = engine_of(url, f"siga_{_SERVICE}")
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:

            def rows(query: str) -> Iterator[Any]:
                yield from conn.execution_options(yield_per=2_000).execute(text(query))

            return check(rows, now, heads)
    except DBAPIError as fault:
        raise OSError(f"the database cannot be asked: {fault.orig}") from fault
    finally:
        engine.dispose()


__all__ = ["Rows", "folder_of", "look", "look_postgres"]
