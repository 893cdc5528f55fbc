"""Records as kept: put in once however often they come, searched newest first, forgotten in small pieces."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, literal_column, or_, select, tuple_

from siga.contract.operations import LEVELS, LogRecord
from siga.kit.paging import Aware
from siga.services.logs.model import Wanted, fields_text, rank, trace_id_of
from siga.services.logs.tables import records

Place = tuple[Aware, str, int]
"""Where a record lies: instant, process, number."""

_c = records.c
_PIECE = 5_000
_FORGOTTEN_AT_ONCE = 1_000


def add(conn: Connection, batch: Sequence[LogRecord]) -> list[LogRecord]:
    """Keep the records that are not there yet; returns those."""
    rows = {(row["at"], row["process"], row["sequence"]): (row, record) for row, record in map(_row, batch)}
    for start in range(0, len(batch), _PIECE):
        keys = list(rows)[start : start + _PIECE]
        known = select(_c.at, _c.process, _c.sequence).where(tuple_(_c.at, _c.process, _c.sequence).in_(keys))
        for key in conn.execute(known).all():
            rows.pop(tuple(key), None)
    if rows:
        conn.execute(insert(records), [row for row, _ in rows.values()])
    return [record for _, record in rows.values()]


def _row(record: LogRecord) -> tuple[dict[str, Any], LogRecord]:
    # A record without a number cannot be told from its repeat, so it gets one that nothing else has.
    sequence = record.sequence or -secrets.randbelow(2**62) - 1
    row = {
        "at": record.at, "process": record.process[:200], "sequence": sequence, "service": record.service[:60],
        "level": rank(record.level), "event": record.event[:200], "request_id": (record.request_id or "")[:64] or None,
        "traceparent": (record.traceparent or "")[:60] or None, "trace_id": trace_id_of(record.traceparent),
        "fields": fields_text(record),
    }  # fmt: skip
    return row, record


def find(conn: Connection, wanted: Wanted, limit: int, before: Place | None) -> tuple[list[LogRecord], Place | None]:
    """Records that match, newest first, after a place in that order; and the place to go on from, None at the end.

    Text is looked for by plain LIKE: the table lies in the order of time, and a million records without a single hit
    take about 0.3 s, so that a full-text index would cost more (in place and at each record) than it saves.
    """
    query = select(records).where(*_conditions(wanted))
    if before is not None:
        query = query.where(tuple_(_c.at, _c.process, _c.sequence) < before)
    query = query.order_by(_c.at.desc(), _c.process.desc(), _c.sequence.desc()).limit(limit + 1)
    rows = list(conn.execute(query).mappings())
    found = [_record(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    last = rows[limit - 1]
    return found, (last["at"], last["process"], last["sequence"])


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.service is not None:
        found.append(_c.service == wanted.service)
    if wanted.level is not None and rank(wanted.level) > 0:
        found.append(_c.level >= rank(wanted.level))
        if rank(wanted.level) >= 2:  # said as a literal, so that the small index of serious records can serve
            found.append(_c.level >= literal_column("2"))
    if wanted.text:
        places = (column.icontains(wanted.text, autoescape=True) for column in (_c.event, _c.fields))
        found.append(or_(*places))
    if wanted.trace_id is not None:
        found.append(_c.trace_id == wanted.trace_id)
    if wanted.request_id is not None:
        found.append(_c.request_id == wanted.request_id)
    if wanted.from_at is not None:
        found.append(_c.at >= wanted.from_at)
    if wanted.to_at is not None:
        found.append(_c.at < wanted.to_at)
    return found


def _record(row: Any) -> LogRecord:
    return LogRecord(
        at=row["at"], service=row["service"], level=LEVELS[row["level"]], event=row["event"], process=row["process"],
        request_id=row["request_id"], traceparent=row["traceparent"], fields=msgspec.json.decode(row["fields"]),
        sequence=max(row["sequence"], 0),
    )  # fmt: skip


def prune(conn: Connection, before: datetime) -> bool:
    """Forget a thousand records older than `before`, the oldest first; whether more are left to forget."""
    edge = conn.scalar(select(_c.at).where(_c.at < before).order_by(_c.at).offset(_FORGOTTEN_AT_ONCE).limit(1))
    conn.execute(delete(records).where(_c.at < (before if edge is None else edge)))
    return edge is not None
