"""A backup brought back: all is checked before anything is touched, and what was there is moved aside, not removed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from siga.engines import guard, schema
from siga.engines.sqlite_copy import Snapshot
from siga.operate import folder as places
from siga.operate.backup import note_backup
from siga.operate.manifest import DATA, BadBackup, Manifest, StoredFile, chosen, read_manifest, sha256_of

Tell = Callable[[str], None]


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was brought back, and where what was there before lies now."""

    generation: str
    made_at: datetime
    files: int
    size: int
    aside: str | None = None
    beside: list[str] = []
    """Files of the backup that belong outside the data folder: put them there yourself."""


def check(source: Path, tell: Tell) -> tuple[Path, Manifest]:
    """The generation and its manifest, every file of it compared with its SHA-256; BadBackup if one differs."""
    generation = chosen(source)
    manifest = read_manifest(generation)
    tell(f"Checking {len(manifest.files)} files of {generation} …")
    for file in manifest.files:
        if _sum(generation, file) != file.sha256:
            raise BadBackup(f"{generation / file.path} was changed after the backup; try an older generation")
    return generation, manifest


def _sum(generation: Path, file: StoredFile) -> str:
    try:
        return sha256_of(generation / file.path)
    except OSError as fault:
        raise BadBackup(
            f"{generation / file.path} cannot be read: {fault.strerror}; try an older generation"
        ) from fault


def restore(source: Path, data: Path, now: datetime, tell: Tell, *, force: bool = False) -> Restored:
    """Bring a generation back into a data folder that the caller holds and nobody runs.

    BadBackup when something in it is not as it was made; OSError when the folder is in use and `force` is not given.
    """
    if places.is_in_use(data) and not force:
        raise OSError(f"{data} holds an installation: give --force to move it aside, or another folder by --data")
    generation = chosen(source)
    manifest = read_manifest(generation)
    draft, stage = data / places.RESTORING_DRAFT, data / places.RESTORING
    for unfinished in (draft, stage):
        shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _copy(generation, manifest, draft, tell)
        _check_stores(manifest, draft, tell)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    draft.rename(stage)  # from here on a start is refused until all is in its place
    aside = _move_aside(data, now)
    for path in sorted(stage.iterdir()):
        path.rename(data / path.name)
    places.synced(data)
    stage.rmdir()
    places.synced(data)
    note_backup(data, generation, manifest.began_at)
    beside = [file.path for file in manifest.files if not file.path.startswith(f"{DATA}/")]
    return Restored(
        generation=str(generation), made_at=manifest.began_at, files=len(manifest.files), size=manifest.size,
        aside=str(aside) if aside else None, beside=[str(generation / path) for path in beside],
    )  # fmt: skip


def _copy(generation: Path, manifest: Manifest, stage: Path, tell: Tell) -> None:
    """Copy and compare in one go: what is put in place are the very bytes that were compared."""
    tell(f"Copying and checking {len(manifest.files)} files, {manifest.size / 1e6:.0f} MB …")
    stage.mkdir(mode=0o700)
    for file in manifest.files:
        source = generation / file.path
        to = stage / Path(file.path).relative_to(DATA) if file.path.startswith(f"{DATA}/") else None
        if _copied(source, to, generation) != file.sha256:
            raise BadBackup(f"{source} was changed after the backup; nothing was restored. Try an older generation")
    for folder in {path.parent for path in stage.rglob("*")}:
        places.synced(folder)


def _copied(source: Path, to: Path | None, generation: Path) -> str:
    if generation.resolve() not in source.resolve().parents:
        raise BadBackup(f"the manifest names {source}, which is not in the backup")
    try:
        if to is None:
            return sha256_of(source)
        places.made(to.parent)
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            digest = sha256_of(source, file.write)
            file.flush()
            os.fsync(file.fileno())
        return digest
    except FileNotFoundError as fault:
        raise BadBackup(f"{source} is missing; nothing was restored. Try an older generation") from fault


def _check_stores(manifest: Manifest, stage: Path, tell: Tell) -> None:
    for name, told in manifest.stores.items():
        tell(f"Checking the store of {name} …")
        path = places.store_of(stage, name)
        guard.check(path)
        store = Snapshot(path, at_rest=True)
        try:
            if faults := store.faults(full=True):
                raise BadBackup(f"the store of {name} in the backup is damaged: {faults[0]}")
            schema.refuse_unknown(store.revision or schema.BASELINE, f"siga.services.{name}.migrations")
            if (store.head, store.cursors) != (told.head, told.cursors):
                raise BadBackup(f"the store of {name} is not the one the manifest tells of")
        finally:
            store.close()
    if wrong := manifest.disagreements():
        raise BadBackup(f"the stores do not agree with each other: {'; '.join(wrong)}")


def _move_aside(data: Path, now: datetime) -> Path | None:
    """Move what is in the folder to `<data>.before-restore-<time>`, or below it where its parent is not ours."""
    if not places.is_in_use(data):
        return None
    name = f"{places.BEFORE}{places.stamp(now)}"
    aside = data.resolve().with_name(f"{data.resolve().name}.{name}")
    try:
        aside.mkdir(mode=0o700)
        if aside.stat().st_dev != data.stat().st_dev:
            aside.rmdir()
            raise OSError("another file system")
    except OSError:
        aside = data / name
        aside.mkdir(mode=0o700)
    for path in places.contents(data):
        path.rename(aside / path.name)
    places.synced(aside)
    return aside
