"""What others are told of accreditations: facts without a person, in the transaction that makes them true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from siga.contract.users import AccreditationChanged, CredentialChanged
from siga.kit.journal import Fact
from siga.services.users.model.accreditations import AccreditationRow, CredentialRow, brief, copy_of
from siga.services.users.service.means import Means
from siga.services.users.store import accreditations as store


def _fact(row: AccreditationRow, now: datetime) -> Fact:
    return Fact(
        data=AccreditationChanged(accreditation=brief(row), claimed=row.claimed_by is not None),
        municipality_id=row.municipality_id, subject_id=row.accreditation_id, occurred_at=now, sequence=row.version,
    )  # fmt: skip


def _credential_facts(row: AccreditationRow, cards: Sequence[CredentialRow], now: datetime) -> list[Fact]:
    return [
        Fact(
            data=CredentialChanged(row=copy_of(row, card)), municipality_id=row.municipality_id,
            subject_id=card.credential, occurred_at=now, sequence=card.version,
        )
        for card in cards
    ]  # fmt: skip


def tell_accreditation(means: Means, conn: Connection, row: AccreditationRow, now: datetime) -> None:
    """An accreditation was given, changed or claimed."""
    means.journal.append(conn, [_fact(row, now)], now)


def tell_credential(means: Means, conn: Connection, row: AccreditationRow, card: CredentialRow, now: datetime) -> None:
    """A card or plate was added or revoked; `card` holds its new version."""
    means.journal.append(conn, _credential_facts(row, [card], now), now)


def tell_new(means: Means, conn: Connection, rows: Sequence[AccreditationRow], cards: Sequence[CredentialRow],
             now: datetime) -> None:  # fmt: skip
    """Many accreditations were given at once, with these cards and plates."""
    of: dict[str, list[CredentialRow]] = {}
    for card in cards:
        of.setdefault(card.accreditation_id, []).append(card)
    facts = [
        fact
        for row in rows
        for fact in (_fact(row, now), *_credential_facts(row, of.get(row.accreditation_id, ()), now))
    ]
    means.journal.append(conn, facts, now)


def tell_all_of(means: Means, conn: Connection, rows: Sequence[AccreditationRow], now: datetime) -> None:
    """Many accreditations changed, each with all its cards and plates."""
    for row in rows:
        tell_all(means, conn, row, now)


def tell_all(means: Means, conn: Connection, row: AccreditationRow, now: datetime) -> None:
    """An accreditation changed, and with it each of its cards and plates: every row of the read copy again."""
    cards = [
        msgspec.structs.replace(c, version=c.version + 1) for c in store.credentials_of(conn, row.accreditation_id)
    ]
    for card in cards:
        store.put_credential(conn, card)
    means.journal.append(conn, [_fact(row, now), *_credential_facts(row, cards, now)], now)
