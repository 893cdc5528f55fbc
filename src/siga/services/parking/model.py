"""How a bay's state follows from what is reported, declared and decided: pure functions of (state, what came, now).

Occupancy and authorisation are two fields by two functions. Reports are folded in the order (assignment of the device
to the bay, boot epoch, sequence), so any permutation with duplicates ends in the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from siga.contract.base import Word
from siga.contract.parking import Authorisation, Bay, Category, Occupancy, PublicOccupancy
from siga.contract.users import AccreditationBrief, CredentialCopy
from siga.services.parking.entries import Entry, Order, begins, counted_from, slack

By = Literal["card", "tag", "plate", "check_in", "officer"]

EARLY_CHECK_IN = timedelta(minutes=15)
"""How long before the sensor sees the car a check-in or a card read may come and still belong to the stay."""


class CheckInMark(Word, array_like=True):
    """A driver's word that lies upon a bay until it ends."""

    check_in_id: str
    kind: Literal["accredited", "declared"]
    at: datetime
    accreditation_id: str | None = None


class Judgement(Word, array_like=True):
    """A positive word about the stay: a plate was found accredited, or an officer decided."""

    authorisation: Literal["authorised", "unauthorised"]
    by: By


class Stay(Word, array_like=True):
    """The car that stands there now. `credential` is the last one read in this run of reports."""

    stay_id: str
    started_at: datetime
    authorisation: Authorisation = "pending"
    authorised_by: By | None = None
    accreditation_id: str | None = None
    credential: str | None = None
    judged: Judgement | None = None
    suspected: tuple[str, ...] = ()
    """Reasons for which this stay was already told to Enforcement, each once."""


class BayState(Word, array_like=True):
    """What is known of one bay. `told` is the sensor's last word; `silent` hides it without forgetting it (D5)."""

    bay_id: str
    assignment: int = 0
    order: Order | None = None
    told: bool | None = None
    silent: bool = False
    observed_at: datetime | None = None
    changed_at: datetime | None = None
    heard_at: datetime | None = None
    doubted_at: datetime | None = None
    stay: Stay | None = None
    check_in: CheckInMark | None = None
    card: str | None = None
    card_at: datetime | None = None
    """A card read by a reader of its own, before or during the stay."""
    sequence: int = 0
    simulated: bool = False
    """The newest report was generated, not sensed: nothing that follows from it opens a case."""


class Terms(Word):
    """What applies to the bay now: durations in seconds, settled from rule and settings by the caller."""

    grace_s: int
    period_s: int
    silence_factor: float
    doubt_lasts_s: int
    max_stay_s: int | None = None


CredentialsOf = Callable[[str], CredentialCopy | None]
AccreditationsOf = Callable[[str], AccreditationBrief | None]


class Evidence(Word):
    """The read copies that authorisation is decided from, and the local day on which they must be valid."""

    credential_of: CredentialsOf
    accreditation_of: AccreditationsOf
    today: date


def is_news(state: BayState, entry: Entry) -> bool:
    """Whether the entry comes after everything that made the present state."""
    return entry.order[0] >= state.assignment and (state.order is None or entry.order > state.order)


def turns(state: BayState, entry: Entry) -> bool:
    """Whether an entry that `is_news` begins a run of its own."""
    return entry.order[0] != state.assignment or begins(state.told, state.observed_at, entry)


def agrees(state: BayState, entry: Entry) -> bool:
    """Whether the count of an entry that `is_news`, if it has one, tells nothing that was not held already."""
    began = counted_from(entry)
    if began is None or state.told is None or entry.order[0] != state.assignment:
        return True
    if state.told is entry.occupied or state.changed_at is None:
        return not begins(state.told, state.observed_at, entry)
    return abs(began - state.changed_at) <= slack(entry)


def apply_report(state: BayState, entry: Entry, new_stay_id: str) -> BayState:
    """The state after an entry that `is_news`. A stay is named `new_stay_id` if this entry begins one."""
    turned = turns(state, entry)
    if entry.order[0] != state.assignment:
        state = reassigned(state, entry.order[0])
    heard_at = state.heard_at
    if heard_at is None or heard_at < entry.received_at:
        heard_at = entry.received_at
    if turned:
        return _turned(state, entry, heard_at, new_stay_id)
    stay = state.stay
    if stay is not None and entry.credential is not None and entry.credential != stay.credential:
        stay = msgspec.structs.replace(stay, credential=entry.credential)
    return msgspec.structs.replace(
        state, order=entry.order, observed_at=entry.observed_at, heard_at=heard_at, silent=False, doubted_at=None,
        simulated=entry.simulated, stay=stay,
    )  # fmt: skip


