"""Parking's events and an import's lines as changes: what they say, when it happened, since when it holds. Pure."""

from __future__ import annotations

from datetime import datetime

from siga.contract.events import Event
from siga.contract.history import ImportedChange
from siga.contract.parking import BayChanged, ReportCameLate, StayCorrected
from siga.services.history.model import IMPORTED, LATE, LIVE, Change, ordinal

_HIDDEN = ("unknown", "closed")
_SEEN = ("free", "occupied")


def change_of(event: Event, data: BayChanged, place_no: int, subject: str | None) -> Change:
    """Parking's word on a bay as a change; `subject` is the pseudonym for the one in `data`."""
    return Change(
        at=_happened_at(event, data), since=data.changed_at or event.recorded_at,
        ordinal=ordinal(LIVE, event.position), told=_told(data), occupancy=data.occupancy, cause=data.cause,
        place_no=place_no, authorisation=data.authorisation, previous_occupancy=data.previous_occupancy,
        previous_authorisation=data.previous_authorisation, authorised_by=data.authorised_by, stay_id=data.stay_id,
        subject=subject, simulated=data.simulated,
    )  # fmt: skip


def _told(data: BayChanged) -> bool | None:
    """What the sensor last said: a stay is on, or it is free since an instant, or nothing was ever said."""
    if data.stay_id is not None:
        return True
    return None if data.changed_at is None else False


def _happened_at(event: Event, data: BayChanged) -> datetime:
    """When the sensor saw it where the sensor made the change, else when Parking noted it."""
    began = data.stay_id is not None and data.previous_authorisation is None
    turned = began or data.ended_stay_id is not None or data.cause == "late_report"
    if turned and data.changed_at is not None:
        return data.changed_at
    heard_again = data.cause == "report" and data.previous_occupancy in _HIDDEN and data.occupancy in _SEEN
    if heard_again and data.observed_at is not None:
        return data.observed_at
    return event.recorded_at


def late_changes_of(event: Event, data: ReportCameLate, place_no: int) -> list[Change]:
    """A late report as changes: what it says, and from the next report that says otherwise on the opposite.

    The second was no news when it came, so that Parking told of no change then; now it ends what the late one began.
    """
    changes = [_late(event, data, data.observed_at, data.occupied, place_no)]
    if data.until_at is not None and data.until_at > data.observed_at:
        changes.append(_late(event, data, data.until_at, not data.occupied, place_no))
    return changes


def corrected_changes_of(event: Event, data: StayCorrected, place_no: int) -> list[Change]:
    """A run that is only known in hindsight as its two ends; none when it was taken back."""
    run = data.run
    if run is None:
        return []
    ends = ((run.from_at, run.occupied, run.from_error_s), (run.until_at, not run.occupied, run.until_error_s))
    return [_late(event, data, at, occupied, place_no, error_s or None) for at, occupied, error_s in ends]


def _late(event: Event, data: ReportCameLate | StayCorrected, at: datetime, occupied: bool, place_no: int,
          error_s: int | None = None) -> Change:  # fmt: skip
    return Change(
        at=at, since=at, ordinal=ordinal(LATE, event.position), told=occupied,
        occupancy="occupied" if occupied else "free", cause="late_report", place_no=place_no,
        simulated=data.simulated, error_s=error_s,
    )  # fmt: skip


def imported_change_of(line: ImportedChange, place_no: int, simulated: bool) -> Change:
    """A line of an import as a change; only an occupied bay has an authorisation."""
    return Change(
        at=line.at, since=line.at, ordinal=ordinal(IMPORTED, line.sequence), told=line.occupied,
        occupancy="occupied" if line.occupied else "free", cause="import", place_no=place_no,
        authorisation=line.authorisation if line.occupied else None, simulated=simulated,
    )  # fmt: skip
