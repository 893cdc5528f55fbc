"""Proof that something was destroyed: signed statements in a chain, which hold nothing about anybody.

A proof is planned before what it is about is destroyed and finished after it, so that a crash between the two loses
neither. `statement` is a JWT of type `siga-deletion+jwt`; each holds the SHA-256 of the one before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from siga.contract.base import Word
from siga.contract.subjects import DeletionProof
from siga.kit.auth import Keyring
from siga.kit.clock import rfc3339
from siga.kit.columns import Instant, Position
from siga.kit.problem import Unauthenticated

TYPE = "siga-deletion+jwt"


class Planned(Word):
    """A destruction that was begun: under which key or of what kind, and of how many things so far."""

    number: int
    kind: str
    key_id: str
    count: int


class Proofs:
    """The table `deletion_proofs` of one service."""

    def __init__(self, service: str, metadata: MetaData) -> None:
        self._service = service
        self.table = Table(
            "deletion_proofs",
            metadata,
            Column("number", Position, primary_key=True, autoincrement=False),
            Column("kind", String(40), nullable=False),
            Column("key_id", String(60), nullable=False),
            Column("count", BigInteger, nullable=False),
            Column("at", Instant),
            Column("statement", Text),
        )

    def plan(self, conn: Connection, kind: str, key_id: str, count: int) -> Planned:
        """Begin a proof, or count on in the one that is begun under the same key."""
        c = self.table.c
        mine = (c.kind == kind) & (c.key_id == key_id) & c.statement.is_(None)
        known = conn.execute(select(c.number, c.count).where(mine)).mappings().first()
        if known is not None:
            count += int(known["count"])
            conn.execute(update(self.table).where(mine).values(count=count))
            return Planned(number=known["number"], kind=kind, key_id=key_id, count=count)
        number = int(conn.scalar(select(func.max(c.number))) or 0) + 1
        conn.execute(insert(self.table).values(number=number, kind=kind, key_id=key_id, count=count))
        return Planned(number=number, kind=kind, key_id=key_id, count=count)

    def planned(self, conn: Connection) -> list[Planned]:
        """Those that are begun and not finished, oldest first."""
        c = self.table.c
        query = select(c.number, c.kind, c.key_id, c.count).where(c.statement.is_(None)).order_by(c.number)
        return [Planned(**row) for row in conn.execute(query).mappings()]

    def drop(self, conn: Connection, number: int) -> None:
        """Forget a proof that was begun of nothing."""
        c = self.table.c
        conn.execute(delete(self.table).where(c.number == number, c.statement.is_(None)))

    def finish(self, conn: Connection, planned: Planned, keys: Keyring, now: datetime) -> None:
        """It is destroyed: state and sign it, behind the newest statement."""
        c = self.table.c
        newest = select(c.statement, c.at).where(c.statement.is_not(None)).order_by(c.at.desc(), c.number.desc())
        before = conn.execute(newest.limit(1)).first()
        now = max(now, before.at) if before else now  # they stay in order when the clock is set back
        statement = keys.sign_document(
            self._service, TYPE,
            {
                "number": planned.number, "kind": planned.kind, "key_id": planned.key_id, "count": planned.count,
                "at": rfc3339(now), "previous": fingerprint(before.statement) if before else "",
            },
        )  # fmt: skip
        conn.execute(
            update(self.table)
            .where(c.number == planned.number)
            .values(at=now, statement=statement, count=planned.count)
        )

    def newest(self, conn: Connection, limit: int) -> list[DeletionProof]:
        """Finished proofs, newest first."""
        c = self.table.c
        query = select(self.table).where(c.statement.is_not(None)).order_by(c.at.desc(), c.number.desc()).limit(limit)
        return [DeletionProof(service=self._service, **row) for row in conn.execute(query).mappings()]


def fingerprint(statement: str) -> str:
    """SHA-256 of a statement, lower-case hex."""
    return hashlib.sha256(statement.encode()).hexdigest()


def broken_link(keys: Keyring, proofs: Sequence[DeletionProof]) -> DeletionProof | None:
    """The first of these (newest first, without a gap) that was changed or does not hang on the one before it."""
    for proof, before in zip(proofs, [*proofs[1:], None], strict=True):
        try:
            claims = keys.verify_document(proof.statement, TYPE)
        except Unauthenticated:
            return proof
        told = (claims["number"], claims["kind"], claims["key_id"], claims["count"], claims["iss"])
        if told != (proof.number, proof.kind, proof.key_id, proof.count, proof.service):
            return proof
        if before is not None and claims["previous"] != fingerprint(before.statement):
            return proof
    return None
