"""The power is cut between any two operations on the disk: what was acknowledged is there (R2)."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, select, text

from parking_street import Street
from power_cut import Disk, Op, recorded
from siga.contract.parking import BayChanged, BayHeard, ReportCameLate
from siga.engines import sqlite
from siga.kit.clock import HandClock
from siga.services.parking import store
from siga.services.parking.tables import journal, metadata, reports
from support import run, running

START = datetime(2026, 11, 24, 11, tzinfo=UTC)
LONG = bool(os.environ.get("SIGA_LONG"))
POINTS = 5_000 if LONG else 500
"""Of each model, so that the short form cuts a thousand times as well."""
COMMITS, BAYS = 150, 8
Key = tuple[str, int, int]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of files are written and thrown away."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def pragmas(monkeypatch: pytest.MonkeyPatch, synchronous: str) -> None:
    """The product's own, but for `synchronous` and for checkpoints that come often enough to be cut as well."""
    own = [one for one in sqlite._PRAGMAS if not one.startswith("synchronous")]
    assert "synchronous=FULL" in sqlite._PRAGMAS, "what the product promises with"
    monkeypatch.setattr(sqlite, "_PRAGMAS", (*own, f"synchronous={synchronous}", "wal_autocheckpoint=60"))


async def script(data: Path) -> list[Op]:
    """Real commits of a real Parking: turns, heartbeats, late reports, singly and in groups; each ack is noted."""
    with recorded() as log:
        clock, rng = HandClock(START), Random(2)
        async with running("parking", data=data, clock=clock) as system:
            street = Street(system, clock)
            await street.open(BAYS)
            log.append(Op("ack", note=()))
            sequences = [0] * BAYS

            async def say(bay: int, count: int) -> None:
                made = []
                for _ in range(count):
                    sequences[bay] += rng.choice([1, 1, 1, 3])
                    made.append(street.report(bay, sequences[bay], rng.random() < 0.5))
                if rng.random() < 0.2 and sequences[bay] > 4:
                    seen = clock() - timedelta(hours=1)
                    made.append(street.report(bay, sequences[bay] - 2, True, observed_at=seen))
                acks = await street.take(*made)
                assert all(ack.status != "rejected" for ack in acks)
                log.append(Op("ack", note=tuple((one.device_id, one.epoch, one.sequence) for one in made)))

            for _ in range(COMMITS):
                clock.forward(7)
                crowd = rng.sample(range(BAYS), rng.choice([1, 1, 2, 4]))
                await asyncio.gather(*(say(bay, rng.choice([1, 1, 5])) for bay in crowd))
        return log


class Found:
    """What a restart finds on the disk."""

    def __init__(self, conn: Connection) -> None:
        self.integrity = conn.scalar(text("PRAGMA integrity_check"))
        rows = conn.execute(select(reports.c.device_id, reports.c.epoch, reports.c.sequence))
        self.kept: set[Key] = {(row[0], row[1], row[2]) for row in rows}
        self.newest = {loaded.bay.bay_id: loaded.state.order for loaded in store.load_bays(conn, -1, 1000)}
        kinds = [kind.__name__ for kind in (BayChanged, BayHeard, ReportCameLate)]
        e = journal.events.c
        self.events = len(conn.execute(select(e.position).where(e.kind.in_(kinds))).all())


async def found(folder: Path) -> Found:
    """Open the store as the product does, and read."""
    database = sqlite.open_sqlite(folder / "parking.db", metadata)
    try:
        return await database.read(Found)
    finally:
        await database.close()


def points(log: list[Op], count: int) -> list[int]:
    """So many cuts, evenly spread over everything after the first acknowledgement; all there are when fewer."""
    first = next(n for n, op in enumerate(log) if op.kind == "ack") + 1
    every = [n for n in range(first, len(log) + 1) if n == len(log) or log[n].kind != "ack"]
    return every if len(every) <= count else [every[n * len(every) // count] for n in range(count)]


async def lost_at(log: list[Op], cuts: list[int], folder: Path, model: str) -> tuple[int, int]:
    """How many acknowledged reports all cuts together lost, and at how many cuts the store was not in order."""
    disk, acknowledged, lost, broken = Disk(), set[Key](), 0, 0
    wanted = set(cuts)
    for n, op in enumerate([*log, Op("ack", note=())]):
        if n in wanted:
            if model == "torn":
                disk.torn(folder, Random(n))
            else:
                disk.dropped(folder)
            try:
                seen = await found(folder)
            except Exception:
                lost, broken = lost + len(acknowledged), broken + 1
            else:
                lost += len(acknowledged - seen.kept)
                in_order = seen.integrity == "ok" and seen.events >= len(acknowledged & seen.kept)
                broken += not (in_order and _states_follow(seen))
        disk.step(op)
        if op.kind == "ack":
            acknowledged |= set(op.note)
    return lost, broken


def _states_follow(seen: Found) -> bool:
    """Whether reports and states are of one transaction: each bay's newest report is one that is kept, and there is
    none without a bay that knows it."""
    newest = {order[1:] for order in seen.newest.values() if order is not None}
    return newest <= {key[1:] for key in seen.kept} and bool(newest) == bool(seen.kept)


@pytest.mark.parametrize("model", ["dropped", "torn"])
def test_nothing_acknowledged_is_lost_wherever_the_power_is_cut(
    model: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        pragmas(monkeypatch, "FULL")
        log = await script(tmp_path)
        cuts = points(log, POINTS)
        checkpoints = sum(op.kind == "sync" and op.name == "parking.db" for op in log)
        acknowledged = sum(len(op.note) for op in log if op.kind == "ack")
        lost, broken = await lost_at(log, cuts, folder, model)
        print(
            f"\n{model}: {len(cuts)} cuts in {len(log)} operations, {checkpoints} checkpoints, {acknowledged} "
            f"acknowledged, {lost} lost, {broken} stores not in order"
        )
        assert len(cuts) >= POINTS
        assert checkpoints >= 5
        assert (lost, broken) == (0, 0)

    run(work(), 900)


def test_the_test_can_fail_with_less_than_full_syncs_acknowledged_reports_are_lost(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        pragmas(monkeypatch, "NORMAL")
        log = await script(tmp_path)
        cuts = points(log, POINTS // 4)
        lost, _ = await lost_at(log, cuts, folder, "dropped")
        print(f"\nnegative control, synchronous=NORMAL: {len(cuts)} cuts, {lost} acknowledged reports lost")
        assert lost > 0

    run(work(), 300)
