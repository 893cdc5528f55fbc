"""Whether a rate of reports is held: single signed ones of 2,000 sensors with keys of their own, for a long time."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from siga.bench.dataset import Run, need, running
from siga.bench.generator import Outcome, Plan
from siga.bench.ingest import untrue
from siga.bench.measuring import MOST_CPU, Meter, generate, quiet, resident_bytes
from siga.bench.numbers import Figure

_DEFAULT_S, _ASKED_S = 60.0, 1_800.0
_LINES = 128
_OVER = 1.002
"""A hair more than asked for, so that the last request is in time."""


def _seconds() -> float:
    return float(os.environ.get("SIGA_BENCH_S", _DEFAULT_S))


async def hold(bays: int = 100_000, rate: float = 1_500.0, further: float = 3_000.0, seconds: float | None = None
               ) -> list[Figure]:  # fmt: skip
    """`rate` reports a second for SIGA_BENCH_S seconds (default 60; the figure is for 1,800), then `further`."""
    for_s = _seconds() if seconds is None else seconds
    source = await need(bays)
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        async with running(source, Path(folder)) as run:
            before = resident_bytes(run.pid)
            with Meter(run.pid) as meter:
                first = await _held(run, rate, for_s)
            grown_mb = (resident_bytes(run.pid) - before) / 1e6
            await quiet(run.pid, limit_s=60)
            more = await _held(run, further, min(for_s, 60.0))
            await quiet(run.pid, limit_s=60)
            wrong = await untrue(run)
    short = "" if for_s >= _ASKED_S else f"; asked for {_ASKED_S:g} s: SIGA_BENCH_S={_ASKED_S:g}"
    note = f"single reports, {_LINES} connections, SIGA {meter.share:.0%} of a core, {grown_mb:+.0f} MB{short}"
    return [
        *_figures(first, rate, for_s, note, is_asked=True),
        *_figures(more, further, min(for_s, 60.0), "beyond what is asked", is_asked=False),
        Figure(name="acknowledged and not shown so", value=wrong, unit="", at_most=0),
    ]


async def _held(run: Run, rate: float, seconds: float) -> Outcome:
    plan = Plan(url=run.town.sensors_url, books=str(run.books), rate=rate * _OVER, seconds=seconds, connections=_LINES,
                warm_up_s=min(3.0, seconds / 4))  # fmt: skip
    return await generate(plan)


def _figures(outcome: Outcome, rate: float, seconds: float, note: str, *, is_asked: bool) -> list[Figure]:
    void = ""
    if outcome.cpu_share > MOST_CPU:
        void = f"the generator took {outcome.cpu_share:.0%} of its core"
    elif outcome.faults or outcome.unsent or outcome.otherwise:
        void = f"{outcome.faults} requests failed, {outcome.unsent} were never sent, others were {outcome.otherwise}"
    told = f"p50 {outcome.p50_ms:.1f}, worst {outcome.worst_ms:.0f} ms, generator {outcome.cpu_share:.0%} of a core"
    return [
        Figure(name=f"reports acknowledged a second, {rate:g} due, over {seconds:g} s", value=outcome.per_s, unit="/s",
               at_least=rate if is_asked else None, void=void if is_asked else "", note=note),
        Figure(name=f"their p99 at {rate:g}/s", value=outcome.p99_ms, unit="ms", at_most=100 if is_asked else None,
               void=void if is_asked else "", note=told if is_asked or not void else f"{void}; {told}"),
    ]  # fmt: skip
