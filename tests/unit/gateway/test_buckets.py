"""Rate limits: a minute's allowance at once, then evenly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from siga.services.gateway.buckets import Buckets


def test_the_minutes_allowance_may_be_taken_at_once() -> None:
    buckets = Buckets()
    assert [buckets.take("a", 3, 0.0) for _ in range(4)] == [0, 0, 0, 20]


def test_it_refills_evenly() -> None:
    buckets = Buckets()
    for _ in range(3):
        buckets.take("a", 3, 0.0)
    assert buckets.take("a", 3, 19.0) == 1
    assert buckets.take("a", 3, 20.0) == 0


def test_one_subject_does_not_use_up_anothers() -> None:
    buckets = Buckets()
    buckets.take("a", 1, 0.0)
    assert buckets.take("b", 1, 0.0) == 0


def test_a_changed_allowance_counts_at_once() -> None:
    buckets = Buckets()
    for _ in range(100):
        buckets.take("a", 100, 0.0)
    assert buckets.take("a", 100, 0.0) > 0
    assert buckets.take("a", 6000, 0.1) == 0


def test_looking_takes_nothing() -> None:
    buckets = Buckets()
    assert [buckets.wait_s("a", 1, 0.0) for _ in range(3)] == [0, 0, 0]


def test_memory_is_bounded() -> None:
    buckets = Buckets(most=10)
    for n in range(1000):
        buckets.take(str(n), 5, float(n))
    assert len(buckets._left) == 10


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 100))
def test_no_more_pass_than_the_allowance_and_its_refill(gaps: list[float], per_min: int) -> None:
    buckets, now_s, passed = Buckets(), 0.0, 0
    for gap_s in gaps:
        now_s += gap_s
        passed += buckets.take("a", per_min, now_s) == 0
    assert passed <= per_min + now_s * per_min / 60 + 1e-6
