"""Devices' keys from the clerk's desk to the sensors' door, with Parking and the gateway as they run."""

from __future__ import annotations

import asyncio
import base64
import hmac
import time
from functools import partial
from pathlib import Path
from typing import Any

from parking_door import Doors, Signing, client_module, listening, problem
from siga.bench.started import free_ports
from siga.system import BUILD_ORDER
from support import run, running

REVOCATIONS = 100
CLIENT = client_module()


def unsealed(device: Signing, nonce: int, told: dict[str, Any]) -> bytes:
    """The new key that an answer brings."""
    pad = hmac.digest(device.key, f"SIGA1-KEY\n{device.device_id}\n{nonce}".encode(), "sha256")
    return bytes(a ^ b for a, b in zip(base64.b64decode(told["sealed_key"]), pad, strict=True))


def test_a_device_changes_its_own_key_at_the_door(tmp_path: Path) -> None:
    async def check() -> None:
        async with running("parking", "gateway", data=tmp_path, loopback=True) as system:
            device = await Doors(system).watching()
            told = (await device.send(device.envelope("POST", "/sensors/v1/rotate", b"{}", nonce=50))).json()
            new = unsealed(device, 50, told)
            assert new != device.key
            assert (await device.report(1, nonce=51)).status_code == 200, "the old one goes on"
            assert (await device.report(1, nonce=1, key=new)).status_code == 200
            assert (await device.report(1, nonce=52)).json()["type"] in ("/problems/key-ended", "/problems/signature")
            bad = await device.send(device.envelope("POST", "/sensors/v1/rotate", b"[", nonce=2, key=new))
            problem(bad, 400, "malformed")
            bad = await device.send(device.envelope("POST", "/sensors/v1/rotate", b'{"what":1}', nonce=3, key=new))
            assert bad.status_code in (400, 422)
            unsigned = await device.door.post("/sensors/v1/rotate", content=b"{}")
            problem(unsigned, 401, "signature")

    run(check())


def test_a_revoked_device_is_refused_at_once_in_one_process(tmp_path: Path) -> None:
    """The door has the key in memory; from the answer to the clerk on it opens nothing."""

    async def check() -> None:
        async with running("parking", "gateway", data=tmp_path, loopback=True) as system:
            s = Doors(system)
            devices = [await s.watching() for _ in range(REVOCATIONS)]
            took = []
            for device in devices:
                assert (await device.report(1)).status_code == 200
                began = time.monotonic()
                assert (await s.admin.post(f"/api/v1/devices/{device.device_id}/revoke")).json()["revoked"]
                answer = await device.report(1)
                for _ in range(600):
                    if answer.status_code == 401:
                        break
                    await asyncio.sleep(0.005)
                    answer = await device.report(1)
                assert answer.json()["type"] in ("/problems/key-ended", "/problems/signature")
                took.append(time.monotonic() - began)
            slowest = sorted(took)[int(len(took) * 0.99) - 1]
            print(f"revoked to refused: p99 of {len(took)} {slowest * 1000:.0f} ms, slowest {max(took) * 1000:.0f} ms")
            assert slowest <= 1.0

    run(check())


def client(tmp_path: Path, device: Signing, port: int) -> Any:
    """The reference client with that device's memory."""
    memory = CLIENT.Memory(tmp_path / f"{device.device_id}.json")
    memory.save(
        url=f"http://127.0.0.1:{port}", device_id=device.device_id, key=base64.b64encode(device.key).decode(), epoch=1
    )
    return CLIENT.Device(memory, tries=4, pause=lambda _: None)


def test_the_reference_client_changes_its_key_and_forgets_the_old_one(tmp_path: Path) -> None:
    async def check() -> None:
        port = free_ports(1)[0]
        async with running(*BUILD_ORDER, data=tmp_path / "siga", loopback=True) as system:
            device = await Doors(system).watching()
            async with listening(system, port):
                sensor = client(tmp_path, device, port)
                assert "sealed_key" not in await asyncio.to_thread(sensor.rotate)
                values = sensor.memory.values
                assert (values["new_key"], values["rotating"]) == (None, False)
                assert values["key"] != base64.b64encode(device.key).decode()
                sensor.observe(occupied=True)
                assert [one["status"] for one in await asyncio.to_thread(sensor.flush)] == ["applied"]
                assert (await device.report(1, nonce=9_000)).status_code == 401, "the old key is over"

    run(check())


def test_the_reference_client_survives_lost_answers_at_every_step(tmp_path: Path) -> None:
    """The wire eats the answer to each request in turn; in the end the device speaks with a new key."""

    async def check() -> None:
        port = free_ports(1)[0]
        async with running(*BUILD_ORDER, data=tmp_path / "siga", loopback=True) as system:
            s = Doors(system)
            async with listening(system, port):
                for lost in range(4):
                    device = await s.watching()
                    sensor = client(tmp_path, device, port)
                    sensor.tries = 1
                    eaten = eating(sensor, {*range(lost, lost + 2)})
                    for _ in range(6):  # as it comes to its senses again and again, over restarts
                        sensor.observe(occupied=True)
                        await asyncio.to_thread(partial(speak, sensor, eaten))
                        sensor = CLIENT.Device(CLIENT.Memory(sensor.memory.path), tries=4, pause=lambda _: None)
                        eaten["over"](sensor)
                    values = sensor.memory.values
                    assert values["key"] != base64.b64encode(device.key).decode(), lost
                    assert (values["new_key"], values["rotating"]) == (None, False)
                    assert sensor.memory.queued() == []

    run(check())


def eating(sensor: Any, lost: set[int]) -> dict[str, Any]:
    """SIGA hears the requests of these numbers, and the device never their answers."""
    state: dict[str, Any] = {"asked": 0, "wants": True}

    def over(one: Any) -> None:
        real = CLIENT.Device._answer

        def answer(*words: Any, **more: Any) -> Any:
            number, told = state["asked"], real(*words, **more)
            state["asked"] += 1
            if number in lost:
                raise CLIENT.NotReached("the answer was lost")
            return told

        one._answer = answer

    state["over"] = over
    over(sensor)
    return state


def speak(sensor: Any, state: dict[str, Any]) -> None:
    """Ask for a new key the first time; afterwards only report, as a device does."""
    try:
        if state.pop("wants", False):
            sensor.rotate()
        sensor.flush()
    except CLIENT.NotReached:
        pass
