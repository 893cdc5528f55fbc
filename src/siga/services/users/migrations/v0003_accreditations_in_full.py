"""Issuers of other countries, the holder's language, words to search holders by, warnings, alarms about cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

_NOT_REVOKED = sa.text("status <> 'revoked'")


def upgrade() -> None:
    """New columns of accreditations and cards, and two tables."""
    op.add_column("accreditations", sa.Column("issuer_country", sa.String(2), server_default="", nullable=False))
    op.add_column("accreditations", sa.Column("language", sa.String(10), server_default="es", nullable=False))
    op.add_column("accreditations", sa.Column("holder_words", sa.Integer(), server_default="0", nullable=False))
    op.add_column("accreditations", sa.Column("warned_for", sa.String(10), nullable=True))
    op.add_column("credentials", sa.Column("revoked_reason", sa.String(20), nullable=True))
    # Until now every issuer was taken to be of the municipality's own country.
    op.execute(
        "UPDATE accreditations SET issuer_country = COALESCE((SELECT country FROM municipalities"
        " WHERE municipalities.municipality_id = accreditations.municipality_id), '')"
    )
    op.drop_index("one_accreditation_a_number", "accreditations")
    op.create_index(
        "one_accreditation_a_number",
        "accreditations",
        ["municipality_id", "number_match", "issuer", "issuer_country"],
        unique=True,
        sqlite_where=_NOT_REVOKED,
        postgresql_where=_NOT_REVOKED,
    )
    op.create_index("accreditations_by_end", "accreditations", ["municipality_id", "valid_to"])
    op.create_table(
        "holder_words",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("word", sa.String(64), nullable=False),
        sa.Column("accreditation_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("municipality_id", "word", "accreditation_id"),
    )
    op.create_index("ix_holder_words_accreditation_id", "holder_words", ["accreditation_id"])
    op.create_table(
        "card_alarms",
        sa.Column("alarm_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("accreditation_id", sa.String(36), nullable=False),
        sa.Column("credential_id", sa.String(36), nullable=False),
        sa.Column("ends_with", sa.String(4), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("other_bay_id", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("metres", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("acknowledged_by", sa.String(80), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("alarm_id"),
    )
    op.create_index("card_alarms_by_municipality", "card_alarms", ["municipality_id", "alarm_id"])
    op.create_index("ix_card_alarms_accreditation_id", "card_alarms", ["accreditation_id"])
