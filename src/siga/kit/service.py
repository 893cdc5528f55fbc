"""What `system.py` gives a service to be built from, and what it gets back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import MetaData

from siga.contract.parking import Ack, ReportBatch
from siga.kit.auth import Keyring
from siga.kit.clock import Clock, utc_now
from siga.kit.live_settings import LiveSettings
from siga.kit.peers import Peers
from siga.ports import Database, EventFeed, ImageStore, MailDoor

ASGI = Callable[..., Awaitable[None]]


class Lane(Protocol):
    """A service's express lane, for the gateway where both run in one process: no wire, no second decoding."""

    def answer(self, path: str, query: bytes, accept: bytes | None, if_none_match: bytes | None) -> Any:
        """(status, headers, body) of a plain public GET; None: ask the service itself."""
        ...

    async def take(self, batch: ReportBatch) -> list[Ack]:
        """Reports of one envelope, answered after the commit, in their order."""
        ...

    def keys_version(self) -> int:
        """As long as it is the same, every device's key is."""
        ...


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything a service needs from outside, chosen by `system.py`. `data` is this service's own folder."""

    name: str
    process: str
    data: Path
    keys: Keyring
    peers: Peers
    settings: LiveSettings
    database: Callable[[MetaData], Database]
    """Opens this service's own store with its tables."""
    feed: Callable[[str], EventFeed]
    """Another service's journal, near or far, by name."""
    local_feed: Callable[[Any, Database], EventFeed]
    """This service's own journal as a feed: `local_feed(journal, database)`."""
    images: Callable[[], ImageStore]
    mail: MailDoor | None = None
    """The way to a mail server, None where there is none."""
    apps: Mapping[str, ASGI] = field(default_factory=dict)
    """The other services' apps for raw forwarding, near or far, by name."""
    lanes: Mapping[str, Lane] = field(default_factory=dict)
    """Express lanes of services built before in this process, by name."""
    clock: Clock = utc_now
    options: dict[str, Any] = field(default_factory=dict)
    """Start options: `public_url`, `demo`, `trusted_proxy`, …"""


@dataclass(kw_only=True)
class Service:
    """A built service: its app, its journal as a feed, what runs in the background, how it starts and ends."""

    name: str
    app: ASGI
    feed: EventFeed | None = None
    database: Database | None = None
    load: Callable[[], Awaitable[None]] | None = None
    """Awaited before the service is ready: memory from the store."""
    background: list[Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=list)
    """Endless tasks, cancelled at the end."""
    close: Callable[[], Awaitable[None]] | None = None
    """Awaited after the tasks ended, before the database closes."""
    ready: Callable[[], bool] = lambda: True
    extra: dict[str, Any] = field(default_factory=dict)
    """Further apps, e.g. the gateway's sensors' door."""


async def every(seconds: float, work: Callable[[], Awaitable[Any]], on_fault: Callable[[Exception], None]) -> None:
    """Run `work` again and again, `seconds` apart; a fault is told and does not end it."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception as fault:
            on_fault(fault)
