"""Replays: no envelope is taken twice, not over restarts and not over kills. The long form is `make faults`."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path
from random import Random

import httpx
import msgspec

from parking_door import Doors, Envelope, Signing
from siga.bench.device import Device
from siga.bench.started import Town, free_ports, started
from support import run, running

LONG = bool(os.environ.get("SIGA_LONG"))
ENVELOPES, ROUNDS = (2_000, 50) if LONG else (250, 8)
"""Each envelope is replayed once in each round: 100,000 replays in the long form, 2,000 in the short one."""
KILLS, PER_KILL = (20, 400) if LONG else (2, 60)
AT_ONCE = 16


async def replayed(device: Signing, envelopes: list[Envelope]) -> Counter[str]:
    """Send them again as they are; what became of them."""
    told: Counter[str] = Counter()
    for start in range(0, len(envelopes), AT_ONCE):
        lot = envelopes[start : start + AT_ONCE]
        for answer in await asyncio.gather(*(device.send(one) for one in lot)):
            told["accepted" if answer.status_code < 300 else answer.json()["type"].removeprefix("/problems/")] += 1
    return told


def test_of_all_replays_none_is_accepted_over_restarts(tmp_path: Path) -> None:
    """A device without a clock: nothing but the window of nonces protects it."""

    async def check() -> None:
        told: Counter[str] = Counter()
        rng, sent, kept = Random(4), [], None
        for start in range(ROUNDS):
            async with running("parking", "gateway", data=tmp_path, loopback=True) as system:
                limit = {"gateway.device_requests_per_min": 100_000, "gateway.device_reports_per_day": 1_000_000_000}
                system.system.settings["gateway"].swap(1, {"": limit})
                s = Doors(system)
                if kept is None:
                    kept = await s.watching(has_clock=False)
                device = Signing(s.sensors, kept.device_id, kept.key, has_clock=False)
                device.nonces, device.sequences = kept.nonces, kept.sequences
                if start == 0:
                    for _ in range(ENVELOPES):
                        # As far apart as an attacker could wish: inside the window, at its edges, far beyond it.
                        for _ in range(rng.choice((0, 0, 0, 1, 30, 1022, 1023, 1024))):
                            next(device.nonces)
                        sent.append(device.reports(1))
                        assert (await device.send(sent[-1])).status_code == 200
                rng.shuffle(sent)
                told += await replayed(device, sent)
        print(f"replays: {told['accepted']} of {sum(told.values()):,} accepted, over {ROUNDS - 1} restarts")
        assert sum(told.values()) == ENVELOPES * ROUNDS
        assert told == {"replayed": ENVELOPES * ROUNDS}

    run(check(), 3600)


async def _load(device: Device, town: Town, sent: list[tuple[bytes, str]], took: set[int]) -> None:
    """Send envelope after envelope, and keep each, until the other side is gone."""
    while True:
        body = msgspec.json.encode([device.report(len(sent) % 2 == 0)])
        words = device.signed("POST", "/sensors/v1/reports", "", body)
        sent.append((body, words))
        try:
            answer = await _post(town, body, words)
        except (httpx.HTTPError, OSError):
            return
        if answer.status_code == 200:
            took.add(len(sent) - 1)


async def _until(took: set[int]) -> None:
    """Wait for enough acknowledgements."""
    for _ in range(6_000):
        if len(took) >= PER_KILL:
            return
        await asyncio.sleep(0.01)


async def _post(town: Town, body: bytes, words: str) -> httpx.Response:
    headers = {"authorization": words, "content-type": "application/json"}
    return await town.sensors.post("/sensors/v1/reports", content=body, headers=headers, timeout=30)


def test_no_envelope_is_taken_twice_over_kills(tmp_path: Path) -> None:
    """What was acknowledged before a kill is a replay after it; what was in flight is taken at most once in all."""

    async def check() -> None:
        ports = tuple(free_ports(2)[:2])
        sent: list[tuple[bytes, str]] = []
        taken: Counter[int] = Counter()
        device: Device | None = None
        replays = 0
        for _ in range(KILLS + 1):
            async with started(tmp_path / "data", ports=ports, password="a pass phrase for replays") as town:  # type: ignore[arg-type]
                if device is None:
                    await town.no_limits()
                    device = await town.device("bay_sensor", await town.bay(await town.zone(), "C-1"))
                device._client = town.sensors
                for number in range(max(0, len(sent) - PER_KILL), len(sent)):
                    answer = await _post(town, *sent[number])
                    replays += 1
                    taken[number] += answer.status_code == 200
                    assert answer.status_code in (200, 401), answer.text
                took: set[int] = set()
                loading = asyncio.create_task(_load(device, town, sent, took))
                enough = asyncio.create_task(_until(took))
                await asyncio.wait([loading, enough], return_when=asyncio.FIRST_COMPLETED)
                enough.cancel()
                town.kill()
                await town.process.wait()
                await loading
                taken.update(took)
        most = max(taken.values())
        print(f"{len(sent)} envelopes over {KILLS} kills, {replays} replays, none taken more often than {most} time")
        assert max(taken.values()) == 1

    run(check(), 3600)
