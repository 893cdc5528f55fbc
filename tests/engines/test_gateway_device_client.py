"""The reference device client against the real sensors' door: what it promises to whoever builds a device."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from granian.server.embed import Server

from gateway_world import HMAC_KEY, World, world
from siga.contract.parking import DeviceKey, PhotoTask
from siga.kit.clock import utc_now
from support import run

SCRIPT = Path(__file__).resolve().parents[2] / "clients" / "siga_device.py"


def load() -> Any:
    """The client as a module."""
    spec = importlib.util.spec_from_file_location("siga_device", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CLIENT = load()


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def listening(here: World, port: int) -> AsyncIterator[None]:
    """The sensors' door on a port."""
    server = Server(here.service.extra["sensors"], address="127.0.0.1", port=port, interface="asgi", log_enabled=False)
    serving = asyncio.create_task(server.serve())
    await asyncio.sleep(0.3)
    try:
        yield
    finally:
        server.stop()
        await asyncio.wait_for(serving, 5)


def device(tmp_path: Path, here: World, port: int, pauses: list[float] | None = None) -> Any:
    """An enrolled device whose pauses take no time."""
    here.known.keys["S1"] = DeviceKey(
        device_id="S1", municipality_id="m", kind="bay_sensor", key_kind="hmac",
        key=base64.b64encode(HMAC_KEY).decode(), has_clock=True,
    )  # fmt: skip
    memory = CLIENT.Memory(tmp_path / "device.json")
    memory.save(url=f"http://127.0.0.1:{port}", device_id="S1", key=base64.b64encode(HMAC_KEY).decode(), epoch=1)
    return CLIENT.Device(memory, tries=3, pause=(pauses if pauses is not None else []).append)


def in_thread(work: Callable[[], Any]) -> Any:
    """The client waits for answers, so it must not stand in the door's own loop."""
    return asyncio.to_thread(work)


def test_the_client_signs_as_the_published_vector_says() -> None:
    body = b'{"device_id":"S1","epoch":1,"observed_at":"2026-11-22T09:00:00Z","occupied":true,"sequence":1}'
    seal = CLIENT.signature(bytes(range(32)), "POST", "/sensors/v1/reports", "", "S1", 1795338000, 1, body)
    assert seal == "3oOXLiIGJRkOLnBqGSivNSHwAPG6SXCfs2HMF+6Qmfo="


def test_from_the_code_to_the_photo_by_the_command(tmp_path: Path) -> None:
    def command(*words: str) -> subprocess.CompletedProcess[str]:
        state = ["--state", str(tmp_path / "d.json"), "--tries", "1"]
        return subprocess.run([sys.executable, str(SCRIPT), *state, *words], capture_output=True, text=True, timeout=30)

    async def check() -> None:
        port = free_port()
        async with world(tmp_path) as here, listening(here, port):
            assert (await in_thread(lambda: command("report", "free"))).returncode == 2
            here.device("NEW")
            enrolled = await in_thread(lambda: command("enrol", f"http://127.0.0.1:{port}", "GOOD-CODE"))
            assert enrolled.returncode == 0, enrolled.stderr
            assert base64.b64encode(HMAC_KEY).decode() not in enrolled.stdout
            assert (tmp_path / "d.json").stat().st_mode & 0o077 == 0
            reported = await in_thread(lambda: command("report", "occupied", "--card", "04A2B3C4", "--battery", "90"))
            assert json.loads(reported.stdout)[0]["status"] == "applied"
            batch = here.known.batches[0].reports[0]
            assert (batch.epoch, batch.sequence, batch.battery_pct) == (7, 1, 90)
            here.known.tasks["NEW", "c1"] = PhotoTask(case_id="c1", bay_id="b1", until=utc_now() + timedelta(minutes=1))
            assert json.loads((await in_thread(lambda: command("tasks", "--wait", "1"))).stdout)[0]["case_id"] == "c1"
            (tmp_path / "p.jpg").write_bytes(b"\xff\xd8picture")
            assert (await in_thread(lambda: command("photo", "c1", str(tmp_path / "p.jpg")))).returncode == 0
            refused = await in_thread(lambda: command("photo", "c9", str(tmp_path / "p.jpg")))
            assert refused.returncode == 1
            assert "404" in refused.stderr

    run(check())


def test_what_is_seen_while_siga_is_away_is_told_later_in_order(tmp_path: Path) -> None:
    async def check() -> None:
        port = free_port()
        pauses: list[float] = []
        async with world(tmp_path) as here:
            sensor = device(tmp_path, here, port, pauses)
            for occupied in (True, False, True):
                sensor.observe(occupied=occupied)
            try:
                await in_thread(sensor.flush)
                raise AssertionError("nobody should answer")
            except CLIENT.NotReached:
                assert len(pauses) == 2
            again = CLIENT.Device(CLIENT.Memory(sensor.memory.path), tries=1)  # the power was off meanwhile
            async with listening(here, port):
                answers = await in_thread(again.flush)
            assert [one["status"] for one in answers] == ["applied"] * 3
            assert again.memory.queued() == []
            sent = here.known.batches[0].reports
            assert [(one.sequence, one.occupied) for one in sent] == [(1, True), (2, False), (3, True)]

    run(check())


def test_a_memory_older_than_what_siga_remembers_goes_on_with_a_new_nonce(tmp_path: Path) -> None:
    async def check() -> None:
        port = free_port()
        async with world(tmp_path) as here, listening(here, port):
            sensor = device(tmp_path, here, port)
            here.known.spent |= {("S1", nonce) for nonce in range(100)}
            sensor.observe(occupied=True)
            assert (await in_thread(sensor.flush))[0]["status"] == "applied"

    run(check())


def test_a_wrong_clock_is_put_right_by_the_servers_time(tmp_path: Path) -> None:
    async def check() -> None:
        port = free_port()
        async with world(tmp_path) as here, listening(here, port):
            sensor = device(tmp_path, here, port)
            sensor.memory.save(clock_ahead_s=86_400.0)
            assert (await in_thread(lambda: sensor.tasks(0))) == []
            assert abs(sensor._now_s() - time.time()) < 2

    run(check())


def test_one_report_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    async def check() -> None:
        port = free_port()
        async with world(tmp_path) as here, listening(here, port):
            sensor = device(tmp_path, here, port)
            sensor.observe(occupied=True)
            sensor.memory.keep({"nonsense": True})
            with sensor.memory.queue_path.open("ab") as file:
                file.write(b'{"device_id":"S1","epo')  # cut off by a power loss
            answers = await in_thread(sensor.flush)
            assert [one["status"] for one in answers] == ["applied", "rejected"]
            assert sensor.memory.queued() == []

    run(check())
