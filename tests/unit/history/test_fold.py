"""Changes become stays: the same ones whatever the order in which the changes arrive."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from siga.services.history.model import (
    IMPORTED,
    LATE,
    LIVE,
    Change,
    Gap,
    Stay,
    Tip,
    arrange,
    fold_all,
    fold_gaps,
    ordinal,
    timeline,
)

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
EXAMPLES = 3000 if os.environ.get("SIGA_LONG") else 40


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def live(position: int, minutes: float, stay_id: str | None, told: bool | None = None, *, since: float | None = None,
         **more: Any) -> Change:  # fmt: skip
    """Parking's word at a position: a stay is on (named), or the bay is free (told=False), or nothing is known."""
    told = stay_id is not None if told is None and "occupancy" not in more else told
    shown = "occupied" if told else "free" if told is False else "unknown"
    fields: dict[str, Any] = {"occupancy": shown, "cause": "report", **more}
    return Change(
        at=at(minutes), since=at(minutes if since is None else since), ordinal=ordinal(LIVE, position), told=told,
        stay_id=stay_id, **fields,
    )  # fmt: skip


def late(position: int, minutes: float, occupied: bool) -> Change:
    return Change(
        at=at(minutes), since=at(minutes), ordinal=ordinal(LATE, position), told=occupied,
        occupancy="occupied" if occupied else "free", cause="late_report",
    )  # fmt: skip


def imported(sequence: int, minutes: float, occupied: bool, authorisation: Any = None) -> Change:
    return Change(
        at=at(minutes), since=at(minutes), ordinal=ordinal(IMPORTED, sequence), told=occupied,
        occupancy="occupied" if occupied else "free", cause="import", authorisation=authorisation,
    )  # fmt: skip


def minutes(stays: list[Stay]) -> list[tuple[float, float | None, str | None]]:
    def since_nine(instant: datetime | None) -> float | None:
        return None if instant is None else (instant - NINE).total_seconds() / 60

    return [(since_nine(s.started_at) or 0.0, since_nine(s.ended_at), s.stay_id) for s in stays]


def test_a_stay_lasts_from_occupied_to_free() -> None:
    stays, _ = timeline([live(1, 0, None, False), live(2, 10, "S1"), live(3, 40, None, False)])
    assert minutes(stays) == [(10, 40, "S1")]
    assert stays[0].ended_by == "left"


def test_a_stay_keeps_the_last_known_authorisation_and_by_what() -> None:
    stays, _ = timeline([
        live(1, 10, "S1", authorisation="pending"),
        live(2, 12, "S1", since=10, authorisation="authorised", authorised_by="card", subject="who"),
        live(3, 40, None, False),
    ])  # fmt: skip
    assert (stays[0].authorisation, stays[0].authorised_by, stays[0].subject) == ("authorised", "card", "who")


def test_silence_does_not_end_a_stay_but_is_a_gap() -> None:
    stays, gaps = timeline([
        live(1, 0, "S1"), live(2, 30, "S1", since=0, occupancy="unknown", told=True),
        live(3, 50, "S1", since=0), live(4, 60, None, False),
    ])  # fmt: skip
    assert minutes(stays) == [(0, 60, "S1")]
    assert [(gap.started_at, gap.ended_at, gap.occupied) for gap in gaps] == [(at(30), at(50), True)]


def test_a_swap_of_the_device_ends_a_stay_without_a_known_end() -> None:
    stays, gaps = timeline([live(1, 0, "S1"), live(2, 20, None, None, occupancy="unknown")])
    assert minutes(stays) == [(0, 20, "S1")]
    assert stays[0].ended_by == "no_signal"
    assert [(gap.kind, gap.ended_at) for gap in gaps] == [("unknown", None)]


def test_a_car_that_came_and_left_before_the_present_is_told_late_and_gets_its_own_stay() -> None:
    stays, _ = timeline([
        live(1, 0, None, False), live(2, 60, "S1"), late(3, 20, True), late(4, 40, False), live(5, 90, None, False),
    ])  # fmt: skip
    assert minutes(stays) == [(20, 40, None), (60, 90, "S1")]


def test_a_late_report_may_show_that_the_present_stay_began_earlier() -> None:
    stays, _ = timeline([
        live(1, 0, None, False), live(2, 60, "S1", authorisation="pending"),
        live(3, 45, "S1", cause="late_report", authorisation="pending"), late(4, 45, True),
        live(5, 65, "S1", since=45, authorisation="unverified"), live(6, 90, None, False),
    ])  # fmt: skip
    assert minutes(stays) == [(45, 90, "S1")]
    assert stays[0].authorisation == "unverified"


def test_a_late_report_may_show_that_one_stay_was_two() -> None:
    stays, _ = timeline([
        live(1, 0, "S1", authorisation="authorised"), live(2, 50, "S1", cause="late_report", authorisation="pending"),
        late(3, 20, False), live(4, 90, None, False),
    ])  # fmt: skip
    assert minutes(stays) == [(0, 20, "S1"), (50, 90, "S1")]
    assert [stay.authorisation for stay in stays] == ["authorised", "pending"]


def test_a_late_report_with_a_wild_clock_does_not_move_the_present() -> None:
    stays, _ = timeline([live(1, 0, None, False), live(2, 60, "S1"), late(3, 500, False)])
    assert minutes(stays) == [(60, None, "S1")]


