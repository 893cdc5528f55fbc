"""How fast `/bays/nearest` answers against a bare yardstick on the same server in the same run."""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
import tempfile
from pathlib import Path

from siga.bench.flows import draft
from siga.bench.numbers import Figure
from siga.bench.started import CENTRE, free_ports, started

_PAIRS = 5
_BARE = """
import asyncio, sys
from granian.server.embed import Server
BAY = b'{"bay_id":"01a20c36-2056-7ed7-bad7-8cdaf47c9043","occupancy":"free"}' * 4
BODY = b'{"bays":[' + b','.join([BAY] * 10) + b']}'
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": BODY})
asyncio.run(Server(app, address="127.0.0.1", port=int(sys.argv[1]), interface="asginl", log_enabled=False).serve())
"""


async def nearest(bays: int = 10_000) -> list[Figure]:
    """Requests a second of `/bays/nearest` (10 of `bays`, 32 connections, wrk) and of a bare ASGI app, in pairs."""
    if shutil.which("wrk") is None:
        raise ValueError("this benchmark needs wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        bare_port = free_ports(1)[0]
        bare = await _bare(bare_port)
        async with started(Path(folder)) as town:
            for start in range(0, bays, 500):
                body = {
                    "municipality_id": town.municipality_id,
                    "drafts": [draft(n) for n in range(start, start + 500)],
                }
                await town.ask("POST", "/api/v1/bays/batch", body)
            path = f"/api/v1/bays/nearest?lon={CENTRE[0] + 0.02}&lat={CENTRE[1] + 0.02}&limit=10&occupancy=any"
            await town.no_limits()
            ours, theirs = [], []
            for _ in range(_PAIRS):
                ours.append(await _wrk(town.users_url + path))
                theirs.append(await _wrk(f"http://127.0.0.1:{bare_port}/"))
        bare.terminate()
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return [
        Figure(name="/bays/nearest, 32 connections", value=statistics.median(ours), unit="/s", note=f"{bays} bays"),
        Figure(name="bare ASGI app on the same server", value=statistics.median(theirs), unit="/s"),
        Figure(name="ratio, median of pairs", value=statistics.median(ratios), unit="×"),
    ]  # fmt: skip


async def _bare(port: int) -> asyncio.subprocess.Process:
    import sys

    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _BARE, str(port))
    await asyncio.sleep(1)
    return process


async def _wrk(url: str) -> float:
    command = ["wrk", "-t1", "-c32", "-d3s", url]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    text = out.decode()
    if "Non-2xx" in text:
        raise AssertionError(text)
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if found is None:
        raise AssertionError(text)
    return float(found.group(1))
