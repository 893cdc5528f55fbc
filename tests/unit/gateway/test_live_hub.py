"""The live stream's hub: whatever happens in between, a client's picture is the truth as of what it was told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from siga.kit.geo import Box
from siga.services.gateway.live import hub as hubs
from siga.services.gateway.live import model
from siga.services.gateway.live.client import Client, StaffNews
from siga.services.gateway.live.hub import INTERVAL_S, Hub
from siga.services.gateway.live.model import Recent, Watch, snapshot_event

LONG = bool(os.environ.get("SIGA_LONG"))
BOX = Box(min_lon=0, min_lat=0, max_lon=1, max_lat=1)
BESIDE = Box(min_lon=0.55, min_lat=0.55, max_lon=2, max_lat=2)
WATCHES = [Watch(BOX), Watch(BOX), Watch(BESIDE, frozenset("d")), Watch(None, frozenset("ad"))]
PLACES = [(0.5, 0.5), (0.6, 0.6), (5.0, 5.0)]
Seen = dict[str, tuple[float, float, str, int]]


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


class Town:
    """Parking as the truth at every position, and the hub that follows it some events behind."""

    def __init__(self, recent: int = 20_000) -> None:
        self.clock = Clock()
        self.hub = Hub(self.clock)
        self.hub.start(0)
        self.hub.recent = Recent(0, recent)
        self.past: list[Seen] = [{}]
        self.versions: dict[str, int] = {}
        self.unheard: list[tuple[Any, ...]] = []
        self.fetched: dict[Watch, tuple[int, Seen]] = {}

    def now(self) -> Seen:
        """The public bays as of the newest position."""
        return self.past[-1]

    def _commit(self, changed: Seen, *event: Any) -> None:
        self.past.append(changed)
        self.unheard.append((len(self.past) - 1, *event))

    def bay(self, bay_id: str, place: tuple[float, float], occupancy: str) -> None:
        """A bay is made, moved, shown again, or just reported."""
        before = self.now().get(bay_id)
        if before is None or before[:2] != place:
            self._define(bay_id)
        heard = before[3] if before else 0
        self._commit({**self.now(), bay_id: (*place, occupancy, heard)}, "bay", bay_id)

    def _define(self, bay_id: str) -> None:
        self.versions[bay_id] = self.versions.get(bay_id, 0) + 1
        self._commit(self.now(), "defined", bay_id, self.versions[bay_id])

    def heard(self, bay_id: str) -> None:
        """Its sensor spoke without news."""
        if bay_id in self.now():
            lon, lat, occupancy, heard = self.now()[bay_id]
            self._commit({**self.now(), bay_id: (lon, lat, occupancy, heard + 1)}, "heard", bay_id)

    def hide(self, bay_id: str) -> None:
        """Nobody may see it any more; it is reported on all the same."""
        if bay_id in self.now():
            self._define(bay_id)
        self._commit({key: seen for key, seen in self.now().items() if key != bay_id}, "gone", bay_id)

    def follow(self, at_most: int = 1_000) -> None:
        """The hub hears the next events."""
        while self.unheard and at_most:
            position, kind, bay_id, *more = self.unheard.pop(0)
            at_most -= 1
            seen = self.past[position].get(bay_id)
            if kind == "bay" and seen:
                self.hub.bay(position, bay_id, seen[0], seen[1], _view(bay_id, seen))
            elif kind == "heard" and seen:
                ages = msgspec.json.encode({"bay_id": bay_id, "heard_at": seen[3]})
                self.hub.heard(position, bay_id, seen[0], seen[1], ages)
            elif kind == "gone":
                self.hub.gone(position, bay_id)
            elif kind == "defined" and more[0] > 1:
                self.hub.defined(position, bay_id)
            self.hub.position = position

    def snapshot(self, watch: Watch) -> tuple[int, Seen]:
        """As fetched by others before."""
        if watch not in self.fetched:
            self.fetched[watch] = (len(self.past) - 1, _watched(watch, self.now()))
        return self.fetched[watch]

    def restart(self) -> None:
        """Another hub follows from here on; it knows nothing of what was before."""
        self.unheard.clear()
        self.hub = Hub(self.clock)
        self.hub.start(len(self.past) - 1)


def _view(bay_id: str, seen: tuple[float, float, str, int]) -> bytes:
    return msgspec.json.encode(
        {"bay_id": bay_id, "lon": seen[0], "lat": seen[1], "occupancy": seen[2], "heard_at": seen[3]}
    )


def _watched(watch: Watch, seen: Seen) -> Seen:
    return {bay_id: one for bay_id, one in seen.items() if watch.holds(bay_id, one[0], one[1])}


@dataclass
class App:
    """An open app: applies what it is told, remembers the last event's id, comes back by it."""

    town: Town
    watch: Watch
    picture: Seen = field(default_factory=dict)
    last_id: int = -1
    in_flight: bytes = b""
    asleep: bool = False

    def open(self) -> None:
        """Connect, by the last event's id if there is one."""
        self.client: Client = self.town.hub.join(self.watch)
        if self.last_id >= 0:
            self.town.hub.resumed(self.client, self.last_id)
        self.line = self._line()

    def close(self, heard_events: int) -> None:
        """The line breaks: of what was under way only the first events arrive."""
        self.town.hub.leave(self.client)
        self._apply(self.in_flight, heard_events)
        self.in_flight, self.asleep = b"", False

    def read(self) -> None:
        """Take what is under way; the next part sets out."""
        self._apply(self.in_flight)
        self.in_flight = next(self.line)
        self.asleep = not self.in_flight
        if self.asleep:
            self._check()

    def _line(self) -> Iterator[bytes]:
        """As `stream.py` writes: all that was missed, then what each flush hands over."""
        hub, client = self.town.hub, self.client
        yield from self._catch_up()
        while True:
            hub.rest(client)
            while not client.woken.is_set():
                yield b""
            client.woken.clear()
            yield from client.take()
            if client.lags:
                yield from self._catch_up()

    def _catch_up(self) -> Iterator[bytes]:
        hub, client, last, more = self.town.hub, self.client, -1, True
        while more:
            if client.told is not None:
                part, more = hub.missed(client)
                more = more or client.told is None
                if part:
                    yield part
                continue
            position, seen = self.town.snapshot(self.watch)
            places = [(bay_id, one[:2]) for bay_id, one in seen.items()]
            if position > last and hub.began(client, position, places):
                last = position
                yield snapshot_event(position, [_view(bay_id, one) for bay_id, one in seen.items()])
            else:
                del self.town.fetched[self.watch]

    def _apply(self, wire: bytes, most: int = 1_000) -> None:
        for block in wire.decode().split("\n\n")[:-1][:most]:
            lines = dict(line.split(": ", 1) for line in block.split("\n"))
            data, position = msgspec.json.decode(lines["data"]), int(lines["id"])
            assert position >= self.last_id, "never told backwards"
            self.last_id = position
            match lines["event"]:
                case "snapshot":
                    self.picture = {bay["bay_id"]: _seen(bay) for bay in data["bays"]}
                case "bay":
                    self.picture[data["bay_id"]] = _seen(data)
                case "heard" if data["bay_id"] in self.picture:
                    lon, lat, occupancy, _ = self.picture[data["bay_id"]]
                    self.picture[data["bay_id"]] = (lon, lat, occupancy, data["heard_at"])
                case "gone":
                    self.picture.pop(data["bay_id"], None)

    def _check(self) -> None:
        """All that was handed over has arrived: the picture is the truth as of the last event's id."""
        assert self.picture == _watched(self.watch, self.town.past[self.last_id])


