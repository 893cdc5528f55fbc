"""What a backup says of itself: every file with its size and SHA-256, and what the stores held."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from siga.contract.base import Word

FORMAT = 1
MARK, MANIFEST, SUM, DATA = "siga-backup.json", "manifest.json", "manifest.sha256", "data"
_CHUNK_BYTES = 1 << 20


class BadBackup(OSError):
    """A folder is no backup of ours, or one that is not whole."""


class StoredFile(Word):
    """One file, by its path below the data folder."""

    path: str
    size: int
    sha256: str


class StoreState(Word):
    """What a store held at the instant of the backup."""

    revision: str | None
    head: int = 0
    """The newest position of its journal."""
    cursors: dict[str, int] = {}
    """How far it had followed others' journals."""


class Manifest(Word):
    """One generation of a backup. `left_out` says what is kept elsewhere and must be backed up there."""

    format: int
    version: str
    began_at: datetime
    took_s: float
    stores: dict[str, StoreState]
    files: list[StoredFile]
    left_out: list[str] = []

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

    def disagreements(self) -> list[str]:
        """Where a store has followed another's journal further than that journal goes; empty when all agree."""
        return [
            f"{name} has followed {source} to {position}, whose journal ends at {self.stores[source].head}"
            for name, store in self.stores.items()
            for source, position in store.cursors.items()
            if source in self.stores and position > self.stores[source].head
        ]


def sha256_of(path: Path, then: Callable[[bytes], object] = lambda _: None) -> str:
    """Hex SHA-256 of a file; `then` is given each piece as it is read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK_BYTES):
            digest.update(piece)
            then(piece)
    return digest.hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a new file that only its owner may read; on disk when this returns."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put the manifest and its own sum into a generation."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    write_whole(folder / MANIFEST, data)
    write_whole(folder / SUM, f"{hashlib.sha256(data).hexdigest()}  {MANIFEST}\n".encode())


def read_manifest(generation: Path) -> Manifest:
    """The manifest of a generation; BadBackup when it is damaged or of a newer SIGA."""
    try:
        data = (generation / MANIFEST).read_bytes()
        told = (generation / SUM).read_text().split()[0]
    except (OSError, IndexError) as fault:
        raise BadBackup(f"{generation} is no backup of SIGA, or not a whole one: {fault}") from fault
    if hashlib.sha256(data).hexdigest() != told:
        raise BadBackup(f"{generation / MANIFEST} was changed after the backup")
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as fault:
        raise BadBackup(f"{generation / MANIFEST} cannot be read: {fault}") from fault
    if manifest.format > FORMAT:
        raise BadBackup(f"{generation} was made by a newer SIGA ({manifest.version})")
    return manifest


def generations(folder: Path) -> list[Path]:
    """The whole generations in a backup folder, oldest first."""
    if not (folder / MARK).exists():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and (path / MANIFEST).exists()
                  and not path.name.startswith("."))  # fmt: skip


def chosen(folder: Path) -> Path:
    """A generation itself, or the newest one of a backup folder; BadBackup when there is none."""
    if (folder / MANIFEST).exists():
        return folder
    found = generations(folder)
    if not found:
        raise BadBackup(f"there is no backup of SIGA in {folder}")
    return found[-1]
