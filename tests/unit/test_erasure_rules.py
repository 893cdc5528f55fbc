"""How an erasure goes on: round by round, until every service has done its part twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from siga.contract.subjects import ErasedPart, Kept, Links, SubjectAsk
from siga.services.users.model.subjects import ALL, SECOND_LOOK, Erasure, after_round, begun, view, waiting, with_part

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def new() -> Erasure:
    return begun("e-1", "m-1", "self", SubjectAsk(user_id="u-1"), NOW)


def all_done(erasure: Erasure) -> Erasure:
    for name in waiting(erasure):
        erasure = with_part(erasure, name, ErasedPart(erased={f"{name}.rows": 1}))
    return erasure


def test_a_service_that_is_away_is_asked_again_ever_later() -> None:
    erasure = with_part(new(), "users", ErasedPart())
    waits = []
    for _ in range(12):
        before, erasure = erasure, after_round(erasure, NOW)
        assert erasure.state == "running"
        waits.append((erasure.next_at - NOW).total_seconds())
        assert waiting(erasure) == waiting(before) == list(ALL[1:])
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1, 300)


def test_it_is_done_after_a_second_look_a_minute_after_the_first() -> None:
    first = after_round(all_done(new()), NOW)
    assert (first.state, first.erased_at, first.next_at) == ("second_look", NOW, NOW + SECOND_LOOK)
    assert waiting(first) == list(ALL), "everybody once more"
    last = after_round(all_done(first), NOW + timedelta(minutes=1))
    assert (last.state, last.subject) == ("done", None), "whose it was is not kept"
    assert view(last).parts["logs"].erased == {"logs.rows": 2}


def test_what_one_service_finds_leads_the_next_and_what_is_kept_is_what_was_said_last() -> None:
    erasure = with_part(
        new(), "drivers", ErasedPart(links=Links(stay_ids=("s-1",)), kept=(Kept(what="a", why="open_case"),))
    )
    erasure = with_part(erasure, "history", ErasedPart(links=Links(stay_ids=("s-2", "s-1"))))
    assert erasure.subject is not None
    assert erasure.subject.links.stay_ids == ("s-1", "s-2")
    assert with_part(erasure, "drivers", ErasedPart()).parts["drivers"].kept == ()
