"""Devices behind LoRaWAN network servers, and how every device is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from siga.kit.revisions import POSITION


def upgrade() -> None:
    """The tables of LoRaWAN, and that of the devices' health."""
    op.create_table(
        "device_health",
        sa.Column("device_id", sa.String(60), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("battery_pct", sa.Float(), nullable=True),
        sa.Column("battery_mv", sa.Integer(), nullable=True),
        sa.Column("temperature_c", sa.Float(), nullable=True),
        sa.Column("rssi_dbm", sa.Float(), nullable=True),
        sa.Column("snr_db", sa.Float(), nullable=True),
        sa.Column("mean_rssi_dbm", sa.Float(), nullable=True),
        sa.Column("mean_snr_db", sa.Float(), nullable=True),
        sa.Column("gaps", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_epoch", POSITION, nullable=True),
        sa.Column("last_sequence", POSITION, nullable=True),
        sa.Column("firmware", sa.String(40), nullable=True),
        sa.Column("faults", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_fault", sa.Text(), nullable=True),
        sa.Column("last_fault_at", sa.BigInteger(), nullable=True),
        sa.Column("battery_alarmed", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("signal_alarmed", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("device_id"),
    )
    op.create_table(
        "lorawan_claims",
        sa.Column("claim_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("dev_eui", sa.String(16), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("first_heard_at", sa.BigInteger(), nullable=False),
        sa.Column("last_heard_at", sa.BigInteger(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("last", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id"),
        sa.UniqueConstraint("municipality_id", "dev_eui"),
    )
    op.create_index("lorawan_claims_by_state", "lorawan_claims", ["municipality_id", "state", "last_heard_at"])
    op.create_table(
        "lorawan_devices",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("dev_eui", sa.String(16), nullable=False),
        sa.Column("device_id", sa.String(60), nullable=False),
        sa.Column("codec_id", sa.String(60), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("municipality_id", "dev_eui"),
        sa.UniqueConstraint("device_id"),
    )
    op.create_table(
        "lorawan_frames",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("dev_eui", sa.String(16), nullable=False),
        sa.Column("epoch", POSITION, autoincrement=False, nullable=False),
        sa.Column("f_cnt", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("server", sa.String(20), nullable=False),
        sa.Column("fingerprint", sa.String(24), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("held", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("municipality_id", "dev_eui", "epoch", "f_cnt"),
    )
    op.create_index("ix_lorawan_frames_received_at", "lorawan_frames", ["received_at"])
    op.create_index("lorawan_frames_by_counter", "lorawan_frames", ["municipality_id", "dev_eui", "f_cnt"])
    op.create_table(
        "lorawan_integrations",
        sa.Column("integration_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("old_hash", sa.String(64), nullable=True),
        sa.Column("old_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("messages", POSITION, server_default="0", nullable=False),
        sa.Column("uplinks", POSITION, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("integration_id"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_index("ix_lorawan_integrations_municipality_id", "lorawan_integrations", ["municipality_id"])
    op.create_index("ix_lorawan_integrations_old_hash", "lorawan_integrations", ["old_hash"])
    op.create_table(
        "lorawan_sessions",
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("dev_eui", sa.String(16), nullable=False),
        sa.Column("server", sa.String(20), nullable=False),
        sa.Column("session", sa.String(120), nullable=False),
        sa.Column("epoch", POSITION, autoincrement=False, nullable=False),
        sa.Column("dev_addr", sa.String(16), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("top_f_cnt", sa.BigInteger(), nullable=True),
        sa.Column("top_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("municipality_id", "dev_eui", "server", "session", "epoch"),
    )
