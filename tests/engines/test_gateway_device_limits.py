"""Quotas at the sensors' door: a device that floods waits, and harms nobody else."""

from __future__ import annotations

import asyncio
import base64
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY

from gateway_world import HMAC_KEY, Device, report, world
from parking_door import Doors, problem
from siga.contract.parking import Ack, NewerKey, ReportBatch
from siga.contract.settings import REPORTS_PER_DEVICE_DAY, REPORTS_PER_DEVICE_MIN
from siga.kit.clock import utc_now
from siga.services.gateway.sensors.quotas import AT_ONCE
from support import run, running


def refused(reason: str) -> float:
    """How many requests were refused for that so far."""
    return REGISTRY.get_sample_value("siga_device_refusals_total", {"reason": reason}) or 0.0


def test_a_device_that_told_too_much_today_waits_and_others_go_on(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.settings.swap(1, {"": {REPORTS_PER_DEVICE_DAY.key: 100}})
            before = refused("per_day")
            device, other = here.device(), here.device("S2")
            assert (await device.report(*[report(n) for n in range(80)])).status_code == 200
            answer = await device.report(*[report(n) for n in range(80, 120)])
            body = problem(answer, 429, "quota-spent")
            assert "100 reports a day" in body["detail"]
            # 20 are missing of 100 a day: a fifth of a day.
            assert 17_000 < int(answer.headers["retry-after"]) <= 17_280
            assert (await device.report(*[report(n) for n in range(80, 100)])).status_code == 200
            assert (await other.report(report(device_id="S2"))).status_code == 200
            assert refused("per_day") == before + 1
            assert sum(len(batch.reports) for batch in here.known.batches) == 101

    run(check())


def test_who_reports_for_others_may_tell_as_much_for_each(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.settings.swap(1, {"": {REPORTS_PER_DEVICE_DAY.key: 100}})
            gateway = here.device(listed=("L1", "L2"))
            assert (await gateway.report(*[report(n, device_id="L1") for n in range(300)])).status_code == 200
            problem(await gateway.report(report()), 429, "quota-spent")

    run(check())


def test_a_bad_report_counts_as_well(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.settings.swap(1, {"": {REPORTS_PER_DEVICE_DAY.key: 100}})
            device = here.device()
            assert (await device.report(*[{"bad": n} for n in range(100)])).status_code == 200
            problem(await device.report({"bad": 1}), 429, "quota-spent")

    run(check())


def test_a_device_has_no_more_under_way_than_its_share_of_the_queue(tmp_path: Path) -> None:
    async def check() -> None:
        waiting, full, opened = [], asyncio.Event(), asyncio.Event()

        class Lane:
            """Parking, busy: it answers nobody until it is let."""

            def keys_version(self) -> int:
                return 0

            def answer(self, *_: Any) -> None:
                return None

            async def take(self, batch: ReportBatch) -> list[Ack]:
                waiting.append(batch)
                if len(waiting) == 3:
                    full.set()
                await opened.wait()
                return [Ack(status="applied") for _ in batch.reports]

        async with world(tmp_path) as here:
            here.service.extra["sensors"]._app._lane = Lane()
            flooding, other = here.device(), here.device("S2")
            most = [report(n) for n in range(1000)]
            sent = [asyncio.create_task(flooding.report(*most)) for _ in range(5)]
            good = asyncio.create_task(other.report(report(device_id="S2")))
            await asyncio.wait_for(full.wait(), 10)
            opened.set()
            answers = sorted(one.status_code for one in await asyncio.gather(*sent))
            assert answers == [200, 200, 429, 429, 429]
            assert AT_ONCE == 2000
            assert (await good).status_code == 200
            assert (await flooding.report(*most)).status_code == 200, "and then it may again"

    run(check())


def test_one_who_guesses_does_not_lock_out_the_devices_behind_his_address(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.settings.swap(1, {"": {REPORTS_PER_DEVICE_MIN.key: 5}})
            good = here.device()
            assert (await good.report(report())).status_code == 200
            for n in range(5):
                problem(await Device(here, f"guess-{n}").report(report()), 401, "signature")
            asked, before = here.known.key_questions, refused("address")
            began = time.monotonic()
            for n in range(200):
                problem(await Device(here, f"guess-{n}", key=b"x" * 32).report(report()), 429, "too-many")
            problem(await Device(here, "S1", key=b"x" * 32).report(report()), 429, "too-many")
            assert here.known.key_questions == asked, "guesses cost Parking nothing"
            assert refused("address") >= before + 201
            assert time.monotonic() - began < 5
            assert (await good.report(report())).status_code == 200

    run(check())


def test_both_keys_open_at_the_door_and_it_says_which_had_signed(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            new = b"n" * 32
            ends_at = utc_now() + timedelta(days=1)
            newer = NewerKey(
                key_no=2, key_kind="hmac", key=base64.b64encode(new).decode(), older_ends_at=ends_at
            )  # fmt: skip
            old = here.device(key_no=1, newer=newer)
            fresh = Device(here, "S1", key=new, nonce=100)
            assert (await old.report(report())).status_code == 200
            assert (await fresh.report(report())).status_code == 200
            assert [batch.key_no for batch in here.known.batches] == [1, 2]
            assert base64.b64decode(here.known.keys["S1"].key) == HMAC_KEY
            over = NewerKey(key_no=2, key_kind="hmac", key=newer.key, older_ends_at=utc_now())
            late = here.device("S2", key_no=1, newer=over)
            problem(await late.report(report(device_id="S2")), 401, "signature")
            assert (await Device(here, "S2", key=new).report(report(device_id="S2"))).status_code == 200

    run(check())


def test_a_flood_of_one_device_delays_no_other_in_a_whole_siga(tmp_path: Path) -> None:
    """One sensor sends a thousand reports a request as fast as it is answered; another speaks now and then."""

    async def check() -> None:
        async with running("parking", "gateway", data=tmp_path, loopback=True) as system:
            s = Doors(system)
            flooding, other = await s.watching(), await s.watching()
            stop = asyncio.Event()
            counts: dict[int, int] = {}

            async def flood() -> None:
                while not stop.is_set():
                    answer = await flooding.report(1000)
                    counts[answer.status_code] = counts.get(answer.status_code, 0) + 1
                    await asyncio.sleep(0.002)  # as a wire would: in this process a refusal comes without a pause

            floods = [asyncio.create_task(flood()) for _ in range(8)]
            took = []
            for _ in range(20):
                began = time.monotonic()
                answer = await other.report(1)
                assert (answer.status_code, answer.json()[0]["status"]) == (200, "applied"), answer.text
                took.append(time.monotonic() - began)
                await asyncio.sleep(0.02)
            stop.set()
            await asyncio.gather(*floods)
            assert counts[429] > counts[200] > 0
            assert set(counts) == {200, 429}
            print(f"reports of the other device: slowest of {len(took)} in {max(took):.3f} s, the flood got {counts}")
            assert max(took) < 5

    run(check())
