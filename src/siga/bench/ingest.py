"""Signed, durable, acknowledged reports: as many as are taken, against a bare probe and against SQLite alone."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from siga.bench.books import Who, load
from siga.bench.dataset import DataSet, Run, need, running
from siga.bench.generator import Outcome, Plan
from siga.bench.measuring import CALM_S, MOST_CPU, Missing, generate, quiet
from siga.bench.numbers import Figure, median, ratios, spread
from siga.bench.rivals.bare import Bare, bare_sqlite, probe, rows_in

BATCH = 100
_LINES = {1: 64, BATCH: 16}
_LOOKED_AT = 300


class _Sides:
    """What each side took, reports a second by the size of its batches, and what went wrong."""

    def __init__(self) -> None:
        self.ours: dict[int, list[float]] = {1: [], BATCH: []}
        self.theirs: dict[int, list[float]] = {1: [], BATCH: []}
        self.alone: list[float] = []
        self.followed_s: list[float] = []
        """How long SIGA was busy behind each run until everything was followed."""
        self.faults: list[str] = []
        self.busiest = 0.0

    def enter(self, outcome: Outcome, batch: int) -> float:
        """Note what a run did wrong; reports a second."""
        self.busiest = max(self.busiest, outcome.cpu_share)
        if outcome.cpu_share > MOST_CPU:
            self.faults.append(f"the generator took {outcome.cpu_share:.0%} of its core")
        if outcome.faults or outcome.unsent or outcome.otherwise:
            self.faults.append(f"{outcome.faults + outcome.unsent} requests failed, others were {outcome.otherwise}")
        return outcome.per_s * batch


async def ingest(bays: int = 100_000, rounds: int = 3, seconds: float = 5.0) -> list[Figure]:
    """Single reports and batches of 100, SIGA and the yardsticks in turn; then Ed25519 apart."""
    source, sides = await need(bays), _Sides()
    with tempfile.TemporaryDirectory(prefix="siga-bench-") as name:
        folder = Path(name)
        async with running(source, folder / "siga") as run:
            missing = await _in_turn(source, run, folder, sides, rounds, seconds)
            signed = await _taken(run, sides, 1, seconds, "ed25519")
            wrong = await untrue(run)
        rows = "" if missing else await _rows(source, run.data / "parking", folder)
    void = missing or next(iter(sides.faults), "")
    return [*_against(sides, void, rows), *_apart(sides, signed, wrong)]


async def _in_turn(source: DataSet, run: Run, folder: Path, sides: _Sides, rounds: int, seconds: float) -> str:
    """The runs in pairs; why there is no yardstick, empty when there is."""
    async with AsyncExitStack() as stack:
        bare: Bare | None = None
        missing = ""
        try:
            bare = await stack.enter_async_context(_probe(source, folder))
        except (Missing, ValueError) as fault:
            missing = str(fault).splitlines()[0]
        for _ in range(rounds):
            for batch in (1, BATCH):
                sides.ours[batch].append(await _taken(run, sides, batch, seconds))
                if bare is not None:
                    plan = _plan(bare.url, folder / "probe" / "books.json", batch, seconds)
                    sides.theirs[batch].append(sides.enter(await generate(plan), batch))
            if bare is not None:
                sides.alone.append(await bare_sqlite(*_store(folder / "alone"), seconds / 2))
    return missing


@asynccontextmanager
async def _probe(source: DataSet, folder: Path) -> AsyncIterator[Bare]:
    """The probe on a copy of the store; another copy for SQLite alone."""
    for name in ("probe", "alone"):
        copy_store(source, folder / name)
    async with probe(folder / "probe", *_store(folder / "probe")) as bare:
        yield bare


def copy_store(source: DataSet, folder: Path) -> None:
    """Parking's store and the books of a data set, into a folder."""
    folder.mkdir(parents=True)
    for file in (source.data / "parking").glob("parking.db*"):
        shutil.copy(file, folder / file.name)
    shutil.copy(source.books, folder / "books.json")


def _store(folder: Path) -> tuple[Path, Path]:
    return folder / "parking.db", folder / "books.json"


