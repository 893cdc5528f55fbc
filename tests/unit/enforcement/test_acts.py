"""What officers can do with a case, and what no sequence of acts and events may ever lead to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siga.contract.parking import BayChanged, StaySuspected
from siga.kit.problem import Conflict, Invalid, Problem
from siga.services.enforcement import acts, automatic
from siga.services.enforcement.model import OFFENCES, OPEN, Case, Moved, Times
from siga.services.enforcement.problems import CaseHeld, CaseMoved

T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)
TIMES = Times(timedelta(seconds=120), timedelta(seconds=300), timedelta(hours=24), timedelta(days=7))


def a_case(**values: object) -> Case:
    base: dict[str, object] = {
        "case_id": "case", "municipality_id": "town", "bay_id": "bay", "zone_id": "zone", "code": "B1", "address": "",
        "lon": 0.0, "lat": 0.0, "category": "disabled", "reasons": ("unverified",), "opened_at": T0, "changed_at": T0,
        "stay_id": "stay", "still_there": True, "evidence": {"sensor": True, "authorisation": "unverified"},
    }  # fmt: skip
    return Case(**{**base, **values})  # type: ignore[arg-type]


def held(who: str = "ana") -> Case:
    return acts.acknowledge(a_case(), who, 1).case


def test_two_officers_cannot_take_the_same_case():
    with pytest.raises(CaseHeld, match="held by officer ana"):
        acts.acknowledge(held("ana"), "ben", 1)


def test_taking_a_case_twice_by_the_same_officer_is_taking_it_once():
    taken = held("ana")
    assert acts.acknowledge(taken, "ana", 1) == Moved(taken)


def test_a_case_can_be_taken_over_on_purpose():
    over = acts.acknowledge(held("ana"), "ben", 2, take_over=True)
    assert over.case.holder_id == "ben"
    assert [step.what for step in over.steps] == ["taken_over"]


def test_who_saw_an_older_version_is_told_who_holds_the_case():
    with pytest.raises(CaseMoved, match="held by officer ana"):
        acts.dispatch(held("ana"), "ana", 1)


def test_a_case_nobody_took_cannot_be_resolved():
    with pytest.raises(CaseMoved, match="take it first"):
        acts.resolve(a_case(), "ana", 1, "gone", None, T0, TIMES)


@pytest.mark.parametrize("outcome", ["authorised", "false_alarm"])
def test_an_outcome_that_clears_somebody_needs_a_reason(outcome: str):
    with pytest.raises(Invalid):
        acts.resolve(held(), "ana", 2, outcome, "  ", T0, TIMES)  # type: ignore[arg-type]


def test_a_closing_can_be_undone_within_the_window_and_leads_back_to_where_it_was():
    there = acts.arrive(held(), "ana", 2).case
    closed = acts.resolve(there, "ana", 3, "fined", None, T0, TIMES).case
    back = acts.undo(closed, "ana", closed.version, T0 + TIMES.undo).case
    assert (back.state, back.holder_id, back.outcome, back.closed_at) == ("on_site", "ana", None, None)


def test_after_the_window_a_closing_stands():
    closed = acts.resolve(held(), "ana", 2, "warned", None, T0, TIMES).case
    with pytest.raises(Conflict, match="over"):
        acts.undo(closed, "ana", closed.version, T0 + TIMES.undo + timedelta(seconds=1))


def test_nobody_undoes_what_another_decided():
    closed = acts.resolve(held("ana"), "ana", 2, "fined", None, T0, TIMES).case
    with pytest.raises(CaseHeld):
        acts.undo(closed, "ben", closed.version, T0)


def test_a_withdrawn_case_can_be_reopened_while_it_is_listed_and_is_not_withdrawn_again():
    gone = automatic.authorisation_is(a_case(), "authorised", "card", T0, TIMES).case
    again = acts.reopen(gone, "ana", gone.version, T0 + timedelta(hours=23)).case
    assert (again.state, again.holder_id) == ("new", None)
    assert automatic.authorisation_is(again, "declared", "check_in", T0, TIMES).case.state == "new"
    with pytest.raises(Conflict, match="no longer listed"):
        acts.reopen(gone, "ana", gone.version, T0 + timedelta(hours=25))


def test_a_closed_offence_does_not_come_back_into_the_queue():
    closed = acts.resolve(held(), "ana", 2, "towed", None, T0, TIMES).case
    with pytest.raises(Conflict):
        acts.reopen(closed, "ben", closed.version, T0)


# --- any sequence ------------------------------------------------------------------------------------------------

OFFICERS = st.sampled_from(["ana", "ana", "ana", "ben"])
OUTCOME = st.sampled_from(["fined", "warned", "towed", "authorised", "gone", "false_alarm"])
EVENTS = [
    *["free", "authorised"] * 2, "unknown", "back", "declared", "unverified", "overstay", "report", "want", "photo",
    "missed", "accredited", "unreadable",
]  # fmt: skip
ACT = st.one_of(
    st.tuples(st.sampled_from(["acknowledge", "take_over", "dispatch", "arrive", "undo", "reopen", "plate"]), OFFICERS),
    st.tuples(st.just("resolve"), OFFICERS, OUTCOME),
    st.tuples(st.sampled_from(EVENTS), st.just("siga")),
)  # fmt: skip
STALE = st.sampled_from([0, 0, 0, 0, 0, -1])


def starts() -> list[Case]:
    """Cases on every part of their way; the rest of it is for chance to find."""
    new = a_case()
    waiting = automatic.photo_wanted(new, ["camera"], T0 + TIMES.photo_wait).case
    taken = acts.acknowledge(waiting, "ana", 1).case
    there = acts.arrive(taken, "ana", taken.version).case
    closed = acts.resolve(there, "ana", there.version, "fined", None, T0, TIMES).case
    withdrawn = automatic.authorisation_is(waiting, "authorised", "card", T0, TIMES).case
    return [new, waiting, taken, there, closed, withdrawn]


def news(**values: object) -> BayChanged:
    base: dict[str, object] = {
        "bay_id": "bay", "zone_id": "zone", "code": "B1", "category": "disabled", "occupancy": "occupied",
        "public_occupancy": "occupied", "previous_occupancy": "occupied", "stay_id": "stay",
    }  # fmt: skip
    return BayChanged(**{**base, **values})  # type: ignore[arg-type]


def overstay() -> StaySuspected:
    return StaySuspected(
        stay_id="stay", bay_id="bay", zone_id="zone", code="B1", category="disabled", reason="overstay",
        authorisation="authorised", mode="enforcing", occupied_since=T0, evidence={"sensor": True},
    )  # fmt: skip


def by_itself(case: Case, what: str, now: datetime) -> Moved:
    seen = {
        "free": news(occupancy="free", stay_id=None, ended_stay_id="stay"),
        "unknown": news(occupancy="unknown"),
        "back": news(),
    }
    if what in seen:
        presence = automatic.presence(case, seen[what])
        return Moved(case) if presence is None else automatic.seen(case, presence, now, now, TIMES)
    match what:
        case "authorised" | "declared" | "unverified":
            return automatic.authorisation_is(case, what, "card", now, TIMES)  # type: ignore[arg-type]
        case "overstay":
            return automatic.suspected(case, overstay())
        case "report":
            return automatic.reported(case, "report", False)
        case "want":
            return automatic.photo_wanted(case, ["camera"], now + TIMES.photo_wait)
        case "photo":
            return automatic.photo_arrived(case, "photo")
        case "missed":
            return automatic.photo_missed(case)
        case "unreadable":
            return automatic.plate_unreadable(case, "photo", "too_dark")
    return automatic.plate_known(case, "sealed", "accredited", may_withdraw=True, now=now, times=TIMES)


def by_officer(case: Case, act: tuple[str, ...], version: int, now: datetime) -> Moved:
    what, who = act[0], act[1]
    match what:
        case "acknowledge" | "take_over":
            return acts.acknowledge(case, who, version, take_over=what == "take_over")
        case "dispatch":
            return acts.dispatch(case, who, version)
        case "arrive":
            return acts.arrive(case, who, version)
        case "undo":
            return acts.undo(case, who, version, now)
        case "reopen":
            return acts.reopen(case, who, version, now)
        case "plate":
            return acts.correct_plate(case, who, version, "sealed-by-hand")
    return acts.resolve(case, who, version, act[2], "because", now, TIMES)  # type: ignore[arg-type]


def check(case: Case) -> None:
    assert (case.outcome is not None) == (case.state == "resolved")
    assert (case.closed_at is not None) == (case.state not in OPEN)
    assert (case.erase_at is not None) == (case.state not in OPEN)
    assert (case.listed_until is not None) == (case.state == "withdrawn")
    assert (case.undo_state is None) == (case.undo_until is None)
    assert case.undo_until is None or case.state == "resolved"
    if case.state == "new":
        assert case.holder_id is None
    if case.state in ("acknowledged", "dispatched", "on_site"):
        assert case.holder_id is not None
    if case.state not in OPEN:
        assert case.photo_state != "wanted"


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(starts()), st.lists(st.tuples(ACT, STALE, st.integers(0, 400)), max_size=20))
def test_no_sequence_of_acts_and_events_leads_to_a_forbidden_state(
    start: Case, moves: list[tuple[tuple[str, ...], int, int]]
):
    case, now = start, T0
    for act, stale, later_s in moves:
        now += timedelta(seconds=later_s)
        before = case
        try:
            moved = (
                by_itself(case, act[0], now) if act[1] == "siga" else by_officer(case, act, case.version + stale, now)
            )
        except Problem:
            continue
        case = moved.case
        check(case)
        changed_hands = (before.state, before.holder_id, before.outcome) != (case.state, case.holder_id, case.outcome)
        assert case.version >= before.version
        if changed_hands:
            assert case.version == before.version + 1
            assert moved.steps, "every move is written down"
        if act[1] == "siga":
            assert before.outcome in OFFENCES or case.outcome not in OFFENCES, "nothing against a person is automatic"
            assert before.state != "on_site" or case.state == "on_site", "an officer at the bay decides alone"
        if stale and act[1] != "siga":
            assert not changed_hands, "who saw an older version changes nothing"
