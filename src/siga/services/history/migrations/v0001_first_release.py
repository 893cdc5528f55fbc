"""What the first release made, which kept no note of its schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from siga.kit.revisions import POSITION, make_journal_0001


def upgrade() -> None:
    """All tables."""
    make_journal_0001()
    op.create_table(
        "bays",
        sa.Column("bay_no", POSITION, nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("place_no", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=True),
        sa.Column("current", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=True),
        sa.Column("stay_id", sa.String(36), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
        sa.Column("first_told_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_again_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("bay_no"),
        sa.UniqueConstraint("bay_id"),
    )
    op.create_index("ix_bays_municipality_id", "bays", ["municipality_id"])
    op.create_table(
        "changes",
        sa.Column("bay_no", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=True),
        sa.Column("occupancy", sa.String(10), nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("place_no", sa.BigInteger(), nullable=False),
        sa.Column("authorisation", sa.String(15), nullable=True),
        sa.Column("previous_occupancy", sa.String(10), nullable=True),
        sa.Column("previous_authorisation", sa.String(15), nullable=True),
        sa.Column("authorised_by", sa.String(10), nullable=True),
        sa.Column("stay_id", sa.String(36), nullable=True),
        sa.Column("subject", sa.String(48), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=True),
        sa.Column("said_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("bay_no", "at", "ordinal"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "changes_subject",
        "changes",
        ["at"],
        sqlite_where=sa.text("subject IS NOT NULL"),
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
    op.create_table(
        "gaps",
        sa.Column("bay_no", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("place_no", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("occupied", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("bay_no", "started_at", "opened"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "gaps_open",
        "gaps",
        ["bay_no"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "places",
        sa.Column("place_no", POSITION, nullable=False),
        sa.Column("bay_no", sa.BigInteger(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("zone_id", sa.String(36), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("place_no"),
    )
    op.create_index("ix_places_bay_no", "places", ["bay_no"])
    op.create_table(
        "stays",
        sa.Column("bay_no", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("place_no", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(10), nullable=True),
        sa.Column("stay_id", sa.String(36), nullable=True),
        sa.Column("authorisation", sa.String(15), nullable=True),
        sa.Column("authorised_by", sa.String(10), nullable=True),
        sa.Column("subject", sa.String(48), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("known_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bay_no", "started_at", "opened"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "stays_open",
        "stays",
        ["bay_no"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "stays_stay",
        "stays",
        ["stay_id"],
        sqlite_where=sa.text("stay_id IS NOT NULL"),
        postgresql_where=sa.text("stay_id IS NOT NULL"),
    )
    op.create_index(
        "stays_subject",
        "stays",
        ["ended_at"],
        sqlite_where=sa.text("subject IS NOT NULL"),
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
