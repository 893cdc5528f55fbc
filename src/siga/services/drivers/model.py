"""The rules of Drivers, pure: who may use which bay, when a check-in ends, what a reporter is told, what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from siga.contract.auth import ACTIONS, Claims
from siga.contract.base import Word
from siga.contract.drivers import ReportOutcome, ReportStatus
from siga.contract.enforcement import CaseState, Outcome
from siga.contract.parking import BayChanged, Category, Life, StaffBayView
from siga.contract.users import AccreditationBrief

CHECK_IN_LASTS = timedelta(hours=24)
"""A check-in that nobody ends and no sensor sees the end of, ends by itself after this."""
EARLY_CHECK_IN = timedelta(minutes=15)
"""How long after a check-in the sensor may first see its car."""
USED_WITHIN = timedelta(days=7)
"""How long after a check-in its bay can be rated and its receipt fetched; then who it was is forgotten."""
DOUBT_HOLDS = timedelta(hours=24)
"""A doubt about a bay that never changes may be repeated after this."""
DOUBT_KEPT = timedelta(days=30)
DECLARATION_SPARED = timedelta(minutes=5)
"""After a stay, so long may a case about it still arrive; then the guest's declaration is erased."""
MISUSE_WAITS = timedelta(hours=24)
"""A misuse report that no case took up and no sensor settled ends after this."""
REPORTER_KEPT = timedelta(days=90)
COMMENT_KEPT = timedelta(days=365)
ACCREDITATION_IN_EVENTS = timedelta(days=4)
"""The longest stay and the 72 h after which History forgets too."""
HOUR = timedelta(hours=1)
FEWEST_RATINGS = 3
MOST_FAVOURITES = 100
MOST_PHOTOS = 3


class Place(Word):
    """Where a municipality lies: its IANA time zone and ISO 3166-1 country."""

    time_zone: str = "Europe/Madrid"
    country: str = "ES"


class KnownBay(Word):
    """The copy of a bay that Drivers keeps: what it needs when Parking is away. `stay_id` is the stay that is on."""

    bay_id: str
    municipality_id: str
    zone_id: str
    code: str
    category: Category
    personal: bool
    personal_accreditation_id: str | None
    life: Life
    closed_from: datetime | None
    closed_to: datetime | None
    lon: float
    lat: float
    address: str
    version: int
    stay_id: str | None = None


def is_there(bay: KnownBay) -> bool:
    """Whether the bay exists for drivers: not while it is planned or commissioned, and not once it is retired (D2)."""
    return bay.life in ("in_service", "closed")


def is_closed(bay: KnownBay, now: datetime) -> bool:
    """Whether nobody may use the bay at `now`: closed, within its dates where it has some."""
    if bay.life != "closed":
        return False
    begun = bay.closed_from is None or bay.closed_from <= now
    return begun and (bay.closed_to is None or now < bay.closed_to)


def is_shown(bay: KnownBay, accreditation_ids: Iterable[str]) -> bool:
    """Whether somebody who claimed these accreditations may know of the bay (D7)."""
    return is_there(bay) and (not bay.personal or bay.personal_accreditation_id in set(accreditation_ids))


def fault_of(brief: AccreditationBrief, bay: KnownBay, today: date) -> str | None:
    """Why the accreditation does not allow the bay on that day (local to the bay), None when it does."""
    if bay.personal and brief.accreditation_id != bay.personal_accreditation_id:
        return "it is not the one that this bay is reserved for"
    if not bay.personal and brief.category != bay.category:
        return f"it is for '{brief.category}' and this bay for '{bay.category}'"
    if brief.status != "valid":
        return f"it is {brief.status}"
    if today < brief.valid_from:
        return f"it is valid only from {brief.valid_from.isoformat()}"
    if today > brief.valid_to:
        return f"it expired on {brief.valid_to.isoformat()}"
    return None


