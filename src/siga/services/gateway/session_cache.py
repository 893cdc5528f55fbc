"""What Users said about session tokens, kept for at most a minute and dropped at once when a session or a role ends."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from siga.contract.auth import Principal
from siga.contract.events import Event
from siga.contract.factors import FactorsChanged, SessionConfirmed, SessionLocked
from siga.contract.users import GrantsChanged, SessionEnded

KEPT_S = 60.0
_NOBODY_KEPT_S = 10.0
_REMEMBERED_S = 600.0
"""Longer than an access token lives (5 min): so long are endings remembered."""
_MOST = 50_000

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal | None
    until_s: float


class SessionCache:
    """Answers who a session token stands for; asks Users when it does not know or its answer is old.

    Tokens are kept as SHA-256 only. `ask` answers None for a token that stands for nobody; what it raises is raised on.
    `now_s` is a monotonic clock, `wall_s` the unix time.
    """

    def __init__(self, ask: Callable[[str], Awaitable[Principal | None]], now_s: Callable[[], float],
                 wall_s: Callable[[], float]) -> None:  # fmt: skip
        self._ask, self._now_s, self._wall_s = ask, now_s, wall_s
        self._known: dict[bytes, _Known] = {}
        self._ended: dict[str, float] = {}
        self._changed: dict[str, float] = {}
        self._generation = 0

    async def principal(self, token: str) -> Principal | None:
        """Who it is, None for nobody."""
        key = hashlib.sha256(token.encode()).digest()
        known = self._known.get(key)
        if known and known.until_s > self._now_s():
            return known.principal
        generation = self._generation
        principal = await self._ask(token)
        if principal and self.ended(principal):
            return None
        if generation == self._generation:  # else something ended while we asked: the answer may be older than that
            kept_s = KEPT_S if principal else _NOBODY_KEPT_S
            _put(self._known, key, _Known(principal, self._now_s() + kept_s))
        return principal

    def ended(self, principal: Principal) -> bool:
        """Whether that session has ended, as far as events have told."""
        return bool(principal.session_id) and principal.session_id in self._ended

    def outdated(self, principal: Principal, issued_s: float) -> bool:
        """Whether the person's roles changed after an access token was issued (unix seconds, floored by its issuer)."""
        changed_s = self._changed.get(principal.user_id)
        return changed_s is not None and issued_s < int(changed_s)

    def forget(self, token: str) -> None:
        """Ask anew about this token next time."""
        self._known.pop(hashlib.sha256(token.encode()).digest(), None)

    def hear(self, event: Event) -> None:
        """Take an event of Users' journal to heart."""
        data = event.decoded()
        if isinstance(data, SessionEnded):
            _put(self._ended, data.session_id, self._wall_s())
            self._drop(lambda who: who.session_id == data.session_id)
        elif isinstance(data, SessionConfirmed | SessionLocked):
            self._drop(lambda who: who.session_id == data.session_id)
        elif isinstance(data, FactorsChanged):
            self._drop(lambda who: who.user_id == data.user_id)
        elif isinstance(data, GrantsChanged):
            _put(self._changed, data.user_id, event.recorded_at.timestamp())
            self._drop(lambda who: who.user_id == data.user_id)

    def _drop(self, applies: Callable[[Principal], bool]) -> None:
        self._generation += 1
        for key in [k for k, known in self._known.items() if known.principal and applies(known.principal)]:
            del self._known[key]
        self._age(self._ended)
        self._age(self._changed)

    def _age(self, noted: dict[str, float]) -> None:
        limit_s = self._wall_s() - _REMEMBERED_S
        for key in [k for k, at_s in noted.items() if at_s < limit_s]:
            del noted[key]


def _put(into: dict[_K, _V], key: _K, value: _V) -> None:
    into.pop(key, None)
    into[key] = value
    if len(into) > _MOST:
        del into[next(iter(into))]
