"""`siga bench [NAME]`: run benchmarks and tell their figures."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

import msgspec

from siga.bench import flows, reads, soak
from siga.bench.numbers import Figure, table

BENCHES: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "visible": flows.visible,
    "police": flows.police,
    "settings": flows.settings,
    "startup": flows.startup,
    "nearest": reads.nearest,
    "soak": soak.soak,
}
_NOT_BY_THEMSELVES = {"soak", "nearest"}


def run(name: str | None, *, as_json: bool) -> int:
    """Run one benchmark, or all that need no tool of their own; 1 when a figure is missed, 2 for an unknown name."""
    if name is not None and name not in BENCHES:
        print(f"siga: no such benchmark: {name} (there are {', '.join(BENCHES)})", file=sys.stderr)
        return 2
    names = [name] if name else [n for n in BENCHES if n not in _NOT_BY_THEMSELVES]
    missed = False
    for one in names:
        figures = asyncio.run(_measured(one))
        missed |= any(f.met is False for f in figures)
        if as_json:
            print(msgspec.json.encode({"bench": one, "figures": figures}).decode())
        else:
            print(f"{one}\n{table(figures)}", flush=True)
    return 1 if missed else 0


async def _measured(name: str) -> list[Figure]:
    return await BENCHES[name]()
