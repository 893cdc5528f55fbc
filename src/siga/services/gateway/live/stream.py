"""`GET /api/v1/live`: one open app's server-sent events, from its first snapshot to its end."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from urllib.parse import parse_qs

from siga.contract.auth import Claims, Principal, may
from siga.kit import metrics
from siga.kit.geo import Box, parse_box
from siga.kit.log import logger
from siga.kit.problem import FieldFault, Forbidden, Invalid, MethodNotAllowed, TooMany, Unauthenticated, Unavailable
from siga.services.gateway.asgi import Receive, Scope, Send, header, visit_of
from siga.services.gateway.live.hub import Client, Hub
from siga.services.gateway.live.model import Change, StaffNews, Watch, flush_interval_s, server_sent, snapshot_event
from siga.services.gateway.live.snapshot import Snapshots
from siga.services.gateway.sessions import SignIn, Who

PING_S = 15.0
STALLED_S = 10.0
"""A client that does not take what it is sent for so long is dropped; it comes back by its last event id."""
STAFF_STREAM_S = 900.0
"""So long a staff stream lasts at most; coming back, its session is looked at anew."""
_MOST_CLIENTS = 5_000
_MOST_PER_ADDRESS = 100
_MOST_BAY_IDS = 50
_BAY_ID = re.compile(r"[0-9A-Za-z._:-]{1,64}")
_RESYNC = server_sent("resync", b"{}")
_HELLO = b"retry: 2000\n\n"
_PING = b": ping\n\n"
_log = logger("gateway")


class LiveStream:
    """The ASGI app of the live stream."""

    def __init__(self, hub: Hub, snapshots: Snapshots, sign_in: SignIn) -> None:
        self._hub, self._snapshots, self._sign_in = hub, snapshots, sign_in
        self._addresses: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit a client and serve it until it leaves."""
        if scope["method"] != "GET":
            raise MethodNotAllowed("The live stream is read by GET.", headers={"allow": "GET"})
        watch, wants_staff = parse_watch(scope["query_string"])
        who = await self._sign_in.current(scope)
        if wants_staff:
            _need_staff(who)
        address = visit_of(scope).client
        self._admit(address)
        client = Client(watch=watch, staff=wants_staff)
        self._addresses[address] += 1
        self._hub.clients.add(client)
        metrics.LIVE_CLIENTS.inc()
        try:
            await self._serve(_Stream(self, client, who, send), scope, receive)
        finally:
            metrics.LIVE_CLIENTS.dec()
            self._hub.clients.discard(client)
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def _admit(self, address: str) -> None:
        if self._hub.recent is None:
            raise Unavailable("The live stream is just starting.")
        if len(self._hub.clients) >= _MOST_CLIENTS:
            raise Unavailable(
                "Too many live streams are open; ask for the list instead.", headers={"retry-after": "30"}
            )
        if self._addresses[address] >= _MOST_PER_ADDRESS:
            raise TooMany("Too many live streams are open from your address.", headers={"retry-after": "30"})

    async def _serve(self, stream: _Stream, scope: Scope, receive: Receive) -> None:
        first = await self._first(stream, header(scope, b"last-event-id"))
        leaving = asyncio.create_task(_until_gone(receive, stream.client))
        try:
            await stream.run(first)
        except TimeoutError:
            _log.info("live_client_dropped", reason="it does not read")
        finally:
            leaving.cancel()

    async def _first(self, stream: _Stream, last_event_id: str | None) -> bytes:
        """What a client is told first: what it missed if that is known, else everything it watches."""
        client, recent = stream.client, self._hub.recent
        known = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else None
        # A position from the future was told by another journal (a restored store): it says nothing here.
        if known is not None and recent is not None and known <= self._hub.position:
            missed = recent.after(known)
            if missed is not None:
                for change in missed:
                    client.watch.offer(change)
                return stream.waiting()
        position, bays = await self._snapshots.of(client.watch)
        client.watch.passed(position)
        return snapshot_event(position, self._hub.corrected(client.watch, bays, position))


