"""Any order of arrival, with repeats, gives the same state and the same history, whatever the clocks say (R13, R14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from parking_book import Book, Swap, Walk, arrivals, digest
from siga.services.parking.entries import Entry, is_too_old, place

START = datetime(2026, 11, 22, 9, tzinfo=UTC)
PERMUTATIONS, AT_A_WALK = 10_000, 20


def entries_of(walk: Walk) -> list[Entry]:
    """The reports of a walk."""
    return [one for one in walk.happenings if isinstance(one, Entry)]


def test_ten_thousand_permutations_end_in_the_same_state_and_the_same_history() -> None:
    heard = corrected = swaps = 0
    for seed in range(PERMUTATIONS // AT_A_WALK):
        rng = Random(seed)
        walk = Walk(rng, START, rng.randint(5, 16))
        straight = Book().live(walk.happenings)
        history = digest(straight.stays())
        corrected += len(straight.corrections())
        swaps += sum(isinstance(one, Swap) for one in walk.happenings) - 1
        for _ in range(AT_A_WALK):
            arrival = arrivals(rng, walk.happenings)
            heard += len(arrival)
            book = Book().live(arrival)
            assert (book.present(), digest(book.stays())) == (straight.present(), history), (seed, arrival)
    print(
        f"\n{PERMUTATIONS} permutations, {heard} arrivals, {swaps} swaps, {corrected} corrections by counts, 0 differ"
    )
    assert corrected > 100
    assert swaps > 100


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 12), st.booleans())
def test_any_permutation_hypothesis_can_think_of_too(rng: Random, number: int, counts: bool) -> None:
    walk = Walk(rng, START, number, counts=0.9 if counts else 0)
    straight, book = Book().live(walk.happenings), Book().live(arrivals(rng, walk.happenings))
    assert book.present() == straight.present()
    assert digest(book.stays()) == digest(straight.stays())


def test_each_report_has_one_effect_however_often_it_comes() -> None:
    for seed in range(50):
        rng = Random(seed)
        walk = Walk(rng, START, 12)
        book = Book().live(arrivals(rng, walk.happenings))
        effects = [status for status in book.statuses if status != "repeated"]
        assert len(effects) == len(entries_of(walk))


def test_what_was_seen_up_to_seven_days_ago_enters_history_and_what_is_older_is_set_aside() -> None:
    late = START + timedelta(days=7)
    old = [place((1, 1, n), n % 2 == 0, START + timedelta(minutes=n), late) for n in (1, 2, 3, 4)]
    old[0] = msgspec.structs.replace(old[0], observed_at=START - timedelta(minutes=1))
    book = Book().live([place((1, 1, 9), False, late, late), *old])
    assert book.statuses == ["applied", "quarantined", "late", "late", "late"]
    assert [(s.started_at, s.ended_at) for s in book.stays()] == [
        (old[1].observed_at, old[2].observed_at), (old[3].observed_at, late),
    ]  # fmt: skip
    assert book.present().changed_at == late, "the present is not moved"


# --- clocks -----------------------------------------------------------------------------------------------------------

CLOCKS: dict[str, Callable[[datetime, Random], datetime]] = {
    "a day slow": lambda now, _: now - timedelta(hours=24),
    "a day fast": lambda now, _: now + timedelta(hours=24),
    "drifting": lambda now, _: START + (now - START) * 1.01,
    "jumping": lambda now, rng: now + timedelta(seconds=rng.randint(-86_400, 86_400)),
    "never set": lambda now, _: datetime(1970, 1, 1, tzinfo=UTC) + (now - START),
    "at the turn of GPS weeks": lambda now, _: now - timedelta(weeks=1024),
    "local time taken for UTC": lambda now, _: now.astimezone(ZoneInfo("Europe/Madrid")).replace(tzinfo=UTC),
}


def test_whatever_the_devices_clock_says_the_state_is_right_and_nothing_is_lost() -> None:
    for name, clock in CLOCKS.items():
        for seed in range(100):
            rng = Random(f"{name}{seed}")
            truth, entries = False, []
            for n in range(1, 15):
                now = START + timedelta(minutes=7 * n)
                truth = rng.random() < 0.5
                entries.append(place((1, 1, n), truth, clock(now, rng), now + timedelta(seconds=2)))
            book = Book().live([*entries, *rng.sample(entries, 5)])
            assert book.state.told is truth, name
            assert book.statuses.count("applied") == len(entries), name


def test_a_clock_that_cannot_be_right_is_flagged_and_its_report_counts_as_seen_when_it_came() -> None:
    for wrong in (START + timedelta(minutes=6), datetime(1970, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)):
        entry = place((1, 1, 1), True, wrong, START)
        assert (entry.clock_suspect, entry.observed_at) == (True, START)
    for right in (START + timedelta(minutes=5), START - timedelta(days=7), None):
        entry = place((1, 1, 1), True, right, START)
        assert (entry.clock_suspect, is_too_old(entry)) == (False, False)


def test_the_hour_that_comes_twice_comes_in_its_order() -> None:
    first, second = (datetime.fromisoformat(f"2026-10-25T02:30:00{offset}") for offset in ("+02:00", "+01:00"))
    received = second.astimezone(UTC) + timedelta(seconds=1)
    book = Book().live([place((1, 1, 1), True, first, received), place((1, 1, 2), False, second, received)])
    (stay,) = book.stays()
    assert stay.ended_at is not None
    assert stay.ended_at - stay.started_at == timedelta(hours=1)
