"""The live stream end to end over a real journal: snapshot, changes, breaks, staff news, slow readers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway_world import BOX, OTHER, Stream, World, bay, person, world
from siga.contract.enforcement import CaseChanged, CaseOpened
from siga.contract.parking import Bay, BayDefined, BayHeard, DeviceAlarmed
from siga.contract.users import GrantsChanged, SessionEnded
from siga.kit.clock import utc_now
from siga.services.gateway.live import ticker
from siga.services.gateway.live.stream import LiveStream
from support import run


def live(here: World, query: str = f"bbox={BOX}", **headers: str) -> Stream:
    """A client of the live stream."""
    return Stream(here.service.app, query, {key.replace("_", "-"): value for key, value in headers.items()})


def case(case_id: str, bay_id: str = "b1", zone_id: str = "z1") -> CaseOpened:
    """A case was opened."""
    return CaseOpened(
        case_id=case_id, bay_id=bay_id, stay_id=None, zone_id=zone_id, category="disabled", reason="unverified",
        occupied_since=None, photo_task=False,
    )  # fmt: skip


def test_a_client_gets_a_snapshot_and_then_every_change_in_its_box(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            position = await here.known.change(bay("b1"))
            await here.known.change(bay("far", lon=9.0))
            async with live(here) as stream:
                name, data = await stream.next()
                assert (name, [one["bay_id"] for one in data["bays"]]) == ("snapshot", ["b1"])
                assert stream.headers["content-type"].startswith("text/event-stream")
                assert stream.headers["x-accel-buffering"] == "no"
                assert stream.last_id == str(data["position"]) == str(position + 1)
                await here.known.change(bay("far", lon=9.0, occupancy="occupied"))
                await here.known.change(bay("b1", occupancy="occupied"))
                name, data = await stream.next()
                assert (name, data["bay_id"], data["occupancy"]) == ("bay", "b1", "occupied")
                assert stream.last_id == str(position + 3)

    run(check())


def test_a_sensors_word_without_news_refreshes_the_ages(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here, live(here) as stream:
            await stream.next()
            now = utc_now()
            heard = BayHeard(bay_id="b1", heard_at=now, observed_at=now, lon=-0.5, lat=39.5)
            await here.known.tell("parking", msgspec.structs.replace(heard, personal=True))
            position = await here.known.tell("parking", heard)
            name, data = await stream.next()
            assert (name, stream.last_id) == ("heard", str(position))
            assert sorted(data) == ["bay_id", "heard_at", "observed_at"]

    run(check())


def test_personal_bays_are_never_told_and_one_made_personal_is_taken_away(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            await here.known.change(bay("b1"))
            async with live(here, f"bbox={BOX}&bay_id=secret") as stream:
                await stream.next()
                await here.known.change(bay("secret"), personal=True)
                await here.known.change(bay("b1"), personal=True)
                await here.known.change(bay("b2"))
                assert await stream.next() == ("gone", {"bay_id": "b1"})
                assert (await stream.next())[1]["bay_id"] == "b2"

    run(check())


def test_a_bay_is_watched_by_name_wherever_it_is(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            await here.known.change(bay("far", lon=9.0))
            async with live(here, "bay_id=far&bay_id=unknown") as stream:
                _, data = await stream.next()
                assert [one["bay_id"] for one in data["bays"]] == ["far"]
                await here.known.change(bay("far", lon=9.0, occupancy="occupied"))
                assert (await stream.next())[1]["occupancy"] == "occupied"

    run(check())


def test_after_a_break_only_what_was_missed_is_told(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            async with live(here) as stream:
                await stream.next()
                last = await here.known.change(bay("b1"))
                await stream.next()
                assert stream.last_id == str(last)
            for occupancy in ("occupied", "free", "doubtful"):
                await here.known.change(bay("b2", occupancy=occupancy))
            await asyncio.sleep(0.1)
            async with live(here, last_event_id=str(last)) as again:
                name, data = await again.next()
                assert (name, data["bay_id"], data["occupancy"]) == ("bay", "b2", "doubtful")
                await here.known.change(bay("b3"))
                assert (await again.next())[1]["bay_id"] == "b3"

    run(check())


@pytest.mark.parametrize("last", ["999999", "nonsense", "-1"])
def test_who_was_away_too_long_or_says_nonsense_gets_a_whole_snapshot(tmp_path: Path, last: str) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            await here.known.change(bay("b1"))
            async with live(here, last_event_id=last) as stream:
                assert (await stream.next())[0] == "snapshot"

    run(check())


def test_what_was_told_before_this_process_began_is_told_anew(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            await here.known.change(bay("b1"))
            await here.known.change(bay("b2"))
        async with world(tmp_path) as again:
            again.known.bays["b1"] = bay("b1")
            async with live(again, last_event_id="1") as stream:
                assert (await stream.next())[0] == "snapshot"

    run(check())


@pytest.mark.parametrize("query", ["", "bbox=1,2,3", "bbox=0,0,999,0", "bbox=x", "bay_id=../x"])
def test_what_cannot_be_watched_is_refused(tmp_path: Path, query: str) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            answer = await here.users_door.get(f"/api/v1/live?{query}")
            assert answer.status_code == 422
            assert answer.json()["type"] == "/problems/invalid"

    run(check())


def staff(here: World, who: str, **headers: str) -> Stream:
    """The live stream of somebody signed in by cookie."""
    return live(here, f"bbox={BOX}&staff=1", cookie=f"siga-plain={who}", **headers)


def test_police_hear_of_cases_in_their_municipality_and_zones_only(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.known.sessions |= {"all": person("all", "police"), "z1": person("z1", "police", zone_ids=("z1",))}
            await here.known.change(bay("b1"))
            async with staff(here, "all") as everywhere, staff(here, "z1") as narrow:
                await everywhere.next()
                await narrow.next()
                await here.known.tell("enforcement", case("theirs"), OTHER)
                await here.known.tell("enforcement", case("c2", zone_id="z2"))
                await here.known.tell("enforcement", case("c1"))
                for stream, cases in ((everywhere, ["c2", "c1"]), (narrow, ["c1"])):
                    for case_id in cases:
                        name, data = await stream.next()
                        assert (name, data) == ("case", {"case_id": case_id, "bay_id": "b1", "state": "new"})
                # A case whose opening this process did not hear: its bay tells the zone.
                await here.known.tell("enforcement", CaseChanged(case_id="old", bay_id="b1", state="withdrawn"))
                assert (await narrow.next())[1]["state"] == "withdrawn"
                assert "plate" not in msgspec.json.encode((await everywhere.next())[1]).decode()

    run(check())


def test_staff_news_need_a_role_that_hears_them(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.known.sessions |= {"d": person("d", "driver"), "i": person("i", "installer")}
            guest = await here.users_door.get("/api/v1/live?staff=1")
            driver = await here.users_door.get("/api/v1/live?staff=1", headers={"cookie": "siga-plain=d"})
            assert (guest.status_code, driver.status_code) == (401, 403)
            async with staff(here, "i") as stream:
                await stream.next()
                await here.known.tell("enforcement", case("c1"))
                await here.known.tell("parking", DeviceAlarmed(device_id="S1", bay_id="b1", reason="silent"))
                name, data = await stream.next()
                assert (name, data["device_id"], data["reason"]) == ("alarm", "S1", "silent")

    run(check())


@pytest.mark.parametrize("event", [SessionEnded(session_id="s-p", user_id="p"), GrantsChanged(user_id="p")])
def test_a_staff_stream_ends_with_the_session_or_the_role(
    tmp_path: Path, event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticker, "PING_S", 0.4)
    monkeypatch.setattr(ticker, "SWEEP_S", 0.05)

    async def check() -> None:
        async with world(tmp_path) as here:
            here.known.sessions["p"] = person("p", "police")
            async with staff(here, "p") as stream, live(here) as public:
                await stream.next()
                await public.next()
                await asyncio.sleep(1.1)  # roles changed in the same second as the stream began would not count
                await here.known.tell("users", event, "")
                assert (await stream.next())[0] == "end"
                await here.known.change(bay("b1"))
                assert (await public.next())[0] == "bay"

    run(check())


def test_a_client_that_does_not_read_is_dropped_with_a_hint_and_catches_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticker, "STALLED_S", 0.6)
    monkeypatch.setattr(ticker, "SWEEP_S", 0.05)

    async def check() -> None:
        async with world(tmp_path) as here:
            async with live(here) as slow, live(here) as quick:
                await slow.next()
                await quick.next()
                slow.reads.clear()
                for n in range(50):
                    await here.known.change(bay(f"b{n % 3}", occupancy="occupied" if n % 2 else "free"))
                    await asyncio.sleep(0.005)
                assert max(len(client.handed) for client in here_clients(here)) <= 1
                await asyncio.sleep(0.8)
                assert len(here_clients(here)) == 1
                slow.reads.set()  # it reads after all: the hint is behind what it had not read
                while (told := await slow.next())[0] == "bay":
                    continue
                assert told == ("resync", {})
                assert (await slow.next())[0] == "end"
                last = slow.last_id or ""
            seen = {}
            async with live(here, last_event_id=last) as again:
                for _ in range(3):
                    _, data = await again.next()
                    seen[data["bay_id"]] = data["occupancy"]
            assert seen == {key: one.occupancy for key, one in here.known.bays.items()}

    run(check())


def here_clients(here: World) -> list[Any]:
    """The hub's open clients."""
    return list(stream_of(here).hub.clients)


