"""What happens to a case without a person's act: it may be joined, marked or withdrawn, never turned against anyone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from siga.contract.cases import PlateCheck
from siga.contract.parking import Authorisation, BayChanged, StaySuspected, SuspicionReason
from siga.services.enforcement.model import (
    OFFENCES,
    Case,
    Moved,
    Step,
    Times,
    answers_all,
    change,
    is_open,
    open_again,
    resolved,
    withdrawn,
)

Presence = Literal["there", "gone", "unknown"]


# --- reasons -----------------------------------------------------------------------------------------------------


def suspected(case: Case, told: StaySuspected) -> Moved:
    """A further reason for the same stay joins the case; the same one again changes nothing.

    A closed case comes back into the queue only for what its end did not answer: a new reason after a withdrawal, or
    an overstay after an officer had found nothing wrong.
    """
    own_word = told.reason == "unauthorised" and case.outcome in OFFENCES  # Parking says what an officer had said
    if told.reason in case.reasons or own_word:
        return Moved(case)
    evidence = {**case.evidence, **told.evidence, "authorisation": told.authorisation}
    joined = change(
        case, reasons=(*case.reasons, told.reason), evidence=evidence, stay_id=case.stay_id or told.stay_id,
        occupied_since=case.occupied_since or told.occupied_since,
    )  # fmt: skip
    if is_open(case):
        joined = change(joined, still_there=True)
    steps: tuple[Step, ...] = (Step("further_reason", detail={"reason": told.reason}),)
    if _is_unanswered(case, told.reason):
        joined = open_again(change(joined, still_there=True))
        steps = (*steps, Step("back_in_queue", detail={"state": case.state, "outcome": case.outcome}))
    return Moved(joined, steps)


def _is_unanswered(case: Case, reason: SuspicionReason) -> bool:
    if case.state == "withdrawn":
        return True
    return case.outcome in ("authorised", "false_alarm") and reason == "overstay"


def reported(case: Case, report_id: str, has_photo: bool) -> Moved:
    """A driver's report joins the case."""
    reasons: tuple[SuspicionReason, ...] = case.reasons
    if is_open(case) and "misuse_report" not in reasons:
        reasons = (*reasons, "misuse_report")
    step = Step("report_joined", detail={"report_id": report_id, "photo": has_photo})
    return Moved(change(case, reports=case.reports + 1, reasons=reasons), (step,))


# --- presence ----------------------------------------------------------------------------------------------------


def presence(case: Case, news: BayChanged) -> Presence | None:
    """What news of the bay say about the case's vehicle; None when they say nothing about it."""
    if news.occupancy == "free":
        if case.stay_id is None and case.still_there is not True:
            return "gone" if news.previous_occupancy == "occupied" else None
        return "gone"
    if news.occupancy != "occupied":
        return "unknown"
    if case.stay_id is None:
        return "there" if case.still_there is None else None
    if news.stay_id == case.stay_id:
        return "there"
    return "gone" if news.ended_stay_id == case.stay_id else None


def seen(case: Case, what: Presence, at: datetime, now: datetime, times: Times) -> Moved:
    """The vehicle is there, gone, or nobody knows. Gone closes the case unless an officer stands before the bay."""
    if what != "gone":
        still_there = True if what == "there" else None
        return Moved(case) if case.still_there is still_there else Moved(change(case, still_there=still_there))
    if case.gone_at is not None:
        return Moved(case)
    gone = change(case, still_there=False, gone_at=at)
    if not is_open(case) or case.state == "on_site":
        return Moved(gone, (Step("vehicle_gone"),))
    return Moved(
        resolved(gone, "gone", now, times), (Step("vehicle_gone"), Step("resolved", detail={"outcome": "gone"}))
    )


# --- authorisation -----------------------------------------------------------------------------------------------


def authorisation_is(case: Case, word: Authorisation, by: str | None, now: datetime, times: Times) -> Moved:
    """The stay's authorisation is this now: authorised or declared withdraws the suspicion, where it answers it."""
    if case.evidence.get("authorisation") == word or not is_open(case):
        return Moved(case)
    noted = change(case, evidence={**case.evidence, "authorisation": word})
    if word not in ("authorised", "declared"):
        return Moved(noted)
    if not _may_withdraw(case):
        return Moved(noted, (Step(f"now_{word}", detail={"by": by}),))
    return Moved(withdrawn(noted, now, times), (Step("withdrawn", detail={"because": word, "by": by}),))


def _may_withdraw(case: Case) -> bool:
    """Not under the hands of an officer at the bay, not again after one reopened it, not for what it leaves open."""
    return case.automatic and is_open(case) and case.state != "on_site" and answers_all(case.reasons)


# --- photo and plate -----------------------------------------------------------------------------------------------


def photo_wanted(case: Case, camera_ids: Sequence[str], until: datetime) -> Moved:
    """Cameras are asked for a photo (D14); a case that had one or waits for one is left alone."""
    if not camera_ids or case.photo_state in ("wanted", "arrived") or not is_open(case):
        return Moved(case)
    after = change(case, photo_state="wanted", photo_until=until, complete=False)
    return Moved(after, (Step("photo_wanted", detail={"cameras": len(camera_ids)}),))


def photo_arrived(case: Case, photo_id: str) -> Moved:
    """A photo is kept for the case."""
    after = change(case, photo_state="arrived", complete=case.complete and case.photo_state == "arrived")
    return Moved(after, (Step("photo_arrived", detail={"photo_id": photo_id}),))


def photo_missed(case: Case) -> Moved:
    """The time is over: the case goes on without the photo and says so."""
    if case.photo_state != "wanted":
        return Moved(case)
    return Moved(change(case, photo_state="not_coming", complete=True), (Step("photo_not_coming"),))


def plate_unreadable(case: Case, photo_id: str, reason: str) -> Moved:
    """A photo shows no plate that can be read: a person has to look."""
    step = Step("plate_unreadable", detail={"photo_id": photo_id, "reason": reason})
    return Moved(change(case, complete=True), (step,))


def plate_known(case: Case, plate_sealed: str | None, check: PlateCheck, *, may_withdraw: bool, now: datetime,
                times: Times) -> Moved:  # fmt: skip
    """A plate was read or typed and looked up. An accredited one withdraws the suspicion, where it answers it."""
    known = change(case, plate_sealed=plate_sealed, plate_check=check, complete=True)
    step = Step("plate_checked", detail={"check": check})
    if check == "accredited" and may_withdraw and _may_withdraw(case):
        return Moved(withdrawn(known, now, times), (step, Step("withdrawn", detail={"because": "plate"})))
    return Moved(known, (step,))
