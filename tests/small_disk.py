"""A disk of 64 MiB: a real tmpfs where one may be mounted, else a limit below SQLite that answers as a full disk."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import pytest

SIZE_BYTES = 64 << 20
_CHUNK_BYTES = 64 << 10


class Usage(NamedTuple):
    """As `shutil.disk_usage` tells it."""

    total: int
    used: int
    free: int


class SmallDisk:
    """A folder with room for `SIZE_BYTES`; `ballast` takes room away and gives it back."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self._ballast = folder / "ballast"

    def free_bytes(self) -> int:
        """The room that is left."""
        return shutil.disk_usage(self.folder).free

    def leave(self, free_bytes: int) -> None:
        """Fill the disk until only so much is left; 0 fills it to the last byte."""
        with self._ballast.open("ab") as file:
            while (left := self.free_bytes() - free_bytes) > 0:
                try:
                    file.write(bytes(min(left, _CHUNK_BYTES)))
                    file.flush()
                except OSError as fault:
                    if fault.errno != errno.ENOSPC:
                        raise
                    return

    def give_back(self) -> None:
        """Take the ballast away."""
        self._ballast.unlink(missing_ok=True)


class _Limited(SmallDisk):
    """Where nothing can be mounted: what lies in the folder is counted, and SQLite is told that the disk is full."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "a limit below SQLite")
        self._ballast_bytes = 0

    def free_bytes(self) -> int:
        used = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
        return max(0, SIZE_BYTES - used - self._ballast_bytes)

    def leave(self, free_bytes: int) -> None:
        self._ballast_bytes += max(0, self.free_bytes() - free_bytes)

    def give_back(self) -> None:
        self._ballast_bytes = 0

    def usage(self, _: Any) -> Usage:
        """In the place of `shutil.disk_usage`."""
        return Usage(SIZE_BYTES, SIZE_BYTES - self.free_bytes(), self.free_bytes())


class _File(apsw.VFSFile):
    def __init__(self, base: str, name: Any, flags: Any, disk: SmallDisk) -> None:
        super().__init__(base, name, flags)
        self._disk = disk

    def xWrite(self, data: Any, offset: int) -> None:
        if offset + len(data) > self.xFileSize() and self._disk.free_bytes() < len(data):
            raise apsw.FullError("the disk is full")
        super().xWrite(data, offset)


class _Full(apsw.VFS):
    def __init__(self, disk: SmallDisk) -> None:
        self._base, self._disk = apsw.Connection(":memory:").open_vfs, disk
        super().__init__("small-disk", self._base, makedefault=True)

    def xOpen(self, name: Any, flags: Any) -> _File:
        return _File(self._base, name, flags, self._disk)


@contextmanager
def small_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDisk]:
    """A small disk at an empty folder; SIGA_NO_MOUNT=1 tries the other kind."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(folder)]
    if not os.environ.get("SIGA_NO_MOUNT") and subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        try:
            yield SmallDisk(folder, "a tmpfs")
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    disk = _Limited(folder)
    vfs = _Full(disk)
    monkeypatch.setattr(shutil, "disk_usage", disk.usage)
    try:
        yield disk
    finally:
        vfs.unregister()
