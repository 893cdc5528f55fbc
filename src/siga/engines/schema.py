"""The shape of a store over the years: one line of revisions a service, each written with Alembic's operations.

A revision is a module `v<number>_<name>` in the service's package `migrations` with a function `upgrade()`; the highest
number is what this release works with. So a start need not load Alembic to see that nothing is to be done.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, delete, insert, inspect, select, text

BASELINE = "0001"
"""What the first release made, which kept no note of it."""
_MODULE = re.compile(r"^v(\d{4})_\w+$")
_versions = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
Tell = Callable[[str], None]


class SchemaTooNew(OSError):
    """A store was written by a newer SIGA than this one."""


def revisions(package: str) -> dict[str, str]:
    """Number → module of the revisions in a service's package, oldest first."""
    found = importlib.import_module(package)
    names = sorted(module.name for module in pkgutil.iter_modules(found.__path__) if _MODULE.match(module.name))
    return {name[1:5]: f"{package}.{name}" for name in names}


def head(package: str) -> str:
    """The newest revision, with which this release works."""
    return list(revisions(package))[-1]


def revision_of(conn: Connection) -> str | None:
    """The revision a store is at; None when it holds nothing yet."""
    tables = set(inspect(conn).get_table_names())
    if _versions.name in tables:
        found: str | None = conn.scalar(select(_versions.c.version_num))
        return found
    return BASELINE if tables else None


def prepare(conn: Connection, metadata: MetaData, package: str, tell: Tell) -> None:
    """Bring a store to this release's shape in the caller's transaction; SchemaTooNew when it is ahead of it.

    `tell` is given a line before something that takes time begins.
    """
    newest, now = head(package), revision_of(conn)
    if now == newest:
        if now == BASELINE and not inspect(conn).has_table(_versions.name):
            _stamp(conn, now)
        return
    if now is None:
        metadata.create_all(conn)
        _stamp(conn, newest)
        return
    refuse_unknown(now, package)
    tell(f"Upgrading the store of {service_of(package)}: schema {now} → {newest} …")
    upgrade(conn, package)


def refuse_unknown(revision: str, package: str) -> None:
    """SchemaTooNew unless this release knows the revision."""
    if revision not in revisions(package):
        raise SchemaTooNew(
            f"the store of {service_of(package)} has schema {revision}, and this SIGA knows schemas up to "
            f"{head(package)}: a newer SIGA wrote it; start that one, or restore a backup made before"
        )


def service_of(package: str) -> str:
    """The service whose package of revisions this is."""
    return package.split(".")[-2]


def upgrade(conn: Connection, package: str, to: str | None = None) -> None:
    """Run the revisions that are missing, up to `to` or the newest, in the caller's transaction.

    A store of the first release is taken for what it is; an empty one gets every revision from the first on.
    """
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtext(current_schema()))"))
    now, known = revision_of(conn) or "", revisions(package)
    with Operations.context(MigrationContext.configure(conn)):
        for number, module in known.items():
            if now < number <= (to or number):
                importlib.import_module(module).upgrade()
                _stamp(conn, number)


def _stamp(conn: Connection, revision: str) -> None:
    _versions.create(conn, checkfirst=True)
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
    named = [getattr(one, "fullname", None) or getattr(one, "name", None) or one for one in rest if one is not None]
    return f"{kind}: {', '.join(map(str, named))}"
