"""Second factors of people, tickets of half-done sign-ins, and when a session's person last showed who they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    """The tables of factors; sessions of before were confirmed at no known time."""
    op.add_column("sessions", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    op.add_column("sessions", sa.Column("must_enrol", sa.Integer(), server_default="0", nullable=False))
    op.add_column("sessions", sa.Column("locked", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "totp",
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("code_match", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "code_match"),
    )
    op.create_table(
        "passkeys",
        sa.Column("passkey_id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("credential_match", sa.String(64), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("rp_id", sa.String(253), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("synced", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("passkey_id"),
        sa.UniqueConstraint("credential_match"),
    )
    op.create_index("ix_passkeys_user_id", "passkeys", ["user_id"])
    op.create_table(
        "tickets",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=True),
        sa.Column("session_id", sa.String(36), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("ix_tickets_ends_at", "tickets", ["ends_at"])
    op.create_table(
        "second_factor_graces",
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
