"""The cost of a password's hash, and the words between Users and its hashing child."""

from __future__ import annotations

from typing import Literal

import msgspec

MEMORY_KIB, PASSES, PARALLELISM, TAG_BYTES = 64 * 1024, 3, 1, 32
"""argon2id; about 160 ms of one core (OWASP's floor is 19 MiB, 2 passes)."""

DUMMY_HASH = "$argon2id$v=19$m=65536,t=3,p=1$FuDnKqN+BM7jF+QvV+pg3g$cHoryQEjz1Ys1K3ah6sssDpgPUs/GLJDiQsLzchIQsk"
"""The hash of nobody's password (32 random bytes, thrown away): an unknown e-mail costs as much as a known one."""


class HashJob(msgspec.Struct, frozen=True, kw_only=True):
    """Hash a password, or see whether it fits `known` (None = nobody's: as slow, never fits)."""

    op: Literal["hash", "verify"]
    password: str
    known: str | None = None


class HashResult(msgspec.Struct, frozen=True, kw_only=True):
    """A new hash, or whether the password fits."""

    fits: bool = False
    hash: str | None = None
