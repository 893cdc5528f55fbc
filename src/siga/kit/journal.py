"""A service's append-only `events` table: its outbox and its journal, read by position.

On SQLite one writer makes the position a plain counter. On PostgreSQL a sequence is not the commit order, so a
position is `transaction id · 2^20 + n` and readers stop before the oldest transaction still open
(`pg_snapshot_xmin`): nothing that commits late can appear behind a reader.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from siga.contract.base import Word
from siga.contract.events import Event
from siga.kit.bulk import insert_rows
from siga.kit.columns import Instant, Position, micros
from siga.kit.ids import new_id
from siga.kit.tracing import current_traceparent

_XID_BITS = 20


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """An event before it has a place in the journal. `sequence` is the subject's own version, 0 if it keeps none."""

    data: Word
    municipality_id: str
    subject_id: str
    occurred_at: datetime
    sequence: int = 0


class Journal:
    """The `events`, `cursors` and `dead_events` tables of one service."""

    def __init__(self, source: str, metadata: MetaData) -> None:
        self.source = source
        self.events = Table(
            "events",
            metadata,
            Column("position", Position, primary_key=True, autoincrement=False),
            Column("event_id", String(36), nullable=False, unique=True),
            Column("kind", String(60), nullable=False),
            Column("version", Integer, nullable=False),
            Column("municipality_id", String(36), nullable=False),
            Column("subject_id", String(80), nullable=False),
            Column("sequence", Position, nullable=False),
            Column("occurred_at", Instant, nullable=False),
            Column("recorded_at", Instant, nullable=False, index=True),
            Column("traceparent", String(60)),
            Column("data", Text, nullable=False),
        )
        self.cursors = Table(
            "cursors",
            metadata,
            Column("source", String(60), primary_key=True),
            Column("position", Position, nullable=False),
        )
        self.dead = Table(
            "dead_events",
            metadata,
            Column("event_id", String(36), primary_key=True),
            Column("source", String(60), nullable=False),
            Column("position", Position, nullable=False),
            Column("reason", Text, nullable=False),
            Column("event", Text, nullable=False),
            Column("recorded_at", Instant, nullable=False),
        )

    def append(self, conn: Connection, facts: Sequence[Fact], recorded_at: datetime) -> list[Event]:
        """Write facts as events in the caller's transaction; returns them with their positions."""
        if not facts:
            return []
        first = self._next_position(conn)
        traceparent = current_traceparent()
        made = [
            Event(
                event_id=new_id(), kind=type(fact.data).__name__, source=self.source, position=first + n,
                municipality_id=fact.municipality_id, subject_id=fact.subject_id, sequence=fact.sequence,
                occurred_at=fact.occurred_at, recorded_at=recorded_at, traceparent=traceparent,
                data=msgspec.Raw(msgspec.json.encode(fact.data)),
            ).bearing(fact.data)
            for n, fact in enumerate(facts)
        ]  # fmt: skip
        insert_rows(conn, self.events, [_row(event) for event in made])
        conn.info.setdefault("appended", []).extend(made)
        return made

    def _next_position(self, conn: Connection) -> int:
        if conn.dialect.name == "postgresql":
            base = int(conn.scalar(text("SELECT pg_current_xact_id()::text::bigint"))) << _XID_BITS
            mine = select(func.count()).select_from(self.events).where(self.events.c.position >= base)
            return base + int(conn.scalar(mine) or 0)
        return int(conn.exec_driver_sql("SELECT max(position) FROM events").scalar() or 0) + 1

    def read(self, conn: Connection, after: int, limit: int) -> list[Event]:
        """Events after a position that no open transaction can still precede, oldest first."""
        events = self.events
        query = select(events).where(events.c.position > after).order_by(events.c.position).limit(limit)
        if conn.dialect.name == "postgresql":
            query = query.where(events.c.position < self._horizon(conn))
        return [
            Event(source=self.source, data=msgspec.Raw(row.pop("data").encode()), **row)
            for row in (dict(r) for r in conn.execute(query).mappings())
        ]

    @staticmethod
    def _horizon(conn: Connection) -> int:
        return int(conn.scalar(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))) << _XID_BITS

    def head(self, conn: Connection) -> int:
        """The newest readable position, 0 when the journal is empty."""
        query = select(func.max(self.events.c.position))
        if conn.dialect.name == "postgresql":
            query = query.where(self.events.c.position < self._horizon(conn))
        return int(conn.scalar(query) or 0)

    def cursor(self, conn: Connection, source: str) -> int:
        """How far this service has followed another's journal, 0 at the start."""
        return int(conn.scalar(select(self.cursors.c.position).where(self.cursors.c.source == source)) or 0)

    def move_cursor(self, conn: Connection, source: str, position: int) -> None:
        """Set the cursor, in the same transaction as the effects of what was read."""
        changed = conn.execute(
            update(self.cursors).where(self.cursors.c.source == source).values(position=position)
        ).rowcount
        if not changed:
            conn.execute(insert(self.cursors).values(source=source, position=position))

    def bury(self, conn: Connection, event: Event, reason: str, at: datetime) -> None:
        """Set aside an event that could not be handled, so that it is not lost and does not block the rest."""
        conn.execute(delete(self.dead).where(self.dead.c.event_id == event.event_id))
        conn.execute(
            insert(self.dead).values(
                event_id=event.event_id, source=event.source, position=event.position, reason=reason[:2000],
                event=msgspec.json.encode(event).decode(), recorded_at=at,
            )
        )  # fmt: skip

    def prune(self, conn: Connection, before: datetime, passed: int) -> int:
        """Forget events older than `before` that every consumer has passed; the newest one always stays."""
        head = self.head(conn)
        return conn.execute(
            delete(self.events).where(
                self.events.c.recorded_at < before, self.events.c.position <= passed, self.events.c.position < head
            )
        ).rowcount

    def scrub(self, conn: Connection, kind: str, field: str, before: datetime, window: timedelta) -> int:
        """Set a personal `field` of events of `kind` to null: of those recorded in the `window` before `before`."""
        events = self.events
        rows = conn.execute(
            select(events.c.position, events.c.data).where(
                events.c.kind == kind, events.c.recorded_at < before, events.c.recorded_at >= before - window
            )
        ).all()
        changed = 0
        for position, data in rows:
            value = msgspec.json.decode(data)
            if value.get(field) is not None:
                value[field] = None
                new = msgspec.json.encode(value).decode()
                conn.execute(update(events).where(events.c.position == position).values(data=new))
                changed += 1
        return changed

    def forget(self, conn: Connection, kind: str, field: str, values: Collection[str], since: datetime) -> int:
        """Set a personal `field` of events of `kind` recorded since then to null where it holds one of these values."""
        return self.forget_beside(conn, kind, field, field, values, since)

    def forget_beside(self, conn: Connection, kind: str, field: str, key: str, values: Collection[str],
                      since: datetime) -> int:  # fmt: skip
        """As `forget`, where another field, `key`, holds one of the values."""
        events, wanted = self.events, set(values)
        changed = 0
        query = select(events.c.position, events.c.data).where(events.c.kind == kind, events.c.recorded_at >= since)
        for position, data in conn.execute(query).all() if wanted else ():
            value = msgspec.json.decode(data)
            if value.get(key) in wanted and value.get(field) is not None:
                value[field] = None
                new = msgspec.json.encode(value).decode()
                conn.execute(update(events).where(events.c.position == position).values(data=new))
                changed += 1
        return changed

    def blot(self, conn: Connection, ids: Collection[str], instead: str = "erased") -> int:
        """Write another word in the place of ids wherever they stand in the journal; how many times.

        Events are never taken away: the newest one gives the next its position.
        """
        changed = 0
        for table, columns in ((self.events, ("subject_id", "data")), (self.dead, ("event",))):
            for column in (table.c[name] for name in columns):
                for one in ids:
                    new = func.replace(column, one, instead)
                    blotted = update(table).where(column.contains(one, autoescape=True)).values({column.name: new})
                    changed += conn.execute(blotted).rowcount
        return changed


def _row(event: Event) -> tuple[Any, ...]:
    """An event as the table keeps it."""
    return (
        event.position, event.event_id, event.kind, event.version, event.municipality_id, event.subject_id,
        event.sequence, micros(event.occurred_at), micros(event.recorded_at), event.traceparent,
        bytes(event.data).decode(),
    )  # fmt: skip
