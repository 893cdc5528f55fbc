"""Words of Drivers: check-ins, doubts, ratings and reports that others act upon."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from siga.contract.base import Ask, Word
from siga.contract.events import event
from siga.contract.parking import Category

CheckInKind = Literal["accredited", "declared"]
ReportKind = Literal["misuse", "problem"]
ReportStatus = Literal["sent", "on_the_way", "nobody_available", "resolved"]


@event
class CheckedIn(Word):
    """A driver says: it is me who stands there. Accredited = a claimed accreditation; declared = their own word."""

    check_in_id: str
    bay_id: str
    kind: CheckInKind
    at: datetime
    until: datetime | None = None
    accreditation_id: str | None = None
    """Scrubbed from the journal four days after."""


@event
class CheckedOut(Word):
    """The driver left or ended the check-in."""

    check_in_id: str
    bay_id: str
    at: datetime


@event
class BayDoubted(Word):
    """A driver on the spot says that the bay is not free (D6). `by` is a keyed pseudonym, other at every bay.

    It is scrubbed from the journal after 30 days and then None.
    """

    doubt_id: str
    bay_id: str
    at: datetime
    by: str | None


@event
class MisuseReported(Word):
    """A driver reports use without accreditation: joins or opens a suspicion."""

    report_id: str
    bay_id: str
    at: datetime
    has_photo: bool = False


@event
class ProblemReported(Word):
    """A driver reports a problem with a bay: paint, kerb, obstacle, sensor."""

    report_id: str
    bay_id: str
    at: datetime
    problem: str


@event
class BayRated(Word):
    """A bay that was used got three answers, each 1 to 5: width, kerb, surface."""

    rating_id: str
    bay_id: str
    at: datetime
    width: int
    kerb: int
    surface: int


# --- what drivers ask and are told ----------------------------------------------------------------------------------

Label = Annotated[str, Meta(min_length=1, max_length=80)]
Stars = Annotated[int, Meta(ge=1, le=5)]
BayProblem = Literal["paint", "kerb", "obstacle", "sensor", "sign", "other"]
ReportOutcome = Literal["acted", "authorised", "gone", "nothing_found", "expired"]
"""What came of a misuse report, without personal data (D18); `expired` = nobody could look in time."""


class FavouriteAsk(Ask):
    """Keep a bay, or a place by `lon` and `lat` in degrees, under a label."""

    label: Label
    bay_id: str | None = None
    lon: float | None = None
    lat: float | None = None


class Favourite(Word):
    """A kept bay or place. `gone`: the bay is no longer there; code, category and address only for bays."""

    favourite_id: str
    label: str
    lon: float
    lat: float
    bay_id: str | None = None
    code: str | None = None
    category: Category | None = None
    address: str = ""
    gone: bool = False


class FavouriteList(Word):
    """All that one driver keeps, oldest first (at most 100)."""

    favourites: list[Favourite]


class CheckInAsk(Ask):
    """It is me who stands there, under this accreditation or else the first that fits."""

    bay_id: str
    accreditation_id: str | None = None


class GuestCheckInAsk(Ask):
    """It is me who stands there, with a card that SIGA cannot check. Sealed at once, erased after the stay (D11)."""

    bay_id: str
    issuer: Label
    card_number: Annotated[str, Meta(min_length=1, max_length=40)]
    expires_on: date
    plate: Annotated[str, Meta(min_length=2, max_length=20)]


class CheckInView(Word):
    """A check-in as its driver sees it. It ends by itself at `until`.

    `leave_by` and `max_stay_min` are the rule's limit of the stay; None without one, or while Parking is away.
    """

    check_in_id: str
    bay_id: str
    code: str
    municipality_id: str
    kind: CheckInKind
    started_at: datetime
    until: datetime
    address: str = ""
    ended_at: datetime | None = None
    max_stay_min: int | None = None
    leave_by: datetime | None = None


class CurrentCheckIn(Word):
    """The caller's open check-in, None when there is none."""

    check_in: CheckInView | None = None


class CheckInList(Word):
    """The caller's check-ins of the last seven days, newest first: what can be rated and has a receipt."""

    check_ins: list[CheckInView]


class Declaration(Word):
    """What a guest declared about their card, for the officer who works a case about that stay."""

    check_in_id: str
    issuer: str
    card_number: str
    expires_on: date
    plate: str
    declared_at: datetime


class DoubtAsk(Ask):
    """I stand before it and it is not free (D6)."""

    bay_id: str


class Doubt(Word):
    """A doubt that was taken down; asked again before the bay changes, the same one comes back."""

    doubt_id: str
    bay_id: str
    at: datetime


class RatingAsk(Ask):
    """Three answers about a bay that was used, each 1 (bad) to 5 (good)."""

    bay_id: str
    width: Stars
    kerb: Stars
    surface: Stars
    comment: Annotated[str, Meta(max_length=500)] | None = None


class Rating(Word):
    """A rating that was kept."""

    rating_id: str
    bay_id: str
    rated_at: datetime
    width: int
    kerb: int
    surface: int
    comment: str | None = None


class BayRatings(Word):
    """What users of a bay think: how many, and means of 1 to 5. All None below three ratings.

    `comments` (newest first, without an author) only for those who answer reports there.
    """

    bay_id: str
    count: int | None = None
    width: float | None = None
    kerb: float | None = None
    surface: float | None = None
    comments: list[str] | None = None


class ReportAsk(Ask):
    """Somebody stands there without accreditation (`misuse`), or something is wrong with the bay (`problem`)."""

    bay_id: str
    kind: ReportKind
    problem: BayProblem | None = None
    note: Annotated[str, Meta(max_length=1000)] | None = None


class ReportSent(Word):
    """A report that was taken down. `follow_code` shows it to whoever has it: send it in `X-Follow-Code`."""

    report_id: str
    follow_code: str
    status: ReportStatus
    at: datetime


class ReportView(Word):
    """A report as its reporter sees it (D18)."""

    report_id: str
    bay_id: str
    code: str
    kind: ReportKind
    status: ReportStatus
    at: datetime
    changed_at: datetime
    problem: BayProblem | None = None
    outcome: ReportOutcome | None = None
    answer: str | None = None
    has_photo: bool = False


class ReportList(Word):
    """The caller's own reports, newest first; `next` continues the list."""

    reports: list[ReportView]
    next: str | None = None


class ReportWork(Word):
    """A report as the administration works it: never who sent it; the note of a misuse is the police's alone."""

    report_id: str
    bay_id: str
    code: str
    municipality_id: str
    zone_id: str
    address: str
    kind: ReportKind
    status: ReportStatus
    at: datetime
    changed_at: datetime
    problem: BayProblem | None = None
    note: str | None = None
    outcome: ReportOutcome | None = None
    answer: str | None = None
    photo_id: str | None = None


class ReportWorkList(Word):
    """A page of reports to work, newest first; `next` continues it."""

    reports: list[ReportWork]
    next: str | None = None


class ReportAnswerAsk(Ask):
    """What was done about a problem; its reporter reads it."""

    status: Literal["resolved"]
    text: Annotated[str, Meta(min_length=1, max_length=1000)]


class ReportNote(Word):
    """What the reporter of a misuse wrote and pictured, for the officer who works its case."""

    report_id: str
    bay_id: str
    at: datetime
    note: str | None = None
    photo_id: str | None = None
