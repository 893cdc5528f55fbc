"""Whether reports are taken as fast as ever while strangers try to sign in: 50 attempts a second from 600 addresses."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from siga.bench.dataset import Run, need, running
from siga.bench.generator import Outcome, Plan
from siga.bench.measuring import MOST_CPU, Meter, generate, quiet
from siga.bench.numbers import Figure, percentile

_DEFAULT_S, _ASKED_S = 60.0, 300.0
_LINES = 64
_ADDRESSES = 600
"""So many that none is throttled as an address: what does not wait for the hasher costs a whole hash."""
_LIMIT_S = 30.0


class _Storm:
    """Attempts to sign in, each for another account: what was answered, and how soon."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self.answers: Counter[str] = Counter()
        self.took_s: list[float] = []
        self._numbers = itertools.count()
        self._run = f"{time.time_ns():x}"

    async def blow(self, rate: float, seconds: float) -> None:
        """`rate` attempts a second, whether the ones before were answered or not."""
        began, trying = time.monotonic(), set[asyncio.Task[None]]()
        for n in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + n / rate - time.monotonic()))
            task = asyncio.create_task(self._try())
            trying.add(task)
            task.add_done_callback(trying.discard)
        await asyncio.gather(*trying)

    async def _try(self) -> None:
        number, began = next(self._numbers), time.monotonic()
        try:
            async with asyncio.timeout(_LIMIT_S):
                answer = await self._answer(number)
        except (OSError, TimeoutError, IndexError) as fault:
            answer = type(fault).__name__
        self.answers[answer] += 1
        self.took_s.append(time.monotonic() - began)

    async def _answer(self, number: int) -> str:
        """The status of one attempt, on a connection of its own from one of many loopback addresses."""
        body = json.dumps({"email": f"x{self._run}-{number}@town.example", "password": "not this one"}).encode()
        place = number % _ADDRESSES
        reader, writer = await asyncio.open_connection(
            self._host, self._port, local_addr=(f"127.1.{place // 200}.{place % 200 + 1}", 0)
        )
        try:
            writer.write(
                b"POST /api/v1/auth/token HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
                b"connection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
            )
            await writer.drain()
            return (await reader.readline()).split()[1].decode()
        finally:
            writer.close()


async def storm(bays: int = 100_000, rate: float = 500.0, attempts: float = 50.0, seconds: float | None = None
                ) -> list[Figure]:  # fmt: skip
    """Reports at `rate` a second, alone and then with `attempts` to sign in a second, for SIGA_BENCH_S seconds."""
    for_s = float(os.environ.get("SIGA_BENCH_S", _DEFAULT_S)) if seconds is None else seconds
    source = await need(bays)
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as folder:
        async with running(source, Path(folder)) as run:
            calm = await _reports(run, rate, min(for_s, 30.0))
            await quiet(run.pid, limit_s=60)
            blowing = _Storm(run.town.users_url)
            with Meter(run.pid) as meter:
                taken, _ = await asyncio.gather(_reports(run, rate, for_s), blowing.blow(attempts, for_s))
    return _figures(calm, taken, blowing, for_s, attempts, meter.share)


async def _reports(run: Run, rate: float, seconds: float) -> Outcome:
    plan = Plan(url=run.town.sensors_url, books=str(run.books), rate=rate, seconds=seconds, connections=_LINES,
                warm_up_s=min(3.0, seconds / 4))  # fmt: skip
    return await generate(plan)


def _figures(calm: Outcome, taken: Outcome, blowing: _Storm, seconds: float, attempts: float,
             share: float) -> list[Figure]:  # fmt: skip
    void = f"the generator took {taken.cpu_share:.0%} of its core" if taken.cpu_share > MOST_CPU else ""
    if taken.faults or taken.unsent or taken.otherwise:
        void = f"{taken.faults} reports failed, {taken.unsent} were never sent, others were {taken.otherwise}"
    short = "" if seconds >= _ASKED_S else f"; asked for {_ASKED_S:g} s: SIGA_BENCH_S={_ASKED_S:g}"
    answers = ", ".join(f"{count} × {answer}" for answer, count in sorted(blowing.answers.items()))
    wrong = sum(count for answer, count in blowing.answers.items() if answer not in ("401", "429"))
    return [
        Figure(name=f"p99 of reports while {attempts:g} sign-ins a second are tried", value=taken.p99_ms, unit="ms",
               at_most=150, void=void,
               note=f"p50 {taken.p50_ms:.1f}, worst {taken.worst_ms:.0f} ms, SIGA {share:.0%} of a core{short}"),
        Figure(name="p99 of reports alone", value=calm.p99_ms, unit="ms", note=f"p50 {calm.p50_ms:.1f} ms"),
        Figure(name="sign-ins answered other than refused or told to wait", value=wrong, unit="", at_most=0,
               note=f"{answers}; p99 {percentile(sorted(blowing.took_s), 0.99) * 1e3:.0f} ms"),
    ]  # fmt: skip
