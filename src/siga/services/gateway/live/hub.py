"""Who is told what and when: changes go to the groups that watch their place, and each group is flushed as one.

A group is flushed at once when it was quiet, else `INTERVAL_S` after its last flush: a client hears at most four times
a second. Its bytes are put together once and handed to all members that keep pace; one that lags behind, or comes
back, catches up from what changed lately, and from a new snapshot if that does not reach back far enough.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from collections.abc import Callable, Iterable
from itertools import count, islice

from siga.services.gateway.live.client import Client, Group, StaffNews
from siga.services.gateway.live.interest import Interest
from siga.services.gateway.live.model import (
    Change,
    Recent,
    Watch,
    bay_change,
    first_piece,
    gone_change,
    heard_change,
    pieces,
)

INTERVAL_S = 0.26
"""A quarter of a second and a little, so that no second sees a fifth flush."""
_ROUND_S = 0.001
"""Clocks and sums of seconds are not exact."""
_MISSED = 2_000
"""Whoever missed more changes than this is told everything anew."""
_FORGOTTEN_AT_ONCE = 1_000

Placed = tuple[str, tuple[float, float]]
"""A bay's id, and its longitude and latitude."""


class Hub:
    """Parking's news and those who listen. `now_s` is monotonic; `due` wakes whoever calls `flush`.

    It keeps where the bays are that clients were told of, and which clients were told of bays before it knew them.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self.clients: dict[Client, None] = {}
        self.recent: Recent | None = None
        self.position = 0
        self.due = asyncio.Event()
        self._now_s = now_s
        self._groups: dict[Watch, Group] = {}
        self._interest: Interest[Group] = Interest()
        self._schedule: list[tuple[float, int, Group]] = []
        self._tie = count()
        self._places: dict[str, tuple[float, float]] = {}
        self._unsure: dict[Client, None] = {}

    def start(self, position: int) -> None:
        """Parking's journal is followed from this position on."""
        self.position = position
        self.recent = Recent(position)

    # --- who listens -------------------------------------------------------------------------------------------------

    def join(self, watch: Watch, *, staff: bool = False) -> Client:
        """A client that is told nothing before it `resumed` or `began`."""
        group = self._groups.get(watch)
        if group is None:
            group = self._groups[watch] = Group(watch, self.position)
            self._interest.add(group)
        client = Client(group, staff)
        client.handed_s = self._now_s()
        group.members[client] = None
        self.clients[client] = None
        return client

    def leave(self, client: Client) -> None:
        """The client hears no more."""
        self.clients.pop(client, None)
        self._unsure.pop(client, None)
        group = client.group
        group.members.pop(client, None)
        if not group.members and self._groups.get(group.watch) is group:
            del self._groups[group.watch]
            self._interest.remove(group)
            group.waiting.clear()

    def resumed(self, client: Client, position: int) -> None:
        """The client says that it was told everything up to a position. One of the future was told by another journal
        (a restored store): it says nothing here."""
        if self.recent is not None and self.recent.floor <= position <= self.position:
            client.told = position
            self._unsure[client] = None

    def began(self, client: Client, position: int, places: Iterable[Placed]) -> bool:
        """The client is told a snapshot of that position, with bays at these places; what came after it is missed so
        far. False when it is too old for that."""
        if self.recent is None or position < self.recent.floor:
            return False
        client.told = position
        self._unsure.pop(client, None)
        self._note_places(places)
        return True

    def _note_places(self, places: Iterable[Placed]) -> None:
        """So that a bay that moves or goes is taken from who was told of it."""
        for bay_id, place in places:
            self._places.setdefault(bay_id, place)

    # --- what happens ------------------------------------------------------------------------------------------------

    def bay(self, position: int, bay_id: str, lon: float, lat: float, view: bytes) -> None:
        """A bay is now as `view` says (JSON)."""
        before, now = self._places.get(bay_id), (lon, lat)
        self._places[bay_id] = now
        if before is not None and before != now:
            self._moved(gone_change(position, bay_id, *before), now)
        self._tell(bay_change(position, bay_id, lon, lat, view))

    def heard(self, position: int, bay_id: str, lon: float, lat: float, ages: bytes) -> None:
        """A bay's sensor spoke without news; `ages` says when (JSON)."""
        self._tell(heard_change(position, bay_id, lon, lat, ages))

    def gone(self, position: int, bay_id: str) -> None:
        """Nobody shall see the bay any more. Where its place is not known, `defined` said so before."""
        place = self._places.pop(bay_id, None)
        if place is not None:
            self._tell(gone_change(position, bay_id, *place))

    def defined(self, position: int, bay_id: str) -> None:
        """The map changed at a bay. When it is not known where the bay was, whoever may have been told of it, before
        this hub knew them or while they were away, is told everything anew."""
        if bay_id in self._places or self.recent is None:
            return
        self.recent.restart(position)
        for client in self._unsure:
            client.told = None
            self._touch(client.group)
        self._unsure.clear()

    def staff_news(self, news: StaffNews) -> None:
        """Tell staff."""
        for client in self.clients:
            if client.staff:
                client.offer_news(news)
                self._touch(client.group)

    def _tell(self, change: Change) -> None:
        if self.recent is not None:
            self.recent.add(change)
        for group in self._interest.at(change.bay_id, change.lon, change.lat):
            group.offer(change)
            self._touch(group)

    def _moved(self, gone: Change, now: tuple[float, float]) -> None:
        """Take the bay from those who watch where it was and not where it is."""
        if self.recent is not None:
            self.recent.restart(gone.position)
        for group in self._interest.at(gone.bay_id, gone.lon, gone.lat):
            if not group.watch.holds(gone.bay_id, *now):
                group.offer(gone)
                self._touch(group)

    # --- telling it --------------------------------------------------------------------------------------------------

    def _touch(self, group: Group) -> None:
        """Something waits for a group's members: when they are told is settled by the first of it."""
        if group.due_s is None:
            group.due_s = max(self._now_s(), group.flushed_s + INTERVAL_S)
            heapq.heappush(self._schedule, (group.due_s, next(self._tie), group))
            if self._schedule[0][2] is group:
                self.due.set()

    def pause_s(self) -> float:
        """How long until the next group is due; endless when nothing waits."""
        return self._schedule[0][0] - self._now_s() if self._schedule else math.inf

    def flush(self) -> list[Client]:
        """Hand over what waits in one group that is due; those who have something to write. Empty: none is due."""
        now_s = self._now_s()
        while self._schedule and self._schedule[0][0] <= now_s:
            group = heapq.heappop(self._schedule)[2]
            group.due_s = None
            woken = self._flush(group, now_s)
            if woken:
                return woken
        return []

    def _flush(self, group: Group, now_s: float) -> list[Client]:
        changes = list(group.waiting.values())
        group.waiting.clear()
        group.flushed_s = now_s
        base = group.flushed
        if changes:
            group.flushed = self.position
        shared = pieces(changes)
        woken: list[Client] = []
        early = False
        for client in group.members:
            if not client.ready:
                continue
            if now_s < client.handed_s + INTERVAL_S - _ROUND_S:
                early = True
            elif self._hand(client, base, changes, shared):
                client.ready, client.handed_s = False, now_s
                woken.append(client)
        if early:
            self._touch(group)
        return woken

    def _hand(self, client: Client, base: int, changes: list[Change], shared: tuple[bytes, ...]) -> bool:
        """What a flush has for a client; whether it has anything. `base`: where the flush before ended."""
        told = client.told
        if told is None or told < base:
            client.lags = True
        elif changes:
            ahead = told > base  # a snapshot told it some of this
            client.handed = pieces([one for one in changes if one.position > told]) if ahead else shared
            client.told = max(told, client.group.flushed)
        return client.lags or bool(client.handed) or client.has_news()

    def rest(self, client: Client) -> None:
        """The client wrote all it was handed and waits for more."""
        client.ready, client.lags = True, False
        if client.told is None or client.told < client.group.flushed or client.has_news():
            self._touch(client.group)

    def missed(self, client: Client) -> tuple[bytes, bool]:
        """The next part of what a client that lags has missed, and whether more follows. It has told=None afterwards
        when it missed so much that only a new snapshot helps."""
        told = client.told
        found = self.recent.after(told) if self.recent is not None and told is not None else None
        watch = client.group.watch
        mine = [one for one in found or () if watch.holds(one.bay_id, one.lon, one.lat)]
        if found is None or len(mine) > _MISSED:
            client.told = None
            return b"", False
        part = mine[: first_piece(mine)]
        self._note_places((one.bay_id, (one.lon, one.lat)) for one in part)
        more = len(part) < len(mine)
        client.told = part[-1].position if more else max(told or 0, self.position)
        return b"".join(one.wire for one in part), more

    # --- once a second -----------------------------------------------------------------------------------------------

    def quiet(self, longer_than_s: float) -> list[Client]:
        """Clients that were told nothing for so long: they are given a sign of life."""
        now_s = self._now_s()
        found = [one for one in self.clients if one.ready and now_s - one.handed_s >= longer_than_s]
        for client in found:
            client.ready, client.handed_s = False, now_s
        return found

    def stalled(self, longer_than_s: float) -> list[Client]:
        """Clients that did not take what is being written to them for so long."""
        since_s = self._now_s() - longer_than_s
        return [one for one in self.clients if one.writes_since_s is not None and one.writes_since_s <= since_s]

    def forget_places(self) -> None:
        """Forget where bays are that nobody watches, some at a time."""
        for bay_id in list(islice(self._places, _FORGOTTEN_AT_ONCE)):
            place = self._places.pop(bay_id)
            if self._interest.at(bay_id, *place):
                self._places[bay_id] = place
