"""Words of Enforcement and Images: cases, photos, plates read, and what was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from siga.contract.base import Ask, Word
from siga.contract.events import event
from siga.contract.parking import Category, PhotoTask, SuspicionReason

CaseState = Literal["new", "acknowledged", "dispatched", "on_site", "resolved", "withdrawn"]
Outcome = Literal["fined", "warned", "towed", "authorised", "gone", "false_alarm"]
OUTCOMES: tuple[Outcome, ...] = ("fined", "warned", "towed", "authorised", "gone", "false_alarm")


@event
class CaseOpened(Word):
    """A suspicion entered the police's queue."""

    case_id: str
    bay_id: str
    stay_id: str | None
    zone_id: str
    category: Category
    reason: SuspicionReason
    occupied_since: datetime | None
    photo_task: bool
    camera_ids: tuple[str, ...] = ()
    photo_until: datetime | None = None
    state: CaseState = "new"
    """`acknowledged` when an officer opened it himself."""


@event
class CaseChanged(Word):
    """A case moved: taken, photographed, read, resolved, withdrawn, reopened. No plate, no name in it."""

    case_id: str
    bay_id: str
    state: CaseState
    outcome: Outcome | None = None
    what: str = ""
    report_ids: tuple[str, ...] = ()
    complete: bool = False
    """Photo and plate are there, or it is known that they will not come."""
    zone_id: str = ""


@event
class StayJudged(Word):
    """Positive word about a stay: a plate was found accredited, or an officer decided. Parking takes it over."""

    stay_id: str
    bay_id: str
    authorisation: Literal["authorised", "unauthorised"]
    by: Literal["plate", "officer"]
    at: datetime
    accreditation_id: str | None = None
    undone: bool = False
    """The officer took this very word back within the undo window: the stay is as if it had not been said."""


@event
class PhotoStored(Word):
    """Images keeps a photo for a case; `sha256` is of the original bytes."""

    photo_id: str
    case_id: str
    bay_id: str
    sha256: str
    bytes: int


@event
class PlateRead(Word):
    """Images is done with a photo. Plates are not here: Enforcement asks Images for the reading."""

    photo_id: str
    case_id: str
    candidates: int
    confidence: float | None = None
    reason: str | None = None


class PlateCandidate(Word):
    """One plate as read: text without separators, confidence 0 to 1, country code, box in pixels [x, y, w, h]."""

    plate: str
    confidence: float
    country: str | None = None
    box: tuple[int, int, int, int] = (0, 0, 0, 0)


class PhotoReading(Word):
    """The reading of one photo, best candidate first; `reason` when nothing could be read."""

    photo_id: str
    case_id: str
    done: bool
    plates: list[PlateCandidate] = []
    reason: str | None = None
    sha256: str = ""
    taken_at: datetime | None = None


class PhotoKept(Word):
    """Answer to a photo that was stored (or had been before): its id and the SHA-256 of the original bytes."""

    photo_id: str
    sha256: str


class PhotoHold(Ask):
    """How long a photo must be kept: None = until further notice, an instant = until then (a past one lets go)."""

    until: datetime | None = None


class PhotoTasks(Word):
    """Photos a camera is asked for now (D14)."""

    tasks: list[PhotoTask] = []


class OnDuty(Word):
    """How many officers are on duty in a municipality."""

    on_duty: int


class QuarantinedJob(Word):
    """A photo that could not be read after all tries, and why; no plate is in it."""

    job_id: str
    photo_id: str
    municipality_id: str
    reason: str
    tries: int
    created_at: datetime


class JobsOverview(Word):
    """The photo queue: how many jobs are in each state, the age of the oldest that waits, and what was set aside."""

    counts: dict[str, int]
    oldest_waiting_s: float | None = None
    quarantined: list[QuarantinedJob] = []
    next: str | None = None