def _seen(bay: dict[str, Any]) -> tuple[float, float, str, int]:
    return bay["lon"], bay["lat"], bay["occupancy"], bay["heard_at"]


def flush(town: Town) -> None:
    """A quarter of a second goes by: what is due is handed over."""
    town.clock.s += INTERVAL_S
    while woken := town.hub.flush():
        for client in woken:
            client.wake()


def settle(town: Town, apps: list[App]) -> None:
    """Nothing happens any more: everybody reads all there is."""
    town.follow()
    for _ in range(4):
        flush(town)
        for app in apps:
            app.read()
            while not app.asleep:
                app.read()


BAYS = st.sampled_from("abcd")
APPS = st.integers(0, len(WATCHES) - 1)
STEP = st.one_of(
    st.tuples(st.just("bay"), BAYS, st.sampled_from(PLACES), st.sampled_from(["free", "occupied"])),
    st.tuples(st.just("heard"), BAYS),
    st.tuples(st.just("hide"), BAYS),
    st.tuples(st.just("follow"), st.integers(1, 5)),
    st.just(("flush",)),
    st.tuples(st.just("tick"), st.integers(1, 5)),
    st.tuples(st.just("read"), APPS),
    st.tuples(st.just("break"), APPS, st.integers(0, 3)),
    st.tuples(st.just("away"), APPS, st.integers(0, 3)),
    st.tuples(st.just("snapshot"), APPS),
    st.just(("forget",)),
    st.just(("restart",)),
)
NEAR, FAR = (0.5, 0.5), (5.0, 5.0)
FOLLOW, FLUSH = ("follow", 5), ("flush",)
READ = ("read", 0)
A_BAY = ("bay", "a", NEAR, "free")