class _Stream:
    """The sending half of one client's connection."""

    def __init__(self, live: LiveStream, client: Client, who: Who, send: Send) -> None:
        self.client, self.who = client, who
        self._live, self._send = live, send
        self._began_s = time.time()

    async def run(self, first: bytes) -> None:
        """Tell the first state, then every change until the client is gone; TimeoutError when it does not read."""
        head = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await self._send({"type": "http.response.start", "status": 200, "headers": head})
        await self._write(_HELLO + first)
        while not self.client.closed and not self._over():
            await self._wait()
            await self._write(await self._news() + self.waiting() or _PING)
            await asyncio.sleep(flush_interval_s(len(self._live._hub.clients)))
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def waiting(self) -> bytes:
        """All changes that wait, on the wire."""
        return b"".join(change.wire for change in self.client.watch.take())

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(PING_S):
                await self.client.woken.wait()
        except TimeoutError:
            return
        self.client.woken.clear()

    async def _write(self, data: bytes) -> None:
        async with asyncio.timeout(STALLED_S):
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def _news(self) -> bytes:
        client = self.client
        if not client.news and not client.lost_news:
            return b""
        waiting, lost = list(client.news), client.lost_news
        client.news.clear()
        client.lost_news = False
        told = [news.wire for news in waiting if await self._may_hear(news)]
        return b"".join([_RESYNC, *told] if lost else told)

    async def _may_hear(self, news: StaffNews) -> bool:
        claims = _claims(self.who)
        if not may(claims, news.action, news.municipality_id):
            return False
        if all(not grant.zone_ids for grant in claims.grants):
            return True
        zone_id = news.zone_id or await self._live._snapshots.zone_of(news.bay_id)
        return zone_id is not None and may(claims, news.action, news.municipality_id, zone_id)

    def _over(self) -> bool:
        if not self.client.staff or not isinstance(self.who, Principal):
            return False
        cache = self._live._sign_in.cache
        return (
            time.time() - self._began_s > STAFF_STREAM_S
            or cache.ended(self.who)
            or cache.outdated(self.who, self._began_s)
        )


def parse_watch(query_string: bytes) -> tuple[Watch, bool]:
    """What the query asks to watch, and whether staff news too. Invalid for a bad box or nothing to watch."""
    query = parse_qs(query_string.decode("latin-1"))
    box: Box | None = None
    if "bbox" in query:
        box = parse_box(query["bbox"][0])
        if box is None:
            fault = FieldFault("/bbox", "must be minlon,minlat,maxlon,maxlat in degrees")
            raise Invalid("The box cannot be read.", errors=[fault])
    bay_ids = frozenset(query.get("bay_id", []))
    if len(bay_ids) > _MOST_BAY_IDS or not all(_BAY_ID.fullmatch(bay_id) for bay_id in bay_ids):
        fault = FieldFault("/bay_id", f"must be a bay's id; at most {_MOST_BAY_IDS} of them")
        raise Invalid("These bays cannot be watched.", errors=[fault])
    staff = query.get("staff", ["0"])[0] in ("1", "true")
    if box is None and not bay_ids and not staff:
        raise Invalid("Say what to watch: bbox=minlon,minlat,maxlon,maxlat or bay_id=….")
    return Watch(box, bay_ids), staff


async def _until_gone(receive: Receive, client: Client) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    client.closed = True
    client.woken.set()


def _claims(who: Who) -> Claims:
    grants = who.grants if isinstance(who, Principal) else ()
    return Claims(iss="gateway", aud="gateway", sub="", kind="person", exp=0, iat=0, grants=grants)


def _need_staff(who: Who) -> None:
    if not isinstance(who, Principal):
        raise Unauthenticated("Sign in first.")
    claims = _claims(who)
    if not may(claims, "cases.work") and not may(claims, "devices.read"):
        raise Forbidden("Your role hears no staff news.")


__all__ = ["Change", "LiveStream", "parse_watch"]
