"""One open stream as the hub sees it, and the group of those who watch the same."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from siga.services.gateway.live.model import Change, Changes, Watch, put

STAFF_NEWS = 100


@dataclass(frozen=True, slots=True)
class StaffNews:
    """Something for staff of a municipality; `zone_id` None when only the bay is known. `action` is what they must be
    allowed to do to hear it."""

    action: str
    municipality_id: str
    zone_id: str | None
    bay_id: str | None
    wire: bytes


@dataclass(slots=True, eq=False)
class Group:
    """All clients that watch the same: what waits for them is kept and put together once.

    `flushed`: the position up to which the last flush told; `due_s`: when the next one is, None when nothing waits.
    """

    watch: Watch
    flushed: int
    waiting: Changes = field(default_factory=dict)
    members: dict[Client, None] = field(default_factory=dict)
    due_s: float | None = None
    flushed_s: float = -1e9

    def offer(self, change: Change) -> None:
        """Keep a change, newer than all before, for the next flush."""
        put(self.waiting, change)


@dataclass(slots=True, eq=False)
class Client:
    """One open stream. Nothing waits in it but what it is handed at a flush: one that lags catches up by `told`.

    `told`: everything up to this position, of what it watches, was handed over; None: it needs a snapshot first.
    `ready`: it waits for something to write. `lost_news`: staff news were dropped because too many waited.
    """

    group: Group
    staff: bool = False
    told: int | None = None
    ready: bool = False
    lags: bool = False
    handed: tuple[bytes, ...] = ()
    handed_s: float = -1e9
    writes_since_s: float | None = None
    news: deque[StaffNews] = field(default_factory=deque)
    lost_news: bool = False
    gone: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    limit: asyncio.Timeout | None = None

    def offer_news(self, news: StaffNews) -> None:
        """Keep staff news; when too many wait the client is told to fetch everything anew."""
        if len(self.news) >= STAFF_NEWS:
            self.news.clear()
            self.lost_news = True
        self.news.append(news)

    def has_news(self) -> bool:
        """Whether staff news wait."""
        return bool(self.news) or self.lost_news

    def take(self) -> tuple[bytes, ...]:
        """What was handed over at the last flush, to be written now."""
        handed, self.handed = self.handed, ()
        return handed

    def wake(self) -> None:
        """Let it write what it was handed."""
        self.woken.set()

    def leave(self) -> None:
        """It is gone: it has nothing to write any more."""
        self.gone = True
        self.woken.set()

    def drop(self, now_s: float) -> None:
        """End it: it does not read what it is sent. `now_s` is the event loop's time."""
        if self.limit is not None:
            self.limit.reschedule(now_s)
