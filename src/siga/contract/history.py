"""Words of History: changes and stays of a bay, statistics, imports, receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from siga.contract.base import Ask, Word
from siga.contract.parking import Authorisation, Category, Occupancy

Origin = Literal["live", "late", "import"]
"""Told as it happened, by a report that came late, or written in from elsewhere."""
EndedBy = Literal["left", "next", "no_signal"]
"""Seen free; another stay began; the device was taken away, so that the end is not known."""
Grouping = Literal["zone", "bay", "category", "hour", "weekday", "day"]


class ChangeView(Word):
    """One change of a bay, at the instant it happened."""

    bay_id: str
    at: datetime
    occupancy: Occupancy
    previous_occupancy: Occupancy | None
    authorisation: Authorisation | None
    previous_authorisation: Authorisation | None
    cause: str
    origin: Origin
    zone_id: str
    category: Category
    stay_id: str | None = None
    authorised_by: str | None = None
    simulated: bool = False


class ChangeList(Word):
    """Changes of one bay, newest first; `next` continues them."""

    changes: list[ChangeView]
    next: str | None = None


class StayView(Word):
    """From occupied to free. Durations are an indication, no measurement (D10); `ended_at` is None while it lasts."""

    stay_id: str
    bay_id: str
    started_at: datetime
    ended_at: datetime | None
    authorisation: Authorisation | None
    zone_id: str
    category: Category
    authorised_by: str | None = None
    ended_by: EndedBy | None = None
    simulated: bool = False
    started_error_s: int | None = None
    """By how much the start may be wrong, either way, where it is only known in hindsight."""
    ended_error_s: int | None = None


class StayList(Word):
    """Stays of one bay, newest first; `next` continues them."""

    stays: list[StayView]
    next: str | None = None


class StatisticsRow(Word):
    """Figures of one group: a zone, a bay, a category, an hour of the day, a day of the week (1 = Monday) or a day."""

    group: str
    label: str
    """A bay's code, else the group itself."""
    bays: int
    stays: int
    """Stays that began in the span."""
    mean_stay_min: float | None
    """Mean length, minutes, of those that are over; None when none is."""
    occupancy: float | None
    """Share of the known time in which it was occupied, 0 to 1; None when nothing is known."""
    coverage: float
    """Share of the whole time that is known (a sensor in service and heard), 0 to 1."""
    authorisations: dict[str, int]
    """Stays by their last known authorisation."""
    simulated: bool
    """Whether generated history is among it."""


class Statistics(Word):
    """Figures of a municipality's monitored bays over a span.

    `public`: only groups of at least ten stays, whole days that are over, no personal bays (D27); `suppressed` groups
    were left out for that.
    """

    municipality_id: str
    from_at: datetime
    to_at: datetime
    by: Grouping
    time_zone: str
    rows: list[StatisticsRow]
    suppressed: int = 0
    public: bool = False


class ImportedChange(Ask):
    """One line of an import: what a bay became when. `sequence` counts a bay's lines and tells repeats."""

    bay_id: str
    at: datetime
    occupied: bool
    sequence: Annotated[int, Meta(ge=0, lt=2**60)]
    authorisation: Authorisation | None = None


class RefusedLine(Word):
    """A line (from 1) that was not taken, and why."""

    line: int
    reason: str


class Imported(Word):
    """What became of an import's lines; of the refused ones the first thousand are listed."""

    accepted: int
    repeated: int
    refused: list[RefusedLine]
    refused_in_all: int = 0


class ReceiptAsk(Ask):
    """A receipt is wanted for a stay, named by its id or by a bay and a span it lies in."""

    check_in_id: str
    stay_id: str | None = None
    bay_id: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    accreditation_id: str | None = None


class ReceiptClaims(Word):
    """What a receipt says. Of the holder it holds only what they had checked in with; SIGA keeps no copy (D13)."""

    municipality_id: str
    municipality: str
    bay_id: str
    bay: str
    """The bay's code."""
    stay_id: str
    started_at: datetime
    ended_at: datetime
    authorisation: Authorisation | None
    issued_at: datetime
    check_in_id: str
    accreditation_id: str | None = None
    simulated: bool = False


class Receipt(Word):
    """A signed receipt (JWT, Ed25519, `siga-receipt+jwt`) and what it says."""

    receipt: str
    claims: ReceiptClaims


class ReceiptQuestion(Ask):
    """Is this receipt ours and unchanged?"""

    receipt: Annotated[str, Meta(max_length=8000)]


class ReceiptAnswer(Word):
    """What the receipt says when it is valid, else why it is not."""

    valid: bool
    claims: ReceiptClaims | None = None
    reason: str | None = None
