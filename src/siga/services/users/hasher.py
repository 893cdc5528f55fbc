"""The child that hashes passwords: `python -m siga.services.users.hasher`, asked by `hashing.Hasher` over pipes."""

from __future__ import annotations

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from siga.kit.child_side import serve
from siga.services.users.model.hashes import DUMMY_HASH, MEMORY_KIB, PARALLELISM, PASSES, TAG_BYTES, HashJob, HashResult

_argon2 = PasswordHasher(
    time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=PARALLELISM, hash_len=TAG_BYTES, salt_len=16
)


def answer(frame: bytes) -> bytes:
    """One job done: a new hash, or whether a password fits a known one (with a fresh hash if the costs were raised)."""
    job = msgspec.json.decode(frame, type=HashJob)
    return msgspec.json.encode(_hash(job.password) if job.op == "hash" else _verify(job))


def _hash(password: str) -> HashResult:
    return HashResult(hash=_argon2.hash(password))


def _verify(job: HashJob) -> HashResult:
    try:
        fits = _argon2.verify(job.known or DUMMY_HASH, job.password)
    except (VerificationError, InvalidHashError):
        return HashResult(fits=False)
    if job.known is None:
        return HashResult(fits=False)
    fresh = _argon2.hash(job.password) if _argon2.check_needs_rehash(job.known) else None
    return HashResult(fits=fits, hash=fresh)


if __name__ == "__main__":
    serve(answer)
