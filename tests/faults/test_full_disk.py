"""The disk is full: nothing acknowledged is lost, reads go on, photos give way first, and it resumes by itself (R7)."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import text

from parking_street import Street
from siga.contract.settings import PHOTO_ROOM_MIB
from siga.kit.clock import HandClock, rfc3339
from siga.services.images.model import Reading
from small_disk import SmallDisk, small_disk
from support import MUNICIPALITY, run, running

START = datetime(2026, 11, 24, 11, tzinfo=UTC)
ROOM_MIB = 16
RESUMES_S = 10.0


class NoReaders:
    """In the place of the reader processes: what is in the photos does not matter here."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    async def start(self) -> None:
        """As the pool."""

    async def stop(self) -> None:
        """As the pool."""

    async def read(self, image: bytes, site_country: str) -> Reading:
        """As the pool."""
        return Reading()


class Town:
    """What the test does to Parking and Images, and what they acknowledged."""

    def __init__(self, street: Street, disk: SmallDisk) -> None:
        self.street, self.disk = street, disk
        self.acknowledged: set[tuple[str, int]] = set()
        self._rng, self._sequence, self._photos = Random(7), 0, 0

    async def report(self, many: int = 1) -> httpx.Response:
        """The next reports of the first sensor, as one envelope; the same again until they are acknowledged."""
        s = self.street
        device_id = s.device_ids[0]
        made = [
            {"device_id": device_id, "epoch": 1, "sequence": self._sequence + n, "occupied": self._rng.random() < 0.5}
            for n in range(1, many + 1)
        ]
        body = {"device_id": device_id, "nonce": None, "received_at": rfc3339(s.clock()), "reports": made}
        answer = await s.gateway.post("/internal/v1/reports", body)
        if answer.status_code == 200:
            self._sequence += many
            assert {ack["status"] for ack in answer.json()} == {"applied"}
            self.acknowledged |= {(device_id, one["sequence"]) for one in made}
        return answer

    async def photo(self) -> httpx.Response:
        """A photo for a case."""
        self._photos += 1
        out = io.BytesIO()
        Image.new("RGB", (320, 240), (self._photos, 0, 0)).save(out, "JPEG")
        params = {"case_id": f"case-{self._photos}", "bay_id": "b", "municipality_id": MUNICIPALITY}
        gateway = self.street.system.as_service("images", "gateway")
        return await gateway.ask("POST", "/internal/v1/photos", content=out.getvalue(), params=params)

    async def until_full(self, many: int) -> None:
        """Report until the disk takes no more: twenty refusals in a row, each as it should be."""
        in_a_row = 0
        for _ in range(3_000):
            answer = await self.report(many)
            in_a_row = in_a_row + 1 if answer.status_code != 200 else 0
            assert not in_a_row or refused(answer)
            if in_a_row == 20:
                return
        raise AssertionError("the disk never became full")

    async def reads(self) -> list[int]:
        """The status of everything that is only read."""
        s, guest = self.street, self.street.system.as_guest("parking")
        answers = [
            await guest.get("/api/v1/bays/nearest", lon=-0.37, lat=39.47, occupancy="any"),
            await guest.get(f"/api/v1/bays/{s.bay_ids[0]}"),
            await s.admin.get("/api/v1/bays"),
            await s.gateway.get("/internal/v1/events", after=0, limit=10),
            await s.gateway.get("/internal/v1/health"),
        ]
        return [answer.status_code for answer in answers]


async def seconds_until(true: Callable[[], Awaitable[bool]]) -> float:
    """How long it takes to come true."""
    began = time.perf_counter()
    while not await true():
        assert time.perf_counter() - began < RESUMES_S, f"it did not come true within {RESUMES_S:.0f} s"
        await asyncio.sleep(0.05)
    return time.perf_counter() - began


def refused(answer: httpx.Response) -> bool:
    """Whether it was refused for want of room, with when to try again."""
    body: dict[str, Any] = answer.json()
    said = (answer.status_code, body["type"]) == (507, "/problems/store-full")
    return said and int(answer.headers["retry-after"]) > 0


def test_a_full_disk_loses_nothing_and_resumes_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siga.services.images.runner.ReaderPool", NoReaders)

    async def work(disk: SmallDisk) -> None:
        clock = HandClock(START)
        async with running("parking", "images", data=disk.folder, clock=clock) as system:
            system.system.settings["images"].swap(1, {"": {PHOTO_ROOM_MIB.key: ROOM_MIB}})
            street = Street(system, clock)
            await street.open(2)
            town = Town(street, disk)
            await town.report(10)
            assert (await town.photo()).status_code == 201

            disk.leave((ROOM_MIB << 20) - (1 << 20))
            assert refused(await town.photo()), "photos give way"
            assert (await town.report(10)).status_code == 200, "reports go on"

            await street.take(street.report(1, 1, True))
            disk.leave(2 << 20)
            await town.until_full(50)
            disk.leave(0)
            await town.until_full(1)
            before = len(town.acknowledged)
            assert set(await town.reads()) == {200}
            clock.forward(400)  # the grace of the second bay's stay ends while nothing can be written
            await asyncio.sleep(1.5)

            disk.give_back()
            resumed_s = await seconds_until(lambda: _took(town.report()))
            time_acts_s = await seconds_until(lambda: _suspected(street))
            assert (await town.photo()).status_code == 201
            kept = (street.zone_id, street.bay_ids, street.device_ids)
        async with running("parking", data=disk.folder, clock=clock) as system:
            street = Street(system, clock)
            street.zone_id, street.bay_ids, street.device_ids = kept
            found = {(row.device_id, row.sequence) for row in await street.kept()}
            database = system.system.services["parking"].database
            assert database is not None
            assert await database.read(lambda conn: conn.scalar(text("PRAGMA integrity_check"))) == "ok"
        lost = town.acknowledged - found
        print(
            f"\n{disk.kind} of 64 MiB: {before} acknowledged until it was full, {len(lost)} lost, reports again after "
            f"{resumed_s:.2f} s, deadlines after {time_acts_s:.2f} s"
        )
        assert not lost

    with small_disk(tmp_path / "disk", monkeypatch) as disk:
        run(work(disk), 110)


async def _took(sent: Awaitable[httpx.Response]) -> bool:
    return (await sent).status_code == 200


async def _suspected(street: Street) -> bool:
    return bool(await street.events("StaySuspected"))
