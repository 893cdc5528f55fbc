"""`siga bench [NAME]`: run benchmarks and tell their figures."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from siga.bench import dataset, flows, growth, hold, ingest, live, operate, reads, soak, storm
from siga.bench.measuring import Missing
from siga.bench.numbers import Figure, table

QUICK_BAYS = 400


class Bench(NamedTuple):
    """A benchmark, and the sizes at which it only shows that it runs. `alone`: not without being named.

    `shares`: its quick form can run on a SIGA that others have used.
    """

    measure: Callable[..., Awaitable[list[Figure]]]
    quick: dict[str, Any]
    alone: bool = False
    shares: bool = False


BENCHES: dict[str, Bench] = {
    "visible": Bench(flows.visible, {"seconds": 2.0, "bays": 10}),
    "police": Bench(flows.police, {"cases": 1}),
    "settings": Bench(flows.settings, {"changes": 5}),
    "startup": Bench(flows.startup, {"bays": 500, "starts": 1}),
    "nearest": Bench(reads.nearest, {"bays": QUICK_BAYS, "rounds": 1, "seconds": 0.5}, alone=True, shares=True),
    "latency": Bench(reads.latency, {"bays": QUICK_BAYS, "rounds": 1, "seconds": 0.5}, alone=True, shares=True),
    "growth": Bench(
        growth.growth, {"bays": QUICK_BAYS, "few": QUICK_BAYS, "rounds": 1, "seconds": 0.5}, alone=True
    ),
    "ingest": Bench(ingest.ingest, {"bays": QUICK_BAYS, "rounds": 1, "seconds": 0.3}, alone=True, shares=True),
    "hold": Bench(
        hold.hold, {"bays": QUICK_BAYS, "rate": 100.0, "further": 200.0, "seconds": 0.5}, alone=True, shares=True
    ),
    "storm": Bench(
        storm.storm, {"bays": QUICK_BAYS, "rate": 50.0, "attempts": 20.0, "seconds": 1.0}, alone=True, shares=True
    ),
    "live": Bench(
        live.live, {"bays": QUICK_BAYS, "clients": 100, "rate": 20.0, "seconds": 1.0, "settle_s": 0.5}, alone=True,
        shares=True,
    ),
    "backup": Bench(operate.backup, {"bays": QUICK_BAYS, "rounds": 1, "seconds": 4.0}, alone=True),
    "soak": Bench(soak.soak, {}, alone=True),
}  # fmt: skip
_NOT_IN_ALL = {"soak"}


def run(name: str | None, *, as_json: bool, quick: bool = False, bays: int | None = None) -> int:
    """Run one benchmark, all of them, or those that need nothing but SIGA; 1 when a figure is missed, 2 for wrong use.

    `dataset` with a number of `bays` makes a data set and measures nothing.
    """
    if name == "dataset":
        return _dataset(bays)
    if name not in (None, "all", *BENCHES):
        print(f"siga: no such benchmark: {name} (there are {', '.join(BENCHES)}, dataset, all)", file=sys.stderr)
        return 2
    missed = False
    for one in _names(name):
        figures = asyncio.run(measured(one, quick=quick))
        missed |= any(f.met is False for f in figures)
        if as_json:
            told = [{**msgspec.structs.asdict(f), "met": f.met} for f in figures]
            print(msgspec.json.encode({"bench": one, "quick": quick, "figures": told}).decode(), flush=True)
        else:
            print(f"{one}{' (quick: these figures say nothing)' if quick else ''}\n{table(figures)}", flush=True)
    return 1 if missed and not quick else 0


def _names(name: str | None) -> Sequence[str]:
    if name == "all":
        return [one for one in BENCHES if one not in _NOT_IN_ALL]
    return [name] if name else [one for one, bench in BENCHES.items() if not bench.alone]


async def quickly(names: Sequence[str]) -> dict[str, list[Figure]]:
    """The quick forms of these benchmarks on one started SIGA."""
    source = await dataset.need(QUICK_BAYS)
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        async with dataset.shared(source, Path(folder)):
            return {name: await measured(name, quick=True) for name in names}


async def measured(name: str, *, quick: bool = False) -> list[Figure]:
    """The figures of one benchmark; one failed figure that says why when it cannot be measured."""
    bench = BENCHES[name]
    try:
        return await bench.measure(**(bench.quick if quick else {}))
    except (Missing, ValueError, AssertionError, OSError) as fault:
        why = " ".join(str(fault).split())[:500] or type(fault).__name__
        return [Figure(name=f"{name}: not measured", value=float("nan"), unit="", at_least=0, void=why)]


def _dataset(bays: int | None) -> int:
    if bays is None or bays < 1:
        print("siga: say how many bays: siga bench dataset 100000", file=sys.stderr)
        return 2
    made = asyncio.run(dataset.need(bays))
    print(f"{bays:,} bays in {made.folder}, made in {made.label.took_s:.0f} s")
    return 0
