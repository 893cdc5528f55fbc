"""Accreditations, their cards and their plates in the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from siga.services.users.model.accreditations import AccreditationRow, CredentialRow
from siga.services.users.model.problems import CredentialTaken, NumberTaken
from siga.services.users.store.tables import accreditations, credentials

Pair = tuple[AccreditationRow, CredentialRow]
_SPANS = ("ends_from", "ends_to")
_ROW, _CREDENTIAL = AccreditationRow.__struct_fields__, CredentialRow.__struct_fields__


def values_of(row: AccreditationRow | CredentialRow) -> dict[str, Any]:
    """The columns of a row."""
    return {f: getattr(row, f) for f in row.__struct_fields__}


def row_of(found: Any) -> AccreditationRow:
    """An accreditation of a row of the store."""
    return AccreditationRow(**{f: found[accreditations.c[f]] for f in _ROW})


def _credential(found: Any) -> CredentialRow:
    return CredentialRow(**{f: found[credentials.c[f]] for f in _CREDENTIAL})


def add_accreditation(conn: Connection, row: AccreditationRow) -> None:
    """Keep a new accreditation; NumberTaken when the issuer's number is in use."""
    try:
        conn.execute(insert(accreditations).values(**values_of(row)))
    except IntegrityError as fault:
        raise NumberTaken("Renew or revoke the one that exists.") from fault


def change_accreditation(conn: Connection, row: AccreditationRow) -> None:
    """Keep the new values of an accreditation; NumberTaken when another has its issuer's number."""
    same = accreditations.c.accreditation_id == row.accreditation_id
    try:
        conn.execute(update(accreditations).where(same).values(**values_of(row)))
    except IntegrityError as fault:
        raise NumberTaken("Renew or revoke the one that exists.") from fault


def accreditation(conn: Connection, accreditation_id: str, *, lock: bool = False) -> AccreditationRow | None:
    """The accreditation of that id; with `lock` nobody else changes it until the transaction ends."""
    query = select(accreditations).where(accreditations.c.accreditation_id == accreditation_id)
    found = conn.execute(query.with_for_update() if lock else query).mappings().first()
    return None if found is None else row_of(found)


def accreditation_by_claim(conn: Connection, claim_match: str) -> AccreditationRow | None:
    """The accreditation a claim code belongs to, locked until the transaction ends."""
    query = select(accreditations).where(accreditations.c.claim_match == claim_match).with_for_update()
    found = conn.execute(query).mappings().first()
    return None if found is None else row_of(found)


def list_accreditations(conn: Connection, municipality_ids: Sequence[str], filters: dict[str, Any], before: str,
                        limit: int) -> list[AccreditationRow]:  # fmt: skip
    """Accreditations of these municipalities, newest first, before a cursor.

    `filters` are column → value; `ends_from` and `ends_to` are the first and last day of `valid_to`.
    """
    query = select(accreditations).where(accreditations.c.municipality_id.in_(municipality_ids))
    ends = accreditations.c.valid_to
    for name, value in filters.items():
        if value is None:
            continue
        if name in _SPANS:
            query = query.where(ends >= value if name == "ends_from" else ends <= value)
        else:
            query = query.where(accreditations.c[name] == value)
    if before:
        query = query.where(accreditations.c.accreditation_id < before)
    query = query.order_by(accreditations.c.accreditation_id.desc()).limit(limit)
    return [row_of(found) for found in conn.execute(query).mappings()]


def claimed_by(conn: Connection, claimant: str) -> list[AccreditationRow]:
    """What a person has claimed, oldest first."""
    query = (
        select(accreditations)
        .where(accreditations.c.claimed_by == claimant)
        .order_by(accreditations.c.accreditation_id)
    )  # fmt: skip
    return [row_of(found) for found in conn.execute(query).mappings()]


def claimed_openly(conn: Connection, limit: int) -> list[AccreditationRow]:
    """Accreditations of an earlier release that still name the account that claimed them."""
    query = select(accreditations).where(accreditations.c.claimed_by.contains("-")).limit(limit)
    return [row_of(found) for found in conn.execute(query).mappings()]


def put_credential(conn: Connection, row: CredentialRow) -> None:
    """Keep a card or plate, or its new values; CredentialTaken when another row has the same HMAC."""
    same = credentials.c.credential_id == row.credential_id
    try:
        if not conn.execute(update(credentials).where(same).values(**values_of(row))).rowcount:
            conn.execute(insert(credentials).values(**values_of(row)))
    except IntegrityError as fault:
        raise CredentialTaken("Somebody has just added it elsewhere.") from fault


def credentials_of(conn: Connection, accreditation_id: str) -> list[CredentialRow]:
    """The cards and plates of an accreditation, oldest first."""
    query = (
        select(credentials)
        .where(credentials.c.accreditation_id == accreditation_id)
        .order_by(credentials.c.added_at, credentials.c.credential_id)
    )
    return [_credential(found) for found in conn.execute(query).mappings()]


def credential(conn: Connection, credential_id: str) -> CredentialRow | None:
    """The card or plate of that id."""
    found = conn.execute(select(credentials).where(credentials.c.credential_id == credential_id)).mappings().first()
    return None if found is None else _credential(found)


def pairs_by_match(conn: Connection, municipality_ids: Sequence[str], matches: Sequence[str]) -> list[Pair]:
    """Cards and plates found by HMAC, each with its accreditation."""
    query = _pairs().where(credentials.c.municipality_id.in_(municipality_ids), credentials.c.credential.in_(matches))
    return [(row_of(found), _credential(found)) for found in conn.execute(query).mappings()]


def all_pairs(conn: Connection) -> list[Pair]:
    """Every card and plate with its accreditation."""
    return [(row_of(found), _credential(found)) for found in conn.execute(_pairs()).mappings()]


def _pairs() -> Any:
    joined = credentials.c.accreditation_id == accreditations.c.accreditation_id
    return select(accreditations, credentials).join(credentials, joined)
