"""Parking's own tables: the map, the devices, the live state, what was reported, and read copies of others."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from siga.contract.parking import Bay, Device, Rule, Zone
from siga.contract.users import AccreditationBrief, CredentialCopy, Municipality
from siga.kit.columns import Instant, Json, Position
from siga.kit.journal import Journal

metadata = MetaData()
journal = Journal("parking", metadata)

zones = Table(
    "zones", metadata,
    Column("zone_id", String(36), primary_key=True),
    Column("municipality_id", String(36), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("zone", Json(Zone), nullable=False),
    UniqueConstraint("municipality_id", "name"),
)  # fmt: skip

# `state` is packed (columns.packed); `place` is the bay's place in memory; `period_s` that of the sensor on it.
bays = Table(
    "bays", metadata,
    Column("bay_id", String(36), primary_key=True),
    Column("municipality_id", String(36), nullable=False),
    Column("zone_id", String(36), nullable=False, index=True),
    Column("code", String(60), nullable=False),
    Column("folded_code", String(60), nullable=False),
    Column("folded_address", Text, nullable=False, server_default=""),
    Column("external_id", String(200)),
    Column("bay", Json(Bay), nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("place", Integer, nullable=False, unique=True),
    Column("period_s", Integer),
    UniqueConstraint("municipality_id", "folded_code"),
    UniqueConstraint("municipality_id", "external_id"),
)  # fmt: skip

rules = Table(
    "rules", metadata,
    Column("rule_id", String(36), primary_key=True),
    Column("municipality_id", String(36), nullable=False, index=True),
    Column("rule", Json(Rule), nullable=False),
)  # fmt: skip

devices = Table(
    "devices", metadata,
    Column("device_id", String(60), primary_key=True),
    Column("municipality_id", String(36), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("listed_under", String(60), index=True),
    Column("external_id", String(200)),
    Column("device", Json(Device), nullable=False),
    Column("sealed_key", Text),
    Column("code_hash", String(64), unique=True),
    Column("epoch", Integer, nullable=False, default=0),
    Column("nonce_top", Position, nullable=False, default=-1),
    Column("nonce_bits", Text, nullable=False, default="0"),
    Column("key_no", Integer, nullable=False, server_default="0"),
    UniqueConstraint("municipality_id", "external_id"),
)  # fmt: skip

assignments = Table(
    "assignments", metadata,
    Column("assignment", Integer, primary_key=True, autoincrement=False),
    Column("device_id", String(60), nullable=False, index=True),
    Column("bay_id", String(36), nullable=False, index=True),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
)  # fmt: skip

reports = Table(
    "reports", metadata,
    Column("device_id", String(60), primary_key=True),
    Column("epoch", Position, primary_key=True),
    Column("sequence", Position, primary_key=True),
    Column("bay_id", String(36)),
    Column("assignment", Integer),
    Column("occupied", Boolean, nullable=False),
    Column("observed_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("credential", String(64)),
    Column("status", String(12), nullable=False),
    Column("previous_duration_s", Integer),
    Column("previous_error_s", Integer),
    Column("simulated", Boolean, nullable=False, server_default="0"),
    Index("reports_by_bay", "bay_id", "assignment", "epoch", "sequence"),
    Index(
        "reports_credential", "received_at", sqlite_where=text("credential IS NOT NULL"),
        postgresql_where=text("credential IS NOT NULL"),
    ),
)  # fmt: skip

# Bays whose state changed without an event: a start from a snapshot reads them besides those of the journal's tail.
quiet_changes = Table(
    "quiet_changes", metadata,
    Column("bay_id", String(36), primary_key=True),
    Column("position", Position, nullable=False),
)  # fmt: skip

doubts = Table(
    "doubts", metadata,
    Column("doubt_id", String(36), primary_key=True),
    Column("bay_id", String(36), nullable=False, index=True),
    Column("by_whom", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)  # fmt: skip

addresses = Table(
    "addresses", metadata,
    Column("address_id", String(80), primary_key=True),
    Column("municipality_id", String(36), nullable=False, index=True),
    Column("folded", Text, nullable=False, index=True),
    Column("street", String(200), nullable=False),
    Column("number", String(20), nullable=False),
    Column("place", String(200), nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
)  # fmt: skip

credentials = Table(
    "credentials", metadata,
    Column("credential", String(64), primary_key=True),
    Column("row", Json(CredentialCopy), nullable=False),
)  # fmt: skip

accreditations = Table(
    "accreditations", metadata,
    Column("accreditation_id", String(36), primary_key=True),
    Column("brief", Json(AccreditationBrief), nullable=False),
)  # fmt: skip

municipalities = Table(
    "municipalities", metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("municipality", Json(Municipality), nullable=False),
)  # fmt: skip
