"""The data folder: who holds it, what in it is a store, a photo, or something that need not be kept."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from siga.system import BUILD_ORDER

LOCK, SOCKET = "siga.lock", "siga.sock"
RESTORING, RESTORING_DRAFT, BEFORE = ".restoring", ".restoring-draft", "before-restore-"
PHOTOS = Path("images/photos")
LAST_BACKUP = "last-backup.json"
PSEUDONYM_KEYS = "pseudonym-keys"
"""They are destroyed in time so that no copy of a pseudonym leads anywhere: a backup would keep them alive."""
_NOT_KEPT = {LOCK, SOCKET, LAST_BACKUP, "picture.snapshot"}
"""Made anew by themselves, or of this machine only."""
_STORE_FILE = re.compile(r"\.db(-\w+)?$")


def stores() -> tuple[str, ...]:
    """The services that keep a store."""
    return tuple(name for name in BUILD_ORDER if importlib.util.find_spec(f"siga.services.{name}.migrations"))


def store_of(data: Path, service: str) -> Path:
    """The file of a service's store."""
    return data / service / f"{service}.db"


def hold(data: Path) -> IO[str]:
    """Hold the data folder: two processes on one store would harm it.

    OSError when another has it, or when a restore into it did not come to its end.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (data / LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        lock.close()
        raise OSError(f"another SIGA runs on {data}: stop it, or give another folder by --data") from fault
    return lock


def refuse_unfinished(data: Path) -> None:
    """OSError when a restore into the folder was interrupted."""
    if (data / RESTORING).exists():
        raise OSError(f"a restore into {data} was interrupted: run `siga restore … --force` again")


def is_held(data: Path) -> bool:
    """Whether some process holds the folder now."""
    path = data / LOCK
    if not path.exists():
        return False
    with path.open("r") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def is_in_use(data: Path) -> bool:
    """Whether anything of an installation is in it."""
    return data.exists() and any(_is_content(path) for path in data.iterdir())


def _is_content(path: Path) -> bool:
    return path.name not in (LOCK, SOCKET, RESTORING, RESTORING_DRAFT) and not path.name.startswith(BEFORE)


def contents(data: Path) -> list[Path]:
    """What is in the folder of an installation, at its top."""
    return sorted(path for path in data.iterdir() if _is_content(path))


def photos(data: Path) -> Iterator[Path]:
    """The sealed photos, relative to the data folder; each is named by the SHA-256 of its bytes."""
    for path in sorted((data / PHOTOS).glob("??/*")):
        if "#" not in path.name:  # one that is just being written
            yield path.relative_to(data)


def small_files(data: Path) -> Iterator[Path]:
    """Keys, secrets and all else that is neither store nor photo, relative to the data folder."""
    for top in contents(data):
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            relative = path.relative_to(data)
            if path.is_file() and not path.is_symlink() and _is_small(relative):
                yield relative


def _is_small(path: Path) -> bool:
    if path.is_relative_to(PHOTOS) or PSEUDONYM_KEYS in path.parts:
        return False
    if path.name in _NOT_KEPT or path.suffix in (".partial", ".sock"):
        return False
    return not _STORE_FILE.search(path.name) and not path.name.startswith("log-spool.")


def stamp(now: datetime) -> str:
    """An instant as a folder's name, which sorts as time does."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H-%M-%S.%fZ")[:23] + "Z"


def made(folder: Path) -> None:
    """Make a folder and those above it that are not there, each its owner's alone."""
    if not folder.is_dir():
        made(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def synced(folder: Path) -> None:
    """Put a folder's own entries on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
