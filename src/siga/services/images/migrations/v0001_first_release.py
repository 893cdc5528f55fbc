"""What the first release made, which kept no note of its schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from siga.kit.revisions import make_journal_0001


def upgrade() -> None:
    """All tables."""
    make_journal_0001()
    op.create_table(
        "doomed_files",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(36), nullable=False),
        sa.Column("photo_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("rank_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("job_id"),
        sa.UniqueConstraint("photo_id"),
    )
    op.create_index("jobs_by_turn", "jobs", ["state", "municipality_id", "rank_at"])
    op.create_table(
        "photos",
        sa.Column("photo_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("site_country", sa.String(2), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("wrapped_key", sa.String(120), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("photo_id"),
        sa.UniqueConstraint("case_id", "sha256"),
    )
    op.create_index("photos_by_age", "photos", ["municipality_id", "stored_at"])
    op.create_table(
        "readings",
        sa.Column("photo_id", sa.String(36), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("photo_id"),
    )
    op.create_table(
        "turns",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("served_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("municipality_id"),
    )
