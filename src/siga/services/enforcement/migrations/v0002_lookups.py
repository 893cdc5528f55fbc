"""The budget of officers' checks at the kerb."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    """One new table; nothing that was there changes."""
    op.create_table(
        "lookups",
        sa.Column("lookup_id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(80), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lookup_id"),
    )
    op.create_index("lookups_of", "lookups", ["user_id", "municipality_id"])
