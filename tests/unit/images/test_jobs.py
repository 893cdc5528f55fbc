"""The photo queue's rules: fair between municipalities, at most three tries, nothing lost with the one who had it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from siga.services.images import jobs as rules
from siga.services.images.jobs import LEASE, MAX_TRIES, Job, new_job

T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def job(n: int, town: str, kind: rules.PhotoKind = "camera", at: datetime = T0) -> Job:
    return new_job(f"job-{n:04d}", f"photo-{n}", town, kind, at)


def heads(jobs: list[Job], now: datetime) -> list[Job]:
    """The first claimable job of each municipality, as the store finds them."""
    ready = sorted((j for j in jobs if rules.is_claimable(j, now)), key=lambda j: (j.rank_at, j.job_id))
    first: dict[str, Job] = {}
    for one in ready:
        first.setdefault(one.municipality_id, one)
    return list(first.values())


def order_of(jobs: list[Job]) -> list[Job]:
    """The order in which one reader gets them, each read at once."""
    served: dict[str, datetime] = {}
    left, got, now = list(jobs), [], T0 + timedelta(hours=1)
    while (chosen := rules.pick(heads(left, now), served)) is not None:
        left.remove(chosen)
        served[chosen.municipality_id] = now
        got.append(chosen)
        now += SECOND
    return got


def test_a_town_with_many_photos_delays_another_ones_single_photo_by_at_most_one():
    many = [job(n, "big") for n in range(50)]
    late = job(99, "small", at=T0 + timedelta(minutes=5))
    assert order_of([*many, late]).index(late) <= 1


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40))
def test_while_several_towns_wait_each_is_served_once_before_any_is_served_twice(towns: list[str]):
    jobs = [job(n, town) for n, town in enumerate(towns)]
    order = [j.municipality_id for j in order_of(jobs)]
    assert sorted(order) == sorted(towns)
    for start in range(len(order)):
        waiting = set(order[start:])
        next_turn = order[start : start + len(waiting)]
        still = {town for town in waiting if order[start:].count(town) >= 1}
        assert set(next_turn) == still or len(set(next_turn)) == len(next_turn)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["camera", "officer", "report"])), max_size=30))
def test_no_photo_is_left_out_or_read_twice(made: list[tuple[str, rules.PhotoKind]]):
    jobs = [job(n, town, kind) for n, (town, kind) in enumerate(made)]
    assert sorted(j.job_id for j in order_of(jobs)) == sorted(j.job_id for j in jobs)


def test_an_officers_photo_comes_before_a_reports_photo_of_the_same_time():
    report, officer = job(1, "a", "report"), job(2, "a", "officer")
    assert order_of([report, officer]) == [officer, report]


def test_a_reports_photo_does_not_wait_for_ever_behind_cameras():
    report = job(1, "a", "report")
    cameras = [job(n, "a", "camera", T0 + timedelta(seconds=61 + n)) for n in range(2, 20)]
    assert order_of([report, *cameras])[0] == report


def test_a_job_in_somebodys_hands_cannot_be_claimed_until_the_lease_ends():
    taken = rules.claimed(job(1, "a"), T0)
    assert not rules.is_claimable(taken, T0 + LEASE - SECOND)
    assert rules.is_claimable(taken, T0 + LEASE)


def test_a_renewed_lease_lasts_from_the_renewal():
    taken = rules.renewed(rules.claimed(job(1, "a"), T0), T0 + 10 * SECOND)
    assert not rules.is_claimable(taken, T0 + LEASE)
    assert taken.tries == 1


def test_a_failed_job_rests_longer_after_each_try():
    once = rules.failed(rules.claimed(job(1, "a"), T0), "reader_died", T0)
    twice = rules.failed(rules.claimed(once, T0), "reader_died", T0)
    assert T0 < once.due_at < twice.due_at
    assert once.state == twice.state == "waiting"


def test_a_job_handed_back_has_not_used_a_try():
    taken = rules.claimed(job(1, "a"), T0)
    assert rules.given_back(taken, T0).tries == 0


def test_a_person_may_let_a_job_that_was_set_aside_be_tried_as_often_again():
    tried = job(1, "a")
    for _ in range(MAX_TRIES):
        tried = rules.failed(rules.claimed(tried, T0), "reader_died", T0)
    assert tried.state == "quarantined"
    again = rules.retried(tried, T0)
    assert (again.state, again.tries, again.reason) == ("waiting", 0, None)


@given(st.lists(st.sampled_from(["fail", "die", "back", "read"]), max_size=20))
def test_whatever_becomes_of_its_readers_a_job_ends_after_three_tries(fates: list[str]):
    now, at_hand = T0, job(1, "a")
    tries = 0
    for fate in fates:
        now += timedelta(minutes=1)
        if not rules.is_claimable(at_hand, now):
            break
        at_hand = rules.claimed(at_hand, now)
        if rules.is_spent(at_hand):
            at_hand = rules.failed(at_hand, "reader_died", now)
            break
        tries += fate != "back"
        at_hand = {
            "fail": lambda j: rules.failed(j, "reader_died", now),  # noqa: B023
            "die": lambda j: j,
            "back": lambda j: rules.given_back(j, now),  # noqa: B023
            "read": lambda j: rules.finished(j, None, now),  # noqa: B023
        }[fate](at_hand)
    assert tries <= MAX_TRIES
    if at_hand.state == "quarantined":
        assert tries == MAX_TRIES
        assert at_hand.reason
