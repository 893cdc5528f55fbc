"""What happens to cases by themselves: they are joined, marked and withdrawn, and say what is missing."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from siga.contract.parking import BayChanged, StaySuspected
from siga.services.enforcement import acts, automatic
from siga.services.enforcement.certainty import actionability, certainty
from siga.services.enforcement.model import Case, Times, change, evidence_end

T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)
TIMES = Times(timedelta(seconds=120), timedelta(seconds=300), timedelta(hours=24), timedelta(days=7))
CASE = Case(
    case_id="case", municipality_id="town", bay_id="bay", zone_id="zone", code="B1", address="", lon=0.0, lat=0.0,
    category="disabled", reasons=("unverified",), opened_at=T0, changed_at=T0, stay_id="stay", still_there=True,
    evidence={"sensor": True, "identify": "card", "card": "none", "check_in": None, "authorisation": "unverified"},
)  # fmt: skip
OVERSTAY = StaySuspected(
    stay_id="stay", bay_id="bay", zone_id="zone", code="B1", category="disabled", reason="overstay",
    authorisation="authorised", mode="enforcing", occupied_since=T0, evidence={"sensor": True},
)  # fmt: skip
NEWS = BayChanged(
    bay_id="bay", zone_id="zone", code="B1", category="disabled", occupancy="occupied", public_occupancy="occupied",
    previous_occupancy="occupied", stay_id="stay",
)  # fmt: skip


def says(case: Case) -> dict[str, tuple[bool, str]]:
    return {word.evidence: (word.known, word.says) for word in certainty(case)}


def test_the_same_reason_again_changes_nothing():
    told = msgspec.structs.replace(OVERSTAY, reason="unverified")
    assert automatic.suspected(CASE, told).case == CASE


def test_an_overstay_of_the_same_stay_joins_as_a_further_reason():
    joined = automatic.suspected(CASE, OVERSTAY)
    assert joined.case.reasons == ("unverified", "overstay")
    assert [step.what for step in joined.steps] == ["further_reason"]


def test_an_authorised_vehicle_that_stays_too_long_comes_back_into_the_queue():
    withdrawn = automatic.authorisation_is(CASE, "authorised", "card", T0, TIMES).case
    back = automatic.suspected(withdrawn, OVERSTAY).case
    assert (back.state, back.reasons[-1]) == ("new", "overstay")


def test_a_fined_vehicle_that_stays_too_long_as_well_is_not_chased_twice():
    closed = acts.resolve(acts.acknowledge(CASE, "ana", 1).case, "ana", 2, "fined", None, T0, TIMES).case
    assert automatic.suspected(closed, OVERSTAY).case.state == "resolved"


def test_the_echo_of_an_officers_own_word_is_no_further_reason():
    closed = acts.resolve(acts.acknowledge(CASE, "ana", 1).case, "ana", 2, "fined", None, T0, TIMES).case
    echo = msgspec.structs.replace(OVERSTAY, reason="unauthorised", authorisation="unauthorised")
    assert automatic.suspected(closed, echo).case == closed


@pytest.mark.parametrize("word", ["authorised", "declared"])
def test_an_authorised_or_declared_vehicle_withdraws_the_suspicion(word: str):
    moved = automatic.authorisation_is(CASE, word, "card", T0, TIMES)  # type: ignore[arg-type]
    assert moved.case.state == "withdrawn"
    assert moved.case.listed_until == T0 + timedelta(hours=24)
    assert moved.steps[-1].what == "withdrawn"


@pytest.mark.parametrize("reasons", [("overstay",), ("unverified", "overstay"), ("officer",)])
def test_being_authorised_does_not_answer_an_overstay_or_an_officers_own_case(reasons: tuple[str, ...]):
    case = change(CASE, reasons=reasons)
    assert automatic.authorisation_is(case, "authorised", "card", T0, TIMES).case.state == "new"


def test_under_the_hands_of_an_officer_at_the_bay_nothing_is_withdrawn_or_closed():
    there = acts.arrive(acts.acknowledge(CASE, "ana", 1).case, "ana", 2).case
    assert automatic.authorisation_is(there, "declared", "check_in", T0, TIMES).case.state == "on_site"
    left = automatic.seen(there, "gone", T0, T0, TIMES).case
    assert (left.state, left.gone_at, left.still_there) == ("on_site", T0, False)


def test_a_vehicle_that_left_closes_the_case_as_gone():
    left = automatic.seen(CASE, "gone", T0, T0, TIMES)
    assert (left.case.state, left.case.outcome, left.case.still_there) == ("resolved", "gone", False)
    assert automatic.seen(left.case, "gone", T0, T0, TIMES).steps == ()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"occupancy": "free", "stay_id": None, "ended_stay_id": "stay"}, "gone"),
        ({"occupancy": "occupied", "stay_id": "next", "ended_stay_id": "stay"}, "gone"),
        ({"occupancy": "occupied", "stay_id": "next"}, None),
        ({"occupancy": "unknown", "stay_id": None, "ended_stay_id": "stay"}, "unknown"),
        ({}, "there"),
    ],
)
def test_a_vehicle_is_gone_only_when_the_bay_is_seen_free_or_taken_by_the_next(values: dict, expected: str | None):
    assert automatic.presence(CASE, msgspec.structs.replace(NEWS, **values)) == expected


def test_a_case_at_a_bay_whose_sensor_sees_nobody_is_not_closed_by_hearing_that_again():
    case = change(CASE, stay_id=None, still_there=None)
    again = msgspec.structs.replace(NEWS, occupancy="free", previous_occupancy="free", stay_id=None)
    assert automatic.presence(case, again) is None


def test_a_case_without_its_photo_goes_on_and_says_so():
    waiting = automatic.photo_wanted(CASE, ["camera"], T0 + TIMES.photo_wait).case
    assert (waiting.photo_state, waiting.complete) == ("wanted", False)
    over = automatic.photo_missed(waiting).case
    assert (over.photo_state, over.complete, over.state) == ("not_coming", True, "new")
    assert says(over)["photo"] == (False, "photo_not_coming")


def test_a_case_is_complete_when_its_photo_was_read_and_its_plate_looked_up():
    waiting = automatic.photo_wanted(CASE, ["camera"], T0 + TIMES.photo_wait).case
    arrived = automatic.photo_arrived(waiting, "photo").case
    assert not arrived.complete
    known = automatic.plate_known(arrived, "sealed", "unknown", may_withdraw=True, now=T0, times=TIMES).case
    assert (known.complete, known.state) == (True, "new")


def test_an_accredited_plate_withdraws_unless_only_a_drivers_picture_shows_it():
    found = automatic.plate_known(CASE, "sealed", "accredited", may_withdraw=True, now=T0, times=TIMES).case
    shown = automatic.plate_known(CASE, "sealed", "accredited", may_withdraw=False, now=T0, times=TIMES).case
    assert (found.state, shown.state) == ("withdrawn", "new")
    assert says(shown)["plate"] == (True, "plate_accredited")


def test_what_is_missing_is_said_as_clearly_as_what_is_known():
    words = says(CASE)
    assert words["sensor"] == (True, "vehicle_there")
    assert words["card"] == (False, "card_not_read")
    assert words["check_in"] == (False, "no_check_in")
    assert words["plate"] == (False, "no_plate")


def test_no_word_about_an_unverified_vehicle_calls_it_an_infringement():
    for word in certainty(CASE):
        assert not any(bad in word.says for bad in ("infring", "offence", "illegal", "guilty"))


def test_the_queue_begins_with_vehicles_that_are_there_then_the_surest_then_the_oldest():
    gone = change(CASE, still_there=False)
    unknown = change(CASE, still_there=None)
    surer = change(CASE, reports=2)
    older = change(CASE, opened_at=T0 - timedelta(hours=1))
    assert sorted([gone, unknown, CASE, older, surer], key=actionability) == [surer, older, CASE, unknown, gone]


def test_evidence_of_a_withdrawn_suspicion_ends_with_its_listing_and_that_of_a_fine_with_its_procedure():
    assert evidence_end(None, T0, TIMES) == T0 + timedelta(hours=24)
    assert evidence_end("gone", T0, TIMES) == T0 + timedelta(days=7)
    assert evidence_end("warned", T0, TIMES) == T0 + timedelta(days=30)
    assert evidence_end("fined", T0, TIMES) == T0 + timedelta(days=365)
