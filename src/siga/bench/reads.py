"""How fast `/bays/nearest` answers while states change, against what else could answer: nginx, Redis, PostGIS."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from siga.bench import cities
from siga.bench.books import load
from siga.bench.dataset import DataSet, Run, need, running
from siga.bench.generator import Outcome, Plan
from siga.bench.measuring import MOST_CPU, Meter, Missing, Read, generate, wrk
from siga.bench.numbers import Figure, median, ratios, spread
from siga.bench.rivals.bare import bare_asgi
from siga.bench.rivals.nearby import tenth_radii
from siga.bench.rivals.nginx import nginx
from siga.bench.rivals.postgis import Bay, postgis
from siga.bench.rivals.redis import redis

LIMIT = 10
CHANGES_PER_S = 200.0
_RIVAL_POINTS = 20_000
_BIG_STEP = 37_013
"""Where in the list of places each run begins."""
Measure = Callable[[int], Awaitable[Read]]


class Reading(NamedTuple):
    """A run of reads with what changed meanwhile, and how much of a core SIGA took."""

    read: Read
    changes: Outcome
    share: float

    def fault(self, rate: float) -> str:
        """Why the run does not count, empty when it does."""
        if self.read.cpu_share > MOST_CPU:
            return f"the generator took {self.read.cpu_share:.0%} of its core"
        return unchanged(self.changes, rate)


def unchanged(changes: Outcome, rate: float) -> str:
    """Why the changes that should go on meanwhile did not, empty when they did."""
    if changes.faults or changes.unsent or changes.otherwise:
        return f"{changes.faults + changes.unsent} state changes failed, others were {changes.otherwise or 'fine'}"
    return "" if changes.per_s > 0.95 * rate else f"only {changes.per_s:.0f} state changes a second"


async def while_changing(run: Run, seconds: float, number: int, rate: float = CHANGES_PER_S) -> Reading:
    """One run of wrk over the seeded places while `rate` bays a second change, each by a signed report of its own."""
    plan = Plan(url=run.town.sensors_url, seconds=seconds, rate=rate, connections=16, books=str(run.books))
    changing = asyncio.create_task(generate(plan))
    with Meter(run.pid) as meter:
        read = await wrk(run.town.users_url, seconds, run.points, first=number * _BIG_STEP)
    return Reading(read, await changing, meter.share)


async def warmed(run: Run, seconds: float) -> Run:
    """Let reads and changes go on for a while that does not count: after a start each device's key is read once."""
    for number in range(2):
        await while_changing(run, seconds, 100 + number)
    return run


async def nearest(bays: int = 100_000, rounds: int = 5, seconds: float = 4.0) -> list[Figure]:
    """Ten of `bays`, 32 connections, one process, 200 changes a second: in turn with each yardstick."""
    source = await need(bays)
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        async with AsyncExitStack() as stack:
            run = await warmed(await stack.enter_async_context(running(source, Path(folder))), seconds)
            body = (await run.town.users.get(_first(run.points))).content
            rivals = await _rivals(stack, Path(folder), source, body, seconds)
            ours: list[Reading] = []
            theirs: dict[str, list[Read]] = {name: [] for name in rivals}
            for number in range(rounds):
                ours.append(await while_changing(run, seconds, number))
                for name, measure in rivals.items():
                    if not isinstance(measure, str):
                        theirs[name].append(await measure(number))
    return _figures(bays, len(body), ours, theirs, rivals)


def _first(points: Path) -> str:
    with points.open() as lines:
        return lines.readline().strip()


async def _rivals(stack: AsyncExitStack, folder: Path, source: DataSet, body: bytes, seconds: float
                  ) -> dict[str, Measure | str]:  # fmt: skip
    """How to measure each yardstick, or why it cannot be."""

    async def static() -> Measure:
        server = await stack.enter_async_context(nginx(folder / "nginx", body))
        return lambda _: wrk(server.url, seconds)

    async def bare() -> Measure:
        server = await stack.enter_async_context(bare_asgi(folder / "bare", body))
        return lambda _: wrk(server.url, seconds)

    found: dict[str, Measure | str] = {}
    makers: dict[str, Callable[[], Awaitable[Measure]]] = {
        "nginx": static, "bare": bare, "postgis": partial(_postgis, stack, folder, source, seconds),
        "redis": partial(_redis, stack, folder, source, seconds),
    }  # fmt: skip
    for name, make in makers.items():
        try:
            found[name] = await make()
        except (Missing, ValueError) as fault:
            found[name] = str(fault).splitlines()[0]
    return found


def _rows(source: DataSet) -> list[Bay]:
    """The bays as the data set was made."""
    all_bays = cities.bays(source.label.bays)
    ids = [sensor.bay_id for sensor in load(source.books).sensors]  # all ids are as long as these
    columns = zip(all_bays.lon.tolist(), all_bays.lat.tolist(), all_bays.free.tolist(), strict=True)
    return [
        Bay(f"{ids[0][:24]}{n:012d}", f"B-{n:07d}", cities.CATEGORIES[int(all_bays.category[n])][0], lon, lat, free)
        for n, (lon, lat, free) in enumerate(columns)
    ]


async def _postgis(stack: AsyncExitStack, folder: Path, source: DataSet, seconds: float) -> Measure:
    server = await stack.enter_async_context(postgis(folder / "postgis"))
    await server.fill(_rows(source), cities.points(_RIVAL_POINTS), LIMIT)

    async def measure(_: int) -> Read:
        return Read(await server.run(seconds), float("nan"), 0.0)

    return measure


