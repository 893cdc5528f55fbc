"""SQLite's write-ahead log read from outside: how far it is whole, and whether something whole lies behind a fault.

Format: https://sqlite.org/fileformat2.html#the_write_ahead_log. SQLite itself takes the first frame that does not fit
for the end of the log, since a torn write looks the same; commits behind a damaged frame would be lost without a word.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES, FRAME_HEADER_BYTES = 32, 24
_MAGICS = {0x377F0682: "<u4", 0x377F0683: ">u4"}
_FRAMES_AT_ONCE = 2_000
Words = NDArray[np.uint32]


class Wal(NamedTuple):
    """What a log holds. `frames` are those up to the last whole commit, `pages` is the store's size after it."""

    salts: bytes
    frames: int
    pages: int
    touched: frozenset[int]
    """Numbers of the pages that those frames hold."""
    commits_behind: bool
    """A commit lies behind a frame that does not fit, and more was written after it: so it had been synced."""


class BadWal(Exception):
    """The log cannot be what SQLite left."""


def read_wal(path: Path) -> Wal | None:
    """What the log holds; None when there is none or it is empty. BadWal when its header is damaged."""
    data = path.read_bytes() if path.exists() else b""
    if not data:
        return None
    if len(data) < HEADER_BYTES:
        raise BadWal("it ends within its header")
    magic, _, page_bytes, _, salts, told = struct.unpack(">IIII8s8s", data[:HEADER_BYTES])
    order = _MAGICS.get(magic)
    if order is None or not 512 <= page_bytes <= 65536 or page_bytes & (page_bytes - 1):
        raise BadWal("its header is not one of a log")
    start = np.frombuffer(told, ">u4").astype(np.uint32)
    if not np.array_equal(_folded(np.frombuffer(data[:24], order)[None, :], np.zeros((1, 2), np.uint32))[0], start):
        raise BadWal("its header does not fit its checksum")
    return _frames(data, page_bytes, order, salts, start)


def _frames(data: bytes, page_bytes: int, order: str, salts: bytes, start: Words) -> Wal:
    size = FRAME_HEADER_BYTES + page_bytes
    count = (len(data) - HEADER_BYTES) // size
    table = np.frombuffer(data, np.uint8, count * size, HEADER_BYTES).reshape(count, size)
    heads = np.ascontiguousarray(table[:, :FRAME_HEADER_BYTES]).view(">u4").astype(np.uint32)
    ours = (table[:, 8:16] == np.frombuffer(salts, np.uint8)).all(axis=1)
    fits = ours.copy()
    before = np.vstack([start[None, :], heads[:-1, 4:6]])
    for first in range(0, count, _FRAMES_AT_ONCE):
        part = slice(first, first + _FRAMES_AT_ONCE)
        summed = np.concatenate([table[part, :8], table[part, FRAME_HEADER_BYTES:]], axis=1)
        words = np.ascontiguousarray(summed).view(order).astype(np.uint32)
        fits[part] &= (_folded(words, before[part]) == heads[part, 4:6]).all(axis=1)
    whole = count if fits.all() else int(np.argmin(fits))
    commits = np.flatnonzero(heads[:whole, 1])
    frames = int(commits[-1]) + 1 if commits.size else 0
    return Wal(
        salts=salts, frames=frames, pages=int(heads[frames - 1, 1]) if frames else 0,
        touched=frozenset(heads[:frames, 0].tolist()), commits_behind=_commits_behind(heads, fits, whole),
    )  # fmt: skip


def _commits_behind(heads: Words, fits: NDArray[np.bool_], whole: int) -> bool:
    """Commits are synced one after the other: what was written after a commit proves that it was on the disk.

    The last commit's frame may be written more than once, to fill a sector: that proves nothing.
    """
    behind = np.flatnonzero(fits[whole:]) + whole
    commits = [int(n) for n in behind if heads[n, 1]]
    return bool(commits) and any(n > commits[0] and heads[n, 0] != heads[commits[0], 0] for n in behind)


def _folded(words: Words, states: Words) -> Words:
    """The log's checksum over each row of 32-bit words, from each row's own state: s0 += x0 + s1, s1 += x1 + s0.

    A step is linear modulo 2^32, so a row is a product with the powers of [[1, 1], [1, 2]].
    """
    left, right, final = _powers(words.shape[1] // 2)
    even, odd = words[:, 0::2], words[:, 1::2]
    first = (even * left[0] + odd * right[0]).sum(axis=1, dtype=np.uint32)
    second = (even * left[1] + odd * right[1]).sum(axis=1, dtype=np.uint32)
    first += states[:, 0] * final[0, 0] + states[:, 1] * final[0, 1]
    second += states[:, 0] * final[1, 0] + states[:, 1] * final[1, 1]
    return np.stack([first, second], axis=1)


_KNOWN: dict[int, tuple[Words, Words, Words]] = {}


def _powers(steps: int) -> tuple[Words, Words, Words]:
    """What each even and each odd word counts in the two sums after `steps` steps, and what the state before counts."""
    if steps not in _KNOWN:
        left, right = np.zeros((2, steps), np.uint32), np.zeros((2, steps), np.uint32)
        a, b, c, d = 1, 0, 0, 1  # the power of the matrix that still follows the step
        for n in range(steps - 1, -1, -1):
            left[:, n], right[:, n] = ((a + b) % 2**32, (c + d) % 2**32), (b, d)
            a, b, c, d = (a + b) % 2**32, (a + 2 * b) % 2**32, (c + d) % 2**32, (c + 2 * d) % 2**32
        _KNOWN[steps] = left, right, np.array([[a, b], [c, d]], np.uint32)
    return _KNOWN[steps]
