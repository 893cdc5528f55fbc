"""The live stream: whatever happens in between, a client ends in the exact last state of what it watches."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from siga.contract.parking import BayView
from siga.kit.geo import Box
from siga.services.gateway.live.hub import Client, Hub
from siga.services.gateway.live.model import (
    Recent,
    StaffNews,
    Watch,
    bay_change,
    flush_interval_s,
    gone_change,
    server_sent,
)

BOX = Box(min_lon=0, min_lat=0, max_lon=1, max_lat=1)


def view(bay_id: str, lon: float = 0.5, lat: float = 0.5, occupancy: str = "free") -> BayView:
    return BayView(
        bay_id=bay_id, code=bay_id, municipality_id="m", zone_id="z", zone_name="Z", category="disabled", lon=lon,
        lat=lat, occupancy=occupancy,
    )  # type: ignore[arg-type]  # fmt: skip


def test_an_event_is_written_as_browsers_read_it() -> None:
    assert server_sent("bay", b"{}", 7) == b"id: 7\nevent: bay\ndata: {}\n\n"
    assert server_sent("case", b"{}") == b"event: case\ndata: {}\n\n"


def test_changes_of_one_bay_are_conflated_to_the_newest() -> None:
    watch = Watch(BOX, frozenset())
    for position in range(1, 6):
        watch.offer(bay_change(position, view("a")))
    watch.offer(bay_change(3, view("b")))
    assert [(c.bay_id, c.position) for c in watch.take()] == [("b", 3), ("a", 5)]
    assert watch.take() == []


def test_what_lies_outside_is_not_watched_unless_named() -> None:
    watch = Watch(BOX, frozenset({"far"}))
    assert not watch.offer(bay_change(1, view("other", lon=5)))
    assert watch.offer(bay_change(2, view("far", lon=5)))


def test_a_bay_without_a_place_is_never_told_not_even_to_who_names_it() -> None:
    watch = Watch(BOX, frozenset({"p"}))
    assert not watch.offer(gone_change(1, "p", math.nan, math.nan))


def test_recent_changes_reach_back_to_where_they_are_complete() -> None:
    recent = Recent(floor=10, most=2)
    assert recent.after(9) is None
    assert recent.after(10) == []
    for position, bay_id in [(11, "a"), (12, "b"), (13, "a"), (14, "c")]:
        recent.add(bay_change(position, view(bay_id)))
    assert recent.after(11) is None  # b's change at 12 was forgotten for c's
    assert [c.position for c in recent.after(12) or []] == [13, 14]


def test_more_listeners_wait_a_little_longer_but_never_half_a_second_more() -> None:
    assert flush_interval_s(1) == 0.1
    assert flush_interval_s(1000) == 0.25
    assert flush_interval_s(100_000) == 0.5


def test_staff_news_are_bounded_and_the_loss_is_told() -> None:
    client = Client(watch=Watch(None, frozenset()), staff=True)
    for n in range(1001):
        client.offer_news(StaffNews("cases.work", "m", None, None, str(n).encode()))
    assert client.lost_news
    assert len(client.news) == 1


@dataclass
class App:
    """An open app: applies what it is told and remembers the last event's id."""

    watch: Watch
    bays: dict[str, tuple[float, float, str]] = field(default_factory=dict)
    last_id: int = 0

    def apply(self, wire: bytes) -> None:
        for block in wire.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if not lines:
                continue
            data = msgspec.json.decode(lines["data"])
            if lines["event"] == "gone":
                self.bays.pop(data["bay_id"], None)
            else:
                self.bays[data["bay_id"]] = (data["lon"], data["lat"], data["occupancy"])
            self.last_id = int(lines["id"])


PLACES = [(0.5, 0.5), (0.6, 0.6), (5.0, 5.0)]
STEP = st.one_of(
    st.tuples(st.just("bay"), st.sampled_from("abcd"), st.sampled_from(PLACES), st.sampled_from(["free", "occupied"])),
    st.tuples(st.just("hide"), st.sampled_from("abcd")),
    st.tuples(st.just("flush"), st.integers(0, 4)),
    st.just(("reconnect",)),
)


class Town:
    """Parking as the truth, the hub as it follows, one app that comes and goes."""

    def __init__(self) -> None:
        self.truth: dict[str, BayView] = {}
        self.position = 0
        self.hub = Hub()
        self.hub.start(0)
        self.client, self.app = Client(Watch(BOX, frozenset("d"))), App(Watch(BOX, frozenset("d")))
        self.hub.clients.add(self.client)

    def step(self, step: tuple) -> None:  # type: ignore[type-arg]
        if step[0] == "bay":
            _, bay_id, (lon, lat), occupancy = step
            self.position += 1
            self.truth[bay_id] = view(bay_id, lon, lat, occupancy)
            self.hub._bay(self.position, bay_id, self.truth[bay_id])
        elif step[0] == "hide":
            self.position += 1
            self.truth.pop(step[1], None)
            self.hub._bay(self.position, step[1], None)
        elif step[0] == "flush":
            for change in self.client.watch.take()[: step[1]]:  # the line may break after any event
                self.app.apply(change.wire)
            if self.client.watch.take() or step[1] < 4:
                self.reconnect()
        else:
            self.reconnect()
        self.hub.position = self.position

    def reconnect(self) -> None:
        self.hub.clients.discard(self.client)
        self.client = Client(Watch(BOX, frozenset("d")))
        self.hub.clients.add(self.client)
        assert self.hub.recent is not None
        missed = self.hub.recent.after(self.app.last_id)
        if missed is not None:
            for change in missed:
                self.client.watch.offer(change)
            return
        watched = [bay for bay in self.truth.values() if self.client.watch.holds(bay.bay_id, bay.lon, bay.lat)]
        kept = self.hub.corrected(self.client.watch, watched, self.position)
        self.app.bays = {bay.bay_id: (bay.lon, bay.lat, bay.occupancy) for bay in kept}
        self.app.last_id = self.position

    def seen(self) -> dict[str, tuple[float, float, str]]:
        return {
            bay.bay_id: (bay.lon, bay.lat, bay.occupancy)
            for bay in self.truth.values()
            if self.client.watch.holds(bay.bay_id, bay.lon, bay.lat)
        }


NEAR, FAR = (0.5, 0.5), (5.0, 5.0)


@settings(max_examples=300)
@example([("bay", "b", NEAR, "free"), ("flush", 1), ("hide", "b"), ("hide", "b"), ("flush", 0)])
@example([("bay", "a", NEAR, "free"), ("flush", 1), ("hide", "a"), ("bay", "a", FAR, "free"), ("flush", 0)])
@given(st.lists(STEP, max_size=40))
def test_any_breaks_and_conflations_end_in_the_exact_last_state(steps: list) -> None:  # type: ignore[type-arg]
    town = Town()
    for step in steps:
        town.step(step)
    for change in town.client.watch.take():
        town.app.apply(change.wire)
    assert town.app.bays == town.seen()


def test_a_bay_that_leaves_while_the_snapshot_is_fetched_is_not_in_it() -> None:
    town = Town()
    hub, watch = town.hub, Watch(BOX, frozenset())
    fetched = [view("moved"), view("hidden"), view("stays")]  # as of position 0
    hub._bay(1, "moved", view("moved", lon=5))
    hub._bay(2, "hidden", None)
    assert [bay.bay_id for bay in hub.corrected(watch, fetched, 0)] == ["stays"]
