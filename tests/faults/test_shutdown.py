"""SIGTERM under load: what was acknowledged is kept, no answer is cut off, and it ends in time (R8)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import httpx

from siga.bench.device import Device
from siga.bench.started import Town, free_ports, started
from support import run

LONG = bool(os.environ.get("SIGA_LONG"))
LOOPS = 50 if LONG else 1
SENSORS, MOST_S = 6, 10.0
PASSWORD = "a pass phrase that outlives the ends"


class Books:
    """What was acknowledged, what got no answer, and how that ended."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, list[int]] = {}
        self.unanswered: dict[str, list[int]] = {}
        """Sequences by device."""
        self.endings: Counter[str] = Counter()
        self.took_s: list[float] = []


async def _speak(device: Device, books: Books) -> None:
    """Envelope after envelope until the door takes none any more."""
    while True:
        reports = [device.report(n % 2 == 0) for n in range(5)]
        sequences = [report["sequence"] for report in reports]
        try:
            acks = await device.send(reports)
        except httpx.HTTPStatusError as fault:
            books.endings[f"told {fault.response.status_code}"] += 1
            return
        except (httpx.HTTPError, OSError) as fault:
            # The connection was idle and is closed, or no new one is taken: nothing of it may have been done.
            books.endings[type(fault).__name__] += 1
            books.unanswered.setdefault(device.device_id, []).extend(sequences)
            return
        assert all(ack["status"] in ("applied", "repeated") for ack in acks)
        books.acknowledged.setdefault(device.device_id, []).extend(sequences)


async def _watch(town: Town, books: Books) -> None:
    """A live stream, which ends in order."""
    try:
        async with town.users.stream("GET", "/api/v1/live?bbox=-4,40,-3,41") as answer:
            async for _ in answer.aiter_lines():
                pass
        books.endings["stream ended in order"] += 1
    except httpx.HTTPError as fault:
        books.endings[f"stream cut off: {fault!r}"] += 1


async def _ended(town: Town, devices: list[Device], books: Books, rng: Random) -> None:
    """Load it, and end it under that load."""
    for device in devices:
        device._client = town.sensors
    speaking = [asyncio.create_task(_speak(device, books)) for device in devices]
    watching = asyncio.create_task(_watch(town, books))
    await asyncio.sleep(rng.uniform(0.3, 0.8))
    began = time.perf_counter()
    town.process.send_signal(signal.SIGTERM)
    code = await town.process.wait()
    books.took_s.append(time.perf_counter() - began)
    await asyncio.gather(*speaking, watching)
    assert code == 0


async def _known(town: Town, devices: list[Device], sent: dict[str, list[int]]) -> int:
    """Send reports once more: how many of them are known there already."""
    known = 0
    for device in devices:
        device._client = town.sensors
        sequences = sent.get(device.device_id, [])
        for start in range(0, len(sequences), 1000):
            again: list[dict[str, Any]] = [
                {"device_id": device.device_id, "epoch": 1, "sequence": n, "occupied": False}
                for n in sequences[start : start + 1000]
            ]
            known += sum(ack["status"] == "repeated" for ack in await device.send(again))
    return known


def test_nothing_acknowledged_is_lost_and_no_answer_cut_off_by_a_stop_under_load(tmp_path: Path) -> None:
    async def work() -> None:
        books, rng = Books(), Random(8)
        ports = (lambda two: (two[0], two[1]))(free_ports(2))
        async with started(tmp_path, ports=ports, password=PASSWORD) as town:
            await town.no_limits()
            zone = await town.zone("Centro", "observe_only")
            devices = [await town.device("bay_sensor", await town.bay(zone, f"S-{n}")) for n in range(SENSORS)]
            await _ended(town, devices, books, rng)
        for _ in range(LOOPS - 1):
            async with started(tmp_path, ports=ports, password=PASSWORD) as town:
                await _ended(town, devices, books, rng)
        async with started(tmp_path, ports=ports, password=PASSWORD) as town:
            acknowledged = sum(map(len, books.acknowledged.values()))
            lost = acknowledged - await _known(town, devices, books.acknowledged)
            cut = await _known(town, devices, books.unanswered)
        print(
            f"\n{LOOPS} stops under load, {acknowledged} acknowledged, {lost} lost, {cut} done without an answer; "
            f"ended after {max(books.took_s):.1f} s at most; {dict(books.endings)}"
        )
        assert (lost, cut) == (0, 0)
        assert books.endings["stream ended in order"] == LOOPS
        assert max(books.took_s) <= MOST_S

    run(work(), 3600 if LONG else 110)


def test_readiness_goes_off_at_once_a_poll_is_told_to_come_again_and_a_second_signal_ends_it(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path, password=PASSWORD) as town:
            zone = await town.zone()
            device = await town.device("bay_sensor", await town.bay(zone, "S-1"))
            polling = asyncio.create_task(device.ask("GET", "/sensors/v1/tasks", "wait_s=25"))
            await asyncio.sleep(0.5)
            assert (await town.users.get("/readyz")).status_code == 200
            began = time.perf_counter()
            town.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
            with contextlib.suppress(httpx.TransportError):  # an open connection may still be used, no new one is taken
                assert (await town.users.get("/readyz")).status_code == 503
            town.process.send_signal(signal.SIGTERM)
            assert await town.process.wait() == 1
            assert time.perf_counter() - began < 2, "a second signal waits for nobody"
            await asyncio.gather(polling, return_exceptions=True)

    run(work(), 60)
