"""A device's own count of how long the state before lasted tells what was lost between its reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from parking_book import Book, Walk
from siga.contract.parking import Bay, HindsightRun
from siga.services.parking import hindsight, model
from siga.services.parking.entries import Entry, place
from siga.services.parking.model import BayState, CheckInMark, Evidence, Terms

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
BAY = Bay(bay_id="b", municipality_id="m", zone_id="z", code="C-1", category="disabled", lon=0, lat=0)


def at(minutes: float) -> datetime:
    """An instant so many minutes after ten."""
    return TEN + timedelta(minutes=minutes)


def said(sequence: int, minutes: float, occupied: bool, counted_min: float | None = None, error_s: int = 59,
         epoch: int = 1) -> Entry:  # fmt: skip
    """A report at so many minutes after ten, with the count of the state before if it carries one."""
    duration_s = None if counted_min is None else int(counted_min * 60)
    return place(
        (1, epoch, sequence), occupied, at(minutes), at(minutes), previous_duration_s=duration_s,
        previous_error_s=error_s if duration_s is not None else 0,
    )  # fmt: skip


def told(*entries: Entry) -> HindsightRun | None:
    """What the last of them tells in hindsight."""
    return hindsight.run_told(entries, len(entries) - 1)


def run(run: HindsightRun | None) -> tuple[bool, float, float] | None:
    """A run as its state and its bounds in minutes after ten."""
    if run is None:
        return None
    bounds = [(end - TEN).total_seconds() / 60 for end in (run.from_at, run.until_at)]
    return run.occupied, bounds[0], bounds[1]


def stays(*entries: Entry) -> list[tuple[float, float | None]]:
    """History's stays after these came in their order, minutes after ten."""
    found = Book().live(entries).stays()
    return [
        ((s.started_at - TEN).total_seconds() / 60, s.ended_at and (s.ended_at - TEN).total_seconds() / 60)
        for s in found
    ]  # fmt: skip


def test_a_count_that_agrees_within_its_error_tells_nothing() -> None:
    for counted in (59, 60, 61, 61.9):
        assert told(said(1, 0, False), said(2, 60, True, counted)) is None


def test_a_count_that_is_too_short_tells_of_a_stay_that_was_lost() -> None:
    lost = told(said(1, 0, False), said(2, 60, True, 12))
    assert run(lost) == (True, 24, 48)
    assert lost is not None
    assert (lost.from_error_s, lost.until_error_s) == (24 * 60 + 59, 59)
    assert stays(said(1, 0, False), said(2, 60, True, 12)) == [(24, 48), (60, None)]


def test_the_lost_stay_began_after_the_last_report_before_its_end() -> None:
    entries = (said(1, 0, False), said(2, 40, False), said(3, 50, False), said(4, 60, True, 12))
    assert run(told(*entries)) == (True, 44, 48)


def test_a_stay_that_was_two_is_told_as_two() -> None:
    entries = (said(1, 0, False), said(2, 10, True), said(3, 100, False, 30))
    assert run(told(*entries)) == (False, 40, 70)
    assert stays(*entries) == [(10, 40), (70, 100)]


def test_a_count_that_is_longer_moves_the_beginning_back() -> None:
    entries = (said(1, 0, False), said(3, 60, True), said(4, 90, False, 50))
    assert run(told(*entries)) == (True, 40, 90)
    assert stays(*entries) == [(40, 90)]


def test_the_beginning_is_never_moved_before_a_report_that_says_otherwise() -> None:
    assert run(told(said(1, 0, False), said(3, 60, True), said(4, 90, False, 91))) == (
        True,
        pytest.approx(0, abs=1e-6),
        90,
    )
    assert told(said(1, 0, False), said(2, 30, False), said(3, 60, True), said(4, 90, False, 80)) is None


def test_the_same_state_with_a_count_is_a_new_stay_and_the_one_before_ended_unseen() -> None:
    entries = (said(1, 0, False), said(2, 10, True), said(5, 60, True, 20))
    assert run(told(*entries)) == (False, 40, 60)
    assert stays(*entries) == [(10, 40), (60, None)]


