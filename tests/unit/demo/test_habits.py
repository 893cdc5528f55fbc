"""The past is in order and whole, its mix is the law's, and the live functions follow clock and speed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from random import Random

import pytest

from siga.demo.habits import (
    PastChange,
    crowd,
    history,
    next_arrival,
    next_visitor,
    rate_per_h,
    stay_length_s,
    visitor_mix,
)
from siga.demo.town import Bay, Town

START = datetime(2026, 10, 12, tzinfo=UTC)
END = START + timedelta(days=28)
NOON = datetime(2026, 10, 14, 10, tzinfo=UTC)  # a Wednesday, noon in Madrid
NIGHT = datetime(2026, 10, 14, 2, tzinfo=UTC)


def _bay(town: Town, category: str = "disabled", surroundings: str = "shops") -> Bay:
    return next(
        bay for bay in town.bays
        if bay.category == category and bay.surroundings == surroundings and "card" in bay.identify and not bay.holder
    )  # fmt: skip


def test_the_size_of_four_weeks(changes: list[PastChange]) -> None:
    assert 95_000 <= len(changes) <= 150_000


def test_time_never_goes_back(changes: list[PastChange]) -> None:
    assert changes[0].at >= START
    assert changes[-1].at < END
    assert all(a.at <= b.at for a, b in pairwise(changes))
    assert all(change.at.tzinfo is UTC for change in changes[:100])


def test_each_bay_alternates_from_occupied_to_free_without_overlap(changes: list[PastChange]) -> None:
    last: dict[str, PastChange] = {}
    for change in changes:
        before = last.get(change.bay_code)
        assert change.occupied is (before is None or not before.occupied)
        assert change.sequence == (before.sequence if before else 0) + 1
        assert before is None or change.at > before.at
        assert (change.authorisation is None) is (not change.occupied)
        last[change.bay_code] = change


def test_only_monitored_bays_in_service_have_a_past(town: Town, changes: list[PastChange]) -> None:
    expected = {bay.code for bay in town.bays if bay.sensor and bay.life == "in_service"}
    assert {change.bay_code for change in changes} == expected


def test_nobody_is_at_two_bays_at_once(changes: list[PastChange]) -> None:
    where: dict[str, str] = {}
    held: dict[str, str] = {}
    for change in changes:
        if change.occupied and change.credential:
            assert change.credential not in where
            where[change.credential] = change.bay_code
            held[change.bay_code] = change.credential
        elif not change.occupied and change.bay_code in held:
            del where[held.pop(change.bay_code)]


def test_the_mix_at_disabled_bays(town: Town, changes: list[PastChange]) -> None:
    disabled = {bay.code for bay in town.bays if bay.category == "disabled"}
    counts = Counter(c.authorisation for c in changes if c.occupied and c.bay_code in disabled)
    total = sum(counts.values())
    assert counts["authorised"] / total == pytest.approx(0.69, abs=0.04)
    assert counts["declared"] / total == pytest.approx(0.095, abs=0.02)
    assert counts["unverified"] / total == pytest.approx(0.165, abs=0.04)
    assert counts["unauthorised"] / total == pytest.approx(0.055, abs=0.02)


def test_only_bad_cards_and_officers_make_unauthorised(town: Town, changes: list[PastChange]) -> None:
    holders = {holder.key: holder for holder in town.holders}
    personal = {bay.code: bay.holder for bay in town.bays if bay.holder}
    observed = {zone.code for zone in town.zones if zone.mode == "observe_only"}
    for change in changes:
        if change.authorisation == "authorised":
            assert change.credential
            assert holders[change.credential].standing == "valid"
            assert personal.get(change.bay_code, change.credential) == change.credential
        elif change.authorisation == "unauthorised" and change.credential:
            assert holders[change.credential].standing != "valid" or change.bay_code in personal
        elif change.authorisation == "unauthorised":
            assert change.bay_code.split("-")[0] not in observed


def test_the_market_draws_people_on_its_day(town: Town, changes: list[PastChange]) -> None:
    market = {bay.code for bay in town.bays if bay.surroundings == "market" and bay.category == "disabled"}
    days = Counter(c.at.weekday() for c in changes if c.occupied and c.bay_code in market and 6 <= c.at.hour < 13)
    assert days[town.market_weekday] > 1.2 * max(days[1], days[2])


def test_the_past_is_the_same_from_the_same_seed(town: Town, changes: list[PastChange]) -> None:
    assert list(islice(history(town, 1, START, END), 2000)) == changes[:2000]
    assert list(islice(history(town, 2, START, END), 50)) != changes[:50]


def test_a_past_without_time_zone_or_backwards_is_refused(town: Town) -> None:
    with pytest.raises(ValueError, match="aware"):
        history(town, 1, START.replace(tzinfo=None), END)
    with pytest.raises(ValueError, match="before start"):
        history(town, 1, END, START)


def test_more_people_come_by_day_than_by_night(town: Town) -> None:
    bay = _bay(town)
    assert rate_per_h(bay, NOON) > 10 * rate_per_h(bay, NIGHT)


def test_waiting_follows_the_rate(town: Town) -> None:
    bay, rng = _bay(town), Random(1)
    within = sum(next_arrival(bay, NOON, rng) - NOON < timedelta(hours=1) for _ in range(2000)) / 2000
    assert within == pytest.approx(1 - 2.718281828 ** -rate_per_h(bay, NOON), abs=0.04)


def test_an_hour_without_rate_is_waited_for(town: Town) -> None:
    bay = next(bay for bay in town.bays if bay.category == "authority")
    saturday = datetime(2026, 10, 17, 10, tzinfo=UTC)
    assert next_arrival(bay, saturday, Random(3)) >= datetime(2026, 10, 19, 5, tzinfo=UTC)


def test_speed_divides_waits_and_stays_and_moves_no_clock(town: Town) -> None:
    bay = _bay(town)
    slow, fast = next_arrival(bay, NOON, Random(5)), next_arrival(bay, NOON, Random(5), 20)
    assert (slow - NOON) / (fast - NOON) == pytest.approx(20, rel=1e-3)
    assert stay_length_s(bay, "card", NOON, Random(5)) == pytest.approx(
        20 * stay_length_s(bay, "card", NOON, Random(5), 20)
    )
    with pytest.raises(ValueError, match="speed"):
        next_arrival(bay, NOON, Random(5), 0)


def test_who_has_no_right_stays_shorter(town: Town) -> None:
    bay, rng = _bay(town), Random(9)
    with_card = sorted(stay_length_s(bay, "card", NOON, rng) for _ in range(500))[250]
    without = sorted(stay_length_s(bay, "stranger", NOON, rng) for _ in range(500))[250]
    assert without < 0.6 * with_card


def test_visitors_follow_the_mix_and_none_is_parked_already(town: Town) -> None:
    bay, people, rng = _bay(town), crowd(town), Random(4)
    parked = {holder.key for holder in town.holders[:60]}
    drawn = [visitor for _ in range(3000) if (visitor := next_visitor(people, bay, rng, parked))]
    kinds = Counter(visitor.kind for visitor in drawn)
    for kind, share in visitor_mix(bay):
        assert kinds[kind] / len(drawn) == pytest.approx(share, abs=0.03)
    assert not parked & {visitor.key for visitor in drawn}
    assert sum(share for _, share in visitor_mix(bay)) == pytest.approx(1)


def test_only_a_read_card_sends_a_uid(town: Town) -> None:
    people, rng = crowd(town), Random(6)
    for bay in town.bays:
        for _ in range(4):
            visitor = next_visitor(people, bay, rng)
            assert visitor is not None
            reader = bay.sensor is not None and "card" in bay.identify
            assert (visitor.card_uid is not None) == (reader and visitor.kind in ("card", "lapsed", "foreign"))
            assert visitor.expected != "unauthorised" or visitor.card_uid


def test_at_a_personal_bay_its_own_holder_is_authorised(town: Town) -> None:
    bay, people, rng = next(bay for bay in town.bays if bay.holder), crowd(town), Random(8)
    for _ in range(300):
        visitor = next_visitor(people, bay, rng)
        if visitor and visitor.expected == "authorised":
            assert visitor.key == bay.holder
