"""`GET /api/v1/live`: one open app's server-sent events, from its first snapshot to its end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

from siga.contract.auth import Claims, Principal, may
from siga.contract.settings import LIVE_CLIENTS, LIVE_PER_ADDRESS
from siga.kit import metrics
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.problem import MethodNotAllowed, TooMany, Unavailable
from siga.services.gateway.asgi import Receive, Scope, Send, header, visit_of
from siga.services.gateway.live.asked import claims_of, need_staff, parse_watch, position_of
from siga.services.gateway.live.client import Client, StaffNews
from siga.services.gateway.live.hub import Hub
from siga.services.gateway.live.model import Watch, server_sent, slices
from siga.services.gateway.live.snapshot import Snapshots
from siga.services.gateway.sessions import SignIn, Who

STAFF_STREAM_S = 900.0
"""So long a staff stream lasts at most; coming back, its session is looked at anew."""
HINT_WAITS_S = 30.0
"""So long the hint that a client was dropped waits behind what the client has not read."""
_SNAPSHOTS_IN_A_ROW = 3
_RESYNC = server_sent("resync", b"{}")
_HELLO = b"retry: 2000\n\n"
_PING = b": ping\n\n"
_log = logger("gateway")


class LiveStream:
    """The ASGI app of the live stream."""

    def __init__(self, hub: Hub, snapshots: Snapshots, sign_in: SignIn, settings: LiveSettings) -> None:
        self.hub, self.snapshots, self.sign_in = hub, snapshots, sign_in
        self._settings = settings
        self._addresses: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit a client and serve it until it leaves."""
        if scope["method"] != "GET":
            raise MethodNotAllowed("The live stream is read by GET.", headers={"allow": "GET"})
        watch, wants_staff = parse_watch(scope["query_string"])
        who = await self.sign_in.current(scope)
        if wants_staff:
            need_staff(who)
        with self._admitted(visit_of(scope).client, watch, staff=wants_staff) as client:
            stalled = await self._serve(_Stream(self, client, who, send), scope, receive)
        if stalled:
            await _hint(send)

    @contextmanager
    def _admitted(self, address: str, watch: Watch, *, staff: bool) -> Iterator[Client]:
        """A client while it is open; Unavailable or TooMany when there is no room for it."""
        self._need_room(address)
        self._addresses[address] += 1
        metrics.LIVE_CLIENTS.inc()
        client = self.hub.join(watch, staff=staff)
        try:
            yield client
        finally:
            self.hub.leave(client)
            metrics.LIVE_CLIENTS.dec()
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def _need_room(self, address: str) -> None:
        if self.hub.recent is None:
            raise Unavailable("The live stream is just starting.")
        if len(self.hub.clients) >= self._settings.int_of(LIVE_CLIENTS):
            raise Unavailable(
                "Too many live streams are open; ask for the list instead.", headers={"retry-after": "30"}
            )
        if self._addresses[address] >= self._settings.int_of(LIVE_PER_ADDRESS):
            raise TooMany("Too many live streams are open from your address.", headers={"retry-after": "30"})

    async def _serve(self, stream: _Stream, scope: Scope, receive: Receive) -> bool:
        """Whether the client was dropped because it did not read."""
        known = position_of(header(scope, b"last-event-id"))
        if known is not None:
            self.hub.resumed(stream.client, known)
        first = await stream.first()
        leaving = asyncio.create_task(_until_gone(receive, stream.client))
        try:
            async with asyncio.timeout(None) as stream.client.limit:
                await stream.run(first)
        except TimeoutError:
            _log.info("live_client_dropped", reason="it does not read")
            metrics.LIVE_DROPPED.inc()
            return not stream.client.gone
        finally:
            leaving.cancel()
        return False


class _Stream:
    """The sending half of one client's connection."""

    def __init__(self, live: LiveStream, client: Client, who: Who, send: Send) -> None:
        self.client, self.who = client, who
        self._live, self._send = live, send
        self._missed = self._catch_up()
        self._began_s = time.time()
        self._wrote = False

    async def first(self) -> bytes:
        """The beginning of what the client is told first: what it missed if that is known, else all it watches.

        Asked for before the answer begins, so that what fails can still be told as a problem.
        """
        return await anext(self._missed, b"")

    async def run(self, first: bytes) -> None:
        """Tell the first state, then every change until the client is gone; TimeoutError when it is dropped."""
        client = self.client
        head = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await self._send({"type": "http.response.start", "status": 200, "headers": head})
        await self._write(_HELLO + first)
        async for part in self._missed:
            await self._write(part)
        while True:
            self._live.hub.rest(client)
            await client.woken.wait()
            client.woken.clear()
            if client.gone or self._over():
                break
            await self._tell()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self) -> None:
        """Write what was handed over; a sign of life when that is nothing."""
        self._wrote = False
        if self.client.has_news():
            await self._write(await self._news())
        for part in self.client.take():
            await self._write(part)
        if self.client.lags:
            async for part in self._catch_up():
                await self._write(part)
        if not self._wrote:
            await self._write(_PING)

    async def _catch_up(self) -> AsyncIterator[bytes]:
        """All that the client missed, from a new snapshot if need be, in small parts."""
        client, hub = self.client, self._live.hub
        snapshots, last, more = 0, -1, True
        while more:
            if client.told is not None:
                part, more = hub.missed(client)
                more = more or client.told is None
                if part:
                    yield part
                continue
            if snapshots == _SNAPSHOTS_IN_A_ROW:
                raise Unavailable("The map changes too much just now.")
            snapshots += 1
            snapshot = await self._live.snapshots.of(client.group.watch, after=last)
            last = snapshot.position
            if hub.began(client, snapshot.position, snapshot.places):
                for part in slices(snapshot.wire):
                    yield part

    async def _write(self, data: bytes) -> None:
        if not data:
            return
        self._wrote = True
        self.client.writes_since_s = time.monotonic()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
        self.client.writes_since_s = None

    async def _news(self) -> bytes:
        client = self.client
        waiting, lost = list(client.news), client.lost_news
        client.news.clear()
        client.lost_news = False
        told = [news.wire for news in waiting if await self._may_hear(news)]
        return b"".join([_RESYNC, *told] if lost else told)

    async def _may_hear(self, news: StaffNews) -> bool:
        claims: Claims = claims_of(self.who)
        if not may(claims, news.action, news.municipality_id):
            return False
        if all(not grant.zone_ids for grant in claims.grants):
            return True
        zone_id = news.zone_id or await self._live.snapshots.zone_of(news.bay_id)
        return zone_id is not None and may(claims, news.action, news.municipality_id, zone_id)

    def _over(self) -> bool:
        if not self.client.staff or not isinstance(self.who, Principal):
            return False
        cache = self._live.sign_in.cache
        return (
            time.time() - self._began_s > STAFF_STREAM_S
            or cache.ended(self.who)
            or cache.outdated(self.who, self._began_s)
        )


async def _hint(send: Send) -> None:
    """Tell a client that was dropped to come back by its last event id, should it read after all."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HINT_WAITS_S):
            await send({"type": "http.response.body", "body": _RESYNC, "more_body": False})


async def _until_gone(receive: Receive, client: Client) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    client.leave()