async def _redis(stack: AsyncExitStack, folder: Path, source: DataSet, seconds: float) -> Measure:
    server = await stack.enter_async_context(redis(folder / "redis"))
    free = [(bay.bay_id, bay.lon, bay.lat) for bay in _rows(source) if bay.free]
    server.fill(free)
    queries = tenth_radii([(lon, lat) for _, lon, lat in free], cities.points(_RIVAL_POINTS), LIMIT)

    async def measure(number: int) -> Read:
        found = await asyncio.to_thread(server.run, queries, LIMIT, seconds, number * _BIG_STEP)
        return Read(found.per_s, float("nan"), found.cpu_share)

    return measure


def _figures(bays: int, size: int, ours: Sequence[Reading], theirs: dict[str, list[Read]],
             rivals: dict[str, Measure | str]) -> list[Figure]:  # fmt: skip
    rates = [one.read.per_s for one in ours]
    faults = next((fault for one in ours if (fault := one.fault(CHANGES_PER_S))), "")
    by_name = {name: [read.per_s for read in reads] for name, reads in theirs.items()}
    against_nginx = ratios(by_name["nginx"], rates)
    if against_nginx and median(against_nginx) < 1.5:
        faults = faults or "nginx was not 1.5 times as fast: the generator or the machine was the limit"
    figures = [
        Figure(name=f"/bays/nearest, 10 of {bays:,}, 32 connections", value=median(rates), unit="/s",
               note=f"{spread(rates)}, {CHANGES_PER_S:g} changes/s meanwhile, {size} bytes each, SIGA "
                    f"{median([one.share for one in ours]):.0%} and wrk "
                    f"{max((one.read.cpu_share for one in ours), default=0):.0%} of a core"),
    ]  # fmt: skip
    names = {"nginx": "nginx, the same bytes", "bare": "a bare ASGI app on the same server, the same bytes",
             "postgis": "PostGIS KNN, pgbench prepared", "redis": "Redis GEOSEARCH, radius known"}  # fmt: skip
    limits = {"nginx": (0.25, 0.45), "bare": (None, None), "postgis": (2.0, 4.0), "redis": (0.3, 0.5)}
    for name, words in names.items():
        least, stretch = limits[name]
        missing, rate = rivals[name], by_name[name]
        why = missing if isinstance(missing, str) else _fault_of(theirs[name]) or faults
        if rate:
            busiest = max(read.cpu_share for read in theirs[name])
            figures.append(Figure(name=words, value=median(rate), unit="/s",
                                  note=f"{spread(rate)}, generator {busiest:.0%} of a core"))  # fmt: skip
        pairs, void = ratios(rates, rate), why if least is not None else ""
        figures.append(
            Figure(name=f"/bays/nearest against {words}", value=median(pairs), unit="×", at_least=least,
                   stretch=stretch, note=spread(pairs, 2), void=void)
        )  # fmt: skip
    return figures


def _fault_of(reads: Sequence[Read]) -> str:
    busiest = max((read.cpu_share for read in reads), default=0.0)
    return f"its generator took {busiest:.0%} of its core" if busiest > MOST_CPU else ""


async def latency(bays: int = 100_000, rounds: int = 3, seconds: float = 8.0) -> list[Figure]:
    """p99 at half the peak rate, requests due at fixed instants, each timed from when it was due."""
    source = await need(bays)
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        async with running(source, Path(folder)) as run:
            await warmed(run, seconds / 2)
            peaks = [await while_changing(run, seconds / 2, number) for number in range(rounds)]
            rate = median([one.read.per_s for one in peaks]) / 2
            found = [await _at_rate(run, rate, seconds, number) for number in range(rounds)]
    p99 = [reads.p99_ms for reads, _ in found]
    fault = next((why for reads, changes in found if (why := _open_fault(reads) or unchanged(changes, CHANGES_PER_S))),
                 "")  # fmt: skip
    busiest, p50 = max(reads.cpu_share for reads, _ in found), median([reads.p50_ms for reads, _ in found])
    worst = max(reads.worst_ms for reads, _ in found)
    return [
        Figure(name="/bays/nearest, p99 at half the peak rate", value=median(p99), unit="ms", at_most=5, stretch=2,
               void=fault, note=f"{spread(p99, 2)}, {rate:.0f}/s, p50 {p50:.2f}, worst {worst:.1f} ms, generator "
                                f"{busiest:.0%} of a core"),
    ]  # fmt: skip


async def _at_rate(run: Run, rate: float, seconds: float, number: int) -> tuple[Outcome, Outcome]:
    reads = Plan(url=run.town.users_url, seconds=seconds, rate=rate, connections=64, points=str(run.points),
                 first=number * _BIG_STEP, warm_up_s=0.5)  # fmt: skip
    changes = Plan(url=run.town.sensors_url, seconds=seconds, rate=CHANGES_PER_S, connections=16, books=str(run.books))
    both = await asyncio.gather(generate(reads), generate(changes))
    return both[0], both[1]


def _open_fault(reads: Outcome) -> str:
    if reads.faults or reads.unsent:
        return f"{reads.faults} answers failed, {reads.unsent} requests were never sent"
    return f"the generator took {reads.cpu_share:.0%} of its core" if reads.cpu_share > MOST_CPU else ""
