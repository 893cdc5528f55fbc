"""The load generator, a process of its own: `python -m siga.bench.generator < plan.json > outcome.json`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from siga.bench import wheel
from siga.bench.books import Reporter, Who, load, save
from siga.bench.numbers import percentile


class Plan(msgspec.Struct, kw_only=True):
    """What load to make. Without `rate` (requests a second) as much as is answered."""

    url: str
    seconds: float
    connections: int = 32
    rate: float | None = None
    warm_up_s: float = 0.0
    points: str | None = None
    """File of request targets, one a line: reads. Else reports by the books."""
    first: int = 0
    """Which line to begin with."""
    books: str = ""
    who: Who = "own"
    city: int | None = None
    """Only sensors of this city."""
    batch: int = 1
    log: str | None = None
    """Where to write what was said when, for who compares it with what others were told."""


class Outcome(msgspec.Struct, kw_only=True):
    """What came of it, by the generator's own count."""

    requests: int
    seconds: float
    faults: int
    unsent: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    latest_send_ms: float
    cpu_share: float
    """Of one core, of this process."""
    reports: int = 0
    applied: int = 0
    otherwise: dict[str, int] = {}

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


def main() -> int:
    """Carry out the plan on stdin."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    outcome = _reads(plan) if plan.points else _reports(plan)
    sys.stdout.buffer.write(msgspec.json.encode(outcome))
    return 0


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80


def _reads(plan: Plan) -> Outcome:
    targets = Path(plan.points or "").read_text().split()
    heads = [f"GET {target} HTTP/1.1\r\nhost: bench\r\n\r\n".encode() for target in targets]

    def requests() -> Iterator[wheel.Request]:
        for n in itertools.count(plan.first):
            yield wheel.Request(heads[n % len(heads)])

    return _outcome(_turned(plan, requests(), lambda *_: None, plan.connections))


def _reports(plan: Plan) -> Outcome:
    kept = load(Path(plan.books))
    sensors = [one for one in kept.who(plan.who) if plan.city in (None, one.city)]
    reporter = Reporter(kept, sensors, urlsplit(plan.url).netloc, plan.batch, keep_log=plan.log is not None)
    connections = min(plan.connections, reporter.most_at_once)
    outcome = _outcome(_turned(plan, reporter.requests(), reporter.take, connections))
    save(Path(plan.books), kept)
    if plan.log is not None:
        Path(plan.log).write_bytes(msgspec.json.encode(reporter.log))
    return msgspec.structs.replace(
        outcome, reports=reporter.reports, applied=reporter.applied, otherwise=reporter.otherwise
    )


def _turned(plan: Plan, requests: Iterator[wheel.Request], taken: wheel.Taken, connections: int) -> wheel.Turn:
    return wheel.turn(
        _address(plan.url), requests, taken, connections=connections, seconds=plan.seconds, rate=plan.rate,
        warm_up_s=plan.warm_up_s,
    )  # fmt: skip


def _outcome(turn: wheel.Turn) -> Outcome:
    latencies = sorted(turn.latencies_s)
    return Outcome(
        requests=turn.answers, seconds=turn.seconds, faults=turn.faults, unsent=turn.unsent,
        p50_ms=percentile(latencies, 0.5) * 1e3, p99_ms=percentile(latencies, 0.99) * 1e3,
        worst_ms=(latencies[-1] if latencies else float("nan")) * 1e3, latest_send_ms=turn.latest_send_s * 1e3,
        cpu_share=turn.cpu_share,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
