"""Erasures in the store: whose they are lies sealed in the row, and goes when they are done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from siga.contract.subjects import ErasurePart
from siga.kit.columns import Instant, Json
from siga.services.users.model.subjects import Erasure
from siga.services.users.store.tables import metadata

erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", String(36), primary_key=True),
    Column("municipality_id", String(36), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", String(80), nullable=False),
    Column("code_match", String(64), nullable=False),
    Column("subject_sealed", LargeBinary),
    Column("state", String(12), nullable=False),
    Column("round", Integer, nullable=False),
    Column("parts", Json(dict[str, ErasurePart]), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("erased_at", Instant),
    Column("done_at", Instant),
    Column("proof", Text),
    Index("erasures_by_turn", "state", "next_at"),
    Index("erasures_by_municipality", "municipality_id", "erasure_id"),
)
_c = erasures.c
Open = Callable[[str, bytes], Any]
_PLAIN = tuple(name for name in Erasure.__struct_fields__ if name != "subject")


def add(conn: Connection, erasure: Erasure, code_match: str, sealed: bytes) -> None:
    """Keep a new erasure."""
    values = {name: getattr(erasure, name) for name in _PLAIN}
    conn.execute(insert(erasures).values(**values, code_match=code_match, subject_sealed=sealed))


def put(conn: Connection, erasure: Erasure, sealed: bytes | None) -> None:
    """Keep the new values of an erasure."""
    values = {name: getattr(erasure, name) for name in _PLAIN if name != "erasure_id"}
    conn.execute(update(erasures).where(_c.erasure_id == erasure.erasure_id).values(**values, subject_sealed=sealed))


def due(conn: Connection, now: datetime, opened: Open, limit: int = 20) -> list[Erasure]:
    """Erasures whose turn it is, the oldest first, with their subjects."""
    query = select(erasures).where(_c.state != "done", _c.next_at <= now).order_by(_c.next_at).limit(limit)
    return [_erasure(row, opened) for row in conn.execute(query).mappings()]


def one(conn: Connection, erasure_id: str) -> tuple[Erasure, str] | None:
    """An erasure without its subject, and how its follow code is kept."""
    row = conn.execute(select(erasures).where(_c.erasure_id == erasure_id)).mappings().first()
    return None if row is None else (_erasure(row), row["code_match"])


def page(conn: Connection, municipality_ids: Sequence[str], limit: int) -> list[Erasure]:
    """The newest erasures of these municipalities, without their subjects."""
    query = select(erasures).where(_c.municipality_id.in_(municipality_ids)).order_by(_c.erasure_id.desc()).limit(limit)
    return [_erasure(row) for row in conn.execute(query).mappings()]


def forget(conn: Connection, done_before: datetime) -> int:
    """Forget erasures that were done before an instant, with their proofs."""
    return conn.execute(delete(erasures).where(_c.done_at < done_before)).rowcount


def _erasure(row: Any, opened: Open | None = None) -> Erasure:
    sealed = row["subject_sealed"]
    subject = opened(row["erasure_id"], bytes(sealed)) if opened is not None and sealed is not None else None
    return Erasure(**{name: row[name] for name in _PLAIN}, subject=subject)
