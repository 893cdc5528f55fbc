"""Running load generators and watching processes: what each did, and how much of a core it took."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from siga.bench.generator import Outcome, Plan

MOST_CPU = 0.9
"""A generator that uses more of its core than this may be what was measured."""
INSTALL = "apt-get install nginx-light redis-server redis-tools wrk postgresql-15 postgresql-15-postgis-3"
CALM_S = 0.6
"""So long a process must do nothing to be called quiet."""
_TICKS = os.sysconf("SC_CLK_TCK")
_SCRIPT = """
local requests = {}
local at = 0
function init(args)
  local n = 0
  for line in io.lines(args[1]) do
    n = n + 1
    requests[n] = wrk.format("GET", line)
  end
  at = tonumber(args[2] or 0) % n
end
function request()
  at = at + 1
  if at > #requests then at = 1 end
  return requests[at]
end
"""


class Missing(Exception):
    """A program or a file that a figure needs is not there; the text says what to do."""


def program(name: str, *folders: Path) -> str:
    """The path of a program; Missing with how to install it."""
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is None:
        raise Missing(f"{name} is not installed: {INSTALL}")
    return found


def many_files() -> None:
    """Let this process and those it starts have as many files open as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Read(NamedTuple):
    """What wrk measured: answers a second, its p99 in ms, and how much of a core it took itself."""

    per_s: float
    p99_ms: float
    cpu_share: float


async def wrk(url: str, seconds: float, points: Path | None = None, *, first: int = 0, connections: int = 32) -> Read:
    """One run of wrk with one thread, over the targets in a file if there is one; ValueError for a failed answer."""
    command = [program("wrk"), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    if points is not None:
        script = points.with_suffix(".lua")
        script.write_text(_SCRIPT)
        command += ["-s", str(script), url, "--", str(points), str(first)]
    else:
        command.append(url)
    return await asyncio.to_thread(_wrk, command)


def _wrk(command: Sequence[str]) -> Read:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    text = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    if process.stdout:
        process.stdout.close()
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", text), re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if rate is None or p99 is None or "Non-2xx" in text or "Socket errors" in text:
        raise ValueError(f"wrk did not get good answers only:\n{text}")
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}[p99[2]]
    return Read(float(rate[1]), float(p99[1]) * unit, (used.ru_utime + used.ru_stime) / took)


async def generate(plan: Plan) -> Outcome:
    """Run the load generator in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siga.bench.generator", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(msgspec.json.encode(plan))
    if process.returncode:
        raise ValueError("the load generator failed; what went wrong stands above")
    return msgspec.json.decode(out, type=Outcome)


def resident_bytes(pid: int) -> int:
    """The memory a process has in RAM."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """The processor time a process has used, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Meter:
    """How much of a core a process takes while the block runs: `share` afterwards."""

    def __init__(self, pid: int) -> None:
        self._pid, self.share = pid, float("nan")

    def __enter__(self) -> Meter:
        self._cpu, self._at = cpu_s(self._pid), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.share = (cpu_s(self._pid) - self._cpu) / (time.perf_counter() - self._at)


async def quiet(pid: int, *, below: float = 0.06, limit_s: float = 600.0) -> None:
    """Wait until a process has nothing to do any more: what it followed in the background is followed."""
    until = time.monotonic() + limit_s
    calm = 0
    while calm < 3 and time.monotonic() < until:
        with Meter(pid) as meter:
            await asyncio.sleep(CALM_S / 3)
        calm = calm + 1 if meter.share < below else 0
