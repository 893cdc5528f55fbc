"""Words of Enforcement and Images: cases, photos, plates read, and what was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from siga.contract.base import Word
from siga.contract.events import event
from siga.contract.parking import Category, SuspicionReason

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


@event
class StayJudged(Word):
    """Positive word about a stay: a plate was found accredited, or an officer decided. Parking takes it over."""

    stay_id: str
    bay_id: str
    authorisation: Literal["authorised", "unauthorised"]
    by: Literal["plate", "officer"]
    at: datetime
    accreditation_id: str | None = None


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
