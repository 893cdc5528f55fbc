"""Words of Users: municipalities, accreditations, credentials and what became of them. Names stay inside Users."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from siga.contract.base import Ask, Word
from siga.contract.events import event
from siga.contract.parking import Category

CredentialKind = Literal["card", "tag", "plate"]
AccreditationStatus = Literal["valid", "suspended", "revoked"]


class Municipality(Word):
    """Who runs bays and people; the scope of every staff role."""

    municipality_id: str
    name: str
    slug: str
    """Stands in `/b/{municipality}/{code}`; never changes."""
    time_zone: str = "Europe/Madrid"
    languages: tuple[str, ...] = ("es", "en")
    country: str = "ES"
    contact: str = ""
    lon: float | None = None
    lat: float | None = None


class MatchKey(Word):
    """The municipality's key under which cards and plates are found: base64, 32 raw bytes. For the gateway only."""

    municipality_id: str
    key: str


class CredentialCopy(Word):
    """One row of the read copy that Parking keeps: what proves an accreditation, without a person in it."""

    credential: str
    """HMAC of the UID or plate under the municipality's match key, lower-case hex."""
    kind: CredentialKind
    accreditation_id: str
    municipality_id: str
    category: Category
    valid_from: date
    valid_to: date
    status: AccreditationStatus
    credential_revoked: bool = False


class CredentialSnapshot(Word):
    """The whole read copy as of a position of Users' journal; follow the events from there."""

    position: int
    rows: list[CredentialCopy]


class AccreditationBrief(Word):
    """An accreditation without its holder: what Drivers and Enforcement may know."""

    accreditation_id: str
    municipality_id: str
    category: Category
    valid_from: date
    valid_to: date
    status: AccreditationStatus


class CredentialQuestion(Ask):
    """Does one of these values belong to an accreditation valid at `at`? Values travel in the body, never in a URL."""

    municipality_id: str
    kind: CredentialKind
    values: list[str]
    at: datetime


class CredentialAnswer(Word):
    """The first value that was found, as its place in the question, with the accreditation; None when none was."""

    index: int | None = None
    credential: str | None = None
    accreditation: AccreditationBrief | None = None
    valid: bool = False
    reason: Literal["valid", "unknown", "expired", "not_yet", "suspended", "revoked"] = "unknown"


# --- events of Users -------------------------------------------------------------------------------------------------


@event
class MunicipalityDefined(Word):
    """A municipality was created or changed."""

    municipality: Municipality


@event
class CredentialChanged(Word):
    """A card or plate was issued, revoked or its accreditation changed: replace the row of the read copy."""

    row: CredentialCopy


@event
class AccreditationChanged(Word):
    """An accreditation was given, renewed, suspended, revoked or claimed."""

    accreditation: AccreditationBrief
    claimed: bool = False


@event
class SessionEnded(Word):
    """A sign-out, an expiry or a kill: gateways forget the session at once."""

    session_id: str
    user_id: str


@event
class GrantsChanged(Word):
    """A person's roles changed: gateways ask again."""

    user_id: str


@event
class TokenKeysChanged(Word):
    """The keys of access tokens changed: gateways fetch `/api/v1/auth/jwks` again. `kid` signs from now on."""

    kid: str