class Play:
    """Some apps in a town, and what happens to them."""

    def __init__(self, recent: int, apps: int) -> None:
        self.town = Town(recent)
        self.apps = [App(self.town, watch) for watch in WATCHES[:apps]]
        self.away: set[int] = set()
        for app in self.apps:
            app.open()

    def step(self, name: str, *what: Any) -> None:
        """One thing happens."""
        if name in ("bay", "heard", "hide", "follow"):
            getattr(self.town, name)(*what)
        elif name == "flush":
            flush(self.town)
        elif name == "tick":
            self._tick(*what)
        elif name == "forget":
            self.town.hub.forget_places()
        elif name == "restart":
            self.town.restart()
            for number in range(len(self.apps)):
                self._break(number, 0)
                self._open(number)
        elif name == "snapshot":
            self.town.fetched.pop(WATCHES[what[0]], None)
            self.town.snapshot(WATCHES[what[0]])
        elif what[0] < len(self.apps):
            self._to_app(name, *what)

    def _tick(self, events: int) -> None:
        """A good line and time enough: what the hub hears reaches all who are there."""
        self.town.follow(events)
        flush(self.town)
        for number in {*range(len(self.apps))} - self.away:
            self.apps[number].read()
            self.apps[number].read()

    def _to_app(self, name: str, number: int, heard_events: int = 0) -> None:
        if name == "read":
            self._open(number)
            self.apps[number].read()
        else:
            self._break(number, heard_events)
            if name == "break":
                self._open(number)

    def _open(self, number: int) -> None:
        if number in self.away:
            self.away.discard(number)
            self.apps[number].open()

    def _break(self, number: int, heard_events: int) -> None:
        if number not in self.away:
            self.away.add(number)
            self.apps[number].close(heard_events)

    def end(self) -> None:
        """All are there, and hear all there is."""
        for number in range(len(self.apps)):
            self._open(number)
        settle(self.town, self.apps)


GONE_WHILE_AWAY = [A_BAY, FOLLOW, READ, READ, ("away", 0, 0), ("forget",), READ, ("hide", "a")]
MOVED_WHILE_AWAY = [A_BAY, ("tick", 5), READ, ("away", 0, 0), ("bay", "a", FAR, "free"), FOLLOW]
HIDDEN_TWICE = [A_BAY, FOLLOW, FLUSH, READ, ("hide", "a"), ("hide", "a"), FOLLOW, ("break", 0, 0)]
MOVED_WHILE_HIDDEN = [A_BAY, FOLLOW, READ, ("hide", "a"), ("bay", "a", FAR, "free"), ("break", 0, 0)]
OLDER_THAN_THE_HUB = [A_BAY, ("restart",), READ, READ, ("bay", "a", FAR, "free")]
SNAPSHOT_AHEAD_OF_THE_HUB = [A_BAY, ("bay", "a", NEAR, "occupied"), READ, READ, ("tick", 2)]
LAGGING = [A_BAY, ("tick", 5), ("heard", "a"), FOLLOW, FLUSH, ("heard", "a"), FOLLOW, FLUSH]
SNAPSHOT_OUTDATED = [A_BAY, FOLLOW, ("snapshot", 0), ("hide", "a"), FOLLOW, ("bay", "a", FAR, "free"), FOLLOW]
TOLD_OF_IT_WHILE_CATCHING_UP = [
    ("away", 0, 0), ("snapshot", 0), A_BAY, FOLLOW, ("forget",), READ, READ, READ, ("bay", "a", FAR, "free"), FOLLOW,
]  # fmt: skip


@settings(max_examples=5000 if LONG else 250, deadline=None)
@example(GONE_WHILE_AWAY, 20, 1)
@example(MOVED_WHILE_AWAY, 20, 1)
@example(HIDDEN_TWICE, 20, 4)
@example(MOVED_WHILE_HIDDEN, 20, 4)
@example(OLDER_THAN_THE_HUB, 20, 1)
@example(SNAPSHOT_AHEAD_OF_THE_HUB, 20, 1)
@example(LAGGING, 20, 1)
@example(SNAPSHOT_OUTDATED, 20, 1)
@example(TOLD_OF_IT_WHILE_CATCHING_UP, 20, 1)
@given(st.lists(STEP, max_size=60), st.sampled_from([2, 20]), st.integers(1, len(WATCHES)))
def test_any_breaks_lags_and_conflations_end_in_the_exact_state(steps: list, recent: int, apps: int) -> None:  # type: ignore[type-arg]
    with patch.object(model, "PIECE_CHANGES", 2):
        play = Play(recent, apps)
        for step in steps:
            play.step(*step)
        play.end()
    for app in play.apps:
        assert app.picture == _watched(app.watch, play.town.now())


