"""The tables of Drivers. `who` is always a keyed pseudonym, never a person's or guest's id."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

from siga.kit.columns import Instant, Position
from siga.kit.journal import Journal

metadata = MetaData()
journal = Journal("drivers", metadata)

bays = Table(
    "bays",
    metadata,
    Column("bay_id", String(36), primary_key=True),
    Column("municipality_id", String(36), nullable=False),
    Column("zone_id", String(36), nullable=False),
    Column("code", Text, nullable=False),
    Column("category", String(20), nullable=False),
    Column("personal", Boolean, nullable=False),
    Column("personal_accreditation_id", String(36)),
    Column("life", String(20), nullable=False),
    Column("closed_from", Instant),
    Column("closed_to", Instant),
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("address", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("stay_id", String(80)),
)
"""The read copy of Parking's bays, and the stay that is on."""

municipalities = Table(
    "municipalities",
    metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("time_zone", String(60), nullable=False),
    Column("country", String(2), nullable=False),
)
"""The read copy of Users' municipalities: which day it is there, and whose plates are the usual ones."""

cases = Table(
    "cases",
    metadata,
    Column("case_id", String(36), primary_key=True),
    Column("bay_id", String(36), nullable=False, index=True),
    Column("stay_id", String(80)),
    Column("closed_at", Instant),
)
"""Enforcement's cases as far as a guest's declaration hangs on them."""

favourites = Table(
    "favourites",
    metadata,
    Column("favourite_id", String(36), primary_key=True),
    Column("who", String(32), nullable=False),
    Column("label", Text, nullable=False),
    Column("bay_id", String(36)),
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    UniqueConstraint("who", "bay_id"),
)

check_ins = Table(
    "check_ins",
    metadata,
    Column("check_in_id", String(36), primary_key=True),
    Column("bay_id", String(36), nullable=False, index=True),
    Column("municipality_id", String(36), nullable=False),
    Column("who", String(32), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("accreditation_id", String(36)),
    Column("declaration", Text),
    Column("started_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_at", Instant, index=True),
    Column("stay_id", String(80)),
)
"""`declaration` is sealed. `stay_id` is Parking's stay that the check-in belongs to, None until one was seen."""

Index(
    "one_open_check_in_a_bay", check_ins.c.bay_id, unique=True,
    sqlite_where=check_ins.c.ended_at.is_(None), postgresql_where=check_ins.c.ended_at.is_(None),
)  # fmt: skip

doubts = Table(
    "doubts",
    metadata,
    Column("doubt_id", String(36), primary_key=True),
    Column("bay_id", String(36), nullable=False, index=True),
    Column("who", String(32), nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("settled_at", Instant),
    Index("doubts_of_one", "who", "at"),
)

ratings = Table(
    "ratings",
    metadata,
    Column("rating_id", String(36), primary_key=True),
    Column("check_in_id", String(36), nullable=False, unique=True),
    Column("bay_id", String(36), nullable=False, index=True),
    Column("width", Integer, nullable=False),
    Column("kerb", Integer, nullable=False),
    Column("surface", Integer, nullable=False),
    Column("comment", Text),
    Column("rated_at", Instant, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("report_id", String(36), primary_key=True),
    Column("bay_id", String(36), nullable=False, index=True),
    Column("municipality_id", String(36), nullable=False),
    Column("zone_id", String(36), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("problem", String(20)),
    Column("note", Text),
    Column("who", String(32)),
    Column("status", String(20), nullable=False),
    Column("outcome", String(20)),
    Column("answer", Text),
    Column("photo_id", String(80)),
    Column("photos", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("resolved_at", Instant, index=True),
    Column("case_id", String(36)),
    Column("case_position", Position, nullable=False),
    Index("reports_of_one", "who", "at"),
    Index("reports_of_a_town", "municipality_id", "report_id"),
)
"""`case_position`: the place in Enforcement's journal of the last word about it, so that old words change nothing."""
