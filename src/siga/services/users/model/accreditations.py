"""Accreditations and what proves them: structs, validity, and who a card may belong to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from siga.contract.accreditations import AccreditationKind, EndReason, HolderLanguage, UidForms
from siga.contract.parking import Category
from siga.contract.users import AccreditationBrief, AccreditationStatus, CredentialCopy, CredentialKind
from siga.kit.credentials import reverse_uid
from siga.services.users.model.problems import AccreditationEnded, BadDates

Standing = Literal["valid", "expired", "not_yet", "suspended", "revoked"]


class AccreditationRow(msgspec.Struct, frozen=True, kw_only=True):
    """An accreditation as it is kept: number as HMAC, holder sealed."""

    accreditation_id: str
    municipality_id: str
    category: Category
    kind: AccreditationKind
    issuer: str
    number_match: str
    number_ends_with: str
    holder_sealed: bytes
    valid_from: date
    valid_to: date
    status: AccreditationStatus
    status_reason: EndReason | None
    claim_match: str | None
    claimed_by: str | None
    created_at: datetime
    version: int
    issuer_country: str = ""
    language: HolderLanguage = "es"
    holder_words: int = 0
    """How many words of the holder's name are in the index; 0 = not indexed yet."""
    warned_for: date | None = None
    """The last day of validity about which a person was warned."""


class CredentialRow(msgspec.Struct, frozen=True, kw_only=True):
    """A card, tag or plate as it is kept: found by HMAC, its value sealed."""

    credential_id: str
    credential: str
    kind: CredentialKind
    accreditation_id: str
    municipality_id: str
    value_sealed: bytes
    ends_with: str
    added_at: datetime
    revoked_at: datetime | None
    version: int
    revoked_reason: EndReason | None = None


def check_dates(valid_from: date, valid_to: date) -> None:
    """BadDates unless the validity begins before it ends (both days count)."""
    if valid_to < valid_from:
        raise BadDates("'valid_to' must not lie before 'valid_from'.")


def check_alive(row: AccreditationRow) -> AccreditationRow:
    """The accreditation itself; AccreditationEnded when it was revoked."""
    if row.status == "revoked":
        raise AccreditationEnded("It was revoked: give a new accreditation.")
    return row


def standing(row: AccreditationRow, on: date) -> Standing:
    """How the accreditation stands on a day of its municipality. Suspension and revocation come before dates."""
    if row.status != "valid":
        return row.status
    if on < row.valid_from:
        return "not_yet"
    return "valid" if on <= row.valid_to else "expired"


def holds_on(row: AccreditationRow, credential: CredentialRow, on: date) -> bool:
    """Whether a card or plate still belongs there on a day, so that no other accreditation may have it."""
    return credential.revoked_at is None and standing(row, on) not in ("revoked", "expired")


def brief(row: AccreditationRow) -> AccreditationBrief:
    """The accreditation without its holder."""
    return AccreditationBrief(
        accreditation_id=row.accreditation_id, municipality_id=row.municipality_id, category=row.category,
        valid_from=row.valid_from, valid_to=row.valid_to, status=row.status,
    )  # fmt: skip


def copy_of(row: AccreditationRow, credential: CredentialRow) -> CredentialCopy:
    """One row of Parking's read copy."""
    return CredentialCopy(
        credential=credential.credential, kind=credential.kind, accreditation_id=row.accreditation_id,
        municipality_id=row.municipality_id, category=row.category, valid_from=row.valid_from, valid_to=row.valid_to,
        status=row.status, credential_revoked=credential.revoked_at is not None,
    )  # fmt: skip


def shown_end(value: str, most: int) -> str:
    """The last characters of a value that a person may see: at most `most`, and never more than half of it."""
    shown = min(most, len(value) // 2)
    return value[len(value) - shown :]


def uid_forms(uid: str) -> UidForms:
    """A UID in every form in which readers show it."""
    turned = reverse_uid(uid)
    return UidForms(
        uid_hex=uid, uid_reversed=turned, decimal=str(int(uid, 16)), decimal_reversed=str(int(turned, 16)),
        bytes=len(uid) // 2,
    )  # fmt: skip
