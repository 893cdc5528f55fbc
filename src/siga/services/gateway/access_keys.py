"""The gateway's knowledge of the keys of access tokens: fetched from Users when they change or one is unknown."""

from __future__ import annotations

import asyncio
import time

import msgspec

from siga.contract.accounts import PublicKeys
from siga.contract.auth import Principal
from siga.contract.events import Event
from siga.contract.users import TokenKeysChanged
from siga.kit.access import AccessKeys, UnknownKey
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.kit.problem import Problem

_PAUSE_S = 1.0
_log = logger("gateway")


class KnownAccessKeys:
    """Verifies access tokens.

    A token signed with an unknown key waits until the keys were fetched anew, at most once a second however many come:
    so no token of a new key is refused, and made-up ones cost Users next to nothing.
    """

    def __init__(self, peers: Peers, keys: AccessKeys) -> None:
        self._peers, self._keys = peers, keys
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._fetched_s = -_PAUSE_S

    def hear(self, event: Event) -> None:
        """Fetch the keys at once if Users has changed them: tokens of a key that was given away end by that."""
        if isinstance(event.decoded(), TokenKeysChanged):
            self._changed.set()

    async def run(self) -> None:
        """Fetch the keys when they change, for ever; cancel to stop."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._fetch(since_s=time.monotonic())
            except Problem as problem:
                _log.warning("access_keys_wait", why=problem.slug)
                self._changed.set()
                await asyncio.sleep(_PAUSE_S)

    async def verify(self, token: str) -> Principal:
        """Whom a token speaks for; Unauthenticated for anything that is not in order."""
        try:
            return self._keys.verify(token)
        except UnknownKey:
            await self._fetch(since_s=time.monotonic())
            return self._keys.verify(token)

    async def _fetch(self, since_s: float) -> None:
        """Fetch the keys, unless somebody else has begun to since."""
        async with self._turn:
            if self._fetched_s >= since_s:
                return
            await asyncio.sleep(max(0.0, self._fetched_s + _PAUSE_S - time.monotonic()))
            self._fetched_s = time.monotonic()
            found = await self._peers["users"].get("/api/v1/auth/jwks", PublicKeys)
            self._keys.learn(msgspec.to_builtins(found))
