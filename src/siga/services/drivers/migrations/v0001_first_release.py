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
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("zone_id", sa.String(36), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("personal_accreditation_id", sa.String(36), nullable=True),
        sa.Column("life", sa.String(20), nullable=False),
        sa.Column("closed_from", sa.BigInteger(), nullable=True),
        sa.Column("closed_to", sa.BigInteger(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stay_id", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("bay_id"),
    )
    op.create_table(
        "cases",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("stay_id", sa.String(80), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index("ix_cases_bay_id", "cases", ["bay_id"])
    op.create_table(
        "check_ins",
        sa.Column("check_in_id", sa.String(36), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("who", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("accreditation_id", sa.String(36), nullable=True),
        sa.Column("declaration", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("stay_id", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("check_in_id"),
    )
    op.create_index("ix_check_ins_bay_id", "check_ins", ["bay_id"])
    op.create_index("ix_check_ins_ended_at", "check_ins", ["ended_at"])
    op.create_index("ix_check_ins_who", "check_ins", ["who"])
    op.create_index(
        "one_open_check_in_a_bay",
        "check_ins",
        ["bay_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "doubts",
        sa.Column("doubt_id", sa.String(36), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("who", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("doubt_id"),
    )
    op.create_index("doubts_of_one", "doubts", ["who", "at"])
    op.create_index("ix_doubts_at", "doubts", ["at"])
    op.create_index("ix_doubts_bay_id", "doubts", ["bay_id"])
    op.create_table(
        "favourites",
        sa.Column("favourite_id", sa.String(36), nullable=False),
        sa.Column("who", sa.String(32), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=True),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("favourite_id"),
        sa.UniqueConstraint("who", "bay_id"),
    )
    op.create_table(
        "municipalities",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.PrimaryKeyConstraint("municipality_id"),
    )
    op.create_table(
        "ratings",
        sa.Column("rating_id", sa.String(36), nullable=False),
        sa.Column("check_in_id", sa.String(36), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("kerb", sa.Integer(), nullable=False),
        sa.Column("surface", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("rated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rating_id"),
        sa.UniqueConstraint("check_in_id"),
    )
    op.create_index("ix_ratings_bay_id", "ratings", ["bay_id"])
    op.create_table(
        "reports",
        sa.Column("report_id", sa.String(36), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("zone_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("problem", sa.String(20), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("who", sa.String(32), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("photo_id", sa.String(80), nullable=True),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("case_id", sa.String(36), nullable=True),
        sa.Column("case_position", POSITION, nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
    )
    op.create_index("ix_reports_bay_id", "reports", ["bay_id"])
    op.create_index("ix_reports_resolved_at", "reports", ["resolved_at"])
    op.create_index("reports_of_a_town", "reports", ["municipality_id", "report_id"])
    op.create_index("reports_of_one", "reports", ["who", "at"])
