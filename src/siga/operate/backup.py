"""A backup of a data folder: all stores at one instant, then keys and secrets, then photos; whole or not at all.

Services follow each other in circles, so no order of copying would do: the stores are fixed at one instant, between
two commits of all of them, and copied from there. A store that follows another is then never ahead of it.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from siga import __version__
from siga.engines import guard
from siga.engines.ledger import Ledger
from siga.engines.sqlite_copy import Snapshot
from siga.operate import folder as places
from siga.operate.manifest import (
    DATA,
    FORMAT,
    MARK,
    BadBackup,
    Manifest,
    StoredFile,
    StoreState,
    generations,
    read_manifest,
    sha256_of,
    write_manifest,
    write_whole,
)

REST = 1.0
"""A pause after each step of copying, in times of what the step took: half of a core and of the disk at most."""
_MAKING = ".making-"
Tell = Callable[[str], None]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to back up where. `extra` are files outside the data folder, by the name they get beside it."""

    data: Path
    to: Path
    keep: int | None = None
    extra: Mapping[str, Path] = {}
    left_out: Sequence[str] = ()
    rest: float = REST
    stopped: Callable[[], bool] = bool
    """Asked now and then; when it says so, the backup is given up."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A generation that was made; `new_bytes` is what it takes besides the one before it."""

    generation: str
    files: int
    size: int
    new_bytes: int
    took_s: float
    removed: list[str] = []


def refuse(plan: Plan) -> None:
    """BadBackup when the folder holds something that is no backup of ours, or lies within the data folder."""
    to, data = plan.to.resolve(), plan.data.resolve()
    if to == data or data in to.parents or to in data.parents:
        raise BadBackup(f"{plan.to} and the data folder lie within each other: choose another place, best another disk")
    if plan.to.exists() and any(plan.to.iterdir()) and not (plan.to / MARK).exists():
        raise BadBackup(f"{plan.to} is not empty and no backup of SIGA: choose another folder")


def make(plan: Plan, snapshots: Mapping[str, Snapshot], now: datetime, tell: Tell) -> Done:
    """Copy everything into a new generation and remove those beyond `keep`. Blocks: for a thread of its own.

    The snapshots are closed as soon as they are copied. OSError when something cannot be read or written; nothing of
    the unfinished generation is left then.
    """
    refuse(plan)
    places.made(plan.to)
    if not (plan.to / MARK).exists():
        write_whole(plan.to / MARK, json.dumps({"format": FORMAT}).encode())
    for unfinished in plan.to.glob(f"{_MAKING}*"):
        shutil.rmtree(unfinished)
    name = places.stamp(now)
    making = plan.to / f"{_MAKING}{name}"
    try:
        done = _Making(plan, making, tell).run(snapshots, now)
        making.rename(plan.to / name)
        places.synced(plan.to)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    removed = _thin(plan)
    note_backup(plan.data, plan.to / name, now)
    return msgspec.structs.replace(done, generation=str(plan.to / name), removed=removed)


def _thin(plan: Plan) -> list[str]:
    """Remove the oldest generations beyond those to keep."""
    old = generations(plan.to)[: -plan.keep] if plan.keep else []
    for generation in old:
        hidden = generation.with_name(f"{_MAKING}{generation.name}")
        generation.rename(hidden)
        shutil.rmtree(hidden)
    return [str(generation) for generation in old]


def note_backup(data: Path, generation: Path, now: datetime) -> None:
    """For the doctor, who looks at the last backup's age."""
    draft = data / f".{places.LAST_BACKUP}"
    draft.write_bytes(msgspec.json.encode({"at": now, "folder": str(generation.resolve())}))
    draft.replace(data / places.LAST_BACKUP)


