"""The tables of Logs. Records lie in the order of time, so that the newest are read without an index.

The audit has its own: chained records, where each chain stands, the heads that were signed (see `audit_chain`).
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from siga.kit.columns import Instant, Json, Position
from siga.kit.journal import Journal

metadata = MetaData()
journal = Journal("logs", metadata)
"""Who read the audit is told here, and how far the other services' journals were followed."""

records = Table(
    "records",
    metadata,
    Column("at", Instant, primary_key=True),
    Column("process", String(200), primary_key=True),
    Column("sequence", Position, primary_key=True, autoincrement=False),
    Column("service", String(60), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("event", String(200), nullable=False),
    Column("request_id", String(64)),
    Column("traceparent", String(60)),
    Column("trace_id", String(32)),
    Column("fields", Text, nullable=False),
    sqlite_with_rowid=False,
)
Index("records_service", records.c.service, records.c.at)
Index(
    "records_request", records.c.request_id,
    sqlite_where=records.c.request_id.is_not(None), postgresql_where=records.c.request_id.is_not(None),
)  # fmt: skip
Index(
    "records_trace", records.c.trace_id,
    sqlite_where=records.c.trace_id.is_not(None), postgresql_where=records.c.trace_id.is_not(None),
)  # fmt: skip
Index(
    "records_serious", records.c.at,
    sqlite_where=records.c.level >= 2, postgresql_where=records.c.level >= 2,
)  # fmt: skip

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", String(36), primary_key=True),
    Column("service", String(60), nullable=False),
    Column("event", String(200), nullable=False),
    Column("level", String(10), nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("fields", Json, nullable=False),
    Column("acknowledged_by", String(80)),
    Column("acknowledged_at", Instant),
)
Index(
    "alarms_open", alarms.c.service, alarms.c.event, unique=True,
    sqlite_where=alarms.c.state == "open", postgresql_where=alarms.c.state == "open",
)  # fmt: skip

audit_records = Table(
    "audit_records",
    metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("number", Position, primary_key=True, autoincrement=False),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("who", String(80), nullable=False),
    Column("action", String(80), nullable=False),
    Column("thing", String(40), nullable=False),
    Column("thing_id", String(80), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("record", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""`record` is the canonical text that the chain is made of; the columns before it repeat parts of it for searches."""
Index("audit_records_who", audit_records.c.who, audit_records.c.at)
Index("audit_records_thing", audit_records.c.thing_id, audit_records.c.at)

audit_chains = Table(
    "audit_chains",
    metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("number", Position, nullable=False),
    Column("hash", String(64), nullable=False),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("head", Position, primary_key=True, autoincrement=False),
    Column("number", Position, nullable=False),
    Column("body", Text, nullable=False),
    Column("signature", String(120), nullable=False),
)
