"""The child's side of `siga.kit.child`: answers frames until its input ends, and ends with its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO

MAX_FRAME_BYTES = 64 * 1024 * 1024
_PR_SET_PDEATHSIG = 1  # prctl(2)


def framed(data: bytes) -> bytes:
    """Bytes as a frame: their length in 4 bytes, big-endian, and themselves."""
    return len(data).to_bytes(4, "big") + data


def serve(answer: Callable[[bytes], bytes], *, niceness: int = 10) -> None:
    """Say "ready" by an empty frame, then answer each frame of stdin on stdout, in turn, until stdin ends.

    Standard output of anything else goes to stderr, so that no library's word is taken for an answer. A fault of
    `answer` ends the process: the parent hears it by the closed pipe.
    """
    _end_with_parent()
    os.nice(niceness)
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    questions = sys.stdin.buffer
    _write(replies, b"")
    while (question := read_frame(questions)) is not None:
        _write(replies, answer(question))


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame of a blocking stream; None at its end, also in mid-frame."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    length = int.from_bytes(head, "big")
    if length > MAX_FRAME_BYTES:
        return None
    data = stream.read(length)
    return data if len(data) == length else None


def _write(stream: BinaryIO, data: bytes) -> None:
    rest = memoryview(framed(data))
    while rest:
        rest = rest[stream.write(rest) :]


def _end_with_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
