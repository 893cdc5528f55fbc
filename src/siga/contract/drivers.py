"""Words of Drivers: check-ins, doubts, ratings and reports that others act upon."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from siga.contract.base import Word
from siga.contract.events import event

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


@event
class CheckedOut(Word):
    """The driver left or ended the check-in."""

    check_in_id: str
    bay_id: str
    at: datetime


@event
class BayDoubted(Word):
    """A driver on the spot says that the bay is not free (D6). `by` is a keyed pseudonym."""

    doubt_id: str
    bay_id: str
    at: datetime
    by: str


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
