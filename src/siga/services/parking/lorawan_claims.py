"""The SQL behind the claim queue: LoRaWAN devices that were heard and belong to no bay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, func, insert, select, update

from siga.contract.base import Word
from siga.contract.lorawan import ClaimState, Uplink
from siga.services.parking import tables_lorawan as t
from siga.services.parking.lorawan_store import drop_frames

MOST_WAITING = 1000
"""So many devices nobody has claimed are listed of one municipality; of more, those that were not heard for longest
are forgotten."""


class ClaimRow(Word):
    """A device nobody has claimed."""

    claim_id: str
    municipality_id: str
    dev_eui: str
    state: ClaimState
    first_heard_at: datetime
    last_heard_at: datetime
    frames: int
    last: Uplink
    """The newest frame."""


def claim(conn: Connection, claim_id: str) -> ClaimRow | None:
    """One claim."""
    row = conn.execute(select(t.claims).where(t.claims.c.claim_id == claim_id)).mappings().first()
    return None if row is None else ClaimRow(**row)


def claim_of(conn: Connection, municipality_id: str, dev_eui: str) -> ClaimRow | None:
    """The claim of a DevEUI."""
    c = t.claims.c
    query = select(t.claims).where(c.municipality_id == municipality_id, c.dev_eui == dev_eui)
    row = conn.execute(query).mappings().first()
    return None if row is None else ClaimRow(**row)


def claims(conn: Connection, municipality_ids: Sequence[str], state: ClaimState, after: str | None,
           limit: int) -> list[ClaimRow]:  # fmt: skip
    """Claims in this state, the one first heard last at the top, after one."""
    c = t.claims.c
    query = select(t.claims).where(c.municipality_id.in_(municipality_ids), c.state == state)
    if after is not None:
        query = query.where(c.claim_id < after)
    return [ClaimRow(**row) for row in conn.execute(query.order_by(c.claim_id.desc()).limit(limit)).mappings()]


def add_claim(conn: Connection, row: ClaimRow) -> None:
    """List a device for the first time; the one that was not heard for longest gives way."""
    c = t.claims.c
    mine = and_(c.municipality_id == row.municipality_id, c.state == row.state)
    if int(conn.scalar(select(func.count()).where(mine)) or 0) >= MOST_WAITING:
        oldest = conn.execute(select(t.claims).where(mine).order_by(c.last_heard_at).limit(1)).mappings().first()
        if oldest is not None:
            forget_claim(conn, ClaimRow(**oldest))
    conn.execute(insert(t.claims).values(msgspec.structs.asdict(row)))


def heard_again(conn: Connection, row: ClaimRow, uplink: Uplink, at: datetime) -> None:
    """The device was heard once more."""
    last_heard_at = max(row.last_heard_at, at)
    _change(conn, row.claim_id, last_heard_at=last_heard_at, frames=row.frames + 1, last=uplink)


def put_state(conn: Connection, claim_id: str, state: ClaimState) -> None:
    """Dismiss a claim, or take that back."""
    _change(conn, claim_id, state=state)


def _change(conn: Connection, claim_id: str, **values: Any) -> None:
    conn.execute(update(t.claims).where(t.claims.c.claim_id == claim_id).values(values))


def remove_claim(conn: Connection, claim_id: str) -> None:
    """Take a claim off the list; its frames stay."""
    conn.execute(delete(t.claims).where(t.claims.c.claim_id == claim_id))


def forget_claim(conn: Connection, row: ClaimRow) -> None:
    """Forget the device and all that was heard of it."""
    remove_claim(conn, row.claim_id)
    drop_frames(conn, row.municipality_id, row.dev_eui)
    c = t.sessions.c
    conn.execute(delete(t.sessions).where(c.municipality_id == row.municipality_id, c.dev_eui == row.dev_eui))


def held_count(conn: Connection, municipality_id: str, dev_eui: str) -> int:
    """How many frames of the device are held."""
    c = t.frames.c
    mine = and_(c.municipality_id == municipality_id, c.dev_eui == dev_eui, c.held.is_not(None))
    return int(conn.scalar(select(func.count()).where(mine)) or 0)


def sweep(conn: Connection, frames_before: datetime, held_before: datetime) -> None:
    """Forget frames received before an instant, the content of those held too long, and claims not heard so long."""
    c = t.frames.c
    conn.execute(delete(t.frames).where(c.received_at < frames_before))
    conn.execute(update(t.frames).where(c.received_at < held_before, c.held.is_not(None)).values(held=None))
    old = and_(t.claims.c.last_heard_at < frames_before, t.claims.c.state == "waiting")
    for row in conn.execute(select(t.claims).where(old)).mappings().all():
        forget_claim(conn, ClaimRow(**row))