def test_free_again_with_a_count_is_a_whole_stay_that_was_lost() -> None:
    entries = (said(1, 0, False), said(4, 60, False, 20))
    assert run(told(*entries)) == (True, 40, 60)
    assert stays(*entries) == [(40, 60)]


def test_the_shortest_stay_still_was_one() -> None:
    assert run(told(said(1, 0, False), said(4, 60, False, 0))) == (True, pytest.approx(60 - 1 / 60), 60)


def test_a_count_against_a_report_is_not_believed() -> None:
    assert told(said(1, 0, False), said(2, 10, True), said(3, 50, True), said(4, 60, True, 20)) is None


def test_a_run_that_began_with_its_own_count_did_not_begin_before() -> None:
    assert told(said(1, 0, False), said(2, 60, True, 60), said(3, 90, False, 50)) is None


def test_a_device_that_was_started_anew_counts_anew() -> None:
    assert told(said(1, 0, False), said(1, 60, True, 10, epoch=2)) is None
    again = (said(1, 0, False), said(1, 20, False, epoch=2), said(2, 60, True, 10, epoch=2))
    assert run(told(*again)) == (True, 35, 50)


def test_nothing_is_told_of_the_time_before_the_first_report() -> None:
    assert told(said(1, 0, False, 600)) is None
    assert told(said(1, 0, True), said(2, 10, False, 60)) is None


def test_a_count_beside_a_clock_from_the_future_is_none() -> None:
    entry = place((1, 1, 1), True, at(30), at(0), previous_duration_s=60)
    assert (entry.clock_suspect, entry.previous_duration_s) == (True, None)


def test_what_comes_late_takes_back_what_was_told_in_its_place() -> None:
    kept = [said(1, 0, False), said(4, 60, True, 12)]
    assert list(hindsight.changed_by([kept[0], said(2, 20, True), kept[1]], (1, 1, 2))) == [(1, 1, 4)]
    whole = [kept[0], said(2, 20, True), said(3, 48, False, 28), kept[1]]
    assert hindsight.changed_by(whole, (1, 1, 3)) == {(1, 1, 4): None}
    assert stays(*kept, whole[1], whole[2]) == [(20, 48), (60, None)]


def test_the_next_car_does_not_inherit_the_first_ones_check_in() -> None:
    state = BayState(bay_id="b")
    for entry in (said(1, 0, False), said(2, 10, True)):
        state = model.apply_report(state, entry, f"stay-{entry.order[2]}")
    state = model.checked_in(state, CheckInMark(check_in_id="c", kind="declared", at=at(12)))
    after = model.apply_report(state, said(5, 20, True, 5), "stay-5")
    assert after.stay is not None
    assert (after.stay.stay_id, after.check_in) == ("stay-5", None)
    early = model.checked_in(state, CheckInMark(check_in_id="d", kind="declared", at=at(18)))
    assert model.apply_report(early, said(5, 20, True, 5), "stay-5").check_in is not None


def test_a_stay_last_told_by_a_generated_report_is_never_suspected() -> None:
    terms = Terms(grace_s=300, period_s=600, silence_factor=2.5, doubt_lasts_s=3600, max_stay_s=600)
    nothing = Evidence(credential_of=lambda _: None, accreditation_of=lambda _: None, today=TEN.date())
    for simulated, reasons in ((False, ("unverified", "overstay")), (True, ())):
        entry = place((1, 1, 1), True, TEN, TEN, simulated=simulated)
        state = model.apply_report(BayState(bay_id="b"), entry, "s")
        state = model.advance(BAY, state, nothing, terms, at(10))
        assert model.suspicions(state, terms, in_force=True, now=at(10)) == reasons
        later = model.next_deadline(state, terms, None, at(10))
        assert later is not None
        assert (later > at(10)) is simulated, "nothing is waited for that cannot come"


def test_where_nothing_is_lost_no_count_corrects_anything() -> None:
    for seed in range(300):
        rng = Random(seed)
        walk = Walk(rng, TEN, rng.randint(4, 40), lost=0, swaps=0)
        book = Book().live(walk.happenings)
        assert book.corrections() == [], seed
        assert [(s.started_at, s.ended_at) for s in book.stays()] == walk.saw, seed
