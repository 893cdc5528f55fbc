"""A disk whose power can be cut at any moment: an APSW VFS that writes down every write and sync under SQLite.

kill -9 proves nothing about durability, since the page cache survives it. From what this VFS wrote down, the files are
made as a disk would hold them had the power gone between two of its operations: what was synced is there, the rest is
gone (`dropped`) or there in part, sector by sector (`torn`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import apsw

SECTOR_BYTES = 512


class Op(NamedTuple):
    """One operation on a file: write (offset, data), truncate (offset), delete, sync; or an acknowledgement."""

    kind: str
    name: str = ""
    offset: int = 0
    data: bytes = b""
    note: Any = None


class _File(apsw.VFSFile):
    def __init__(self, base: str, name: Any, flags: Any, log: list[Op]) -> None:
        super().__init__(base, name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name, self._log = os.path.basename(str(path)), log

    def xWrite(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)
        self._log.append(Op("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._log.append(Op("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._log.append(Op("sync", self._name))


class _Recorder(apsw.VFS):
    def __init__(self, log: list[Op]) -> None:
        self._base = apsw.Connection(":memory:").open_vfs or "unix"
        super().__init__("power-cut", self._base, makedefault=True)
        self._log = log

    def xOpen(self, name: Any, flags: Any) -> _File:
        return _File(self._base, name, flags, self._log)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._log.append(Op("delete", os.path.basename(filename), note=syncdir))


@contextmanager
def recorded() -> Iterator[list[Op]]:
    """What SQLite does to its files in this process while the block runs."""
    log: list[Op] = []
    vfs = _Recorder(log)
    try:
        yield log
    finally:
        vfs.unregister()


class Disk:
    """The files as they are on the disk after so many operations; `step` takes one more.

    Bytes and lengths are safe once their own file is synced; that a file is gone is safe with the next sync of any
    file, as on journalling file systems.
    """

    def __init__(self) -> None:
        self._synced: dict[str, bytearray] = {}
        self._waiting: dict[str, list[Op]] = {}

    def step(self, op: Op) -> None:
        """One operation happens."""
        if op.kind == "sync":
            for name in [name for name, ops in self._waiting.items() if ops[-1].kind == "delete"]:
                self._settle(name)
            self._settle(op.name)
            self._synced.setdefault(op.name, bytearray())
        elif op.kind == "delete" and op.note:
            self._waiting.pop(op.name, None)
            self._synced.pop(op.name, None)
        elif op.kind != "ack":
            self._waiting.setdefault(op.name, []).append(op)

    def _settle(self, name: str) -> None:
        for waiting in self._waiting.pop(name, []):
            _apply(self._synced, waiting)

    def dropped(self, folder: Path) -> None:
        """Write the files as they are when everything that was not synced is lost."""
        _write(folder, self._synced)

    def torn(self, folder: Path, rng: Random) -> None:
        """Write the files as they are when any sectors of what was not synced arrived, in any order."""
        files = {name: bytearray(data) for name, data in self._synced.items()}
        for waiting in self._waiting.values():
            for op in waiting:
                for part in _sectors(op):
                    if rng.random() < 0.5:
                        _apply(files, part)
        _write(folder, files)


def _sectors(op: Op) -> Iterator[Op]:
    if op.kind != "write":
        yield op
        return
    at, end = op.offset, op.offset + len(op.data)
    while at < end:
        upto = min(end, (at // SECTOR_BYTES + 1) * SECTOR_BYTES)
        yield Op("write", op.name, at, op.data[at - op.offset : upto - op.offset])
        at = upto


def _apply(files: dict[str, bytearray], op: Op) -> None:
    if op.kind == "delete":
        files.pop(op.name, None)
        return
    data = files.setdefault(op.name, bytearray())
    if op.kind == "truncate":
        del data[op.offset :]
        data.extend(bytes(op.offset - len(data)))
        return
    end = op.offset + len(op.data)
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    data[op.offset : end] = op.data


def _write(folder: Path, files: dict[str, bytearray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
