"""An event feed of a service in another process: `GET /internal/v1/events?after=&wait_s=`."""

from __future__ import annotations

from collections.abc import Sequence

from siga.contract.events import Event, EventPage
from siga.kit.peers import Peer


class HttpFeed:
    """A `siga.ports.EventFeed` over HTTP with this service's own token."""

    def __init__(self, source: str, peer: Peer) -> None:
        self.source = source
        self._peer = peer

    async def read(self, after: int, limit: int = 500, wait_s: float = 0.0) -> Sequence[Event]:
        """Events after a position; the other side waits up to `wait_s` seconds."""
        page = await self._peer.get(
            "/internal/v1/events",
            EventPage,
            params={"after": after, "limit": limit, "wait_s": wait_s},
            timeout_s=wait_s + 10,
        )
        return page.events

    async def head(self) -> int:
        """The newest readable position."""
        page = await self._peer.get("/internal/v1/events", EventPage, params={"after": 2**62, "limit": 1, "wait_s": 0})
        return page.head
