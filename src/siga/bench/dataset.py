"""The data sets: made once through SIGA's own doors, kept in a folder, copied for each run."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from siga.bench import books, cities
from siga.bench.making import Maker
from siga.bench.measuring import many_files
from siga.bench.started import Town, started

RECIPE = 1
"""Grows when a data set is made differently: older ones are made anew."""
_KEPT_S = 14 * 86_400
"""The sensors speak once a week; a data set older than this would be falling silent."""
POINTS = 100_000


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What is written upon a finished data set."""

    recipe: int
    bays: int
    made_at: float
    took_s: float
    password: str


class DataSet(msgspec.Struct, frozen=True, kw_only=True):
    """A finished data set: `data` is SIGA's folder, beside it the books and the places to ask from."""

    folder: Path
    label: Label

    @property
    def data(self) -> Path:
        """The data folder as SIGA left it; never started itself."""
        return self.folder / "data"

    @property
    def books(self) -> Path:
        """The books as they were when it was finished."""
        return self.folder / "books.json"

    @property
    def points(self) -> Path:
        """The targets of `/bays/nearest` to ask for, one a line."""
        return self.folder / "points.txt"


def home() -> Path:
    """Where data sets are kept: SIGA_BENCH_DATA, else `artefacts/bench` here."""
    return Path(os.environ.get("SIGA_BENCH_DATA") or Path("artefacts") / "bench")


def is_made(count: int) -> bool:
    """Whether the data set of so many bays is there."""
    return _finished(home() / str(count)) is not None


async def need(count: int) -> DataSet:
    """The data set of so many bays, made now if it is not there or too old."""
    folder = home() / str(count)
    found = _finished(folder)
    if found is not None:
        return found
    partial = folder.with_name(f"{count}.partial")
    for old in (folder, partial):
        shutil.rmtree(old, ignore_errors=True)
    partial.mkdir(parents=True)
    await _make(partial, count)
    partial.rename(folder)
    made = _finished(folder)
    if made is None:
        raise ValueError(f"the data set in {folder} is not whole: remove it and try again")
    return made


def _finished(folder: Path) -> DataSet | None:
    try:
        label = msgspec.json.decode((folder / "label.json").read_bytes(), type=Label)
    except (OSError, msgspec.MsgspecError):
        return None
    fresh = label.recipe == RECIPE and time.time() - label.made_at < _KEPT_S
    return DataSet(folder=folder, label=label) if fresh else None


async def _make(folder: Path, count: int) -> None:
    began, password = time.time(), "a long enough pass phrase of a benchmark"
    say(f"making the data set of {count:,} bays in {folder.parent / str(count)} (once)")
    async with started(folder / "data", password=password) as town:
        await town.no_limits()
        kept = await Maker(town, cities.bays(count), lambda text: say(f"{time.time() - began:6.0f} s {text}")).make()
    books.save(folder / "books.json", kept)
    write_points(folder / "points.txt")
    label = Label(
        recipe=RECIPE, bays=count, made_at=began, took_s=time.time() - began, password=password
    )  # fmt: skip
    (folder / "label.json").write_bytes(msgspec.json.encode(label))
    say(f"data set of {count:,} bays ready after {label.took_s:.0f} s")


def write_points(path: Path) -> None:
    """The places to ask from, as request targets."""
    path.write_text(
        "".join(f"/api/v1/bays/nearest?lon={lon}&lat={lat}&limit=10\n" for lon, lat in cities.points(POINTS))
    )


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


class Run(msgspec.Struct, kw_only=True):
    """A started SIGA on a copy of a data set, with books of its own."""

    town: Town
    folder: Path
    data: Path
    books: Path
    points: Path

    @property
    def pid(self) -> int:
        """SIGA's process."""
        return self.town.process.pid

    async def ask(self, path: str, **params: Any) -> Any:
        """A public answer, decoded."""
        answer = await self.town.users.get(path, params=params)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content)


async def copied(source: DataSet, folder: Path) -> Path:
    """A copy of a data set's data folder, by reflink where the file system can; its books and points beside it."""
    target = folder / "data"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    command = ("cp", "-a", "--reflink=auto", str(source.data), str(target))
    process = await asyncio.create_subprocess_exec(*command)
    if await process.wait():
        raise ValueError(f"the data set could not be copied to {folder}")
    shutil.copy(source.books, folder / "books.json")
    shutil.copy(source.points, folder / "points.txt")
    return target


@asynccontextmanager
async def _on(data: Path, source: DataSet) -> AsyncIterator[Town]:
    """SIGA on this folder; ValueError with what to do when it does not start there."""
    async with AsyncExitStack() as stack:
        try:
            town = await stack.enter_async_context(started(data, password=source.label.password))
        except AssertionError as fault:
            raise ValueError(
                f"SIGA did not start on a copy of the data set: remove {source.folder} if another version made it"
            ) from fault
        yield town


_SHARED: dict[DataSet, Run] = {}


@asynccontextmanager
async def shared(source: DataSet, folder: Path) -> AsyncIterator[None]:
    """Within the block one started SIGA serves every benchmark of this data set: for their quick forms."""
    async with running(source, folder) as run:
        _SHARED[source] = run
        try:
            yield
        finally:
            del _SHARED[source]


@asynccontextmanager
async def running(source: DataSet, folder: Path, *, copy: bool = True) -> AsyncIterator[Run]:
    """SIGA on a copy in `folder` (or on what stands there already), until the block ends."""
    many_files()
    if source in _SHARED:
        yield _SHARED[source]
        return
    if copy:
        await copied(source, folder)
    data = folder / "data"
    async with _on(data, source) as town:
        await town.no_limits()
        yield Run(
            town=town, folder=folder, data=data, books=folder / "books.json", points=folder / "points.txt"
        )  # fmt: skip
