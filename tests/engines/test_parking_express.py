"""The express lane answers exactly as the documented handlers do, errors too; and the doors' policies hold on it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from parking_town import START, Street, street
from siga.kit.clock import HandClock, rfc3339
from siga.kit.near import Reply, ask
from siga.services.gateway import doors
from support import MUNICIPALITY, Running, running
from support import run as run_one

PLAIN = {"lon": "-0.371", "lat": "39.471"}
ODD = [
    "", "lon=1", "lon=-0.37&lat=39.47&limit=0", "lon=-0.37&lat=39.47&limit=101", "lon=-0.37&lat=39.47&limit=abc",
    "lon=181&lat=0", "lon=0&lat=-90.5", "lon=nan&lat=1", "lon=1e1&lat=39", "lon=&lat=", "lon=-0.37&lat=39.47&category=",
    "lon=-0.37&lat=39.47&category=lorry", "lon=-0.37&lat=39.47&occupancy=taken", "lon=-0.37&lat=39.47&unknown=1",
    "lon=-0.37&lat=39.47&lon=5", "lon=%2D0.37&lat=39.47", "lon=-0.37&lat=39.47&max_distance_m=-1", "lon=--1&lat=2",
    "lon=-0.37&lat=39.47&max_distance_m=abc", "lon=+1&lat=2", "lon=1.2.3&lat=2", "lat=39.47&lon=-.37&limit=007",
]  # fmt: skip
BOXES = [
    "", "bbox=-1,39,0,40", "bbox=-1,39,0,40&limit=2", "bbox=170,-10,-170,10", "bbox=1,2,3", "bbox=0,50,0,40",
    "bbox=-1,39,0,40&occupancy=free", "bbox=-1,39,0,40&occupancy=unmonitored&category=disabled", "occupancy=wrong",
    "limit=1001", "limit=3&cursor=not-there", "bbox=-1,39,0,40&q=calle", "bbox=-1,39,0,40&zone_id=none",
    "category=taxi",
]  # fmt: skip


async def mixed(s: Street) -> list[str]:
    """Bays of every kind and state."""
    zone = (await s.zone())["zone_id"]
    bays = [
        await s.bay(zone, f"M-{n}", lon=-0.37 + n / 1000, category=("disabled", "ambulance", "taxi")[n % 3],
                    **({"address": f"Calle Mayor, {n}", "attributes": {"width_m": 3.5}} if n % 4 == 0 else {}))
        for n in range(12)
    ]  # fmt: skip
    for n, bay in enumerate(bays[:8]):
        sensor = await s.sensor(bay["bay_id"])
        if n < 7:
            await s.say(sensor, 1, n % 2 == 0, simulated=n == 3)
    await s.bay(zone, "P-1", personal_accreditation_id="01a20c36-2056-7ed7-bad7-8cdaf47c9043")
    await s.bay(zone, "PLAN", life="planned")
    await s.bay(zone, "SHUT", life="closed", lon=-0.372)
    rule = {"municipality_id": MUNICIPALITY, "bay_id": bays[5]["bay_id"], "hours": "Mo-Fr 08:00-10:00",
            "max_stay_min": 60, "text": {"es": "Solo ambulancias"}}  # fmt: skip
    assert (await s.admin.post("/api/v1/rules", rule)).status_code == 201
    return [bay["bay_id"] for bay in bays]


def queries(bay_ids: list[str]) -> list[tuple[str, str]]:
    """(path, query) of requests plain and odd."""
    nearest, box = "/api/v1/bays/nearest", "/api/v1/bays"
    rnd = random.Random(7)
    found = [(nearest, query) for query in ODD] + [(box, query) for query in BOXES]
    for occupancy, category, limit in itertools.product(("free", "any", ""), ("disabled", "bus", ""), (1, 4, 100)):
        query = f"lon={rnd.uniform(-0.5, -0.2):.5f}&lat={rnd.uniform(39.4, 39.5):.5f}&limit={limit}"
        query += f"&occupancy={occupancy}" * bool(occupancy) + f"&category={category}" * bool(category)
        found.append((nearest, query + "&max_distance_m=900" * (limit == 4)))
    paths = [*bay_ids, "none", "nearest/x", "by-code", "by-code/a/b", "%2e", "x" * 300]
    return found + [(f"{box}/{name}", "") for name in paths]


async def both(s: Running, path: str, query: str, headers: Mapping[str, str]) -> tuple[Reply, Reply]:
    """The answers of the lane (in front) and of the framework alone."""
    service = s.system.services["parking"]
    target = f"{path}?{query}" if query else path
    apps = service.app, service.extra["lane"].framework
    quick, slow = [await ask(app, "GET", target, {}, headers, None, 10) for app in apps]
    return quick, slow


def told(reply: Reply) -> tuple[Any, ...]:
    """What an answer says; a JSON object's members have no order."""
    kind = reply.headers.get("content-type", "")
    body = msgspec.json.decode(reply.content) if "json" in kind and reply.content else reply.content
    return reply.status_code, dict(reply.headers), body


