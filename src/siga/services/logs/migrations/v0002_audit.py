"""The tamper-evident audit: a journal of its own acts, chained records, where each chain stands, signed heads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from siga.kit.revisions import POSITION, make_journal_0001


def upgrade() -> None:
    """Four new tables and the journal's; nothing that was there changes."""
    make_journal_0001()
    op.create_table(
        "audit_records",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("number", POSITION, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("thing", sa.String(40), nullable=False),
        sa.Column("thing_id", sa.String(80), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("municipality_id", "number"),
        sa.UniqueConstraint("event_id"),
    )
    op.create_index("audit_records_who", "audit_records", ["who", "at"])
    op.create_index("audit_records_thing", "audit_records", ["thing_id", "at"])
    op.create_table(
        "audit_chains",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("number", POSITION, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("municipality_id"),
    )
    op.create_table(
        "audit_heads",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("head", POSITION, autoincrement=False, nullable=False),
        sa.Column("number", POSITION, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("municipality_id", "head"),
    )