def _turned(state: BayState, entry: Entry, heard_at: datetime, new_stay_id: str) -> BayState:
    stay, check_in, card, card_at = None, None, None, None
    if entry.occupied:
        stay = Stay(stay_id=new_stay_id, started_at=entry.observed_at, credential=entry.credential)
        check_in, card, card_at = state.check_in, state.card, state.card_at
        if state.told and (left_at := counted_from(entry)) is not None:
            # The car before left unseen: what was read or declared until then was its own.
            check_in = None if check_in is None or check_in.at <= left_at else check_in
            card, card_at = (None, None) if card_at is None or card_at <= left_at else (card, card_at)
    return msgspec.structs.replace(
        state, order=entry.order, observed_at=entry.observed_at, heard_at=heard_at, silent=False, doubted_at=None,
        simulated=entry.simulated, told=entry.occupied, changed_at=entry.observed_at, stay=stay, check_in=check_in,
        card=card, card_at=card_at,
    )  # fmt: skip


def apply_late(state: BayState, entry: Entry, run: Sequence[Entry]) -> BayState:
    """The state after an entry that came late: the present stays what it is, only its beginning may be known better.

    `run` is the last run of this assignment's entries (`hindsight.last_run`), with `entry` in its place among them.
    """
    if entry.order[0] != state.assignment or not run:
        return state
    heard_at = max(state.heard_at or entry.received_at, entry.received_at)
    stay = state.stay
    if stay is not None:
        read = next((e.credential for e in reversed(run) if e.credential is not None), None)
        stay = msgspec.structs.replace(stay, started_at=run[0].observed_at, credential=read)
    return msgspec.structs.replace(state, changed_at=run[0].observed_at, heard_at=heard_at, stay=stay)


def reassigned(state: BayState, assignment: int) -> BayState:
    """Another device has the bay: nothing is known until its first report (D4)."""
    return BayState(bay_id=state.bay_id, assignment=assignment, sequence=state.sequence)


def card_read(state: BayState, credential: str, at: datetime) -> BayState:
    """A reader of its own saw a card at this bay."""
    if state.card_at is not None and at < state.card_at:
        return state
    return msgspec.structs.replace(state, card=credential, card_at=at)


def checked_in(state: BayState, mark: CheckInMark) -> BayState:
    """A driver checked in; an older mark gives way, the same one again changes nothing."""
    if state.check_in is not None and state.check_in.at > mark.at:
        return state
    return msgspec.structs.replace(state, check_in=mark)


def checked_out(state: BayState, check_in_id: str) -> BayState:
    """The check-in ended; one that does not lie upon the bay changes nothing."""
    if state.check_in is None or state.check_in.check_in_id != check_in_id:
        return state
    return msgspec.structs.replace(state, check_in=None)


def doubted(state: BayState, at: datetime) -> BayState:
    """Somebody on the spot says it is not free (D6); a doubt older than the sensor's last word changes nothing."""
    if state.told is not False or (state.heard_at is not None and at <= state.heard_at):
        return state
    return msgspec.structs.replace(state, doubted_at=at)


def judged(state: BayState, stay_id: str, judgement: Judgement | None) -> BayState:
    """A positive word about the stay, None takes it back; about another stay it changes nothing."""
    if state.stay is None or state.stay.stay_id != stay_id:
        return state
    return msgspec.structs.replace(state, stay=msgspec.structs.replace(state.stay, judged=judgement))


# --- occupancy ---------------------------------------------------------------------------------------------------


def is_closed(bay: Bay, now: datetime) -> bool:
    """Whether the bay is closed at `now`, by its life or by its dates."""
    if bay.life == "closed":
        begun = bay.closed_from is None or bay.closed_from <= now
        return begun and (bay.closed_to is None or now < bay.closed_to)
    return bay.life in ("planned", "retired")


def occupancy(bay: Bay, state: BayState, now: datetime) -> Occupancy:
    """Closed before anything; unknown while nothing is told or the sensor is silent."""
    if is_closed(bay, now):
        return "closed"
    if state.told is None or state.silent:
        return "unknown"
    return "occupied" if state.told else "free"


def public_occupancy(bay: Bay, state: BayState, monitored: bool, now: datetime) -> PublicOccupancy:
    """What drivers are shown: never free without a sensor that speaks (D1, D5) and nobody's doubt (D6)."""
    seen = occupancy(bay, state, now)
    if seen == "closed":
        return "closed"
    if not monitored:
        return "unmonitored"
    if seen == "free" and state.doubted_at is not None:
        return "doubtful"
    return seen


# --- authorisation -----------------------------------------------------------------------------------------------


def authorise(bay: Bay, state: BayState, evidence: Evidence, terms: Terms, now: datetime) -> BayState:
    """The state with its stay's authorisation as the evidence has it at `now` (D8, D9)."""
    stay = state.stay
    if stay is None:
        return state
    word, by, accreditation_id = _word(bay, state, stay, evidence)
    if word is None or word == "unauthorised":
        over = now >= grace_over_at(stay, terms)
        word = (word or "unverified") if over or _by_officer(stay) else "pending"
    by = by if word in ("authorised", "declared", "unauthorised") else None
    if (word, by, accreditation_id) == (stay.authorisation, stay.authorised_by, stay.accreditation_id):
        return state
    stay = msgspec.structs.replace(stay, authorisation=word, authorised_by=by, accreditation_id=accreditation_id)
    return msgspec.structs.replace(state, stay=stay)


