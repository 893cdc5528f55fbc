"""kill -9 under load: every acknowledged report is found again. The long form is `make faults`."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import httpx

from siga.bench.device import Device
from siga.bench.started import Town, free_ports, started
from support import run

LONG = bool(os.environ.get("SIGA_LONG"))
KILLS = 100 if LONG else 3
SENSORS = 20
PASSWORD = "a pass phrase that outlives the kills"


class Books:
    """What was acknowledged: per device the sequences, in the order of their acks."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, list[int]] = {}
        self.unknown = 0

    def note(self, device_id: str, sequence: int) -> None:
        """An ack came."""
        self.acknowledged.setdefault(device_id, []).append(sequence)


async def _speak(device: Device, books: Books, stop: asyncio.Event) -> None:
    while not stop.is_set():
        report = device.report(random.random() < 0.5)
        try:
            ack = (await device.send([report]))[0]
        except (httpx.HTTPError, OSError):
            books.unknown += 1
            return
        assert ack["status"] in ("applied", "repeated"), ack
        books.note(device.device_id, report["sequence"])


async def _all_known(town: Town, devices: list[Device], books: Books) -> tuple[int, int]:
    """Send every acknowledged report once more: what was kept answers `repeated` or is the present state."""
    lost = found = 0
    for device in devices:
        for sequence in books.acknowledged.get(device.device_id, []):
            again = {"device_id": device.device_id, "epoch": 1, "sequence": sequence, "occupied": True}
            ack = (await device.send([again]))[0]
            found, lost = found + (ack["status"] == "repeated"), lost + (ack["status"] != "repeated")
    return found, lost


def test_nothing_acknowledged_is_lost_by_kill_9_under_load(tmp_path: Path) -> None:
    async def work() -> None:
        books = Books()
        users, sensors = free_ports(2)[:2]
        ports = (users, sensors)
        async with started(tmp_path, ports=ports, password=PASSWORD) as town:
            await town.no_limits()
            zone = await town.zone("Centro", "observe_only")
            bays = [await town.bay(zone, f"K-{n}") for n in range(SENSORS)]
            devices = [await town.device("bay_sensor", bay_id) for bay_id in bays]
        for _ in range(KILLS):
            async with started(tmp_path, ports=ports, password=PASSWORD) as town:
                for device in devices:
                    device._client = town.sensors
                stop = asyncio.Event()
                speaking = [asyncio.create_task(_speak(d, books, stop)) for d in devices]
                await asyncio.sleep(random.uniform(0.8, 1.6))
                town.kill()
                await town.process.wait()
                stop.set()
                await asyncio.gather(*speaking)
        async with started(tmp_path, ports=ports, password=PASSWORD) as town:
            for device in devices:
                device._client = town.sensors
            found, lost = await _all_known(town, devices, books)
            page: dict[str, Any] = await town.ask("GET", "/api/v1/bays", params={"limit": 100})
            assert len(page["bays"]) == SENSORS
        print(f"\n{KILLS} kills, {found + lost} acknowledged reports, {lost} lost, {books.unknown} in flight at a kill")
        assert found > 100
        assert lost == 0

    run(work(), 3600 if LONG else 170)
