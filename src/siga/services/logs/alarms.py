"""Alarms as kept: one open row for each service and event, which counts; a new one once it was acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from siga.contract.operations import Alarm, AlarmState, LogRecord
from siga.kit.ids import new_id
from siga.kit.paging import Aware
from siga.services.logs.model import rank
from siga.services.logs.tables import alarms

Place = tuple[Aware, str]
_c = alarms.c


def raise_for(conn: Connection, records: Sequence[LogRecord]) -> None:
    """Count alarming records into the open alarm of their service and event, or open one."""
    for record in sorted(records, key=lambda one: one.at):
        names = (_c.service == record.service[:60]) & (_c.event == record.event[:200])
        open_one = conn.execute(select(alarms).where(names, _c.state == "open")).mappings().first()
        if open_one is None:
            conn.execute(insert(alarms).values(**_opened(record)))
        else:
            conn.execute(update(alarms).where(_c.alarm_id == open_one["alarm_id"]).values(**_counted(open_one, record)))


def _opened(record: LogRecord) -> dict[str, Any]:
    return {
        "alarm_id": new_id(), "service": record.service[:60], "event": record.event[:200], "level": record.level,
        "count": 1, "first_at": record.at, "last_at": record.at, "state": "open", "fields": record.fields,
    }  # fmt: skip


def _counted(known: Any, record: LogRecord) -> dict[str, Any]:
    newer = record.at >= known["last_at"]
    return {
        "count": known["count"] + 1, "level": max(known["level"], record.level, key=rank),
        "first_at": min(known["first_at"], record.at), "last_at": max(known["last_at"], record.at),
        "fields": record.fields if newer else known["fields"],
    }  # fmt: skip


def listed(conn: Connection, state: AlarmState | None, limit: int,
           before: Place | None) -> tuple[list[Alarm], Place | None]:  # fmt: skip
    """Alarms in a state (None = any), the newest record first; and the place to go on from, None at the end."""
    query = select(alarms).order_by(_c.last_at.desc(), _c.alarm_id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(_c.state == state)
    if before is not None:
        query = query.where(tuple_(_c.last_at, _c.alarm_id) < before)
    found = [Alarm(**row) for row in conn.execute(query).mappings()]
    rest = len(found) > limit
    return found[:limit], (found[limit - 1].last_at, found[limit - 1].alarm_id) if rest else None


def acknowledge(conn: Connection, alarm_id: str, by: str, at: datetime) -> Alarm | None:
    """Note that somebody saw to it; the first one who did stays named. None when there is no such alarm."""
    values = {"state": "acknowledged", "acknowledged_by": by, "acknowledged_at": at}
    conn.execute(update(alarms).where(_c.alarm_id == alarm_id, _c.state == "open").values(**values))
    row = conn.execute(select(alarms).where(_c.alarm_id == alarm_id)).mappings().first()
    return None if row is None else Alarm(**row)


def prune(conn: Connection, before: datetime) -> None:
    """Forget acknowledged alarms whose newest record is older than `before`."""
    conn.execute(delete(alarms).where(_c.state == "acknowledged", _c.last_at < before))