def local_day(now: datetime, time_zone: str) -> date:
    """The calendar day at the bay; a time zone that this machine does not know counts as UTC."""
    try:
        return now.astimezone(ZoneInfo(time_zone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return now.date()


def emptied_at(change: BayChanged, fallback: datetime) -> datetime | None:
    """When the bay became free by this change, None if it did not. `fallback` stands for an unknown instant."""
    if change.occupancy != "free" or change.previous_occupancy == "free":
        return None
    return change.changed_at or change.observed_at or fallback


def left_at(change: BayChanged, started_at: datetime, stay_id: str | None, fallback: datetime) -> datetime | None:
    """When the car of a check-in left by this change, None if it did not.

    The bay emptied after the check-in began; or a car came after it that is another's, since the check-in's own stay
    ended with it, or since it came to a bay that was free too long after the check-in (Parking's rule as well).
    """
    emptied = emptied_at(change, fallback)
    if emptied is not None:
        return emptied if emptied > started_at else None
    if change.occupancy != "occupied":
        return None
    came_at = change.changed_at or fallback
    instead = stay_id is not None and change.ended_stay_id == stay_id and came_at > started_at
    too_late = change.previous_occupancy == "free" and came_at > started_at + EARLY_CHECK_IN
    return came_at if instead or too_late else None


def settles_doubts(change: BayChanged) -> bool:
    """Whether the bay has news that end the doubts about it (D6); a doubt's own effect is none."""
    return change.cause != "doubt" and change.public_occupancy != "doubtful"


def leave_by(view: StaffBayView, started_at: datetime) -> datetime | None:
    """Until when the rule lets a car stay that checked in at `started_at`; None when no limit runs now."""
    if view.max_stay_min is None or not view.in_force:
        return None
    seen = view.changed_at if view.occupancy == "occupied" else None
    return min(seen or started_at, started_at) + timedelta(minutes=view.max_stay_min)


def wait_s(earlier: Sequence[datetime], limit: int, now: datetime) -> int | None:
    """Seconds until one more is allowed when at most `limit` are in any hour; None when it is allowed now."""
    recent = sorted(at for at in earlier if at > now - HOUR)
    if len(recent) < limit:
        return None
    frees_at = recent[len(recent) - limit] + HOUR
    return max(1, -int((now - frees_at).total_seconds() // 1))


_OUTCOMES: dict[Outcome, ReportOutcome] = {
    "fined": "acted", "warned": "acted", "towed": "acted", "authorised": "authorised", "gone": "gone",
    "false_alarm": "nothing_found",
}  # fmt: skip


def told(status: ReportStatus, state: CaseState, outcome: Outcome | None) -> tuple[ReportStatus, ReportOutcome | None]:
    """What the reporter is told once the case is in `state` (D18): coming only after dispatch, no personal data.

    A case is withdrawn when the car proves to be accredited, unless it says another outcome. A reopened one is open
    again; "nobody is available" stays true until somebody takes the case.
    """
    if state == "withdrawn":
        return "resolved", _OUTCOMES[outcome] if outcome else "authorised"
    if state == "resolved":
        return "resolved", _OUTCOMES[outcome] if outcome else None
    if state in ("dispatched", "on_site"):
        return "on_the_way", None
    if state == "new" and status == "nobody_available":
        return "nobody_available", None
    return "sent", None


def mean(total: int, number: int) -> float:
    """The mean of `number` answers of 1 to 5 that sum up to `total`, to one decimal."""
    return round(total / number, 1)


def tidy_plate(text: str) -> str:
    """A plate as typed, without separators, upper case."""
    return "".join(c for c in text.upper() if c.isalnum())


def in_scope(scopes: Iterable[tuple[str, tuple[str, ...]]], municipality_id: str, zone_id: str) -> bool:
    """Whether a place lies in one of the (municipality, its zones or none for all)."""
    return any(m == municipality_id and (not zones or zone_id in zones) for m, zones in scopes)


def scopes_of(claims: Claims, action: str) -> list[tuple[str, tuple[str, ...]]]:
    """(municipality, its zones or none for all) in which the caller may do `action` (D19)."""
    roles = ACTIONS.get(action, frozenset())
    return [(g.municipality_id, g.zone_ids) for g in claims.grants if g.role in roles and g.municipality_id]