def _plan(url: str, books: Path, batch: int, seconds: float, who: Who | None = None) -> Plan:
    """Single reports come from sensors with keys of their own, batches from gateways."""
    return Plan(url=url, books=str(books), batch=batch, seconds=seconds, connections=_LINES[batch], warm_up_s=0.5,
                who=who or ("own" if batch == 1 else "listed"))  # fmt: skip


async def _taken(run: Run, sides: _Sides, batch: int, seconds: float, who: Who | None = None) -> float:
    """What SIGA takes; returns when it has nothing left to do about it."""
    outcome = await generate(_plan(run.town.sensors_url, run.books, batch, seconds, who))
    ended = time.monotonic()
    await quiet(run.pid, limit_s=60)
    sides.followed_s.append(max(0.0, time.monotonic() - ended - CALM_S))
    return sides.enter(outcome, batch)


async def untrue(run: Run) -> int:
    """Of some bays whose last report was acknowledged: how many are not shown as that report said."""
    sure = [sensor for sensor in load(run.books).sensors if sensor.sure and sensor.sequence > 1]
    wrong = 0
    for sensor in sure[:: max(1, len(sure) // _LOOKED_AT)]:
        shown = (await run.ask(f"/api/v1/bays/{sensor.bay_id}"))["occupancy"]
        wrong += shown != ("occupied" if sensor.occupied else "free")
    return wrong


async def _rows(source: DataSet, ours: Path, folder: Path) -> str:
    """How many rows a report made on either side."""
    before = await rows_in(_copied(source, folder))
    told = []
    for name, store in (("SIGA", ours), ("probe", folder / "probe")):
        after = await rows_in(store / "parking.db")
        reports = after.reports - before.reports
        told.append(f"{name} 1 report + {(after.events - before.events) / max(1, reports):.2f} events")
    return "rows for each: " + ", ".join(told)


def _copied(source: DataSet, folder: Path) -> Path:
    """A copy to count in: the data set itself is opened by nobody."""
    copy_store(source, folder / "before")
    return folder / "before" / "parking.db"


def _against(sides: _Sides, void: str, rows: str) -> list[Figure]:
    words, busiest = {1: "single", BATCH: f"batches of {BATCH}"}, f"{sides.busiest:.0%} of a core"
    limits = {1: (0.5, 0.8), BATCH: (0.7, 0.9)}
    figures = []
    for batch, word in words.items():
        ours, theirs = sides.ours[batch], sides.theirs[batch]
        pairs, (least, stretch) = ratios(ours, theirs), limits[batch]
        figures += [
            Figure(name=f"signed durable reports, {word}", value=median(ours), unit="/s",
                   note=f"{spread(ours)}, {_LINES[batch]} connections, generator at most {busiest}"),
            Figure(name=f"the bare probe, {word}", value=median(theirs), unit="/s", note=f"{spread(theirs)}; {rows}"),
            Figure(name=f"reports against the bare probe, {word}", value=median(pairs), unit="×", at_least=least,
                   stretch=stretch, note=spread(pairs, 2), void=void),
        ]  # fmt: skip
    pairs = ratios(sides.ours[BATCH], sides.alone)
    figures += [
        Figure(name="bare SQLite, the same rows in batches of 100", value=median(sides.alone), unit="/s",
               note=spread(sides.alone)),
        Figure(name="reports in batches of 100 against bare SQLite", value=median(pairs), unit="×", at_least=0.25,
               stretch=0.4, note=spread(pairs, 2), void=void),
    ]  # fmt: skip
    return figures


def _apart(sides: _Sides, signed: float, wrong: int) -> list[Figure]:
    void = next(iter(sides.faults), "")
    return [
        Figure(name="reports signed by Ed25519, single", value=signed, unit="/s", at_least=1000, void=void),
        Figure(name="acknowledged and not shown so", value=wrong, unit="", at_most=0,
               note="of some hundred bays, by the generator's books"),
        Figure(name="busy behind a run until all is followed, worst", value=max(sides.followed_s), unit="s"),
    ]  # fmt: skip
