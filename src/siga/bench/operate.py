"""What a backup costs those who report meanwhile, and how long a restore takes (R9)."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from siga.bench.dataset import Run, need, running
from siga.bench.generator import Outcome, Plan
from siga.bench.measuring import MOST_CPU, generate, quiet
from siga.bench.numbers import Figure, median, ratios, spread

_LINES = 64
_MOST_RESTORE_S = 300.0


class _Told(msgspec.Struct):
    """What `siga backup --json` tells."""

    took_s: float
    size: int


async def backup(bays: int = 100_000, rounds: int = 3, seconds: float = 10.0) -> list[Figure]:
    """Single reports alone and beside one backup after the other, in turn; then the newest backup restored."""
    source = await need(bays)
    alone: list[float] = []
    beside: list[float] = []
    told: list[_Told] = []
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as name:
        folder = Path(name)
        async with running(source, folder / "siga") as run:
            for _ in range(rounds):
                alone.append(_entered(await _loaded(run, seconds), faults))
                await quiet(run.pid, limit_s=60)
                outcome, made = await _beside_backups(run, folder / "backups", seconds)
                beside.append(_entered(outcome, faults))
                told += made
                await quiet(run.pid, limit_s=60)
        restore_s = await _restored(folder)
    shares = ratios(beside, alone)
    void = next(iter(faults), "") or ("" if told else "no backup came to its end")
    mb, took_s = max((one.size for one in told), default=0) / 1e6, [one.took_s for one in told]
    return [
        Figure(name="reports beside a running backup, against none", value=median(shares), unit="x", at_least=0.8,
               void=void, note=f"{spread(shares, 2)}; {median(alone):.0f}/s alone"),
        Figure(name="one backup under that load", value=max(took_s, default=float("nan")), unit="s",
               note=f"{len(told)} backups of {mb:.0f} MB"),
        Figure(name="that backup checked and restored", value=restore_s, unit="s", at_most=_MOST_RESTORE_S),
    ]  # fmt: skip


async def _loaded(run: Run, seconds: float) -> Outcome:
    plan = Plan(url=run.town.sensors_url, books=str(run.books), seconds=seconds, connections=_LINES,
                warm_up_s=min(1.0, seconds / 4))  # fmt: skip
    return await generate(plan)


def _entered(outcome: Outcome, faults: list[str]) -> float:
    if outcome.cpu_share > MOST_CPU:
        faults.append(f"the generator took {outcome.cpu_share:.0%} of its core")
    if outcome.faults or outcome.unsent or outcome.otherwise:
        faults.append(f"{outcome.faults + outcome.unsent} requests failed, others were {outcome.otherwise}")
    return outcome.per_s


async def _beside_backups(run: Run, to: Path, seconds: float) -> tuple[Outcome, list[_Told]]:
    """Load while backups follow each other without a pause; those that ended while it lasted."""
    made: list[_Told] = []

    async def again() -> None:
        while True:
            made.append(msgspec.json.decode(await _siga("backup", str(to), "--keep", "1", data=run.data), type=_Told))

    backing_up = asyncio.create_task(again())
    try:
        outcome = await _loaded(run, seconds)
    finally:
        backing_up.cancel()
        await asyncio.gather(backing_up, return_exceptions=True)
    return outcome, made


async def _siga(command: str, *arguments: str, data: Path) -> bytes:
    """A command's JSON. ValueError when it failed; ended when this is cancelled."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siga", command, *arguments, "--data", str(data), "--json",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise ValueError(f"siga {command} failed; what went wrong stands above")
    return out


async def _restored(folder: Path) -> float:
    """Seconds to check and restore the newest backup into an empty folder."""
    began = time.perf_counter()
    await _siga("restore", str(folder / "backups"), data=folder / "restored")
    return time.perf_counter() - began
