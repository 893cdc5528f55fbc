"""The shape of a store over the years: one history of revisions a service, run by Alembic over the product's engines.

A revision is a file `v<number>_<name>.py` in the service's folder `migrations`; its number is its name in Alembic, and
the highest one is what this release works with. So a start need not load Alembic to see that nothing is to be done.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, delete, insert, inspect, select, text

BASELINE = "0001"
"""What the first release made, which kept no note of it."""
_FILE = re.compile(r"^v(\d{4})_\w+\.py$")
_versions = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
Tell = Callable[[str], None]


class SchemaTooNew(OSError):
    """A store was written by a newer SIGA than this one."""


def revisions(folder: Path) -> list[str]:
    """The numbers of the revisions in a service's folder, oldest first."""
    return sorted(found[1] for file in folder.iterdir() if (found := _FILE.match(file.name)))


def revision_of(conn: Connection) -> str | None:
    """The revision a store is at; None when it holds nothing yet."""
    tables = set(inspect(conn).get_table_names())
    if _versions.name in tables:
        found: str | None = conn.scalar(select(_versions.c.version_num))
        return found
    return BASELINE if tables else None


def prepare(conn: Connection, metadata: MetaData, folder: Path, tell: Tell) -> None:
    """Bring a store to this release's shape in the caller's transaction; SchemaTooNew when it is ahead of it.

    `tell` is given a line before something that takes time begins.
    """
    known = revisions(folder)
    now = revision_of(conn)
    if now == known[-1]:
        return
    if now is None:
        metadata.create_all(conn)
        _versions.create(conn, checkfirst=True)
        _stamp(conn, known[-1])
        return
    refuse_unknown(now, folder)
    tell(f"Upgrading the store of {folder.parent.name}: schema {now} → {known[-1]} …")
    upgrade(conn, folder)


def refuse_unknown(revision: str, folder: Path) -> None:
    """SchemaTooNew unless this release knows the revision."""
    known = revisions(folder)
    if revision not in known:
        raise SchemaTooNew(
            f"the store of {folder.parent.name} has schema {revision}, and this SIGA knows schemas up to {known[-1]}: "
            "a newer SIGA wrote it; start that one, or restore a backup made before"
        )


def upgrade(conn: Connection, folder: Path, to: str | None = None) -> None:
    """Run the revisions that are missing, up to `to` or the newest, in the caller's transaction.

    A store of the first release is taken for what it is; an empty one gets every revision from the first on.
    """
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtext(current_schema()))"))
    now = revision_of(conn)
    _versions.create(conn, checkfirst=True)
    if now is not None:
        _stamp(conn, now)
    scripts = ScriptDirectory(str(folder), version_locations=[str(folder)])
    target = to or revisions(folder)[-1]

    def steps(heads: Any, _: MigrationContext) -> Any:
        return scripts._upgrade_revs(target, heads)

    context = MigrationContext.configure(conn, opts={"fn": steps, "transactional_ddl": True})
    with Operations.context(context):
        context.run_migrations()


def _stamp(conn: Connection, revision: str) -> None:
    conn.execute(delete(_versions))
    conn.execute(insert(_versions).values(version_num=revision))


def differences(conn: Connection, metadata: MetaData) -> list[str]:
    """How a store's shape differs from the declared one, in words; empty when it does not."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": False})
    found = [_in_words(one) for one in compare_metadata(context, metadata)]
    return [line for line in found if _versions.name not in line]


def _in_words(change: Any) -> str:
    if isinstance(change, list):
        return "; ".join(_in_words(one) for one in change)
    kind, *rest = change
    names = [
        getattr(one, "fullname", None) or getattr(one, "name", None) or str(one) for one in rest if one is not None
    ]
    return f"{kind}: {', '.join(str(name) for name in names)}"