def _by_officer(stay: Stay) -> bool:
    return stay.judged is not None and stay.judged.by == "officer"


def _word(
    bay: Bay, state: BayState, stay: Stay, evidence: Evidence
) -> tuple[Authorisation | None, By | None, str | None]:
    """(authorisation or None without evidence, by what, under which accreditation): yes before no before own word."""
    if stay.judged is not None:
        return stay.judged.authorisation, stay.judged.by, stay.accreditation_id
    against = False
    for credential in _credentials(state, stay):
        row = evidence.credential_of(credential)
        if row is None:
            continue
        if _row_holds(bay, row, evidence.today):
            return "authorised", "card" if row.kind == "card" else row.kind, row.accreditation_id
        against = True
    mark = state.check_in if state.check_in and state.check_in.at >= stay.started_at - EARLY_CHECK_IN else None
    if mark is not None and mark.accreditation_id is not None:
        brief = evidence.accreditation_of(mark.accreditation_id)
        if brief is not None and accreditation_holds(bay, brief, evidence.today):
            return "authorised", "check_in", brief.accreditation_id
    if against:
        return "unauthorised", "card", None
    if mark is not None and mark.kind == "declared" and not bay.personal:
        return "declared", "check_in", None
    return None, None, None


def _credentials(state: BayState, stay: Stay) -> list[str]:
    found = [stay.credential] if stay.credential else []
    if state.card and state.card_at and state.card_at >= stay.started_at - EARLY_CHECK_IN:
        found.append(state.card)
    return found


def _row_holds(bay: Bay, row: CredentialCopy, today: date) -> bool:
    if row.credential_revoked or row.status != "valid" or not row.valid_from <= today <= row.valid_to:
        return False
    return _fits(bay, row.category, row.accreditation_id)


def accreditation_holds(bay: Bay, brief: AccreditationBrief, today: date) -> bool:
    """Whether the accreditation allows this bay on that day."""
    valid = brief.status == "valid" and brief.valid_from <= today <= brief.valid_to
    return valid and _fits(bay, brief.category, brief.accreditation_id)


def _fits(bay: Bay, category: Category, accreditation_id: str) -> bool:
    if bay.personal:
        return accreditation_id == bay.personal_accreditation_id
    return category == bay.category


# --- time alone --------------------------------------------------------------------------------------------------


def grace_over_at(stay: Stay, terms: Terms) -> datetime:
    """When the stay's grace ends."""
    return stay.started_at + timedelta(seconds=terms.grace_s)


def silent_at(state: BayState, terms: Terms) -> datetime | None:
    """When the sensor's silence makes the bay unknown, None when nothing was heard yet or it already is."""
    if state.heard_at is None or state.silent or state.told is None:
        return None
    return state.heard_at + timedelta(seconds=terms.period_s * terms.silence_factor)


def advance(bay: Bay, state: BayState, evidence: Evidence, terms: Terms, now: datetime) -> BayState:
    """What time alone does until `now`: silence, the end of a doubt, the end of the grace."""
    silence = silent_at(state, terms)
    if silence is not None and now >= silence:
        state = msgspec.structs.replace(state, silent=True)
    if state.doubted_at is not None and now >= state.doubted_at + timedelta(seconds=terms.doubt_lasts_s):
        state = msgspec.structs.replace(state, doubted_at=None)
    return authorise(bay, state, evidence, terms, now)


def suspicions(state: BayState, terms: Terms, in_force: bool, now: datetime) -> tuple[str, ...]:
    """Reasons for which the present stay is to be looked at now, leaving out those already told.

    Outside the rule's hours there is none; while the sensor is silent neither, since nobody knows if the car is there;
    nor ever of a stay that was last told by a generated report.
    """
    stay = state.stay
    if stay is None or state.silent or state.simulated or not in_force:
        return ()
    found: list[str] = []
    if stay.authorisation in ("unverified", "unauthorised"):
        found.append(stay.authorisation)
    if terms.max_stay_s is not None and now >= stay.started_at + timedelta(seconds=terms.max_stay_s):
        found.append("overstay")
    return tuple(reason for reason in found if reason not in stay.suspected)


def next_deadline(state: BayState, terms: Terms, opens_at: datetime | None, now: datetime) -> datetime | None:
    """When time alone may next change something; `opens_at` is when the rule's hours next begin, None if they run."""
    times = [silent_at(state, terms)]
    if state.doubted_at is not None:
        times.append(state.doubted_at + timedelta(seconds=terms.doubt_lasts_s))
    stay = state.stay
    if stay is not None and not state.silent and stay.authorisation == "pending":
        times.append(grace_over_at(stay, terms))
    if stay is not None and not state.silent and not state.simulated:
        if terms.max_stay_s is not None and "overstay" not in stay.suspected:
            times.append(max(stay.started_at + timedelta(seconds=terms.max_stay_s), opens_at or now))
        if stay.authorisation in ("unverified", "unauthorised") and stay.authorisation not in stay.suspected:
            times.append(opens_at)
    return min((t for t in times if t is not None), default=None)
