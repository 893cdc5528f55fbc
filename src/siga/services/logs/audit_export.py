"""Signed heads into files elsewhere: `heads-YYYY-MM.jsonl`, only ever appended to, each line on disk before the next.

The folder should lie where whoever can change SIGA's own disk cannot change it: another machine, a write-once store.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from siga.contract.audit import SignedHead
from siga.services.logs.audit_chain import canonical, head_in

PATTERN = "heads-*.jsonl"


def head_files(folder: Path) -> list[Path]:
    """The files of a folder, oldest first."""
    return sorted(folder.glob(PATTERN))


class HeadFiles:
    """Appends heads to the files of one folder, each head once. Blocks: for a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reached: dict[str, int] | None = None

    def reached(self) -> dict[str, int]:
        """Of each chain the last head that was exported; read from the files at the first call."""
        if self._reached is None:
            reached: dict[str, int] = {}
            for path in head_files(self.folder):
                for line in path.read_bytes().split(b"\n"):
                    try:
                        head = head_in(msgspec.json.decode(line, type=SignedHead))
                    except (msgspec.MsgspecError, ValueError):
                        continue  # cut by a crash: it is written again, whole
                    reached[head.municipality_id] = max(reached.get(head.municipality_id, 0), head.head)
            self._reached = reached
        return self._reached

    def append(self, heads: Sequence[SignedHead]) -> None:
        """Write heads that are not there yet; OSError when the folder is missing or full."""
        reached = self.reached()
        by_file: dict[Path, list[tuple[str, int, str]]] = {}
        for signed in heads:
            head = head_in(signed)
            path = self.folder / f"heads-{head.at:%Y-%m}.jsonl"
            by_file.setdefault(path, []).append((head.municipality_id, head.head, canonical(signed)))
        for path, lines in by_file.items():
            fresh = [line for line in lines if line[1] > reached.get(line[0], 0)]
            _append(path, "".join(f"{text}\n" for _, _, text in fresh).encode())
            for municipality_id, head_number, _ in fresh:
                reached[municipality_id] = head_number


def _append(path: Path, data: bytes) -> None:
    if not data:
        return
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640), "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
            data = b"\n" + data
        while data:
            data = data[file.write(data) :]
        os.fsync(file.fileno())