def stream_of(here: World) -> LiveStream:
    """The app of the live stream."""
    found = here.service.app._app._own["/api/v1/live"]  # type: ignore[attr-defined]
    assert isinstance(found, LiveStream)
    return found


def asked_for_lists(here: World) -> int:
    """How often Parking was asked for a box."""
    return sum(path == "GET /api/v1/bays" for _, path, *_ in here.known.asked)


def test_many_who_open_the_same_box_share_one_snapshot_and_miss_nothing(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            await here.known.change(bay("b1"))
            streams = [live(here) for _ in range(20)]
            for stream in streams[:10]:
                await stream.__aenter__()
                assert (await stream.next())[0] == "snapshot"
            await here.known.change(bay("b1", occupancy="occupied"))
            for stream in streams[10:]:
                await stream.__aenter__()
                assert (await stream.next())[0] == "snapshot"
            for stream in streams:
                assert (await stream.next())[1]["occupancy"] == "occupied"
                await stream.__aexit__()
            assert asked_for_lists(here) == 1
            assert not here_clients(here)

    run(check())


def test_a_map_changed_while_a_snapshot_was_shared_makes_a_new_one(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            await here.known.change(bay("b1"))
            async with live(here) as first:
                await first.next()
            here.known.bays["b1"] = bay("b1", lon=9.0)
            stream_of(here).hub.forget_places()
            defined = Bay(bay_id="b1", municipality_id=OTHER, zone_id="z1", code="b1", category="disabled", lon=9.0,
                          lat=39.5, version=2)  # fmt: skip
            here.known.position = await here.known.tell("parking", BayDefined(bay=defined))
            await asyncio.sleep(0.05)
            async with live(here) as second:
                assert (await second.next())[1]["bays"] == []
            assert asked_for_lists(here) == 2

    run(check())


def test_only_so_many_listen_at_once_and_from_one_address(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            async with live(here) as one:
                await one.next()
                here.settings.swap(1, {"": {"gateway.live_per_address": 1}})
                crowded = await here.users_door.get(f"/api/v1/live?bbox={BOX}")
                here.settings.swap(2, {"": {"gateway.live_clients": 1}})
                full = await here.users_door.get(f"/api/v1/live?bbox={BOX}")
                assert (crowded.status_code, full.status_code) == (429, 503)
                assert crowded.headers["retry-after"] == full.headers["retry-after"] == "30"
            async with live(here) as again:
                assert (await again.next())[0] == "snapshot"

    run(check())


def test_two_hundred_reports_a_second_all_reach_a_client(tmp_path: Path) -> None:
    async def check() -> list[str]:
        async with world(tmp_path) as here:
            told: dict[str, str] = {}

            async def listen(stream: Stream) -> None:
                while sorted(told.values()) != newest:
                    _, data = await stream.next()
                    told[data["bay_id"]] = data["code"]

            newest = sorted(str(n) for n in range(100, 400))

            async with live(here) as stream:
                await stream.next()
                listening = asyncio.create_task(listen(stream))
                for n in range(400):
                    one = bay(f"b{n % 300}")
                    marked = msgspec.structs.replace(one, code=str(n))
                    asyncio.get_running_loop().create_task(here.known.change(marked))
                    await asyncio.sleep(0.005)
                await asyncio.wait_for(listening, 20)
            return sorted(told.values())

    assert run(check()) == sorted(str(n) for n in range(100, 400)), (
        "the newest of each of 300 bays; how fast: siga bench"
    )