def test_the_lane_answers_as_the_documented_handlers_do(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path, None, HandClock(START)) as s:
            bay_ids = await mixed(s)
            keys, answered = s.system.keys, 0
            who = [
                s.guest._headers, s.admin._headers, {}, {"authorization": "Bearer wrong"},
                {"authorization": f"Bearer {keys.service_token('history', 'parking')}"},
                {**s.guest._headers, "accept": "application/geo+json"},
                {**s.guest._headers, "if-none-match": "*"}, {**s.guest._headers, "if-none-match": '"other", W/"x"'},
            ]  # fmt: skip
            for headers, (path, query) in itertools.product(who, queries(bay_ids)):
                quick, slow = await both(s.system, path, query, headers)
                assert told(quick) == told(slow), (headers.keys(), path, query)
                answered += quick.status_code == 200
            assert answered > 200
            print(f"{len(who) * len(queries(bay_ids))} requests compared, {answered} of them answered by 200")

    run_one(work())


def test_a_bay_is_sent_once_and_then_only_when_it_changed(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path, None) as s:
            bay = await s.bay((await s.zone())["zone_id"], "E-1")
            sensor, path = await s.sensor(bay["bay_id"]), f"/api/v1/bays/{bay['bay_id']}"
            await s.say(sensor, 1, False)
            first = await s.guest.get(path)
            tag = {"if-none-match": first.headers["etag"]}
            assert (await s.guest.ask("GET", path, headers=tag)).status_code == 304
            await s.say(sensor, 2, True)
            again = await s.guest.ask("GET", path, headers=tag)
            assert (again.status_code, again.json()["occupancy"]) == (200, "occupied")

    run_one(work())


def test_reports_are_taken_and_refused_as_by_the_framework(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path, None) as s:
            zone = (await s.zone())["zone_id"]
            sensors = [await s.sensor((await s.bay(zone, f"R-{n}"))["bay_id"]) for n in range(2)]
            service = s.system.system.services["parking"]
            gateway, other = s.gateway._headers, {"authorization": "Bearer x"}
            guest, json = s.guest._headers, {"content-type": "application/json"}

            def bodies(sensor: str) -> list[tuple[dict[str, str], bytes]]:
                report = {"device_id": sensor, "epoch": 1, "sequence": 1, "occupied": True}
                at = rfc3339(s.clock())
                made = {
                    "device_id": sensor,
                    "nonce": 900,
                    "received_at": at,
                    "reports": [report, {**report, "device_id": "no"}],
                }
                good, unknown = msgspec.json.encode(made), msgspec.json.encode({**made, "device_id": "no"})
                return [(gateway, good), (gateway, good), (gateway, unknown), (gateway, b"{"), (gateway, b'{"a":1}'),
                        (gateway, b"\xff"), (guest, good), (other, good), ({}, good)]  # fmt: skip

            answers = []
            for app, sensor in zip((service.app, service.extra["lane"].framework), sensors, strict=True):
                got = [
                    await ask(app, "POST", "/internal/v1/reports", {}, {**headers, **json}, body, 10)
                    for headers, body in bodies(sensor)
                ]
                answers.append([(one.status_code, one.content.replace(sensor.encode(), b"S")) for one in got])
            quick, slow = answers
            assert [status for status, _ in quick] == [200, 401, 401, 400, 422, 400, 403, 401, 401]
            bay_ids = [msgspec.json.decode(one[0][1])[0]["bay_id"].encode() for one in answers]
            assert [(a, b.replace(bay_ids[0], b"B")) for a, b in quick] == [
                (a, b.replace(bay_ids[1], b"B")) for a, b in slow
            ]

    run_one(work())


@pytest.mark.parametrize("https", [False, True])
def test_every_policy_of_the_door_holds_on_the_lane(tmp_path: Path, https: bool) -> None:
    async def work() -> None:
        names = ("config", "users", "parking", "gateway")
        async with running(*names, data=tmp_path, loopback=True, trusted_proxy="127.0.0.1") as s:
            door = s.system.services["gateway"].app
            assert isinstance(door, doors.Door)
            transport = httpx.ASGITransport(door, client=("127.0.0.1", 1))
            forwarded = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https" if https else "http"}
            async with httpx.AsyncClient(transport=transport, base_url="http://siga.test", headers=forwarded) as client:
                path = "/api/v1/bays/nearest?lon=-0.37&lat=39.47"
                quick = await client.get(path, headers={"x-request-id": "asked-for-123"})
                door._quick, lane = None, door._quick
                slow = await client.get(path, headers={"x-request-id": "asked-for-123"})
                door._quick = lane
                assert quick.json() == slow.json()
                assert sorted(quick.headers.items()) == sorted(slow.headers.items())
                assert ("strict-transport-security" in quick.headers) is https
                for bad in ("//x", "/%2e%2e/x"):
                    assert (await client.get(f"/api/v1/bays{bad}")).status_code == 400
                s.system.settings["gateway"].swap(1, {"": {"gateway.requests_per_ip_min": 60}})
                statuses = {(await client.get(path)).status_code for _ in range(80)}
                assert statuses == {200, 429}

    run_one(work())
