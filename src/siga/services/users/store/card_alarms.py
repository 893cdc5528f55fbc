"""Alarms about cards that were seen in two places, until somebody looked at them and a while longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, String, Table, delete, insert, or_, select, update

from siga.contract.accreditation_lists import CardAlarm, CardAlarmState
from siga.kit.columns import Instant
from siga.services.users.store.tables import metadata

card_alarms = Table(
    "card_alarms",
    metadata,
    Column("alarm_id", String(36), primary_key=True),
    Column("municipality_id", String(36), nullable=False),
    Column("accreditation_id", String(36), nullable=False, index=True),
    Column("credential_id", String(36), nullable=False),
    Column("ends_with", String(4), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("bay_id", String(36), nullable=False),
    Column("other_bay_id", String(36), nullable=False),
    Column("at", Instant, nullable=False),
    Column("metres", Integer, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("acknowledged_by", String(80)),
    Column("acknowledged_at", Instant),
    Index("card_alarms_by_municipality", "municipality_id", "alarm_id"),
)
_c = card_alarms.c


def add(conn: Connection, alarm: CardAlarm) -> bool:
    """Keep an alarm; False when it is kept already."""
    if conn.scalar(select(_c.alarm_id).where(_c.alarm_id == alarm.alarm_id)) is not None:
        return False
    conn.execute(insert(card_alarms).values(**{f: getattr(alarm, f) for f in alarm.__struct_fields__}))
    return True


def listed(conn: Connection, municipality_ids: Sequence[str], state: CardAlarmState, accreditation_id: str | None,
           before: str, limit: int) -> list[CardAlarm]:  # fmt: skip
    """Alarms of these municipalities, newest first, before a cursor."""
    query = select(card_alarms).where(_c.municipality_id.in_(municipality_ids))
    if state != "all":
        query = query.where(_c.acknowledged_at.is_(None) if state == "open" else _c.acknowledged_at.is_not(None))
    if accreditation_id is not None:
        query = query.where(_c.accreditation_id == accreditation_id)
    if before:
        query = query.where(_c.alarm_id < before)
    return [_alarm(row) for row in conn.execute(query.order_by(_c.alarm_id.desc()).limit(limit)).mappings()]


def acknowledge(conn: Connection, municipality_ids: Sequence[str], alarm_id: str, by: str,
                at: datetime) -> CardAlarm | None:  # fmt: skip
    """Note that somebody looked at it; the first one who did stays named. None when there is no such alarm."""
    this = (_c.alarm_id == alarm_id) & _c.municipality_id.in_(municipality_ids)
    values = {"acknowledged_by": by, "acknowledged_at": at}
    conn.execute(update(card_alarms).where(this, _c.acknowledged_at.is_(None)).values(**values))
    row = conn.execute(select(card_alarms).where(this)).mappings().first()
    return None if row is None else _alarm(row)


def forget(conn: Connection, acknowledged_before: datetime, at_before: datetime) -> None:
    """Forget what was looked at before the one instant, and all that happened before the other."""
    conn.execute(delete(card_alarms).where(or_(_c.acknowledged_at < acknowledged_before, _c.at < at_before)))


def _alarm(row: Any) -> CardAlarm:
    return CardAlarm(**row)
