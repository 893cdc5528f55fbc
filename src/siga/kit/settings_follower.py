"""Keeps one service's `LiveSettings` at Config's newest revision and tells Config so; runs in every service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from siga.contract.events import Event
from siga.contract.operations import AppliedAnswer, SettingsApplied, SettingsChanged, SettingsSnapshot
from siga.kit.clock import Clock
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.ports import EventFeed

_WAIT_S = 20.0
_HEARTBEAT_S = 20.0
_FIRST_DELAY_S, _MOST_DELAY_S = 0.1, 5.0


class SettingsFollower:
    """Loads the snapshot, then follows Config's events; while Config is away the service goes on with what it has.

    It keeps no cursor: each start loads the whole snapshot. A revision that was missed, or a Config that was set back,
    makes it load anew.
    """

    def __init__(self, *, service: str, process: str, settings: LiveSettings, peers: Peers, feed: EventFeed,
                 clock: Clock) -> None:  # fmt: skip
        self._service, self._process, self._settings = service, process, settings
        self._peers, self._feed, self._clock = peers, feed, clock
        self._position = 0
        self._values: dict[str, dict[str, Any]] = {}
        self._applied_at: datetime = clock()
        self._news = asyncio.Event()
        self._log = logger(service)

    async def run(self) -> None:
        """Follow for ever; cancel to stop."""
        await self._patiently(self._load)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._tell())

    async def _patiently(self, work: Any) -> None:
        """Do `work` until it succeeds, with longer and longer pauses."""
        delay_s = _FIRST_DELAY_S
        while True:
            try:
                await work()
                return
            except Exception as fault:
                self._log.info("settings_wait", why=str(fault) or repr(fault), again_in_s=delay_s)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, _MOST_DELAY_S)

    async def _load(self) -> None:
        snapshot = await self._peers["config"].get("/internal/v1/settings", SettingsSnapshot)
        self._position, self._values = snapshot.position, snapshot.values
        self._put_in_force(snapshot.revision)

    async def _follow(self) -> None:
        while True:
            await self._patiently(self._step)

    async def _step(self) -> None:
        events = await self._feed.read(self._position, wait_s=_WAIT_S)
        if not events:
            return
        if not self._took(events):
            await self._load()
            return
        self._position = events[-1].position

    def _took(self, events: Sequence[Event]) -> bool:
        """Put all revisions of these events in force as one; False when one before them is missing."""
        values, revision = self._values, self._settings.revision
        for event in events:
            data = event.decoded()
            if not isinstance(data, SettingsChanged) or data.revision <= revision:
                continue
            if data.revision != revision + 1:
                return False
            scope = {**values.get(event.municipality_id, {}), **data.changed}
            kept = {key: value for key, value in scope.items() if value is not None}
            values, revision = {**values, event.municipality_id: kept}, data.revision
        if revision != self._settings.revision:
            self._values = values
            self._put_in_force(revision)
        return True

    def _put_in_force(self, revision: int) -> None:
        self._settings.swap(revision, self._values)
        self._applied_at = self._clock()
        self._news.set()

    async def _tell(self) -> None:
        while True:
            told = self._settings.revision
            self._news.clear()
            answer = await self._told()
            heartbeat = await self._pause()
            # Events bring new revisions. That we stand elsewhere a whole heartbeat later means that Config was set
            # back or that our place in its journal is gone.
            if heartbeat and answer is not None and told == self._settings.revision != answer.revision:
                await self._patiently(self._load)

    async def _told(self) -> AppliedAnswer | None:
        applied = SettingsApplied(
            process=self._process, service=self._service, revision=self._settings.revision, applied_at=self._applied_at
        )
        try:
            return await self._peers["config"].post("/internal/v1/applied", applied, AppliedAnswer)
        except Exception as fault:
            self._log.debug("settings_not_told", why=str(fault) or repr(fault))
            return None

    async def _pause(self) -> bool:
        """Wait for a swap, at most until the next heartbeat; whether it is that."""
        try:
            async with asyncio.timeout(_HEARTBEAT_S):
                await self._news.wait()
        except TimeoutError:
            return True
        return False
