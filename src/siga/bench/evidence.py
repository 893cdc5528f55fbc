"""`make evidence`: measure every figure and write docs/figures.md: figure, command, value, commit, met or missed."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from siga.bench.command import measured
from siga.bench.dataset import is_made
from siga.bench.numbers import Figure

ROOT = Path(__file__).parents[3]
_BENCHED = ("visible", "police", "settings", "startup", "nearest", "latency", "ingest", "hold", "live", "backup")
_LONG = ("growth",)
"""Only where the data set of a million bays is made already, or by SIGA_LONG=1: then `hold` lasts 1,800 s too."""
_MANY = 1_000_000
_SHORT_FAULTS = re.compile(r"(\d+) kills, (\d+) acknowledged reports, (\d+) lost")


def main() -> int:
    """Measure all, or only the benchmarks named as arguments; 1 when a figure is missed."""
    wanted = sys.argv[1:]
    rows: list[tuple[Figure, str]] = []
    if _is_long():
        os.environ.setdefault("SIGA_BENCH_S", "1800")
    for name in (*_BENCHED, *(_LONG if _is_long() or "growth" in wanted or is_made(_MANY) else ())):
        if not wanted or name in wanted:
            print(f"{name}…", flush=True)
            rows += [(f, f"siga bench {name}") for f in asyncio.run(measured(name))]
    further: dict[str, Callable[[], list[Figure]]] = {
        "make run": _fresh_run, "make faults": _faults, "make test": _tests,
    }  # fmt: skip
    for command, measure in further.items():
        if not wanted or command.split()[1] in wanted:
            print(f"{command}…", flush=True)
            if not wanted:  # the tests look at the page themselves
                (ROOT / "docs" / "figures.md").write_text(_page(rows))
            rows += [(f, command) for f in measure()]
    if wanted:
        print("\n".join(_row(f, command) for f, command in rows))
    else:
        (ROOT / "docs" / "figures.md").write_text(_page(rows))
    return int(any(f.met is False for f, _ in rows))


def _is_long() -> bool:
    return os.environ.get("SIGA_LONG", "") not in ("", "0")


def _fresh_run() -> list[Figure]:
    """`make run` in a clone that has nothing yet, to the printed address; then a second start."""
    with tempfile.TemporaryDirectory(prefix="siga-fresh-") as folder:
        subprocess.run(["git", "clone", "-q", str(ROOT), folder], check=True)
        first = _until_address(folder)
        second = _until_address(folder)
    return [
        Figure(name="make run on a fresh clone: to the printed address", value=first, unit="s", at_most=240),
        Figure(name="make run a second time", value=second, unit="s", at_most=5),
    ]


def _until_address(folder: str) -> float:
    command = ["make", "run", "ARGS=--port 18080 --sensors-port 18081"]
    began = time.perf_counter()
    environment = {
        k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")
    }
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True, env=environment
    )
    took = float("nan")
    for line in process.stdout or ():
        if "/demo" in line:
            took = time.perf_counter() - began
            break
    os.killpg(process.pid, 15)
    process.wait(30)
    return took


def _faults() -> list[Figure]:
    """The short form of the kill test; `make faults` runs the long one."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/faults", "-s", "-q"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = _SHORT_FAULTS.search(done.stdout)
    kills, acknowledged, lost = (float(n) for n in found.groups()) if found else (0.0, 0.0, float("nan"))
    note = f"short form: {kills:.0f} kills, {acknowledged:.0f} acknowledged"
    return [Figure(name="acknowledged reports lost by kill -9 under load", value=lost, unit="", at_most=0, note=note)]


def _tests() -> list[Figure]:
    """`make test` after set-up."""
    began = time.perf_counter()
    done = subprocess.run(["make", "test"], cwd=ROOT, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    found = re.search(r"\d+ (?:passed|failed).*", done.stdout)
    note = found.group(0).strip("= ") if found else "no test ran"
    return [Figure(name="make test after set-up", value=took, unit="s", at_most=180, note=note)]


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "none"


def _row(figure: Figure, command: str) -> str:
    word = {True: "met", False: "**missed**", None: ""}[figure.met]
    value = f"{figure.value:.2f} {figure.unit}".strip()
    return f"| {figure.name} | {figure.limit()} | {value} | `{command}` | {word} | {figure.said()} |"


def _page(rows: list[tuple[Figure, str]]) -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%d")
    head = f"""# Figures

Made by `make evidence` on {now} at commit {_commit()}, on {os.cpu_count()} shared cores; the load generator runs on
the same machine. One run each, no best of several: read them as what was seen, not as a promise. Limits are those of
the work that asked for them.

| figure | limit | value | command | met | note |
| --- | --- | --- | --- | --- | --- |
"""
    return head + "\n".join(_row(f, command) for f, command in rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
