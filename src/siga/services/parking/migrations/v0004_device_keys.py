"""Devices' keys are counted; a newer one waits for its first use; public keys are remembered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    """The count of keys, and the tables of keys that wait and of public keys."""
    op.add_column("devices", sa.Column("key_no", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "waiting_keys",
        sa.Column("device_id", sa.String(60), nullable=False),
        sa.Column("key_no", sa.Integer(), nullable=False),
        sa.Column("key_kind", sa.String(10), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("older_ends_at", sa.BigInteger(), nullable=False),
        sa.Column("floor", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("device_id"),
    )
    op.create_table(
        "public_keys",
        sa.Column("device_id", sa.String(60), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("key_no", sa.Integer(), nullable=False),
        sa.Column("floor", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "key_hash"),
    )
