"""What a case is, how long its evidence lives, and what stands first in the queue. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from siga.contract.cases import PhotoState, PlateCheck
from siga.contract.enforcement import CaseState, Outcome
from siga.contract.parking import Category, SuspicionReason

SIGA = "siga"
"""Who took a step that no person took."""

OPEN: frozenset[CaseState] = frozenset({"new", "acknowledged", "dispatched", "on_site"})
STATES: tuple[CaseState, ...] = ("new", "acknowledged", "dispatched", "on_site", "resolved", "withdrawn")
OFFENCES: frozenset[Outcome] = frozenset({"fined", "warned", "towed"})
ANSWERED: frozenset[SuspicionReason] = frozenset({"unverified", "unauthorised", "misuse_report"})
"""Reasons that are answered when the vehicle turns out to be authorised; staying too long is not."""

PROCEDURE_LASTS = timedelta(days=365)
"""A sanctioning procedure lapses after a year (RDL 6/2015 art. 112): so long its evidence is blocked, not deleted."""
WARNING_KEPT = timedelta(days=30)
"""The longest that images may be kept outside a procedure (D17)."""

Evidence = dict[str, bool | str | None]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One suspicion and its way through the police's hands.

    `version` counts moves between states and hands; `revision` counts every change. `automatic` is False once an
    officer has reopened the case: it is not withdrawn by itself again. `plate_sealed` is a sealed `CasePlate`.
    """

    case_id: str
    municipality_id: str
    bay_id: str
    zone_id: str
    code: str
    address: str
    lon: float
    lat: float
    category: Category
    reasons: tuple[SuspicionReason, ...]
    opened_at: datetime
    changed_at: datetime
    stay_id: str | None = None
    evidence: Evidence = {}
    occupied_since: datetime | None = None
    opened_by: str = SIGA
    note: str | None = None
    state: CaseState = "new"
    outcome: Outcome | None = None
    resolution: str | None = None
    holder_id: str | None = None
    still_there: bool | None = None
    gone_at: datetime | None = None
    photo_state: PhotoState = "none"
    photo_until: datetime | None = None
    complete: bool = True
    plate_sealed: str | None = None
    plate_check: PlateCheck = "none"
    reports: int = 0
    undo_until: datetime | None = None
    undo_state: CaseState | None = None
    closed_at: datetime | None = None
    listed_until: datetime | None = None
    erase_at: datetime | None = None
    automatic: bool = True
    personal: bool = False
    simulated: bool = False
    version: int = 1
    revision: int = 1


class Step(NamedTuple):
    """What happened, by whom, with harmless details: no plate and no name."""

    what: str
    who: str = SIGA
    detail: dict[str, str | bool | int | None] = {}


class Moved(NamedTuple):
    """A case after something happened, and the steps to be written down; none if nothing did."""

    case: Case
    steps: tuple[Step, ...] = ()


class Times(NamedTuple):
    """The live settings of a case's municipality."""

    photo_wait: timedelta
    undo: timedelta
    listed: timedelta
    kept: timedelta
    """How long the evidence of what was not confirmed is kept."""


def change(case: Case, **values: object) -> Case:
    """The case with other values."""
    return msgspec.structs.replace(case, **values)


def moved(case: Case, **values: object) -> Case:
    """The case in another state or other hands: its next version."""
    return change(case, version=case.version + 1, **values)


def is_open(case: Case) -> bool:
    """Whether the case still waits for somebody or is being worked."""
    return case.state in OPEN


def answers_all(reasons: Iterable[SuspicionReason]) -> bool:
    """Whether being authorised answers every reason of a case."""
    return all(reason in ANSWERED for reason in reasons)


def evidence_end(outcome: Outcome | None, closed_at: datetime, times: Times) -> datetime:
    """Until when plate and photos of a closed case are kept; `outcome` None = withdrawn."""
    if outcome is None:
        return closed_at + times.listed
    if outcome in ("fined", "towed"):
        return closed_at + PROCEDURE_LASTS
    return closed_at + (WARNING_KEPT if outcome == "warned" else times.kept)


def withdrawn(case: Case, now: datetime, times: Times) -> Case:
    """The case taken back by itself: listed for a while, and an officer can reopen it."""
    end = evidence_end(None, now, times)
    return _without_task(
        moved(case, state="withdrawn", closed_at=now, listed_until=end, erase_at=end, undo_until=None, undo_state=None)
    )


def resolved(case: Case, outcome: Outcome, now: datetime, times: Times, **values: object) -> Case:
    """The case closed with an outcome."""
    end = evidence_end(outcome, now, times)
    return _without_task(moved(case, state="resolved", outcome=outcome, closed_at=now, erase_at=end, **values))


def open_again(case: Case, state: CaseState = "new", holder_id: str | None = None, **values: object) -> Case:
    """The case as open as it was before it was closed."""
    return moved(
        case, state=state, holder_id=holder_id, outcome=None, resolution=None, closed_at=None, listed_until=None,
        erase_at=None, undo_until=None, undo_state=None, **values,
    )  # fmt: skip


def _without_task(case: Case) -> Case:
    """Nobody waits for a photo of a closed case."""
    if case.photo_state != "wanted":
        return change(case, complete=True)
    return change(case, photo_state="not_coming", complete=True)
