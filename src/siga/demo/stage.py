"""The Street page's wire: its commands come by a long poll, what happens on the street goes back in small batches."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from siga.demo.casting import Who
from siga.demo.doors import Away, Door, Refused

_WAIT_S = 20
_MOST_WAITING = 500
_LONGEST_PAUSE_S = 10.0
_GATHER_S = 0.2


class Command(Struct, frozen=True, kw_only=True):
    """What the visitor wants done: `take` a bay (by `who`), let its car `leave`, `mute` or `unmute` its sensor."""

    command_id: str
    what: str
    code: str
    who: Who = "no_card"


class _Commands(Struct, frozen=True, kw_only=True):
    commands: list[Command]


class Stage:
    """Commands in, news out."""

    def __init__(self, door: Door, token: str, obey: Callable[[Command], None]) -> None:
        self._door, self._obey = door, obey
        self._headers = {"x-demo-token": token}
        self._news: deque[dict[str, Any]] = deque(maxlen=_MOST_WAITING)
        self._woken = asyncio.Event()
        self._deaf = False
        self._rng = Random()

    def tell(self, code: str, what: str, *, command_id: str | None = None, **detail: Any) -> None:
        """Something happened at a bay just now."""
        at = datetime.now(UTC)
        self._news.append({"at": at, "code": code, "what": what, "command_id": command_id, "detail": detail})
        self._woken.set()

    async def listen(self) -> None:
        """Ask for commands and obey them, for ever."""
        pause_s = 0.5
        while True:
            try:
                answer = await self._door.ask(
                    "GET", f"/demo/api/commands?wait_s={_WAIT_S}", headers=self._headers, wait_s=_WAIT_S, patience_s=0.0
                )
                for command in msgspec.json.decode(answer.content, type=_Commands).commands:
                    self._obey(command)
                pause_s = 0.5
            except (Away, Refused):
                await asyncio.sleep(pause_s * self._rng.uniform(0.7, 1.3))
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def report(self) -> None:
        """Send the news as they come, for ever."""
        while True:
            await self._woken.wait()
            await asyncio.sleep(_GATHER_S)
            self._woken.clear()
            news = list(self._news)
            if not news:
                continue
            try:
                await self._door.json("POST", "/demo/api/happened", {"happened": news}, headers=self._headers)
                self._deaf = False
            except (Away, Refused) as fault:
                if not self._deaf:  # told once, since the street goes on without its page
                    sys.stdout.write(f"the Street page does not take the news: {fault}\n")
                self._deaf = True
            for one in news:
                if self._news and self._news[0] is one:
                    self._news.popleft()
