"""kill -9 under load: every acknowledged report is found again (R1). The long form is `make faults`."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import httpx
from sqlalchemy import Connection, func, select

from siga.bench.device import Device
from siga.bench.started import Town, free_ports, started
from siga.contract.parking import BayChanged, BayHeard, ReportCameLate, StayCorrected
from siga.engines.sqlite import open_sqlite
from siga.services.parking import store
from siga.services.parking.tables import journal, metadata, reports
from support import run

LONG = bool(os.environ.get("SIGA_LONG"))
KILLS, ENOUGH = (500, 200_000) if LONG else (3, 1_000)
SENSORS, MOST_AT_ONCE = 20, 25
PASSWORD = "a pass phrase that outlives the kills"
Key = tuple[str, int]
"""(device, sequence); all in one epoch."""


class Books:
    """What was sent, what was acknowledged, and what was in flight at a kill, so that nobody knows."""

    def __init__(self) -> None:
        self.invoked: dict[Key, bool] = {}
        """What was sent, and whether it said occupied."""
        self.acknowledged: set[Key] = set()
        self.unknown: dict[str, list[dict[str, Any]]] = {}
        self.statuses: Counter[str] = Counter()
        self.unknown_and_kept = 0
        self.first_ack_s: list[float] = []

    def invoke(self, device_id: str, sent: list[dict[str, Any]]) -> None:
        """Reports are about to be sent; until their acks come nobody knows about them."""
        self.invoked.update({(device_id, one["sequence"]): one["occupied"] for one in sent})
        self.unknown[device_id] = sent

    def report(self, device_id: str, sequence: int) -> dict[str, Any]:
        """A report that was sent, as it was."""
        occupied = self.invoked[device_id, sequence]
        return {"device_id": device_id, "epoch": 1, "sequence": sequence, "occupied": occupied}

    def ok(self, device_id: str, acks: list[dict[str, Any]]) -> None:
        """Their acks came."""
        sent = self.unknown.pop(device_id)
        self.statuses.update(ack["status"] for ack in acks)
        self.acknowledged |= {(device_id, one["sequence"]) for one in sent}
        assert len(acks) == len(sent)


async def _speak(device: Device, books: Books, rng: Random, began: float) -> None:
    """Envelope after envelope until the other side is gone; what was in flight at a kill is sent again first."""
    again = books.unknown.get(device.device_id)
    while True:
        sent = again or [device.report(rng.random() < 0.5) for _ in range(rng.randint(1, MOST_AT_ONCE))]
        books.invoke(device.device_id, sent)
        try:
            acks = await device.send(sent)
        except (httpx.HTTPError, OSError):
            return
        books.ok(device.device_id, acks)
        books.first_ack_s.append(time.perf_counter() - began)
        repeated = sum(ack["status"] == "repeated" for ack in acks)
        assert repeated + sum(ack["status"] == "applied" for ack in acks) == len(acks), acks
        assert again or not repeated
        # An envelope is one transaction: it was kept whole or not at all.
        assert repeated in (0, len(acks))
        books.unknown_and_kept += repeated
        again = None


async def _killed_once(folder: Path, ports: tuple[int, int], devices: list[Device], books: Books, rng: Random) -> float:
    """Start, load, kill the whole process group; seconds from the start to the first acknowledgement."""
    began = time.perf_counter()
    async with started(folder, ports=ports, password=PASSWORD) as town:
        for device in devices:
            device._client = town.sensors
        books.first_ack_s.clear()
        speaking = [asyncio.create_task(_speak(device, books, rng, began)) for device in devices]
        await asyncio.sleep(rng.uniform(0.15, 0.7))
        town.kill()
        await town.process.wait()
        await asyncio.gather(*speaking)
    return min(books.first_ack_s, default=0.0)


async def _repeated(town: Town, devices: list[Device], books: Books) -> tuple[int, int]:
    """Send every acknowledged report once more; how many are known there, and how many are not."""
    found = lost = 0
    for device in devices:
        device._client = town.sensors
        mine = sorted(sequence for device_id, sequence in books.acknowledged if device_id == device.device_id)
        for start in range(0, len(mine), 1000):
            again = [books.report(device.device_id, n) for n in mine[start : start + 1000]]
            known = Counter(ack["status"] == "repeated" for ack in await device.send(again))
            found, lost = found + known[True], lost + known[False]
    return found, lost


class OnDisk:
    """What lies on the disk when nothing runs."""

    def __init__(self, conn: Connection) -> None:
        rows = conn.execute(select(reports.c.device_id, reports.c.sequence, reports.c.bay_id, reports.c.occupied)).all()
        self.kept: dict[Key, tuple[str, bool]] = {(row[0], row[1]): (row[2], row[3]) for row in rows}
        self.states = {loaded.bay.bay_id: loaded.state for loaded in store.load_bays(conn, -1, 1000)}
        e = journal.events.c
        told = [kind.__name__ for kind in (BayChanged, BayHeard)]
        count = select(e.subject_id, func.count()).where(e.kind.in_(told)).group_by(e.subject_id)
        self.told: dict[str, int] = dict(tuple(row) for row in conn.execute(count))
        rare = [kind.__name__ for kind in (ReportCameLate, StayCorrected)]
        self.rare = int(conn.scalar(select(func.count()).where(e.kind.in_(rare))) or 0)


async def _on_disk(folder: Path) -> OnDisk:
    database = open_sqlite(folder / "parking" / "parking.db", metadata)
    try:
        return await database.read(OnDisk)
    finally:
        await database.close()


def _check(disk: OnDisk, books: Books) -> None:
    """Every acknowledged report has its row, its event and its place in the state; nobody else's is there."""
    assert books.acknowledged - disk.kept.keys() == set()
    assert disk.kept.keys() - books.invoked.keys() == set()
    assert all(books.invoked[key] is occupied for key, (_, occupied) in disk.kept.items())
    per_bay = Counter(bay_id for bay_id, _ in disk.kept.values())
    assert all(disk.told[bay_id] >= number for bay_id, number in per_bay.items()), "each report told one event or more"
    assert disk.rare == 0, "all came in order"
    newest: dict[str, tuple[int, bool]] = {}
    for (_, sequence), (bay_id, occupied) in disk.kept.items():
        newest[bay_id] = max(newest.get(bay_id, (0, False)), (sequence, occupied))
    for bay_id, (sequence, occupied) in newest.items():
        state = disk.states[bay_id]
        assert state.order is not None
        assert (state.order[2], state.told) == (sequence, occupied)


def test_nothing_acknowledged_is_lost_by_kill_9_under_load(tmp_path: Path) -> None:
    async def work() -> None:
        books, rng, first_acks = Books(), Random(1), list[float]()
        users, sensors = free_ports(2)
        ports = users, sensors
        async with started(tmp_path, ports=ports, password=PASSWORD) as town:
            await town.no_limits()
            zone = await town.zone("Centro", "observe_only")
            devices = [await town.device("bay_sensor", await town.bay(zone, f"K-{n}")) for n in range(SENSORS)]
        kills = 0
        while kills < KILLS or len(books.acknowledged) < ENOUGH:
            first_acks.append(await _killed_once(tmp_path, ports, devices, books, rng))
            kills += 1
        _check(await _on_disk(tmp_path), books)
        async with started(tmp_path, ports=ports, password=PASSWORD) as town:
            found, lost = await _repeated(town, devices, books)
        print(
            f"\n{kills} kills -9 of the whole group, {len(books.acknowledged)} acknowledged, {lost} lost; "
            f"{books.unknown_and_kept} were kept without an ack; start to first ack at most {max(first_acks):.2f} s"
        )
        assert (found, lost) == (len(books.acknowledged), 0)

    run(work(), 3600 if LONG else 110)
