"""`make evidence`: measure every figure and write docs/figures.md: figure, command, value, commit, met or missed.

What was measured is kept in docs/figures.json, so that `make evidence ARGS="nearest live"` measures only those anew.
"""

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
from math import isnan
from pathlib import Path

import msgspec

from siga.bench.command import measured
from siga.bench.dataset import is_made
from siga.bench.numbers import Figure

ROOT = Path(__file__).parents[3]
KEPT = ROOT / "docs" / "figures.json"
_BENCHED = ("visible", "police", "settings", "startup", "nearest", "latency", "ingest", "hold", "live", "backup")
_LONG = ("growth",)
"""Only where the data set of a million bays is made already, or by SIGA_LONG=1: then `hold` lasts 1,800 s too."""
_MANY = 1_000_000
_ORDER = (*(f"siga bench {name}" for name in (*_BENCHED, *_LONG)), "make run", "make faults", "make test")
_SHORT_FAULTS = re.compile(r"(\d+) kills, (\d+) acknowledged reports, (\d+) lost")


def main() -> int:
    """Measure all, or only what is named as arguments (a benchmark, `run`, `faults`, `test`); 1 when one is missed."""
    wanted = sys.argv[1:]
    missed = False
    if _is_long():
        os.environ.setdefault("SIGA_BENCH_S", "1800")
    for name in (*_BENCHED, *(_LONG if _is_long() or "growth" in wanted or is_made(_MANY) else ())):
        if not wanted or name in wanted:
            print(f"{name}…", flush=True)
            missed |= _keep(f"siga bench {name}", asyncio.run(measured(name)))
    further: dict[str, Callable[[], list[Figure]]] = {
        "make run": _fresh_run, "make faults": _faults, "make test": _tests,
    }  # fmt: skip
    for command, measure in further.items():
        if not wanted or command.split()[1] in wanted:
            print(f"{command}…", flush=True)
            missed |= _keep(command, measure())
    return int(missed)


class Measured(msgspec.Struct, kw_only=True):
    """What one command gave, when, and of which commit."""

    command: str
    commit: str
    on: str
    figures: list[Figure]


def _keep(command: str, figures: list[Figure]) -> bool:
    """Keep what a command gave in place of what it gave before, and write the page; whether a figure was missed."""
    figures = [
        msgspec.structs.replace(one, value=0.0) if isnan(one.value) else one for one in figures
    ]  # JSON has no nan
    kept = msgspec.json.decode(KEPT.read_bytes(), type=list[Measured]) if KEPT.exists() else []
    fresh = Measured(command=command, commit=_commit(), on=datetime.now(UTC).strftime("%Y-%m-%d"), figures=figures)
    found = {one.command: one for one in kept} | {command: fresh}
    rows = [found[name] for name in _ORDER if name in found]
    KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n")
    (ROOT / "docs" / "figures.md").write_text(_page(rows))
    return any(figure.met is False for figure in figures)


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


def _row(figure: Figure, of: Measured) -> str:
    word = {True: "met", False: "**missed**", None: ""}[figure.met]
    value = f"{figure.value:.2f} {figure.unit}".strip()
    return f"| {figure.name} | {figure.limit()} | {value} | `{of.command}` | {of.commit} | {word} | {figure.said()} |"


def _page(rows: list[Measured]) -> str:
    newest = max((one.on for one in rows), default="")
    head = f"""# Figures

Made by `make evidence`, the newest on {newest}, on {os.cpu_count()} shared cores; the load generator runs on the same
machine. One run each, no best of several: read them as what was seen, not as a promise. Limits are those of the work
that asked for them.

| figure | limit | value | command | commit | met | note |
| --- | --- | --- | --- | --- | --- | --- |
"""
    return head + "\n".join(_row(figure, one) for one in rows for figure in one.figures) + "\n"


if __name__ == "__main__":
    sys.exit(main())