def test_a_device_whose_clock_jumps_back_still_ends_its_stay() -> None:
    stays, _ = timeline([live(1, 60, "S1"), live(2, 50, None, False)])
    assert minutes(stays) == [(60, 60, "S1")]


def test_an_authorisation_noted_late_does_not_lengthen_a_stay_that_was_reported_in_arrears() -> None:
    stays, _ = timeline([
        live(1, 0, "S1", authorisation="pending"), live(2, 120, "S1", since=0, authorisation="unverified"),
        live(3, 30, None, False),
    ])  # fmt: skip
    assert minutes(stays) == [(0, 30, "S1")]
    assert stays[0].authorisation == "unverified"


def test_written_in_stays_end_where_the_sensor_begins_to_speak() -> None:
    stays, _ = timeline([
        imported(1, -60, True, "authorised"), imported(2, -30, False), imported(3, -20, True), live(1, 0, "S1"),
    ])  # fmt: skip
    assert minutes(stays) == [(-60, -30, None), (-20, 0, None), (0, None, "S1")]
    assert stays[1].ended_by == "next"


def test_written_in_changes_never_disturb_what_was_seen() -> None:
    seen = [live(1, 0, "S1"), live(2, 60, None, False)]
    both, _ = timeline([*seen, imported(1, 10, False), imported(2, 20, True), imported(3, 30, False)])
    assert both == timeline(seen)[0]


def test_a_closed_bay_is_a_gap_and_ends_with_it() -> None:
    _, gaps = timeline([
        live(1, 0, None, False), live(2, 10, None, False, since=0, occupancy="closed"),
        live(3, 70, None, False, since=0),
    ])  # fmt: skip
    assert [(gap.kind, gap.started_at, gap.ended_at) for gap in gaps] == [("closed", at(10), at(70))]


# --- any order --------------------------------------------------------------------------------------------------------


@st.composite
def a_bays_words(draw: st.DrawFn) -> list[Change]:
    """Words of Parking, late reports and imports of one bay; clocks may jump, instants may coincide."""
    words: list[Change] = []
    stay, number = None, 0
    for position in range(1, draw(st.integers(1, 14)) + 1):
        kinds = ["turn", "turn", "same", "late", "reset", "moved"] if words else ["turn", "reset"]
        kind = draw(st.sampled_from(kinds))
        when = draw(st.integers(0, 30))
        if kind == "late":
            words.append(late(position, when, draw(st.booleans())))
            continue
        if kind == "turn":
            number += stay is None
            stay = f"S{number}" if stay is None else None
        if kind == "reset":
            stay = None
            words.append(live(position, when, None, None, occupancy="unknown"))
            continue
        word = draw(st.sampled_from(["pending", "authorised", "unverified"]))
        words.append(
            live(
                position, when, stay, stay is not None, since=draw(st.integers(0, when)),
                cause="late_report" if kind == "moved" else "report", authorisation=word if stay else None,
                occupancy=draw(st.sampled_from(["occupied" if stay else "free", "unknown", "closed"])),
            )
        )  # fmt: skip
    lines = draw(st.lists(st.tuples(st.integers(-20, 25), st.booleans()), max_size=4))
    return words + [imported(sequence, when, told) for sequence, (when, told) in enumerate(lines)]


@given(words=a_bays_words(), data=st.data())
@settings(max_examples=EXAMPLES)
def test_any_order_with_repeats_gives_the_same_stays(words: list[Change], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(words + data.draw(st.lists(st.sampled_from(words), max_size=5))))
    assert timeline(shuffled) == timeline(words)


@given(words=a_bays_words(), data=st.data())
@settings(max_examples=EXAMPLES)
def test_batch_after_batch_gives_the_same_as_all_at_once(words: list[Change], data: st.DataObject) -> None:
    words = [word for word in words if word.ordinal >= ordinal(LIVE, 0)]
    stays: dict[Any, Stay] = {}
    gaps: dict[Any, Gap] = {}
    tip, left = Tip(), list(words)
    while left:
        size = data.draw(st.integers(1, len(left)))
        arranged, after = arrange(left[:size], tip)
        left = left[size:]
        if tip.since is not None and arranged[0].key <= (tip.since, tip.ordinal):
            return  # falls into the middle: the store's part, see the suite with the engine
        tip = after
        stays |= fold_all(next((s for s in stays.values() if s.ended_at is None), None), arranged)
        written, tip = fold_gaps(next((g for g in gaps.values() if g.ended_at is None), None), arranged, tip)
        gaps |= written
    assert (list(stays.values()), list(gaps.values())) == timeline(words)


@given(words=a_bays_words())
@settings(max_examples=EXAMPLES)
def test_stays_follow_each_other_without_overlap_and_only_the_last_may_be_open(words: list[Change]) -> None:
    stays, gaps = timeline(words)
    for pieces in (stays, gaps):
        for one, following in pairwise(pieces):
            assert one.ended_at is not None
            assert one.started_at <= one.ended_at <= following.started_at


@given(words=a_bays_words())
@settings(max_examples=EXAMPLES)
def test_the_last_word_of_parking_is_the_present(words: list[Change]) -> None:
    words = [word for word in words if word.ordinal >= ordinal(LATE, 0)]
    own = [word for word in words if word.ordinal >= ordinal(LIVE, 0)]
    if not own:
        return
    last = max(own, key=lambda word: word.ordinal)
    open_stays = [stay for stay in timeline(words)[0] if stay.ended_at is None]
    assert bool(open_stays) == bool(last.told)
    assert all(stay.stay_id == last.stay_id for stay in open_stays)
