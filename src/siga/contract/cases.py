"""Words of the police's queue: what an officer sees of a case and what may be said about it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from siga.contract.base import Ask, Word
from siga.contract.drivers import Declaration, ReportNote
from siga.contract.enforcement import CaseState, Outcome, PhotoReading, PlateCandidate
from siga.contract.parking import Category, SuspicionReason
from siga.contract.users import CredentialKind

CaseFilter = Literal["open", "resolved", "withdrawn", "all"]
PhotoState = Literal["wanted", "arrived", "not_coming", "none"]
PlateCheck = Literal[
    "none", "pending", "accredited", "other_category", "personal_bay", "expired", "not_yet", "suspended", "revoked",
    "unknown",
]  # fmt: skip
"""What Users says of the plate. `personal_bay`: accredited, but the bay is one holder's own: an officer has to look."""


class Certainty(Word):
    """One piece of evidence: whether it is known, and a key of what it says (the apps have the texts, es and en).

    `evidence`: sensor, identify, card, check_in, authorisation, duration, photo, plate, reports, officer.
    """

    evidence: str
    known: bool
    says: str


class CasePlate(Word):
    """The plate of a case: for the police alone. `confidence` is None when an officer typed it."""

    plate: str
    confidence: float | None = None
    candidates: list[PlateCandidate] = []
    read_as: str | None = None
    """What the reader had taken for the best, if an officer corrected it."""
    corrected_by: str | None = None
    corrected_at: datetime | None = None
    check: PlateCheck = "none"


class CaseStep(Word):
    """One step in a case's way, never changed after: who (a user's id, or `siga`), when, what, and details."""

    number: int
    at: datetime
    who: str
    what: str
    detail: dict[str, str | bool | int | None] = {}


class CaseView(Word):
    """A case as the police of its municipality see it. It is a suspicion to be looked at until an officer decides.

    `version` counts the moves of the case through people's hands: send it back with the next move.
    """

    case_id: str
    municipality_id: str
    bay_id: str
    code: str
    address: str
    lon: float
    lat: float
    category: Category
    zone_id: str
    reason: SuspicionReason
    reasons: list[SuspicionReason]
    state: CaseState
    outcome: Outcome | None
    occupied_since: datetime | None
    opened_at: datetime
    still_there: bool | None
    """None: nobody can tell (no sensor, or no signal from it)."""
    gone_at: datetime | None
    certainty: list[Certainty]
    plate: CasePlate | None
    photo_ids: list[str]
    photo_state: PhotoState
    photo_until: datetime | None
    complete: bool
    reports: int
    holder_id: str | None
    undo_until: datetime | None
    listed_until: datetime | None
    """For a withdrawn case: how long it stays listed and can be reopened."""
    closed_at: datetime | None
    version: int
    changed_at: datetime
    durations: Literal["indication"] = "indication"
    """Times since a bay was taken are an indication, not a measurement (metrology, RDL 6/2015 art. 83.2)."""
    personal: bool = False
    simulated: bool = False
    note: str | None = None
    resolution: str | None = None
    """The reason an officer gave with the outcome."""
    steps: list[CaseStep] | None = None
    """Only when one case is asked for."""


class CaseList(Word):
    """A page of cases; open ones are ordered by actionability: still there, certainty, age."""

    cases: list[CaseView]
    next: str | None = None


class CaseCount(Word):
    """How many cases a municipality has in each state and with each outcome; nothing else."""

    municipality_id: str
    open: int
    states: dict[str, int]
    outcomes: dict[str, int]


class CaseCounts(Word):
    """Counts by municipality."""

    counts: list[CaseCount]


class WouldHave(Word):
    """What would have been opened as a case, were the zone enforcing."""

    would_have_id: str
    municipality_id: str
    bay_id: str
    zone_id: str
    code: str
    category: Category
    reason: SuspicionReason
    occupied_since: datetime | None
    suspected_at: datetime


class WouldHaveList(Word):
    """A page of them, newest first."""

    would_have: list[WouldHave]
    next: str | None = None


class EvidencePhoto(Word):
    """One photo of a case; `reading` is None while Images cannot be asked."""

    photo_id: str
    sha256: str
    taken_at: datetime
    reading: PhotoReading | None = None


class CaseEvidence(Word):
    """All photos of a case, what its reporters wrote, and what the driver declared as a guest, if anything (D11).

    Reports and declaration are left out while Drivers cannot be asked, and once they are erased.
    """

    photos: list[EvidencePhoto]
    reports: list[ReportNote] = []
    declaration: Declaration | None = None


class LookedUp(Word):
    """What is known of a card or plate now, without a name. `left`: how many checks the officer has in this hour."""

    state: Literal["valid", "unknown", "expired", "not_yet", "suspended", "revoked"]
    category: Category | None
    valid_to: date | None
    left: int


class Duty(Word):
    """Whether an officer is on duty, where, and until when."""

    on: bool
    municipality_id: str
    zone_ids: list[str] = []
    until: datetime | None = None


# --- what an officer says ----------------------------------------------------------------------------------------


class OpenCase(Ask):
    """An officer opens a case himself (D15)."""

    bay_id: str
    note: str | None = None


class TakeCase(Ask):
    """Take a case; `take_over` takes it out of another officer's hands on purpose."""

    version: int
    take_over: bool = False


class MoveCase(Ask):
    """The next step of a case one holds: dispatch, arrive, undo, reopen."""

    version: int


class ResolveCase(Ask):
    """Close a case. `reason` must be given for `authorised` and `false_alarm`; `confirmed` = after "check again"."""

    version: int
    outcome: Outcome
    reason: str | None = None
    confirmed: bool = False


LookupPurpose = Literal["case", "windscreen", "holder_asks"]
LOOKUP_PURPOSES: tuple[LookupPurpose, ...] = ("case", "windscreen", "holder_asks")
"""What a check at the kerb is for: a case, a card seen in a parked vehicle, or a holder who asks for it."""


class CredentialLookup(Ask):
    """Check a card, tag or plate at the kerb. The value travels in the body, never in an address."""

    municipality_id: str
    kind: CredentialKind
    value: str
    purpose: LookupPurpose
    case_id: str | None = None
    """The case that it is for, with the purpose `case`."""


class CorrectPlate(Ask):
    """The plate as the officer sees it; separators do not matter."""

    version: int
    plate: str


class SetDuty(Ask):
    """Go on or off duty; ends by itself at `until`, at most 8 h ahead. `municipality_id` only if one serves several."""

    on: bool
    zone_ids: list[str] = []
    until: datetime | None = None
    municipality_id: str | None = None