class _Making:
    """One generation in the making."""

    def __init__(self, plan: Plan, folder: Path, tell: Tell) -> None:
        self._plan, self._folder, self._tell = plan, folder, tell
        self._files: list[StoredFile] = []
        self._new_bytes = 0
        self._before = _photos_of(plan.to)

    def run(self, snapshots: Mapping[str, Snapshot], now: datetime) -> Done:
        began = time.monotonic()
        _give_way()
        places.made(self._folder / DATA)
        states = {
            name: StoreState(revision=s.revision, head=s.head, cursors=s.cursors) for name, s in snapshots.items()
        }
        manifest = Manifest(
            format=FORMAT, version=__version__, began_at=now, took_s=0.0, stores=states, files=self._files,
            left_out=list(self._plan.left_out),
        )  # fmt: skip
        if wrong := manifest.disagreements():
            raise BadBackup(f"the stores do not agree with each other: {'; '.join(wrong)}")
        for name, snapshot in snapshots.items():
            self._store(name, snapshot)
        for path in places.small_files(self._plan.data):
            self._small(self._plan.data / path, Path(DATA) / path)
        for beside, path in self._plan.extra.items():
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    self._small(file, Path("beside") / beside / file.relative_to(path))
        self._photos()
        took_s = round(time.monotonic() - began, 3)
        manifest = msgspec.structs.replace(manifest, took_s=took_s)
        write_manifest(self._folder, manifest)
        for made in sorted({path.parent for path in self._folder.rglob("*")}):
            places.synced(made)
        return Done(generation="", files=len(self._files), size=manifest.size, new_bytes=self._new_bytes, took_s=took_s)

    def _store(self, name: str, snapshot: Snapshot) -> None:
        to = self._at(Path(DATA) / name / f"{name}.db")
        began = time.monotonic()
        try:
            snapshot.copy(to, self._plan.rest, lambda _: self._go_on())
        finally:
            snapshot.close()
        self._count(to, sha256_of(to))
        self._tell(f"store of {name}: {to.stat().st_size / 1e6:.1f} MB in {time.monotonic() - began:.1f} s")

    def _go_on(self) -> None:
        if self._plan.stopped():
            raise BadBackup("SIGA stopped meanwhile: nothing of this backup is left")

    def _small(self, source: Path, to: Path) -> None:
        try:
            data = source.read_bytes()
        except FileNotFoundError:  # a key that was destroyed in time
            return
        path = self._at(to)
        write_whole(path, data)
        self._count(path, sha256_of(path))

    def _photos(self) -> None:
        linked = copied = 0
        for path in places.photos(self._plan.data):
            self._go_on()
            to = self._at(Path(DATA) / path)
            before = self._before.get(str(Path(DATA) / path))
            try:
                if before is not None and self._link(before, to, (self._plan.data / path).stat().st_size):
                    linked += 1
                else:
                    copied += self._copy(self._plan.data / path, to)
            except FileNotFoundError:  # destroyed in time, since the stores were fixed
                to.unlink(missing_ok=True)
            if (linked + copied) % 1000 == 999:
                self._tell(f"photos: {linked + copied} so far")
        self._tell(f"photos: {copied} copied, {linked} as before")

    def _link(self, before: Path, to: Path, size: int) -> bool:
        """Take a photo over from the generation before: the same name is the same bytes."""
        if before.stat().st_size != size:
            return False
        with suppress(OSError):
            os.link(before, to)
            self._files.append(StoredFile(path=self._name(to), size=size, sha256=to.name))
            return True
        return False

    def _copy(self, source: Path, to: Path) -> int:
        began = time.perf_counter()
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            digest = sha256_of(source, file.write)
            file.flush()
            os.fsync(file.fileno())
        if digest != source.name:
            raise BadBackup(f"the photo {source} was changed after it was kept: see `siga doctor --full`")
        self._count(to, digest)
        time.sleep(self._plan.rest * (time.perf_counter() - began))
        return 1

    def _at(self, path: Path) -> Path:
        to = self._folder / path
        places.made(to.parent)
        return to

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._folder))

    def _count(self, path: Path, digest: str) -> None:
        size = path.stat().st_size
        self._files.append(StoredFile(path=self._name(path), size=size, sha256=digest))
        self._new_bytes += size


def _photos_of(to: Path) -> dict[str, Path]:
    """The photos of the newest whole generation, by their path in it."""
    for generation in reversed(generations(to)):
        try:
            files = read_manifest(generation).files
        except BadBackup:
            continue
        wanted = f"{DATA}/{places.PHOTOS}/"
        return {file.path: generation / file.path for file in files if file.path.startswith(wanted)}
    return {}


def _give_way() -> None:
    """Let this thread step back behind those that serve (Linux: a priority is each thread's own)."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def at_rest(data: Path) -> Iterator[tuple[str, Snapshot]]:
    """The stores of a folder that nobody runs; StoreDamaged when one is missing or not what was left."""
    ledger = Ledger(data)
    for name in places.stores():
        path = places.store_of(data, name)
        if guard.is_there(path, expected=ledger.expects(name)):
            guard.check(path)
            yield name, Snapshot(path, at_rest=True)
