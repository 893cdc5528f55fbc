"""What is only known in hindsight: how exact instants are, and which corrections were told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    """Errors of changes and stays, and the table of corrections."""
    op.add_column("changes", sa.Column("error_s", sa.Integer(), nullable=True))
    op.add_column("stays", sa.Column("started_error_s", sa.Integer(), nullable=True))
    op.add_column("stays", sa.Column("ended_error_s", sa.Integer(), nullable=True))
    op.create_table(
        "corrections",
        sa.Column("bay_no", sa.BigInteger(), nullable=False),
        sa.Column("assignment", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bay_no", "assignment", "epoch", "sequence"),
        sqlite_with_rowid=False,
    )
