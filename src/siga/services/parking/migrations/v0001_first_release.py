"""What the first release made, which kept no note of its schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from siga.kit.revisions import POSITION, make_journal_0001


def upgrade() -> None:
    """All tables."""
    make_journal_0001()
    op.create_table(
        "accreditations",
        sa.Column("accreditation_id", sa.String(36), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("accreditation_id"),
    )
    op.create_table(
        "addresses",
        sa.Column("address_id", sa.String(80), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("street", sa.String(200), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("address_id"),
    )
    op.create_index("ix_addresses_folded", "addresses", ["folded"])
    op.create_index("ix_addresses_municipality_id", "addresses", ["municipality_id"])
    op.create_table(
        "assignments",
        sa.Column("assignment", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device_id", sa.String(60), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("assignment"),
    )
    op.create_index("ix_assignments_bay_id", "assignments", ["bay_id"])
    op.create_index("ix_assignments_device_id", "assignments", ["device_id"])
    op.create_table(
        "bays",
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("zone_id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("bay", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bay_id"),
        sa.UniqueConstraint("municipality_id", "code"),
        sa.UniqueConstraint("municipality_id", "external_id"),
    )
    op.create_index("ix_bays_zone_id", "bays", ["zone_id"])
    op.create_table(
        "credentials",
        sa.Column("credential", sa.String(64), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("credential"),
    )
    op.create_table(
        "devices",
        sa.Column("device_id", sa.String(60), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=True),
        sa.Column("code_hash", sa.String(64), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("nonce_top", POSITION, nullable=False),
        sa.Column("nonce_bits", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device_id"),
        sa.UniqueConstraint("code_hash"),
    )
    op.create_index("ix_devices_municipality_id", "devices", ["municipality_id"])
    op.create_table(
        "doubts",
        sa.Column("doubt_id", sa.String(36), nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("by_whom", sa.String(80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("doubt_id"),
    )
    op.create_index("ix_doubts_bay_id", "doubts", ["bay_id"])
    op.create_table(
        "municipalities",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("municipality", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("municipality_id"),
    )
    op.create_table(
        "reports",
        sa.Column("device_id", sa.String(60), nullable=False),
        sa.Column("epoch", POSITION, nullable=False),
        sa.Column("sequence", POSITION, nullable=False),
        sa.Column("bay_id", sa.String(36), nullable=True),
        sa.Column("assignment", sa.Integer(), nullable=True),
        sa.Column("occupied", sa.Boolean(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("credential", sa.String(64), nullable=True),
        sa.Column("status", sa.String(12), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "epoch", "sequence"),
    )
    op.create_index("reports_by_bay", "reports", ["bay_id", "assignment", "epoch", "sequence"])
    op.create_table(
        "rules",
        sa.Column("rule_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id"),
    )
    op.create_index("ix_rules_municipality_id", "rules", ["municipality_id"])
    op.create_table(
        "zones",
        sa.Column("zone_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("zone_id"),
        sa.UniqueConstraint("municipality_id", "name"),
    )
    op.create_index("ix_zones_municipality_id", "zones", ["municipality_id"])
