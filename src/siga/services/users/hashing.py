"""Asks the hashing child, one password at a time, and turns people away when too many wait."""

from __future__ import annotations

import sys

import msgspec

from siga.kit.child import Child, ChildFailed, ChildTooSlow
from siga.kit.log import logger
from siga.kit.problem import TooMany, Unavailable
from siga.services.users.model.hashes import HashJob, HashResult

MAX_WAITING = 8
_LIMIT_S, _READY_S = 10.0, 15.0
_RETRY_AFTER_S = 3

log = logger("users")


class Hasher:
    """Passwords to argon2id hashes, in a niced child: the serving process never waits for its CPU."""

    def __init__(self, child: Child | None = None) -> None:
        self._child = child or Child([sys.executable, "-m", "siga.services.users.hasher"], _READY_S)
        self._inside = 0

    async def hash(self, password: str) -> str:
        """The hash of a new password; TooMany when more than 8 wait, Unavailable when the child cannot do it."""
        result = await self._ask(HashJob(op="hash", password=password))
        if result.hash is None:
            raise Unavailable("Passwords cannot be kept just now.")
        return result.hash

    async def verify(self, password: str, known: str | None) -> HashResult:
        """Whether a password fits a known hash (None never fits, and is as slow); `hash` is a fresh one to keep."""
        return await self._ask(HashJob(op="verify", password=password, known=known))

    def need_room(self) -> None:
        """TooMany when too many wait: asked before anything is written down, so that a storm costs next to nothing."""
        if self._inside > MAX_WAITING:
            raise TooMany("Many people are signing in.", headers={"Retry-After": str(_RETRY_AFTER_S)})

    async def close(self) -> None:
        """End the child."""
        await self._child.close()

    async def _ask(self, job: HashJob) -> HashResult:
        self.need_room()
        self._inside += 1
        try:
            return msgspec.json.decode(await self._answer(msgspec.json.encode(job)), type=HashResult)
        finally:
            self._inside -= 1

    async def _answer(self, frame: bytes) -> bytes:
        try:
            return await self._child.ask(frame, _LIMIT_S)
        except ChildTooSlow as fault:
            log.warning("hashing_too_slow", why=str(fault))
            raise Unavailable("Passwords cannot be checked just now.") from fault
        except ChildFailed:
            log.warning("hashing_child_gone")
        try:  # once more: it may have ended while nobody asked, and a password harms no child
            return await self._child.ask(frame, _LIMIT_S)
        except ChildFailed as fault:
            raise Unavailable("Passwords cannot be checked just now.") from fault
