"""Accreditations, cards and plates as administrators see them: opened from their seals."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Connection

from siga.contract.accreditations import Accreditation, AccreditationLine, Card, Plate, UidKind
from siga.services.users.model.accreditations import AccreditationRow, CredentialRow
from siga.services.users.service.holders import opened_holder
from siga.services.users.service.means import Means
from siga.services.users.store import accreditations as store


def place_of_value(credential_id: str) -> str:
    """Where a card's UID or a plate is sealed for."""
    return f"credentials.value:{credential_id}"


def line(row: AccreditationRow) -> AccreditationLine:
    """An accreditation in a list."""
    return AccreditationLine(**_line(row))


def _line(row: AccreditationRow) -> dict[str, Any]:
    values = {f: getattr(row, f) for f in AccreditationLine.__struct_fields__ if f != "claimed"}
    return {**values, "claimed": row.claimed_by is not None}


def full(means: Means, conn: Connection, row: AccreditationRow) -> Accreditation:
    """An accreditation with its holder, cards and plates."""
    found = store.credentials_of(conn, row.accreditation_id)
    holder = opened_holder(means, row)
    return Accreditation(
        **_line(row), holder=holder, status_reason=row.status_reason, created_at=row.created_at,
        cards=[card(one) for one in found if one.kind != "plate"],
        plates=[plate(means, one) for one in found if one.kind == "plate"],
    )  # fmt: skip


def card(row: CredentialRow) -> Card:
    """A card or tag; its UID stays sealed."""
    return Card(
        credential_id=row.credential_id, kind=cast("UidKind", row.kind), ends_with=row.ends_with,
        added_at=row.added_at, revoked_at=row.revoked_at, revoked_reason=row.revoked_reason,
    )  # fmt: skip


def plate(means: Means, row: CredentialRow) -> Plate:
    """A plate, opened."""
    value = means.vault.open(row.value_sealed, place_of_value(row.credential_id)).decode()
    return Plate(
        credential_id=row.credential_id, plate=value, added_at=row.added_at, revoked_at=row.revoked_at,
        revoked_reason=row.revoked_reason,
    )  # fmt: skip
