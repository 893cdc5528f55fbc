"""What the first release made, which kept no note of its schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from siga.kit.revisions import POSITION


def upgrade() -> None:
    """All tables."""
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.String(36), nullable=False),
        sa.Column("service", sa.String(60), nullable=False),
        sa.Column("event", sa.String(200), nullable=False),
        sa.Column("level", sa.String(10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("acknowledged_by", sa.String(80), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("alarm_id"),
    )
    op.create_index(
        "alarms_open",
        "alarms",
        ["service", "event"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_alarms_last_at", "alarms", ["last_at"])
    op.create_table(
        "records",
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.String(200), nullable=False),
        sa.Column("sequence", POSITION, autoincrement=False, nullable=False),
        sa.Column("service", sa.String(60), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("event", sa.String(200), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.Column("traceparent", sa.String(60), nullable=True),
        sa.Column("trace_id", sa.String(32), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("at", "process", "sequence"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "records_request",
        "records",
        ["request_id"],
        sqlite_where=sa.text("request_id IS NOT NULL"),
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_index(
        "records_serious", "records", ["at"], sqlite_where=sa.text("level >= 2"), postgresql_where=sa.text("level >= 2")
    )
    op.create_index("records_service", "records", ["service", "at"])
    op.create_index(
        "records_trace",
        "records",
        ["trace_id"],
        sqlite_where=sa.text("trace_id IS NOT NULL"),
        postgresql_where=sa.text("trace_id IS NOT NULL"),
    )
