"""Enforcement's tables, one text for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from siga.contract.parking import SuspicionReason
from siga.kit.columns import Instant, Json
from siga.kit.journal import Journal
from siga.services.enforcement.model import Evidence

metadata = MetaData()
journal = Journal("enforcement", metadata)

_ID = String(36)

cases = Table(
    "cases",
    metadata,
    Column("case_id", _ID, primary_key=True),
    Column("municipality_id", _ID, nullable=False),
    Column("bay_id", _ID, nullable=False),
    Column("zone_id", _ID, nullable=False),
    Column("code", String(80), nullable=False),
    Column("address", Text, nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("category", String(20), nullable=False),
    Column("reasons", Json(tuple[SuspicionReason, ...]), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("stay_id", _ID, unique=True),
    Column("evidence", Json(Evidence), nullable=False),
    Column("occupied_since", Instant),
    Column("opened_by", String(80), nullable=False),
    Column("note", Text),
    Column("state", String(20), nullable=False),
    Column("outcome", String(20)),
    Column("resolution", Text),
    Column("holder_id", String(80)),
    Column("still_there", Boolean),
    Column("gone_at", Instant),
    Column("photo_state", String(20), nullable=False),
    Column("photo_until", Instant),
    Column("complete", Boolean, nullable=False),
    Column("plate_sealed", Text),
    Column("plate_check", String(20), nullable=False),
    Column("reports", Integer, nullable=False),
    Column("undo_until", Instant),
    Column("undo_state", String(20)),
    Column("closed_at", Instant),
    Column("listed_until", Instant),
    Column("erase_at", Instant),
    Column("automatic", Boolean, nullable=False),
    Column("personal", Boolean, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("rank", String(40), nullable=False),
    Index("cases_by_bay", "bay_id", "state"),
    Index("cases_by_rank", "municipality_id", "state", "rank"),
    Index("cases_by_opening", "municipality_id", "opened_at"),
    Index("cases_by_end", "erase_at"),
    Index("cases_by_photo", "photo_state", "photo_until"),
)
"""`rank` is `certainty.actionability`, kept so that the queue can be read in its order."""

steps = Table(
    "case_steps",
    metadata,
    Column("case_id", _ID, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("who", String(80), nullable=False),
    Column("what", String(40), nullable=False),
    Column("detail", Json(dict[str, Any]), nullable=False),
    PrimaryKeyConstraint("case_id", "number"),
)
"""Append-only: nothing here is ever changed or taken away."""

photos = Table(
    "case_photos",
    metadata,
    Column("photo_id", _ID, primary_key=True),
    Column("about_id", _ID, nullable=False, index=True),
    Column("case_id", _ID, index=True),
    Column("sha256", String(64), nullable=False),
    Column("stored_at", Instant, nullable=False),
    Column("stage", String(10), nullable=False, index=True),
)
"""`about_id` is what Images was told: a case's id or a report's. `stage`: stored, read (to be judged), judged."""

reports = Table(
    "case_reports",
    metadata,
    Column("report_id", _ID, primary_key=True),
    Column("case_id", _ID, nullable=False, index=True),
    Column("at", Instant, nullable=False),
)

tasks = Table(
    "photo_tasks",
    metadata,
    Column("case_id", _ID, nullable=False),
    Column("device_id", String(80), nullable=False),
    Column("bay_id", _ID, nullable=False),
    Column("until", Instant, nullable=False),
    Column("wanted", Boolean, nullable=False),
    PrimaryKeyConstraint("case_id", "device_id"),
    Index("tasks_of_device", "device_id", "wanted"),
)

holds = Table(
    "photo_holds",
    metadata,
    Column("photo_id", _ID, primary_key=True),
    Column("until", Instant),
    Column("told", Boolean, nullable=False, index=True),
)
"""How long Images must keep a photo, and whether it was told."""

would_have = Table(
    "would_have",
    metadata,
    Column("would_have_id", _ID, primary_key=True),
    Column("source_key", String(100), nullable=False, unique=True),
    Column("municipality_id", _ID, nullable=False),
    Column("bay_id", _ID, nullable=False),
    Column("zone_id", _ID, nullable=False),
    Column("code", String(80), nullable=False),
    Column("category", String(20), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("occupied_since", Instant),
    Column("suspected_at", Instant, nullable=False),
    Column("personal", Boolean, nullable=False),
    Index("would_have_by_time", "municipality_id", "would_have_id"),
)

lookups = Table(
    "lookups",
    metadata,
    Column("lookup_id", _ID, primary_key=True),
    Column("user_id", String(80), nullable=False),
    Column("municipality_id", _ID, nullable=False),
    Column("at", Instant, nullable=False),
    Index("lookups_of", "user_id", "municipality_id"),
)
"""Checks at the kerb of the last hour, for their budget alone: what was looked up is not in it."""

duties = Table(
    "duties",
    metadata,
    Column("user_id", String(80), nullable=False),
    Column("municipality_id", _ID, nullable=False),
    Column("zone_ids", Json(list[str]), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    PrimaryKeyConstraint("user_id", "municipality_id"),
)
