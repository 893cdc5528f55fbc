"""Is a store's file what SIGA left? Asked before SQLite opens it, since SQLite takes an empty file for a new store, a
cut log for a short one, and folds a log away when it closes.

A witness beside the store tells after each commit how long its log is at least. It is written after the commit is on
disk and needs no sync of its own: one that is behind promises less, and none can be ahead.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import apsw

from siga.engines import checksums
from siga.engines.wal import HEADER_BYTES, BadWal, Wal, read_wal

_MAGIC = b"SQLite format 3\0"
_WITNESS = struct.Struct("<4s8sII")
_WITNESS_MAGIC = b"SIGW"
_PENDING_BYTE = 0x40000000
"""SQLite keeps a page at this offset free for its locks; nothing is ever written there."""


class StoreDamaged(OSError):
    """A store is missing, cut or changed: SIGA does not start on it, and changes nothing in it."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(
            f"the store {path} cannot be trusted: {what}. Nothing was changed. `siga doctor` tells more; "
            "`siga restore` brings a backup back"
        )
        self.path, self.what = path, what


class _Header(NamedTuple):
    """What the first hundred bytes of a store tell."""

    page_bytes: int
    reserved: int
    pages: int


def wal_of(path: Path) -> Path:
    """The log beside a store."""
    return path.with_name(path.name + "-wal")


def witness_of(path: Path) -> Path:
    """The witness beside a store."""
    return path.with_name(path.name + "-witness")


def is_there(path: Path, *, expected: bool) -> bool:
    """Whether there is a store to open. StoreDamaged when one was there before (`expected`) and is not any more."""
    size = path.stat().st_size if path.exists() else 0
    log = wal_of(path)
    if size or (log.exists() and log.stat().st_size):
        return True
    if expected or witness_of(path).exists():
        raise StoreDamaged(path, "it was in use and is now " + ("empty" if path.exists() else "missing"))
    return False


def check(path: Path) -> None:
    """StoreDamaged unless the file and its log fit together; reads the header and the log, not the whole store."""
    try:
        wal = read_wal(wal_of(path))
    except BadWal as fault:
        raise StoreDamaged(path, f"its log (-wal) is damaged: {fault}") from fault
    _check_log(path, wal)
    size = path.stat().st_size if path.exists() else 0
    header = _header(path, size) if size else None
    if header is None:  # SQLite puts the first page into the file before there can be a log
        raise StoreDamaged(path, "it is not an SQLite file" if size >= 512 else f"{size} bytes of it are left")
    if header.reserved == checksums.RESERVED_BYTES and not checksums.AVAILABLE:
        raise StoreDamaged(path, "its pages carry checksums, which this installation of APSW cannot check")
    _check_size(path, size, header, wal)


def _check_log(path: Path, wal: Wal | None) -> None:
    if wal is not None and wal.commits_behind:
        raise StoreDamaged(path, "its log (-wal) is damaged, and commits lie behind the damage")
    told = _read_witness(path)
    if told is None:
        return
    salts, frames = told
    if wal is None and frames:
        raise StoreDamaged(
            path, "its log (-wal) is missing. If another tool folded it in, remove the file that ends in -witness"
        )
    if wal is not None and wal.salts == salts and wal.frames < frames:
        raise StoreDamaged(path, f"its log (-wal) holds {wal.frames} of {frames} frames that were on the disk")


def _header(path: Path, size: int) -> _Header | None:
    with path.open("rb") as file:
        head = file.read(100)
    if size < 512 or not head.startswith(_MAGIC):
        return None
    page_bytes = int.from_bytes(head[16:18], "big")
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    if page_bytes < 512 or page_bytes & (page_bytes - 1) or head[20] not in (0, checksums.RESERVED_BYTES):
        return None
    counted = head[24:28] == head[92:96]
    return _Header(page_bytes, head[20], int.from_bytes(head[28:32], "big") if counted else size // page_bytes)


def _check_size(path: Path, size: int, header: _Header, wal: Wal | None) -> None:
    """Every page of the store must lie in the file or in the log."""
    pages, wal_frames = header.pages, wal.frames if wal is not None else 0
    if size % header.page_bytes and not wal_frames:
        raise StoreDamaged(path, "it ends within a page")
    if wal is not None and wal_frames:
        pages = wal.pages
    touched = wal.touched if wal is not None else frozenset[int]()
    free = _PENDING_BYTE // header.page_bytes + 1
    missing = sum(n not in touched and n != free for n in range(size // header.page_bytes + 1, pages + 1))
    if missing:
        raise StoreDamaged(path, f"{missing} of its {pages} pages are missing")


def _read_witness(path: Path) -> tuple[bytes, int] | None:
    """(salts, frames) as last told; None when there is no witness that can be read."""
    try:
        data = witness_of(path).read_bytes()
    except OSError:
        return None
    if len(data) != _WITNESS.size:
        return None
    magic, salts, frames, told = _WITNESS.unpack(data)
    if magic != _WITNESS_MAGIC or zlib.crc32(data[:-4]) != told:
        return None
    return salts, frames


class Witness:
    """Tells after each commit of the one writer how long the log is."""

    def __init__(self, path: Path, raw: apsw.Connection) -> None:
        self._log, self._raw = wal_of(path), raw
        self._file = os.open(witness_of(path), os.O_RDWR | os.O_CREAT, 0o600)
        self._header = -1

    def note(self) -> None:
        """A commit is on disk. A witness that cannot be written promises less; the commit stands."""
        frames, _ = self._raw.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
        try:
            if self._header < 0:
                self._header = os.open(self._log, os.O_RDONLY)
            self._write(os.pread(self._header, HEADER_BYTES, 0)[16:24], max(0, frames))
        except OSError:
            return

    def _write(self, salts: bytes, frames: int) -> None:
        if len(salts) == 8:
            told = _WITNESS.pack(_WITNESS_MAGIC, salts, frames, 0)[:-4]
            os.pwrite(self._file, told + zlib.crc32(told).to_bytes(4, "little"), 0)

    def promise_nothing(self) -> None:
        """The log is about to be folded in and cut: on disk when this returns."""
        self._write(bytes(8), 0)
        os.fsync(self._file)

    def close(self) -> None:
        """The log is about to be folded in and removed: nothing is promised of it any more."""
        try:
            self.promise_nothing()
        finally:
            os.close(self._file)
            if self._header >= 0:
                os.close(self._header)
