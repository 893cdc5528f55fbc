"""Parking's tables of LoRaWAN: network servers, devices, their sessions and frames, and devices nobody has claimed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, UniqueConstraint

from siga.contract.lorawan import Uplink
from siga.kit.columns import Instant, Json, Position
from siga.services.parking.tables import metadata

# Of a secret only its SHA-256 is kept; the one before opens too until `old_until`.
integrations = Table(
    "lorawan_integrations", metadata,
    Column("integration_id", String(36), primary_key=True),
    Column("municipality_id", String(36), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("name", String(120), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("old_hash", String(64), index=True),
    Column("old_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("rotated_at", Instant),
    Column("heard_at", Instant),
    Column("messages", Position, nullable=False, server_default="0"),
    Column("uplinks", Position, nullable=False, server_default="0"),
)  # fmt: skip

devices = Table(
    "lorawan_devices", metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("dev_eui", String(16), primary_key=True),
    Column("device_id", String(60), nullable=False, unique=True),
    Column("codec_id", String(60), nullable=False),
    Column("claimed_at", Instant, nullable=False),
)  # fmt: skip

# Under which epoch the frames of a session stand in the order of reports. Two servers that hear the same session have
# a row each with the same epoch. `top_*` is the frame with the highest counter.
sessions = Table(
    "lorawan_sessions", metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("dev_eui", String(16), primary_key=True),
    Column("server", String(20), primary_key=True),
    Column("session", String(120), primary_key=True),
    Column("epoch", Position, primary_key=True, autoincrement=False),
    Column("dev_addr", String(16), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("top_f_cnt", BigInteger),
    Column("top_at", Instant),
)  # fmt: skip

# Each frame once, whatever gateway or server brought it. `held` is what is kept to be read again: frames of devices
# nobody has claimed, and those that the device's codec could not read.
frames = Table(
    "lorawan_frames", metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("dev_eui", String(16), primary_key=True),
    Column("epoch", Position, primary_key=True, autoincrement=False),
    Column("f_cnt", BigInteger, primary_key=True, autoincrement=False),
    Column("server", String(20), nullable=False),
    Column("fingerprint", String(24), nullable=False),
    Column("observed_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False, index=True),
    Column("outcome", String(12), nullable=False),
    Column("held", Json(Uplink)),
    Index("lorawan_frames_by_counter", "municipality_id", "dev_eui", "f_cnt"),
)  # fmt: skip

claims = Table(
    "lorawan_claims", metadata,
    Column("claim_id", String(36), primary_key=True),
    Column("municipality_id", String(36), nullable=False),
    Column("dev_eui", String(16), nullable=False),
    Column("state", String(12), nullable=False),
    Column("first_heard_at", Instant, nullable=False),
    Column("last_heard_at", Instant, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("last", Json(Uplink), nullable=False),
    UniqueConstraint("municipality_id", "dev_eui"),
    Index("lorawan_claims_by_state", "municipality_id", "state", "last_heard_at"),
)  # fmt: skip
