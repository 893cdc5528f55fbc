"""A backup under load, restored: what was acknowledged before it is there, and services agree with each other (R9)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import httpx

from releases import FIRST, grown, unpacked
from siga.bench.device import Device
from siga.bench.started import Town, started
from siga.operate import folder as places
from siga.operate.manifest import chosen, read_manifest
from support import run

LONG = bool(os.environ.get("SIGA_LONG"))
BACKUPS, SENSORS = (20, 8) if LONG else (1, 3)
EVENTS, PHOTOS, PHOTO_BYTES = (1_000_000, 5_000, 200_000) if LONG else (2_000, 25, 20_000)
RESTORED_S = 300.0
PASSWORD = "a pass phrase that outlives the disk"


async def siga(command: str, *arguments: str, data: Path) -> dict[str, Any]:
    """What a command tells in JSON."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siga", command, *arguments, "--data", str(data), "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    found: dict[str, Any] = json.loads(out)
    return found


class Load:
    """Devices that report, and what each was acknowledged."""

    def __init__(self, devices: list[Device]) -> None:
        self.devices = devices
        self.acknowledged: dict[str, int] = {}
        self.faults: list[str] = []

    async def speak(self, device: Device) -> None:
        while True:
            reports = [device.report(n % 2 == 0) for n in range(5)]
            try:
                await device.send(reports)
            except httpx.HTTPError as fault:
                self.faults.append(repr(fault))
                return
            self.acknowledged[device.device_id] = reports[-1]["sequence"]
            await asyncio.sleep(0 if LONG else 0.02)

    async def known(self, town: Town, upto: dict[str, int]) -> int:
        """How many of the reports up to these sequences are known there."""
        known = 0
        for device in self.devices:
            device._client = town.sensors
            last = upto.get(device.device_id, 0)
            for start in range(1, last + 1, 1000):
                again = [{"device_id": device.device_id, "epoch": 1, "sequence": n, "occupied": False}
                         for n in range(start, min(start + 1000, last + 1))]  # fmt: skip
                known += sum(ack["status"] == "repeated" for ack in await device.send(again))
        return known


async def _settled(town: Town, bays: int) -> None:
    """Wait until what follows from Parking's journal is there for History too."""
    path = f"/api/v1/history/statistics?municipality_id={town.municipality_id}"
    for _ in range(100):
        answer = await town.users.get(path, headers={"authorization": f"Bearer {town.token}"})
        if answer.status_code == 200:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"history of {bays} bays does not answer: {answer.status_code} {answer.text}")


def test_what_was_acknowledged_before_a_backup_under_load_is_in_it_and_all_agree(tmp_path: Path) -> None:
    async def work() -> None:
        data, backups, restored = tmp_path / "data", tmp_path / "backups", tmp_path / "restored"
        async with started(data, password=PASSWORD) as town:
            await town.no_limits()
            zone = await town.zone("Centro", "observe_only")
            load = Load([await town.device("bay_sensor", await town.bay(zone, f"B-{n}")) for n in range(SENSORS)])
            speaking = [asyncio.create_task(load.speak(device)) for device in load.devices]
            for _ in range(BACKUPS):
                await asyncio.sleep(0.3)
                before = dict(load.acknowledged)
                made = await siga("backup", str(backups), "--keep", "2", data=data)
            for one in speaking:
                one.cancel()
            await asyncio.gather(*speaking, return_exceptions=True)
        assert load.faults == []
        manifest = read_manifest(chosen(backups))
        assert manifest.disagreements() == []
        assert manifest.stores["parking"].head > 0
        await siga("restore", str(backups), data=restored)
        async with started(restored, password=PASSWORD) as town:
            assert await load.known(town, before) == sum(before.values())
            await _settled(town, SENSORS)
            looked = await siga("doctor", data=restored)
            assert [one for one in looked["findings"] if one["state"] == "bad"] == []
        print(
            f"\n{BACKUPS} backups under load, the last {made['size'] / 1e6:.1f} MB in {made['took_s']:.1f} s; "
            f"{sum(before.values())} reports acknowledged before it, all of them in it; all journals agree"
        )

    run(work(), 1200 if LONG else 110)


def test_a_large_folder_is_backed_up_and_restored_in_time(tmp_path: Path) -> None:
    async def work() -> None:
        data, rng = unpacked(FIRST, tmp_path / "data"), Random(9)
        grown(places.store_of(data, "parking"), EVENTS * 5 // 2)
        for _ in range(PHOTOS):
            sealed = rng.randbytes(PHOTO_BYTES)
            name = hashlib.sha256(sealed).hexdigest()
            path = data / places.PHOTOS / name[:2] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sealed)
        made = await siga("backup", str(tmp_path / "backups"), data=data)
        began = time.perf_counter()
        back = await siga("restore", str(tmp_path / "backups"), data=tmp_path / "restored")
        took_s = time.perf_counter() - began
        print(
            f"\n{EVENTS} events and {PHOTOS} photos, {made['size'] / 1e6:.0f} MB: backed up in {made['took_s']:.1f} s, "
            f"checked and restored in {took_s:.1f} s"
        )
        assert back["files"] == made["files"]
        assert took_s <= RESTORED_S

    run(work(), 1200 if LONG else 110)
