"""The audit as kept: records put at the end of their chain exactly once, heads, searches. Nothing is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, func, insert, select, tuple_, update

from siga.contract.audit import Acted, AuditEntry, AuditOutcome, AuditRecord, SignedHead
from siga.contract.base import Word
from siga.contract.events import Event
from siga.kit.paging import Aware
from siga.services.logs.audit_chain import HeadSigner, canonical, first_link, link, record_in
from siga.services.logs.tables import audit_chains, audit_heads, audit_records

Place = tuple[Aware, str, int]
"""Where a record stands in a list: instant, municipality, number."""
HeadPlace = tuple[str, int]
_r, _h = audit_records.c, audit_heads.c


class AuditWanted(Word):
    """Which records are looked for; `municipalities` bounds it, None = all. Texts must fit whole."""

    municipalities: tuple[str, ...] | None = None
    who: str | None = None
    action: str | None = None
    thing: str | None = None
    thing_id: str | None = None
    outcome: AuditOutcome | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


def add(conn: Connection, events: Sequence[Event]) -> int:
    """Put acts at the end of their municipalities' chains, in their order; those that are there already are passed."""
    acts = {event.event_id: event for event in events if event.kind == Acted.__name__}
    known = select(_r.event_id).where(_r.event_id.in_(list(acts)))
    for event_id in conn.scalars(known).all() if acts else ():
        acts.pop(event_id)
    by_chain: dict[str, list[Event]] = {}
    for event in acts.values():
        by_chain.setdefault(event.municipality_id, []).append(event)
    for municipality_id, own in by_chain.items():
        _lengthen(conn, municipality_id, own)
    return len(acts)


def _lengthen(conn: Connection, municipality_id: str, events: Sequence[Event]) -> None:
    chains = audit_chains
    query = select(chains.c.number, chains.c.hash).where(chains.c.municipality_id == municipality_id).with_for_update()
    stands = conn.execute(query).first()
    number, before = (int(stands[0]), str(stands[1])) if stands else (0, first_link(municipality_id))
    rows = []
    for event in events:
        number += 1
        record = _record(event, number)
        text = canonical(record)
        before = link(before, text)
        rows.append({**searched(record), "record": text, "hash": before})
    conn.execute(insert(audit_records), rows)
    if stands is None:
        conn.execute(insert(chains).values(municipality_id=municipality_id, number=number, hash=before))
    else:
        mine = chains.c.municipality_id == municipality_id
        conn.execute(update(chains).where(mine).values(number=number, hash=before))


def _record(event: Event, number: int) -> AuditRecord:
    act = msgspec.json.decode(event.data, type=Acted)
    return AuditRecord(
        municipality_id=event.municipality_id, number=number, at=event.occurred_at, source=event.source,
        event_id=event.event_id, action=act.action[:80], who=act.who[:80], who_kind=act.who_kind, roles=act.roles,
        thing=act.thing[:40], thing_id=act.thing_id[:80], about=act.about[:80], purpose=act.purpose[:80],
        reads=act.reads, outcome=act.outcome, count=act.count, request_id=act.request_id,
    )  # fmt: skip


def searched(record: AuditRecord) -> dict[str, Any]:
    """The columns that repeat parts of a record."""
    return {
        "municipality_id": record.municipality_id, "number": record.number, "event_id": record.event_id,
        "at": record.at, "who": record.who, "action": record.action, "thing": record.thing,
        "thing_id": record.thing_id, "outcome": record.outcome,
    }  # fmt: skip


