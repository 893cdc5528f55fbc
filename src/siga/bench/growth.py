"""What a hundred times as many bays cost: the rate of reads, memory for each bay, and how soon it is ready again."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from siga.bench.dataset import DataSet, Run, need, running
from siga.bench.measuring import quiet, resident_bytes
from siga.bench.numbers import Figure, median, ratios, spread
from siga.bench.reads import CHANGES_PER_S, Reading, warmed, while_changing


async def growth(bays: int = 1_000_000, few: int = 10_000, rounds: int = 5, seconds: float = 4.0) -> list[Figure]:
    """Both sizes run at once and are read in turn; then the large one is stopped, started, killed and started."""
    small, large = await need(few), await need(bays)
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as name:
        folder = Path(name)
        async with _both(small, large, folder) as (less, more):
            await warmed(less, seconds)
            await warmed(more, seconds)
            of_less, of_more = [], []
            for number in range(rounds):
                of_less.append(await while_changing(less, seconds, number))
                of_more.append(await while_changing(more, seconds, number))
            await asyncio.gather(quiet(less.pid, limit_s=60), quiet(more.pid, limit_s=60))
            kept = [resident_bytes(run.pid) for run in (less, more)]
            events = (await more.ask("/api/v1/bays", limit=1))["position"]
        again_s, killed_s = await _again(large, folder / "large")
    return _figures(
        bays, few, of_less, of_more, (kept[1] - kept[0]) / max(1, bays - few), kept, again_s, killed_s, events
    )


@asynccontextmanager
async def _both(small: DataSet, large: DataSet, folder: Path) -> AsyncIterator[tuple[Run, Run]]:
    async with running(small, folder / "small") as less, running(large, folder / "large") as more:
        yield less, more


async def _again(large: DataSet, folder: Path) -> tuple[float, float]:
    """Seconds from the command to ready: after a clean stop, and after changes and a kill."""
    async with running(large, folder, copy=False) as run:
        again_s = run.town.ready_s
        await while_changing(run, 3.0, 0)
        run.town.kill()
    async with running(large, folder, copy=False) as run:
        return again_s, run.town.ready_s


def _figures(bays: int, few: int, of_less: Sequence[Reading], of_more: Sequence[Reading], per_bay: float,
             kept: Sequence[int], again_s: float, killed_s: float, events: int) -> list[Figure]:  # fmt: skip
    less, more = [one.read.per_s for one in of_less], [one.read.per_s for one in of_more]
    pairs = ratios(more, less)
    void = next((why for one in (*of_less, *of_more) if (why := one.fault(CHANGES_PER_S))), "")
    memory = f"{kept[0] / 1e6:.0f} MB at {few:,}, {kept[1] / 1e6:.0f} MB at {bays:,}"
    return [
        Figure(name=f"/bays/nearest, 10 of {few:,}", value=median(less), unit="/s", note=spread(less)),
        Figure(name=f"/bays/nearest, 10 of {bays:,}", value=median(more), unit="/s", note=spread(more)),
        Figure(name=f"/bays/nearest at {bays:,} bays against {few:,}", value=median(pairs), unit="×", at_least=0.9,
               stretch=1.0, note=f"{spread(pairs, 2)}, {CHANGES_PER_S:g} changes/s meanwhile", void=void),
        Figure(name="memory for each bay", value=per_bay, unit="B", at_most=600, stretch=300, note=memory),
        Figure(name=f"ready after a restart with {bays:,} bays", value=again_s, unit="s", at_most=5, stretch=2,
               note=f"{events:,} events, from its snapshot"),
        Figure(name=f"ready after a kill with {bays:,} bays", value=killed_s, unit="s", at_most=5, stretch=2,
               note=f"{events:,} events, the snapshot and what came after it"),
    ]  # fmt: skip
