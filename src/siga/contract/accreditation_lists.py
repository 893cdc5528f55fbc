"""Words of accreditations by the hundred: a town's list brought in, letters printed, cards that want a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from siga.contract.accreditations import Accreditation, AccreditationKind, Country, HolderLanguage
from siga.contract.base import Ask, Word
from siga.contract.parking import Category

RowOutcome = Literal["created", "updated", "unchanged"]
CardAlarmReason = Literal["two_bays", "travel"]
CardAlarmState = Literal["open", "acknowledged", "all"]
MOST_ROWS = 1_000
"""Accreditations in one request: they are one transaction, and everybody else's changes wait for it."""
MOST_LETTERS = 100


class AccreditationDraft(Ask):
    """One accreditation as a town's list describes it. What is None is not said: it stays as it is."""

    number: Annotated[str, Meta(max_length=60)]
    """With issuer and country the key by which it is known again."""
    holder: Annotated[str, Meta(max_length=120)] | None = None
    category: Category | None = None
    kind: AccreditationKind | None = None
    issuer: Annotated[str, Meta(max_length=120)] | None = None
    """None = the municipality itself."""
    issuer_country: Country | None = None
    """None = the municipality's."""
    valid_from: date | None = None
    valid_to: date | None = None
    language: HolderLanguage | None = None
    plates: Annotated[tuple[str, ...], Meta(max_length=50)] | None = None
    """Added to those it has; none is taken away."""
    cards: Annotated[tuple[str, ...], Meta(max_length=50)] | None = None
    """UIDs in hexadecimal as the bays' readers show them, added to those it has."""
    row: int = 0
    """Where it stands in the file."""


class AccreditationBatch(Ask):
    """Accreditations to be given or brought up to date, at most 1,000; `dry_run` only says what would happen."""

    municipality_id: str
    drafts: Annotated[list[AccreditationDraft], Meta(max_length=MOST_ROWS)]
    dry_run: bool = False


class ImportedAccreditation(Word, omit_defaults=True):
    """What became of one row. `changes` names the fields that differed."""

    row: int
    outcome: RowOutcome
    number_ends_with: str
    changes: tuple[str, ...] = ()


class RefusedEntry(Word):
    """A row that was not taken, with the reason. `excerpt` is the end of its number: no name, no plate."""

    row: int
    reason: str
    slug: str
    excerpt: str = ""


class AccreditationImport(Word):
    """What an import did, or would do, row by row. Letters are made afterwards, when somebody prints them."""

    created: int
    updated: int
    unchanged: int
    rows: list[ImportedAccreditation]
    refused: list[RefusedEntry]
    dry_run: bool = False


class LettersAsk(Ask):
    """Letters with a new claim code for accreditations that nobody has claimed and that have no code yet."""

    municipality_id: str | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_LETTERS)] = 50


class Letter(Word):
    """One holder's letter. Its claim code is told this once."""

    accreditation: Accreditation
    claim_code: str


class Letters(Word):
    """Letters to be printed now, oldest accreditation first, and how many are still to be made after these."""

    letters: list[Letter]
    remaining: int


class LettersDue(Word):
    """How many accreditations nobody has claimed and no letter was made for."""

    due: int


class CardAlarm(Word):
    """One card was seen where it can hardly have been: a copy, a lent card or a sensor's error; a person looks at it.

    `metres` lie between the two bays, `seconds` between the end of the one stay and the beginning of the other.
    """

    alarm_id: str
    municipality_id: str
    accreditation_id: str
    credential_id: str
    ends_with: str
    reason: CardAlarmReason
    bay_id: str
    other_bay_id: str
    at: datetime
    metres: int
    seconds: int
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


class CardAlarmPage(Word):
    """A page of such alarms, newest first."""

    alarms: list[CardAlarm]
    next: str | None = None