def test_who_was_quiet_hears_at_once_and_nobody_more_than_four_times_a_second() -> None:
    town = Town()
    app = App(town, Watch(BOX))
    app.open()
    app.read()
    app.read()
    town.clock.s += 1
    told = 0
    for n in range(100):
        town.bay("a", NEAR, str(n))
        town.follow()
        for client in town.hub.flush():
            client.wake()
            told += 1
            assert n or told == 1, "the first at once"
        app.read()
        app.read()
        town.clock.s += 0.01
    assert told == 4


def test_those_who_watch_the_same_are_handed_the_same_bytes() -> None:
    town = Town()
    apps = [App(town, Watch(BOX)) for _ in range(3)]
    for app in apps:
        app.open()
        app.read()
        app.read()
    town.clock.s += 1
    town.bay("a", NEAR, "free")
    town.follow()
    woken = town.hub.flush()
    assert len(woken) == 3
    assert len({id(client.handed[0]) for client in woken}) == 1


def test_one_that_does_not_read_holds_up_one_flush_and_no_more() -> None:
    town = Town()
    slow, quick = App(town, Watch(BOX)), App(town, Watch(BOX))
    for app in (slow, quick):
        app.open()
        app.read()
        app.read()
    for n in range(500):
        town.bay(f"b{n % 150}", NEAR, str(n))
        town.follow()
        if n % 10 == 9:
            flush(town)
            quick.read()
            quick.read()
    assert sum(len(part) for part in slow.client.handed) < 10 * 200
    assert len(slow.client.group.waiting) <= 150
    settle(town, [slow, quick])
    assert slow.picture == quick.picture == town.now()


def test_who_missed_very_much_is_told_everything_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "_MISSED", 10)
    town = Town()
    app = App(town, Watch(BOX))
    app.open()
    app.read()
    app.close(0)
    for n in range(30):
        town.bay(f"b{n}", NEAR, "free")
    town.follow()
    app.open()
    for _ in range(3):
        app.read()
    assert app.last_id == 60
    assert app.picture == town.now()
    assert town.fetched[Watch(BOX)][0] == 60


def test_who_comes_back_is_told_only_what_was_missed() -> None:
    town = Town()
    app = App(town, Watch(BOX))
    town.bay("a", NEAR, "free")
    town.follow()
    app.open()
    settle(town, [app])
    app.close(0)
    for occupancy in ("occupied", "free"):
        town.bay("b", NEAR, occupancy)
    town.follow()
    app.open()
    app.read()
    assert app.in_flight.count(b"event: bay") == 1
    assert b"snapshot" not in app.in_flight


def test_a_position_of_another_journal_says_nothing_here() -> None:
    town = Town()
    client = town.hub.join(Watch(BOX))
    town.hub.resumed(client, 5)
    assert client.told is None


def test_a_group_ends_with_its_last_member_and_places_nobody_watches_are_forgotten() -> None:
    town = Town()
    app = App(town, Watch(BOX))
    app.open()
    app.read()
    for n in range(5):
        town.bay(f"b{n}", NEAR, "free")
    town.bay("far", FAR, "free")
    town.follow()
    town.hub.forget_places()
    assert sorted(town.hub._places) == [f"b{n}" for n in range(5)]
    app.close(0)
    town.hub.forget_places()
    assert not town.hub._places
    assert not town.hub._groups


def test_staff_hear_news_also_when_no_bay_changes() -> None:
    town = Town()
    client, other = town.hub.join(Watch(None), staff=True), town.hub.join(Watch(None))
    for one in (client, other):
        town.hub.began(one, 0, [])
        town.hub.rest(one)
    town.clock.s += 1
    town.hub.staff_news(StaffNews("cases.work", "m", None, None, b"x"))
    assert town.hub.flush() == [client]


def test_the_quiet_and_the_stalled_are_found() -> None:
    town = Town()
    client = town.hub.join(Watch(BOX))
    town.hub.began(client, 0, [])
    town.hub.rest(client)
    assert town.hub.quiet(15) == []
    town.clock.s += 15
    assert town.hub.quiet(15) == [client]
    assert town.hub.quiet(15) == []
    client.writes_since_s = town.clock.s
    assert town.hub.stalled(10) == []
    town.clock.s += 10
    assert town.hub.stalled(10) == [client]
