"""OWASP API10:2023, unsafe consumption of APIs: LoRaWAN network servers may say what they like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lorawan_street import chirpstack_up, ttn_up
from permission_world import Answer, Stage, World

pytestmark = pytest.mark.xdist_group("risks")

UP = {"event": "up"}


async def post(world: World, body: Any, secret: str | None, kind: str = "chirpstack", **more: Any) -> Answer:
    """A message to a network server's address."""
    path = f"/sensors/v1/lns/{kind}"
    return await world.sensors.ask("POST", path, body, token=secret, query=UP, **more)


def secret_of(world: World, number: int) -> str:
    """The secret of a town's network server."""
    return world.towns[number].secret["keys and codes of devices and network servers"]


def test_only_who_has_the_secret_is_heard(siga: Stage) -> None:
    async def work(world: World) -> None:
        frame = chirpstack_up(5, "0100", datetime.now(UTC), eui="70b3d57e05160010")
        good = secret_of(world, 0)
        for wrong in (None, "", "x", good[:-1], good + "A", good.lower(), good[::-1], "Bearer " + good):
            assert (await post(world, frame, wrong)).status in (401, 429), wrong
        assert (await post(world, frame, good)).status == 200
        other_kind = await post(world, ttn_up(5, "0100", datetime.now(UTC)), good, "ttn")
        assert other_kind.status in (401, 403, 404, 409, 422), "a secret is for one kind of server"

    siga.attack(work)


def test_one_towns_server_cannot_speak_for_another_towns_sensor(siga: Stage) -> None:
    async def work(world: World) -> None:
        mine, theirs = world.towns
        eui = "70b3d57e05160020"
        assert (
            await post(world, chirpstack_up(1, "0100", datetime.now(UTC), eui=eui), secret_of(world, 0))
        ).status == 200
        admin = world.token("administrator", mine)
        claims = (await world.must("GET", "/api/v1/devices/claims", token=admin))["claims"]
        claim = next(one for one in claims if one["dev_eui"] == eui)
        await world.must("POST", f"/api/v1/devices/claims/{claim['claim_id']}/claim", {
            "bay_id": mine.things["spare_bay_id"], "model": "nps405", "firmware": "2.4.9",
        }, token=admin)  # fmt: skip
        before = await world.must("GET", f"/api/v1/bays/{mine.things['spare_bay_id']}", token=admin)
        for count in (2, 3, 900):
            forged = chirpstack_up(count, "0101", datetime.now(UTC), eui=eui)
            assert (await post(world, forged, secret_of(world, 1))).status == 200
        after = await world.must("GET", f"/api/v1/bays/{mine.things['spare_bay_id']}", token=admin)
        assert (after["occupancy"], after["heard_at"]) == (before["occupancy"], before["heard_at"])
        seen = await world.must("GET", "/api/v1/devices/claims", token=world.token("administrator", theirs))
        assert {one["dev_eui"] for one in seen["claims"]} >= {eui}, "it is a stranger in the other town's queue"

    siga.attack(work)


def twisted(frame: dict[str, Any]) -> list[Any]:
    """What a broken or hostile server might say in place of a frame."""
    hostile: list[Any] = [
        None, [], {}, 5, "x", True, [frame] * 3, {"a": frame}, {**frame, "deviceInfo": None}, {**frame, "fCnt": -1},
        {**frame, "fCnt": 2**63}, {**frame, "fCnt": 1.5}, {**frame, "fCnt": "7"}, {**frame, "fPort": 10**9},
        {**frame, "data": "!!!not base64"}, {**frame, "data": "A" * 100_000}, {**frame, "data": 5},
        {**frame, "time": "yesterday"}, {**frame, "time": "9999-12-31T23:59:59Z"}, {**frame, "rxInfo": "x"},
        {**frame, "time": (datetime.now(UTC) + timedelta(days=400)).isoformat()}, {**frame, "devAddr": "zz"},
        {**frame, "time": "0001-01-01T00:00:00Z"}, {**frame, "rxInfo": [{}] * 5_000},
        {**frame, "rxInfo": [{"rssi": 1e308, "snr": "x"}]},
        {**frame, "deviceInfo": {**frame["deviceInfo"], "devEui": "not an eui"}},
        {**frame, "deviceInfo": {**frame["deviceInfo"], "devEui": "../../etc/passwd"}},
        {**frame, "deviceInfo": {**frame["deviceInfo"], "deviceName": "x" * 50_000}},
        {**frame, "deviceInfo": {**frame["deviceInfo"], "deviceName": "\u0000\ud7ff\u202e"}},
        {**frame, "__proto__": {"admin": True}}, {**frame, "object": {"a": [[[[[[1]]]]]]}},
    ]  # fmt: skip
    return hostile


@pytest.mark.parametrize("kind", ["chirpstack", "ttn"])
def test_messages_of_any_shape_are_answered_and_harm_nothing(siga: Stage, kind: str) -> None:
    async def work(world: World) -> None:
        frame = chirpstack_up(9, "0100", datetime.now(UTC), eui="70b3d57e05160030")
        secret = secret_of(world, 0)
        if kind == "ttn":
            made = await world.must("POST", "/api/v1/devices/integrations", {
                "municipality_id": world.towns[0].municipality_id, "kind": "ttn", "name": "Otra",
            }, token=world.token("administrator", world.towns[0]))  # fmt: skip
            secret = made["secret"]
        for body in twisted(frame):
            answer = await post(world, body, secret, kind)
            assert answer.status < 500, f"{str(body)[:200]} → {answer.status} {answer.body[:200]!r}"
        for content in (b"", b"{", b"\xff" * 100, b"[" * 50_000, b"A" * 300_000, b'{"fCnt":' + b"9" * 5_000 + b"}"):
            answer = await world.sensors.ask(
                "POST", f"/sensors/v1/lns/{kind}", token=secret, query=UP, content=content,
                headers={"content-type": "application/json"},
            )  # fmt: skip
            assert answer.status < 500, (content[:10], answer.status)

    siga.attack(work)


def test_names_that_servers_give_are_shown_as_text(siga: Stage) -> None:
    async def work(world: World) -> None:
        frame = chirpstack_up(5, "0100", datetime.now(UTC), eui="70b3d57e05160040")
        attack = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}"
        frame["deviceInfo"] |= {"deviceName": attack, "deviceProfileName": attack, "tenantName": attack}
        assert (await post(world, frame, secret_of(world, 0))).status == 200
        admin = world.token("administrator", world.towns[0])
        seen = 0
        claims = (await world.must("GET", "/api/v1/devices/claims", token=admin))["claims"]
        for page in ("/admin/devices", "/admin/claims", *(f"/admin/claims/{one['claim_id']}" for one in claims)):
            body = (await world.users.ask("GET", page, token=admin)).body
            seen += body.count(b"&lt;script&gt;alert(1)")
            assert b"<script>alert(1)" not in body, page
            assert b"<img src=x" not in body, page
        assert seen > 0, "the name is shown on a page, as text"

    siga.attack(work)


def test_a_frame_counts_once_however_often_it_is_brought(siga: Stage) -> None:
    async def work(world: World) -> None:
        frame = chirpstack_up(77, "0100", datetime.now(UTC), eui="70b3d57e05160050")
        outcomes = [(await post(world, frame, secret_of(world, 0))).json()["outcome"] for _ in range(5)]
        assert outcomes[0] == "held"
        assert set(outcomes[1:]) <= {"repeated", "heard"}

    siga.attack(work)
