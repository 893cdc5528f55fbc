"""Load for as long as SOAK_S says, with memory and open files watched."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from siga.bench.flows import load, street
from siga.bench.numbers import Figure, percentile
from siga.bench.started import Town, started

_DEFAULT_S = 600.0


async def soak(rate: float = 100.0) -> list[Figure]:
    """`rate` reports and reads a second for SOAK_S seconds (default 600): growth of memory and files, late p99."""
    seconds = float(os.environ.get("SOAK_S", _DEFAULT_S))
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        async with started(Path(folder)) as town:
            await town.no_limits()
            rows = await street(town, 50)
            first, _ = await load(town, rows, rate, max(10.0, seconds / 10))
            memory, files = _resident_mb(town), _open_files(town)
            last, _ = await load(town, rows, rate, seconds)
            await asyncio.sleep(1)
            grown, more = _resident_mb(town) - memory, _open_files(town) - files
    return [
        Figure(
            name="memory grown", value=grown / seconds * 3600, unit="MB/h", note=f"over {seconds:g} s at {rate:g}/s"
        ),
        Figure(name="open files grown", value=more, unit="", at_most=5),
        Figure(name="p99 at the end against the beginning", value=percentile(last, 0.99) / percentile(first, 0.99),
               unit="×", at_most=1.2),
    ]  # fmt: skip


def _resident_mb(town: Town) -> float:
    pages = int(Path(f"/proc/{town.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _open_files(town: Town) -> int:
    return len(list(Path(f"/proc/{town.process.pid}/fd").iterdir()))
