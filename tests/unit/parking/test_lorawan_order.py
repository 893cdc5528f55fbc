"""LoRaWAN frames find their place: each counts once, in the order of the air, whatever way and order they come."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from siga.services.parking import lorawan_order as order
from siga.services.parking.lorawan_order import SIMULATED, Heard, Kept, Session

START = datetime(2026, 11, 24, 11, tzinfo=UTC)
EXAMPLES = 20_000 if os.environ.get("SIGA_LONG") else 40


def at(minutes: float) -> datetime:
    """An instant so many minutes after the start."""
    return START + timedelta(minutes=minutes)


@dataclass
class Book:
    """What the store would keep of one device."""

    sessions: list[Session] = field(default_factory=list)
    frames: dict[tuple[int, int], Heard] = field(default_factory=dict)

    def take(self, frame: Heard) -> tuple[int, int] | None:
        """The frame's place (epoch, counter); None when it was taken before."""
        kept = [
            Kept(server=one.server, epoch=epoch, fingerprint=one.fingerprint, at=one.at)
            for (epoch, f_cnt), one in self.frames.items()
            if f_cnt == frame.f_cnt
        ]
        session = order.session_of(self.sessions, frame, kept)
        after = order.topped(session, frame.f_cnt, frame.at)
        key = (after.server, after.session, after.epoch)
        self.sessions = sorted(
            [one for one in self.sessions if (one.server, one.session, one.epoch) != key] + [after],
            key=lambda one: one.epoch,
        )
        place = (session.epoch, frame.f_cnt)
        if place in self.frames:
            return None
        self.frames[place] = frame
        return place

    def join(self, server: str, session: str, addr: str, seen: datetime) -> bool:
        """Whether the join begins a session that was not known."""
        begun = order.joined(self.sessions, server, session, addr, seen)
        if begun is not None:
            self.sessions = sorted([*self.sessions, begun], key=lambda one: one.epoch)
        return begun is not None


def up(f_cnt: int, minutes: float, *, session: str = "a1", server: str = "chirpstack", addr: str = "a1",
       says: str = "") -> Heard:  # fmt: skip
    """A frame heard then; without words of its own it says what no other frame does."""
    return Heard(
        server=server, session=session, dev_addr=addr, f_cnt=f_cnt, at=at(minutes), fingerprint=says or f"{minutes}"
    )  # fmt: skip


def test_a_frame_counts_once_however_often_it_comes() -> None:
    book = Book()
    assert book.take(up(3, 1)) is not None
    assert [book.take(up(3, 1)) for _ in range(4)] == [None] * 4


def test_the_same_frame_with_another_gateways_time_is_the_same_frame() -> None:
    book = Book()
    assert book.take(up(3, 1, says="x")) is not None
    assert book.take(up(3, 1.3, says="x")) is None


def test_a_late_frame_stands_before_those_that_came_first() -> None:
    book = Book()
    later, earlier = book.take(up(5, 5)), book.take(up(4, 4))
    assert later is not None
    assert earlier is not None
    assert earlier < later


def test_after_a_rejoin_the_counter_begins_again_and_old_frames_still_stand_before() -> None:
    book = Book()
    old = book.take(up(900, 1))
    new = book.take(up(0, 10, session="b2", addr="b2"))
    late = book.take(up(901, 2))
    assert old is not None and new is not None and late is not None  # noqa: PT018
    assert old < late < new


def test_a_session_whose_frames_all_come_late_stands_before_its_successor() -> None:
    book = Book()
    new = book.take(up(0, 10, session="b2", addr="b2"))
    late = [book.take(up(n, n)) for n in (2, 1)]
    assert new is not None
    assert all(place is not None and place < new for place in late)
    assert late[1] is not None and late[0] is not None and late[1] < late[0]  # noqa: PT018


def test_a_counter_that_begins_again_without_a_join_is_a_restart() -> None:
    book = Book()
    before = book.take(up(700, 1))
    after = [book.take(up(n, 10 + n)) for n in range(3)]
    late = book.take(up(699, 0))
    assert before is not None and late is not None and late < before  # noqa: PT018
    assert all(place is not None and place > before for place in after)


def test_a_restart_that_repeats_counter_and_words_hours_later_is_no_repetition() -> None:
    book = Book()
    first, again = book.take(up(0, 0, says="x")), book.take(up(0, 300, says="x"))
    assert first is not None and again is not None and first < again  # noqa: PT018


def test_a_counter_with_other_words_is_another_frame() -> None:
    book = Book()
    first, other = book.take(up(7, 0, says="x")), book.take(up(7, 0, says="y"))
    assert first is not None and other is not None and first < other  # noqa: PT018


