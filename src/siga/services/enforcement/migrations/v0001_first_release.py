"""What the first release made, which kept no note of its schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from siga.kit.revisions import make_journal_0001


def upgrade() -> None:
    """All tables."""
    make_journal_0001()
    op.create_table(
        "case_photos",
        sa.Column("photo_id", sa.String(36), nullable=False),
        sa.Column("about_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("photo_id"),
    )
    op.create_index("ix_case_photos_about_id", "case_photos", ["about_id"])
    op.create_index("ix_case_photos_case_id", "case_photos", ["case_id"])
    op.create_index("ix_case_photos_stage", "case_photos", ["stage"])
    op.create_table(
        "case_reports",
        sa.Column("report_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
    )
    op.create_index("ix_case_reports_case_id", "case_reports", ["case_id"])
    op.create_table(
        "case_steps",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "number"),
    )
    op.create_table(
        "cases",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("zone_id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("stay_id", sa.String(36), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("occupied_since", sa.BigInteger(), nullable=True),
        sa.Column("opened_by", sa.String(80), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("holder_id", sa.String(80), nullable=True),
        sa.Column("still_there", sa.Boolean(), nullable=True),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.Column("photo_state", sa.String(20), nullable=False),
        sa.Column("photo_until", sa.BigInteger(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("plate_sealed", sa.Text(), nullable=True),
        sa.Column("plate_check", sa.String(20), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("undo_until", sa.BigInteger(), nullable=True),
        sa.Column("undo_state", sa.String(20), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("listed_until", sa.BigInteger(), nullable=True),
        sa.Column("erase_at", sa.BigInteger(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rank", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("case_id"),
        sa.UniqueConstraint("stay_id"),
    )
    op.create_index("cases_by_bay", "cases", ["bay_id", "state"])
    op.create_index("cases_by_end", "cases", ["erase_at"])
    op.create_index("cases_by_opening", "cases", ["municipality_id", "opened_at"])
    op.create_index("cases_by_photo", "cases", ["photo_state", "photo_until"])
    op.create_index("cases_by_rank", "cases", ["municipality_id", "state", "rank"])
    op.create_table(
        "duties",
        sa.Column("user_id", sa.String(80), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("zone_ids", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "municipality_id"),
    )
    op.create_table(
        "photo_holds",
        sa.Column("photo_id", sa.String(36), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("photo_id"),
    )
    op.create_index("ix_photo_holds_told", "photo_holds", ["told"])
    op.create_table(
        "photo_tasks",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("device_id", sa.String(80), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "device_id"),
    )
    op.create_index("tasks_of_device", "photo_tasks", ["device_id", "wanted"])
    op.create_table(
        "would_have",
        sa.Column("would_have_id", sa.String(36), nullable=False),
        sa.Column("source_key", sa.String(100), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("zone_id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("occupied_since", sa.BigInteger(), nullable=True),
        sa.Column("suspected_at", sa.BigInteger(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("would_have_id"),
        sa.UniqueConstraint("source_key"),
    )
    op.create_index("would_have_by_time", "would_have", ["municipality_id", "would_have_id"])
