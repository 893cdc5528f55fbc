"""What the first release made, which kept no note of its schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from siga.kit.revisions import make_journal_0001


def upgrade() -> None:
    """All tables."""
    make_journal_0001()
    op.create_table(
        "changes",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("revision", "key"),
    )
    op.create_table(
        "revisions",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rolled_back_to", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("revision"),
    )
    op.create_index("revisions_scope", "revisions", ["municipality_id", "revision"])
    op.create_table(
        "settings",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("municipality_id", "key"),
    )
