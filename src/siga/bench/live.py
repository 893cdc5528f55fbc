"""Thousands of open live streams over many boxes of a town whose bays change: is everything told, and how soon?"""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from siga.bench.books import Sensor, load
from siga.bench.dataset import Run, need, running
from siga.bench.generator import Outcome, Plan
from siga.bench.listeners import Heard, Listening
from siga.bench.measuring import MOST_CPU, Meter, generate, resident_bytes
from siga.bench.numbers import Figure
from siga.bench.reads import unchanged

_SIDE = 8
"""The town is cut into eight times eight boxes, each with as many sensors."""


async def live(bays: int = 10_000, clients: int = 2_000, rate: float = 200.0, seconds: float = 20.0,
               settle_s: float = 3.0) -> list[Figure]:  # fmt: skip
    """`clients` streams over 64 boxes of the largest city while `rate` of its bays a second change."""
    source = await need(bays)
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        async with running(source, Path(folder)) as run:
            for key in ("gateway.live_clients", "gateway.live_per_address"):
                await run.town.ask("PUT", f"/api/v1/config/settings/{key}", {"value": 8_000})
            heard, changes, share = await _listened(run, clients, rate, seconds, settle_s)
            memory_mb = resident_bytes(run.pid) / 1e6
    return _figures(heard, changes, clients, rate, f"SIGA {share:.0%} of a core, {memory_mb:.0f} MB")


async def _listened(run: Run, clients: int, rate: float, seconds: float, settle_s: float
                    ) -> tuple[Heard, Outcome, float]:  # fmt: skip
    town = [sensor for sensor in load(run.books).sensors if sensor.city == 0]
    log = run.folder / "said.json"
    told = Listening(
        url=run.town.users_url, clients=clients, boxes=boxes(town, _SIDE), log=str(log), books=str(run.books), city=0
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siga.bench.listeners", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )  # fmt: skip
    if process.stdin is None or process.stdout is None:
        raise ValueError("the listeners have no pipes")
    process.stdin.write(msgspec.json.encode(told) + b"\n")
    if (await process.stdout.readline()).strip() != b"open":
        raise ValueError("the live streams did not open; what went wrong stands above")
    plan = Plan(url=run.town.sensors_url, books=str(run.books), who="listed", city=0, rate=rate, seconds=seconds,
                connections=32, log=str(log))  # fmt: skip
    with Meter(run.pid) as meter:
        changes = await generate(plan)
    await asyncio.sleep(settle_s)
    out, _ = await process.communicate(b"enough\n")
    return msgspec.json.decode(out, type=Heard), changes, meter.share


def boxes(town: Sequence[Sensor], side: int) -> list[tuple[float, float, float, float]]:
    """The town cut into `side` strips of longitude with as many sensors each, each strip into as many of latitude."""
    found = []
    for strip in _parts(sorted(town, key=lambda sensor: sensor.lon), side):
        for part in _parts(sorted(strip, key=lambda sensor: sensor.lat), side):
            lons, lats = [one.lon for one in part], [one.lat for one in part]
            found.append((min(lons), min(lats), max(lons), max(lats)))
    return found


def _parts(sensors: Sequence[Sensor], count: int) -> list[Sequence[Sensor]]:
    cuts = [round(n * len(sensors) / count) for n in range(count + 1)]
    return [sensors[a:b] for a, b in itertools.pairwise(cuts) if a < b]


def _figures(heard: Heard, changes: Outcome, clients: int, rate: float, note: str) -> list[Figure]:
    void = unchanged(changes, rate)
    if heard.cpu_share > MOST_CPU:
        void = f"the listeners took {heard.cpu_share:.0%} of a core"
    if heard.broken:
        void = f"{heard.broken} streams ended"
    about = f"{clients:,} streams over {heard.boxes} boxes, {rate:g} changes/s town-wide, {note}"
    return [
        Figure(name=f"live changes missing, {clients:,} clients", value=heard.missing, unit="", at_most=0, void=void,
               note=f"{heard.told:,} told, {heard.conflated} conflated with a newer one; {about}"),
        Figure(name=f"report → live client, p99 of {clients:,} clients", value=heard.p99_s, unit="s", at_most=1.0,
               void=void, note=f"p50 {heard.p50_s:.3f}, worst {heard.worst_s:.2f} s, listeners {heard.cpu_share:.0%}, "
                               f"reporter {changes.cpu_share:.0%} of a core"),
    ]  # fmt: skip