def find(conn: Connection, wanted: AuditWanted, limit: int, before: Place | None) -> tuple[
    list[AuditEntry], Place | None
]:  # fmt: skip
    """Records that match, newest first, after a place in that order; and where to go on, None at the end."""
    order = (_r.at, _r.municipality_id, _r.number)
    query = select(audit_records).where(*_conditions(wanted))
    if before is not None:
        query = query.where(tuple_(*order) < before)
    rows = conn.execute(query.order_by(*(one.desc() for one in order)).limit(limit + 1)).mappings().all()
    found = [AuditEntry(record=record_in(row["record"]), hash=row["hash"]) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return found, (last["at"], last["municipality_id"], last["number"]) if last is not None else None


def _conditions(wanted: AuditWanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.municipalities is not None:
        found.append(_r.municipality_id.in_(wanted.municipalities))
    for column, value in (
        (_r.who, wanted.who), (_r.action, wanted.action), (_r.thing, wanted.thing), (_r.thing_id, wanted.thing_id),
        (_r.outcome, wanted.outcome),
    ):  # fmt: skip
        if value is not None:
            found.append(column == value)
    if wanted.from_at is not None:
        found.append(_r.at >= wanted.from_at)
    if wanted.to_at is not None:
        found.append(_r.at < wanted.to_at)
    return found


def sign(conn: Connection, signer: HeadSigner, at: datetime) -> list[SignedHead]:
    """Sign a head for every chain that has grown since its last one."""
    made = []
    for municipality_id, number, hash_ in conn.execute(select(audit_chains)).all():
        before = _last_head(conn, municipality_id)
        if before is not None and before[0] == number:
            continue
        head = signer.signed(municipality_id, number, hash_, before[2] if before else None, at)
        conn.execute(
            insert(audit_heads).values(
                municipality_id=municipality_id, head=before[1] + 1 if before else 1, number=number, body=head.body,
                signature=head.signature,
            )
        )  # fmt: skip
        made.append(head)
    return made


def _last_head(conn: Connection, municipality_id: str) -> tuple[int, int, SignedHead] | None:
    query = select(audit_heads).where(_h.municipality_id == municipality_id).order_by(_h.head.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    if row is None:
        return None
    return int(row["number"]), int(row["head"]), SignedHead(body=row["body"], signature=row["signature"])


def heads_after(conn: Connection, municipalities: Sequence[str] | None, after: HeadPlace, limit: int) -> tuple[
    list[SignedHead], HeadPlace | None
]:  # fmt: skip
    """Signed heads chain by chain, oldest first, after a place; and where to go on, None at the end."""
    query = select(audit_heads).where(tuple_(_h.municipality_id, _h.head) > after)
    if municipalities is not None:
        query = query.where(_h.municipality_id.in_(municipalities))
    rows = conn.execute(query.order_by(_h.municipality_id, _h.head).limit(limit + 1)).mappings().all()
    heads = [SignedHead(body=row["body"], signature=row["signature"]) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return heads, (last["municipality_id"], last["head"]) if last is not None else None


def heads_of(conn: Connection, municipality_id: str, after: int, limit: int) -> list[SignedHead]:
    """The signed heads of one chain after the `after`-th."""
    query = select(_h.body, _h.signature).where(_h.municipality_id == municipality_id, _h.head > after)
    return [SignedHead(body=b, signature=s) for b, s in conn.execute(query.order_by(_h.head).limit(limit)).all()]


def standing(conn: Connection, municipalities: Sequence[str] | None) -> list[tuple[str, int, int, str | None]]:
    """Of each chain: municipality, records, heads, and the body of its newest head."""
    chains = select(audit_chains.c.municipality_id, audit_chains.c.number).order_by(audit_chains.c.municipality_id)
    if municipalities is not None:
        chains = chains.where(audit_chains.c.municipality_id.in_(municipalities))
    found = []
    for municipality_id, number in conn.execute(chains).all():
        last = _last_head(conn, municipality_id)
        found.append((municipality_id, int(number), last[1] if last else 0, last[2].body if last else None))
    return found


def actions(conn: Connection, municipalities: Sequence[str] | None) -> list[str]:
    """The actions there are records of, in their order."""
    query = select(_r.action).distinct().order_by(_r.action)
    if municipalities is not None:
        query = query.where(_r.municipality_id.in_(municipalities))
    return list(conn.scalars(query).all())


def grown(conn: Connection) -> int:
    """How many records there are in all chains."""
    return int(conn.scalar(select(func.sum(audit_chains.c.number))) or 0)
