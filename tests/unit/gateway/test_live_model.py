"""The live stream's words: what is watched, conflated, put together and found again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from siga.kit.geo import Box
from siga.services.gateway.live.asked import position_of
from siga.services.gateway.live.client import STAFF_NEWS, Client, Group, StaffNews
from siga.services.gateway.live.interest import Interest
from siga.services.gateway.live.model import (
    PIECE_BYTES,
    Change,
    Changes,
    Recent,
    Watch,
    bay_change,
    gone_change,
    heard_change,
    pieces,
    put,
    server_sent,
    slices,
    snapshot_event,
)

BOX = Box(min_lon=0, min_lat=0, max_lon=1, max_lat=1)


def bay(position: int, bay_id: str, lon: float = 0.5, size: int = 2) -> Change:
    return bay_change(position, bay_id, lon, 0.5, b"x" * size)


def heard(position: int, bay_id: str) -> Change:
    return heard_change(position, bay_id, 0.5, 0.5, b"{}")


def conflated(*changes: Change) -> list[tuple[str, int]]:
    kept: Changes = {}
    for change in changes:
        put(kept, change)
    return [(change.key, change.position) for change in kept.values()]


def test_an_event_is_written_as_browsers_read_it() -> None:
    assert server_sent("bay", b"{}", 7) == b"id: 7\nevent: bay\ndata: {}\n\n"
    assert server_sent("case", b"{}") == b"event: case\ndata: {}\n\n"
    assert snapshot_event(7, [b"{}", b"[]"]) == b'id: 7\nevent: snapshot\ndata: {"position":7,"bays":[{},[]]}\n\n'


def test_a_bay_goes_out_byte_for_byte_as_parking_told_it() -> None:
    assert bay_change(3, "a", 0, 0, b'{"bay_id":"a"}').wire == b'id: 3\nevent: bay\ndata: {"bay_id":"a"}\n\n'


def test_changes_of_one_bay_are_conflated_to_the_newest_in_the_order_of_positions() -> None:
    assert conflated(bay(1, "a"), bay(2, "b"), bay(3, "a")) == [("b", 2), ("a", 3)]
    assert conflated(bay(1, "a"), gone_change(2, "a", 0, 0)) == [("a", 2)]


def test_an_age_never_replaces_a_state_and_a_state_replaces_the_age() -> None:
    assert conflated(bay(1, "a"), heard(2, "a"), heard(3, "a")) == [("a", 1), ("age of a", 3)]
    assert conflated(heard(1, "a"), bay(2, "a")) == [("a", 2)]


def test_what_lies_outside_is_not_watched_unless_named() -> None:
    watch = Watch(BOX, frozenset({"far"}))
    assert not watch.holds("other", 5, 0.5)
    assert watch.holds("far", 5, 0.5)
    assert watch.holds("other", 1, 1)


def test_what_is_written_at_once_is_small() -> None:
    many = [bay(n, f"b{n}", size=1000) for n in range(250)]
    parts = pieces(many)
    assert b"".join(parts) == b"".join(change.wire for change in many)
    assert max(map(len, parts)) <= PIECE_BYTES
    assert len(pieces([bay(n, f"b{n}") for n in range(250)])) == 3
    assert pieces([]) == ()
    assert len(pieces([bay(1, "a", size=2 * PIECE_BYTES)])) == 1
    assert [len(part) for part in slices(b"x" * (PIECE_BYTES + 1))] == [PIECE_BYTES, 1]


def test_recent_changes_reach_back_to_where_they_are_complete() -> None:
    recent = Recent(floor=10, most=2)
    assert recent.after(9) is None
    assert recent.after(10) == []
    for position, bay_id in [(11, "a"), (12, "b"), (13, "a"), (14, "c")]:
        recent.add(bay(position, bay_id))
    assert recent.after(11) is None  # b's change at 12 was forgotten for c's
    assert [change.position for change in recent.after(12) or []] == [13, 14]
    recent.restart(13)
    assert recent.after(12) is None
    assert [change.position for change in recent.after(13) or []] == [14]


def test_staff_news_are_bounded_and_the_loss_is_told() -> None:
    async def check() -> None:
        client = Client(Group(Watch(None), 0), staff=True)
        for n in range(STAFF_NEWS + 1):
            client.offer_news(StaffNews("cases.work", "m", None, None, str(n).encode()))
        assert client.lost_news
        assert len(client.news) == 1

    asyncio.run(check())


def test_a_last_event_id_is_a_position_or_nothing() -> None:
    assert position_of("12") == 12
    assert [position_of(text) for text in (None, "", "-1", "x", "1e3", "٣", "9" * 5000)] == [None] * 7


@dataclass(frozen=True)
class Watcher:
    """Somebody in the index."""

    watch: Watch
    number: int


LON, LAT = st.integers(-1800, 1800).map(lambda n: n / 10), st.integers(-900, 900).map(lambda n: n / 10)
NEAR = st.integers(-200, 200).map(lambda n: n / 1000)
ANY_LON, ANY_LAT = st.one_of(LON, NEAR), st.one_of(LAT, NEAR)
BOXES = st.builds(
    lambda west, east, one, other: Box(min_lon=west, max_lon=east, min_lat=min(one, other), max_lat=max(one, other)),
    ANY_LON, ANY_LON, ANY_LAT, ANY_LAT,
)  # fmt: skip
WATCHES = st.builds(Watch, st.none() | BOXES, st.frozensets(st.sampled_from("abc"), max_size=2))


@given(st.lists(WATCHES, max_size=8), st.lists(st.tuples(st.sampled_from("abcd"), ANY_LON, ANY_LAT), max_size=8))
def test_the_index_finds_exactly_who_watches_each_once(
    watches: list[Watch], places: list[tuple[str, float, float]]
) -> None:
    index: Interest[Watcher] = Interest()
    watchers = [Watcher(watch, number) for number, watch in enumerate(watches)]
    for watcher in watchers:
        index.add(watcher)
    corners = [(x, y) for w in watches if w.box for x in (w.box.min_lon, w.box.max_lon) for y in (w.box.max_lat,)]
    for gone in range(len(watchers) + 1):
        left = watchers[gone:]
        for bay_id, lon, lat in [*places, *(("x", *corner) for corner in corners)]:
            found = sorted(watcher.number for watcher in index.at(bay_id, lon, lat))
            assert found == [w.number for w in left if w.watch.holds(bay_id, lon, lat)]
        if left:
            index.remove(left[0])