def test_a_join_begins_a_session_even_under_the_same_address_and_once_only() -> None:
    book = Book()
    old = book.take(up(2, 1))
    assert book.join("chirpstack", "a1", "a1", at(5))
    assert not any(book.join("chirpstack", "a1", "a1", at(5)) for _ in range(3))
    new = book.take(up(3, 5.1))
    assert old is not None and new is not None and old[0] < new[0]  # noqa: PT018
    assert book.take(up(1, 0)) is not None
    assert not book.join("chirpstack", "a1", "a1", at(5))


def test_a_join_that_comes_after_its_first_frame_changes_nothing() -> None:
    book = Book()
    place = book.take(up(0, 5.1))
    assert not book.join("chirpstack", "a1", "a1", at(5))
    assert place is not None
    assert book.take(up(0, 5.1)) is None


def test_two_servers_that_name_one_session_differently_count_each_frame_once() -> None:
    book = Book()
    assert book.take(up(1, 1, says="x")) is not None
    assert book.take(up(1, 1.01, says="x", server="ttn", session="k")) is None
    assert book.take(up(2, 2, says="y", server="ttn", session="k")) is not None
    assert book.take(up(2, 2, says="y")) is None


def test_two_servers_with_other_addresses_are_matched_by_what_they_tell() -> None:
    book = Book()
    assert book.take(up(1, 1, says="x")) is not None
    assert book.take(up(2, 2, says="y", server="ttn", session="k", addr="zz")) is not None
    assert book.take(up(2, 2.001, says="y")) is None
    assert book.take(up(1, 1.001, says="x", server="ttn", session="k", addr="zz")) is None


def test_a_device_that_moves_to_another_network_loses_no_frame() -> None:
    book = Book()
    before = [book.take(up(n, n, says="x")) for n in range(5)]
    after = [book.take(up(n, 60 + n, says="x", server="ttn", session="k", addr="zz")) for n in range(5)]
    assert None not in before
    assert None not in after
    assert max(p for p in before if p) < min(p for p in after if p)


def test_what_was_simulated_takes_no_place_of_a_real_frame() -> None:
    book = Book()
    one = book.take(up(1, 1, says="x"))
    made_up = book.take(up(2, 2, says="y", server=SIMULATED, session=SIMULATED))
    again = book.take(up(2, 2.01, says="z", server=SIMULATED, session=SIMULATED))
    real = book.take(up(2, 2.1, says="y"))
    after = book.take(up(3, 3, says="x"))
    places = [one, made_up, again, real, after]
    assert None not in places
    assert places == sorted(p for p in places if p)


@st.composite
def airs(draw: st.DrawFn, other_addr: str = "a") -> list[list[Heard]]:
    """What a device sent in some sessions, as one or two servers tell it, each frame once or more; in the order of
    the air. `other_addr`: how addresses begin on the second server."""
    two = draw(st.booleans())
    sent: list[list[Heard]] = []
    minute = 0.0
    for number in range(draw(st.integers(1, 4))):
        counter = draw(st.integers(0, 3))
        for _ in range(draw(st.integers(1, 6))):
            minute += draw(st.floats(0.6, 200))
            says = draw(st.sampled_from(["free", "taken"]))
            one = up(counter, minute, session=f"a{number}", addr=f"a{number}", says=says)
            seen = one.at + timedelta(milliseconds=300)
            other = replace_frame(
                one, server="ttn", session=f"k{number}", dev_addr=f"{other_addr}{number}", at=seen
            )  # fmt: skip
            by = draw(st.lists(st.sampled_from([one, other] if two else [one]), min_size=1, max_size=5))
            sent.append(by)
            counter += draw(st.integers(1, 3))
    return sent


def replace_frame(frame: Heard, **changes: object) -> Heard:
    """The frame with some fields changed."""
    values = {name: getattr(frame, name) for name in frame.__struct_fields__}
    return Heard(**{**values, **changes})  # type: ignore[arg-type]


def delivered(sent: list[list[Heard]], chance: random.Random) -> list[tuple[int, int]]:
    """The places of what was sent, after it came in an order of chance; each took one place and one only."""
    book = Book()
    deliveries = [(n, frame) for n, by in enumerate(sent) for frame in by]
    chance.shuffle(deliveries)
    places: dict[int, tuple[int, int]] = {}
    for number, frame in deliveries:
        place = book.take(frame)
        if place is not None:
            assert number not in places, "one transmission took two places"
            places[number] = place
    assert len(places) == len(sent)
    return [places[number] for number in range(len(sent))]


@settings(max_examples=EXAMPLES, deadline=None)
@given(airs(), st.randoms(use_true_random=False))
def test_in_whatever_order_they_come_each_frame_counts_once_in_the_order_of_the_air(
    sent: list[list[Heard]], chance: random.Random
) -> None:
    places = delivered(sent, chance)
    assert places == sorted(places)


@settings(max_examples=EXAMPLES, deadline=None)
@given(airs(other_addr="z"), st.randoms(use_true_random=False))
def test_even_where_two_servers_name_different_addresses_each_frame_counts_once(
    sent: list[list[Heard]], chance: random.Random
) -> None:
    delivered(sent, chance)
