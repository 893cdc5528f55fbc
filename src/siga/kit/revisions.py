"""What the services' schema revisions share: the journal's tables as each release made them, tables made anew.

What a release made stays here as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

_AT_ONCE = 5_000
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def make_journal_0001() -> None:
    """`events`, `cursors` and `dead_events` as first released."""
    op.create_table(
        "events",
        sa.Column("position", POSITION, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("subject_id", sa.String(80), nullable=False),
        sa.Column("sequence", POSITION, nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("traceparent", sa.String(60), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("event_id"),
    )
    op.create_index("ix_events_recorded_at", "events", ["recorded_at"])
    op.create_table(
        "cursors",
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("position", POSITION, nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "dead_events",
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("position", POSITION, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )


def rebuild(name: str, key: str, make: Callable[[], sa.Table], convert: Callable[[dict[str, Any]], dict[str, Any]],
            indexes: tuple[str, ...] = ()) -> None:  # fmt: skip
    """Make a table anew by `make` and bring every row over by `convert`, in the order of its (text) key.

    `indexes` are those of the old table, whose names the new one wants. SQLite can change constraints in no other way.
    """
    conn, old = op.get_bind(), f"{name}_before"
    for index in indexes:
        op.drop_index(index, name)
    op.rename_table(name, old)
    table = make()
    after = ""
    page = sa.text(f"SELECT * FROM {old} WHERE {key} > :after ORDER BY {key} LIMIT {_AT_ONCE}")  # noqa: S608
    while rows := conn.execute(page, {"after": after}).mappings().all():
        conn.execute(sa.insert(table), [convert(dict(row)) for row in rows])
        after = rows[-1][key]
    op.drop_table(old)


def make_deletion_proofs() -> None:
    """The table of `siga.kit.proofs` as first released."""
    op.create_table(
        "deletion_proofs",
        sa.Column("number", POSITION, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(60), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
