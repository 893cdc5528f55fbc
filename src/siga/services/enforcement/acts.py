"""What officers do with a case, as pure functions of (case, who, which version they saw): one hand at a time."""

from __future__ import annotations

from datetime import datetime

from siga.contract.enforcement import Outcome
from siga.kit.problem import Conflict, FieldFault, Invalid
from siga.services.enforcement.model import (
    OFFENCES,
    OPEN,
    Case,
    Moved,
    Step,
    Times,
    is_open,
    moved,
    open_again,
    resolved,
)
from siga.services.enforcement.problems import CaseHeld, CaseMoved

MUST_SAY_WHY: frozenset[Outcome] = frozenset({"authorised", "false_alarm"})


def acknowledge(case: Case, who: str, version: int, *, take_over: bool = False) -> Moved:
    """Take a case nobody holds; with `take_over` also one that another officer holds."""
    if case.state == "acknowledged" and case.holder_id == who:
        return Moved(case)
    if case.state == "new":
        _same(case, version)
        return Moved(moved(case, state="acknowledged", holder_id=who), (Step("acknowledged", who),))
    if not is_open(case):
        raise _closed(case)
    if case.holder_id == who:
        raise CaseMoved(f"You hold this case already; it is '{case.state}'.")
    if not take_over:
        raise _held(case)
    _same(case, version)
    step = Step("taken_over", who, {"from": case.holder_id})
    return Moved(moved(case, state="acknowledged", holder_id=who), (step,))


def dispatch(case: Case, who: str, version: int) -> Moved:
    """Set out for the bay."""
    if case.state == "dispatched" and case.holder_id == who:
        return Moved(case)
    _in_hand(case, who, version)
    if case.state != "acknowledged":
        raise CaseMoved(f"The case is '{case.state}' already.")
    return Moved(moved(case, state="dispatched"), (Step("dispatched", who),))


def arrive(case: Case, who: str, version: int) -> Moved:
    """Stand before the bay. From now on nothing closes the case but the officer."""
    if case.state == "on_site" and case.holder_id == who:
        return Moved(case)
    _in_hand(case, who, version)
    return Moved(moved(case, state="on_site"), (Step("arrived", who),))


def resolve(case: Case, who: str, version: int, outcome: Outcome, reason: str | None, now: datetime,
            times: Times) -> Moved:  # fmt: skip
    """Close a case one holds. It can be undone for a while."""
    if case.state == "resolved" and case.holder_id == who and case.outcome == outcome and case.undo_until is not None:
        return Moved(case)
    _in_hand(case, who, version)
    reason = (reason or "").strip() or None
    if outcome in MUST_SAY_WHY and reason is None:
        fault = FieldFault("/reason", f"must be given with '{outcome}'")
        raise Invalid("Say why the case is closed like that.", errors=[fault])
    after = resolved(
        case, outcome, now, times, resolution=reason, undo_until=now + times.undo, undo_state=case.state,
    )  # fmt: skip
    return Moved(after, (Step("resolved", who, {"outcome": outcome}),))


def undo(case: Case, who: str, version: int, now: datetime) -> Moved:
    """Take one's own closing back while the window lasts."""
    if case.state != "resolved" or case.undo_until is None or case.undo_state is None:
        raise CaseMoved("There is nothing to undo: no officer has just closed this case.")
    if case.holder_id != who:
        raise CaseHeld(
            f"Officer {case.holder_id} closed this case and can undo it until {case.undo_until:%H:%M:%S} UTC."
        )
    _same(case, version)
    if now > case.undo_until:
        raise Conflict("The time to undo this is over.")
    step = Step("undone", who, {"outcome": case.outcome})
    return Moved(open_again(case, case.undo_state, case.holder_id), (step,))


def reopen(case: Case, who: str, version: int, now: datetime) -> Moved:
    """Put a withdrawn case, or one closed without an offence, back into the queue; it is not withdrawn again."""
    if is_open(case):
        raise CaseMoved(f"The case is open: '{case.state}'.")
    _same(case, version)
    if case.outcome in OFFENCES:
        raise Conflict("An offence that was closed is not reopened in the queue.")
    if case.listed_until is not None and now > case.listed_until:
        raise Conflict("The case is no longer listed: its evidence is erased.")
    step = Step("reopened", who, {"state": case.state, "outcome": case.outcome})
    return Moved(open_again(case, automatic=False), (step,))


def correct_plate(case: Case, who: str, version: int, plate_sealed: str) -> Moved:
    """Put another plate in place of the one that was read; it is looked up again."""
    if not is_open(case):
        raise _closed(case)
    if case.holder_id not in (None, who):
        raise _held(case)
    _same(case, version)
    after = moved(case, plate_sealed=plate_sealed, plate_check="pending")
    return Moved(after, (Step("plate_corrected", who),))


def _in_hand(case: Case, who: str, version: int) -> None:
    if case.state not in OPEN:
        raise _closed(case)
    if case.state == "new":
        raise CaseMoved("Nobody holds this case: take it first.")
    if case.holder_id != who:
        raise _held(case)
    _same(case, version)


def _same(case: Case, version: int) -> None:
    if case.version != version:
        raise CaseMoved(
            f"You saw version {version}; the case is '{case.state}' at version {case.version} now, {_holder(case)}."
        )


def _held(case: Case) -> CaseHeld:
    return CaseHeld(f"The case is '{case.state}' and {_holder(case)}. Take it over only after speaking with them.")


def _closed(case: Case) -> CaseMoved:
    how = f"resolved as '{case.outcome}'" if case.outcome else "withdrawn"
    return CaseMoved(f"The case is {how}, at version {case.version}.")


def _holder(case: Case) -> str:
    return f"held by officer {case.holder_id}" if case.holder_id else "held by nobody"
