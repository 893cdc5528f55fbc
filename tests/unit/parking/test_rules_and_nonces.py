"""Rules choose by the most specific place; nonces are spent once; the nearest are the nearest."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from siga.contract.parking import Bay, Rule
from siga.services.parking.nonces import WINDOW, NonceWindow, spend
from siga.services.parking.rules import hours_fault, in_force, opens_at, rule_for

BAY = Bay(bay_id="b", municipality_id="m", zone_id="z", code="C-1", category="disabled", lon=0, lat=0)
MADRID = "Europe/Madrid"


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rule(rule_id: str, **more: object) -> Rule:
    """A rule of the bay's municipality."""
    return Rule(rule_id=rule_id, municipality_id="m", **more)  # type: ignore[arg-type]


def test_the_bays_own_rule_wins_over_its_zones_and_its_categorys() -> None:
    rules = [rule("1", category="disabled"), rule("2", zone_id="z"), rule("3", bay_id="b")]
    for left, expected in ((3, "3"), (2, "2"), (1, "1")):
        found = rule_for(BAY, rules[:left], at("2026-11-24T12:00"), MADRID)
        assert found is not None
        assert found.rule_id == expected


def test_a_rule_counts_only_on_its_days_at_the_bays_place() -> None:
    one = rule("1", valid_from=date(2026, 11, 25))
    assert rule_for(BAY, [one], at("2026-11-24T22:30"), MADRID) is None
    assert rule_for(BAY, [one], at("2026-11-24T23:30"), MADRID) == one


def test_another_zones_rule_or_another_towns_is_not_ours() -> None:
    others = [rule("1", zone_id="y"), Rule(rule_id="2", municipality_id="n"), rule("3", category="taxi")]
    assert rule_for(BAY, others, at("2026-11-24T12:00"), MADRID) is None


def test_hours_run_by_local_time_and_stop_on_public_holidays() -> None:
    hours = rule("1", hours="Mo-Fr 08:00-20:00; PH off")
    assert in_force(hours, at("2026-11-24T07:30"), MADRID)
    assert not in_force(hours, at("2026-11-24T19:30"), MADRID)
    assert not in_force(hours, at("2026-12-25T11:00"), MADRID)


def test_it_is_told_when_hours_next_begin() -> None:
    hours = rule("1", hours="Mo-Fr 08:00-20:00")
    assert opens_at(hours, at("2026-11-24T20:00"), MADRID) == at("2026-11-25T07:00")
    assert opens_at(hours, at("2026-11-24T12:00"), MADRID) is None


def test_hours_that_cannot_be_read_are_told() -> None:
    assert hours_fault("Mo-Fr 08:00-20:00") is None
    assert hours_fault("whenever")


@given(st.lists(st.integers(0, 3 * WINDOW), max_size=200))
def test_a_nonce_is_never_accepted_twice(nonces: list[int]) -> None:
    window, spent = NonceWindow(), set()
    for nonce in nonces:
        after = spend(window, nonce)
        if after is None:
            assert nonce in spent or nonce <= window.top - WINDOW
        else:
            assert nonce not in spent
            spent.add(nonce)
            window = after


@given(st.permutations(list(range(50))))
def test_nonces_inside_the_window_may_come_in_any_order(nonces: list[int]) -> None:
    window = NonceWindow()
    for nonce in nonces:
        after = spend(window, nonce)
        assert after is not None
        window = after
