"""Values, revisions and their changes as kept: SQLAlchemy Core, one text for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from siga.contract.operations import Revision, SettingChange
from siga.contract.settings import Value
from siga.kit.columns import Instant, Json
from siga.kit.journal import Journal
from siga.services.config.model import Stored

metadata = MetaData()
journal = Journal("config", metadata)

settings = Table(
    "settings",
    metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("key", String(80), primary_key=True),
    Column("value", Json, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("author", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)

revisions = Table(
    "revisions",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("municipality_id", String(36), nullable=False),
    Column("author", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rolled_back_to", Integer),
)
Index("revisions_scope", revisions.c.municipality_id, revisions.c.revision)

changes = Table(
    "changes",
    metadata,
    Column("revision", Integer, primary_key=True),
    Column("key", String(80), primary_key=True),
    Column("before", Json),
    Column("after", Json),
)


def newest(conn: Connection) -> int:
    """The newest revision, 0 before the first."""
    return int(conn.scalar(select(func.max(revisions.c.revision))) or 0)


def stored(conn: Connection, scopes: Collection[str] | None = None) -> list[Stored]:
    """All values that were set, in these scopes or in all."""
    query = select(settings)
    if scopes is not None:
        query = query.where(settings.c.municipality_id.in_(scopes))
    return [Stored(**row) for row in conn.execute(query).mappings()]


def last_change(conn: Connection, municipality_id: str, key: str) -> int:
    """The newest revision that changed this value in this scope, 0 when none did."""
    query = (
        select(func.max(changes.c.revision))
        .join(revisions, revisions.c.revision == changes.c.revision)
        .where(revisions.c.municipality_id == municipality_id, changes.c.key == key)
    )
    return int(conn.scalar(query) or 0)


def values_at(conn: Connection, municipality_id: str, revision: int) -> dict[str, Value]:
    """The values set in a scope as they stood at a revision."""
    query = (
        select(changes.c.key, changes.c.after)
        .join(revisions, revisions.c.revision == changes.c.revision)
        .where(revisions.c.municipality_id == municipality_id, changes.c.revision <= revision)
        .order_by(changes.c.revision)
    )
    last = {row.key: row.after for row in conn.execute(query)}
    return {key: value for key, value in last.items() if value is not None}


def add(conn: Connection, revision: Revision) -> None:
    """Keep a revision and put its values in place."""
    mine = settings.c.municipality_id == revision.municipality_id
    conn.execute(
        insert(revisions).values(
            revision=revision.revision, municipality_id=revision.municipality_id, author=revision.author,
            at=revision.at, reason=revision.reason, rolled_back_to=revision.rolled_back_to,
        )
    )  # fmt: skip
    for change in revision.changes:
        row = {"revision": revision.revision, "key": change.key, "before": change.before, "after": change.after}
        conn.execute(insert(changes).values(**row))
        conn.execute(delete(settings).where(mine, settings.c.key == change.key))
        if change.after is not None:
            conn.execute(
                insert(settings).values(
                    municipality_id=revision.municipality_id, key=change.key, value=change.after,
                    revision=revision.revision, author=revision.author, at=revision.at,
                )
            )  # fmt: skip


def found(conn: Connection, scopes: Collection[str], limit: int, before: int | None = None,
          key: str | None = None) -> list[Revision]:  # fmt: skip
    """Revisions of these scopes, newest first, older than `before`, that changed `key` if one is given."""
    query = select(revisions).where(revisions.c.municipality_id.in_(scopes))
    if before is not None:
        query = query.where(revisions.c.revision < before)
    if key is not None:
        query = query.where(revisions.c.revision.in_(select(changes.c.revision).where(changes.c.key == key)))
    rows = list(conn.execute(query.order_by(revisions.c.revision.desc()).limit(limit)).mappings())
    by_revision = _changes_of(conn, [row["revision"] for row in rows])
    return [Revision(changes=by_revision.get(row["revision"], []), **row) for row in rows]


def one(conn: Connection, revision: int) -> Revision | None:
    """One revision, None when there is none of that number."""
    row = conn.execute(select(revisions).where(revisions.c.revision == revision)).mappings().first()
    if row is None:
        return None
    return Revision(changes=_changes_of(conn, [revision]).get(revision, []), **row)


def _changes_of(conn: Connection, numbers: Sequence[int]) -> dict[int, list[SettingChange]]:
    by_revision: dict[int, list[SettingChange]] = {}
    query = select(changes).where(changes.c.revision.in_(numbers)).order_by(changes.c.key)
    for number, key, before, after in conn.execute(query):
        by_revision.setdefault(number, []).append(SettingChange(key=key, before=before, after=after))
    return by_revision


def made_at(conn: Connection, numbers: Collection[int]) -> dict[int, datetime]:
    """When these revisions were made."""
    query = select(revisions.c.revision, revisions.c.at).where(revisions.c.revision.in_(numbers))
    return {row.revision: row.at for row in conn.execute(query)}
