"""Words of accreditations, their cards and plates, as administrators and holders ask Users for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from siga.contract.base import Ask, Word
from siga.contract.parking import Category
from siga.contract.users import AccreditationStatus

AccreditationKind = Literal["personal", "provisional", "collective"]
UidKind = Literal["card", "tag"]
EndReason = Literal["lost", "stolen", "damaged", "moved", "deceased", "misuse", "error", "other"]
HolderLanguage = Literal["es", "en"]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
Text = Annotated[str, Meta(min_length=1, max_length=120)]
Value = Annotated[str, Meta(min_length=1, max_length=60)]


class CardAsk(Ask):
    """A card's UID as it was typed or as a reader typed it (D12)."""

    uid: Value
    form: Literal["hex", "decimal"] = "hex"
    reversed: bool = False
    """The bays' readers show the bytes in the other order than this one: keep it turned round."""
    kind: UidKind = "card"


class PlateAsk(Ask):
    """A number plate of the holder's vehicle."""

    plate: Value


class UidForms(Word):
    """One UID in every form a reader may show, so that a person can compare; `bytes` is its length."""

    uid_hex: str
    uid_reversed: str
    decimal: str
    decimal_reversed: str
    bytes: int


class Card(Word):
    """A card or tag of an accreditation; its UID is sealed, only its last four digits are shown."""

    credential_id: str
    kind: UidKind
    ends_with: str
    added_at: datetime
    revoked_at: datetime | None = None
    revoked_reason: EndReason | None = None


class CardEnd(Ask):
    """Why a card, a tag or a plate is revoked."""

    reason: EndReason = "other"


class CardReplacement(CardAsk):
    """The card that takes the place of another, and what became of that one."""

    reason: EndReason = "lost"


class CardAdded(Word):
    """A card was added: its UID shown this once in every form."""

    card: Card
    forms: UidForms


class Plate(Word):
    """A number plate of an accreditation."""

    credential_id: str
    plate: str
    added_at: datetime
    revoked_at: datetime | None = None
    revoked_reason: EndReason | None = None


class AccreditationLine(Word):
    """An accreditation in a list: without its holder's name."""

    accreditation_id: str
    municipality_id: str
    category: Category
    kind: AccreditationKind
    issuer: str
    number_ends_with: str
    valid_from: date
    valid_to: date
    status: AccreditationStatus
    claimed: bool
    version: int
    issuer_country: str
    """ISO 3166-1 alpha-2 of whoever issued it."""
    language: HolderLanguage
    """In which the holder is written to."""


class Accreditation(AccreditationLine):
    """An accreditation with its holder, cards and plates, for administrators of its municipality."""

    holder: str
    created_at: datetime
    status_reason: EndReason | None = None
    cards: list[Card] = []
    plates: list[Plate] = []


class AccreditationPage(Word):
    """A page of accreditations, newest first; `next` continues it, None at the end."""

    accreditations: list[AccreditationLine]
    next: str | None = None


class AccreditationAsk(Ask):
    """Give an accreditation, with cards and plates if they are at hand."""

    category: Category
    issuer: Text
    number: Value
    holder: Text
    valid_from: date
    valid_to: date
    kind: AccreditationKind = "personal"
    municipality_id: str | None = None
    """None = the caller's only one."""
    issuer_country: Country | None = None
    """None = the municipality's."""
    language: HolderLanguage | None = None
    """In which the holder is written to; None = the municipality's first."""
    cards: Annotated[list[CardAsk], Meta(max_length=50)] = []
    plates: Annotated[list[PlateAsk], Meta(max_length=50)] = []


class AccreditationIssued(Word):
    """A new accreditation. `claim_code` is told this once; print it on the holder's letter (D11)."""

    accreditation: Accreditation
    claim_code: str
    cards: list[CardAdded] = []


class AccreditationChange(Ask):
    """Corrections; what is absent stays. Dates change by renewal."""

    holder: Text | None = None
    category: Category | None = None
    kind: AccreditationKind | None = None
    issuer: Text | None = None
    issuer_country: Country | None = None
    language: HolderLanguage | None = None


class Replacement(Ask):
    """The number of the document that takes the place of another, and what became of that one."""

    number: Value
    reason: EndReason = "lost"
    keep_cards: bool = False
    """Whether its electronic cards go on working; its plates do in any case."""


class Renewal(Ask):
    """New validity; `valid_from` absent stays."""

    valid_to: date
    valid_from: date | None = None


class StatusAsk(Ask):
    """Why an accreditation is suspended or revoked."""

    reason: EndReason = "other"


class AccreditationSearch(Ask):
    """Find accreditations by values that belong in a body and never in an address; all that are given must fit."""

    number: Value | None = None
    card: CardAsk | None = None
    plate: Value | None = None
    holder: Text | None = None
    """Whole words of the holder's name, in any order, whatever their case and accents."""
    municipality_id: str | None = None


class ClaimCode(Word):
    """A new claim code, told this once; the old one is void."""

    claim_code: str


class ClaimAsk(Ask):
    """The claim code from the letter, as typed."""

    code: Annotated[str, Meta(min_length=1, max_length=40)]


class OwnAccreditation(Word):
    """An accreditation as the driver who claimed it sees it."""

    accreditation_id: str
    municipality_id: str
    municipality_name: str
    category: Category
    kind: AccreditationKind
    issuer: str
    number_ends_with: str
    valid_from: date
    valid_to: date
    status: AccreditationStatus
    issuer_country: str = ""


class OwnAccreditations(Word):
    """What the driver who asks has claimed."""

    accreditations: list[OwnAccreditation]
