"""The only place that knows which services and engines run in this process: build, start, drain, stop."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError

from siga.contract.auth import SERVICES
from siga.contract.events import Event
from siga.contract.operations import Level, LogRecord
from siga.engines.feed_http import HttpFeed
from siga.engines.feed_local import LocalFeed
from siga.engines.ledger import Ledger
from siga.kit import log as logging
from siga.kit.auth import Keyring, make_keys
from siga.kit.clock import Clock, utc_now
from siga.kit.ids import new_id
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.kit.problem import NotFound
from siga.kit.service import ASGI, Context, Service
from siga.kit.structs import settle
from siga.ports import Database, EventFeed, ImageStore, MailDoor

BUILD_ORDER = ("config", "logs", "users", "parking", "history", "images", "enforcement", "drivers", "gateway")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings at start. `data` holds one folder a service; `remote` names where services of other processes listen."""

    data: Path
    names: Sequence[str] = BUILD_ORDER
    keys: Path | None = None
    """Folder of the signing keys; made in `data/keys` where all services run together."""
    database_url: str | None = None
    images_url: str | None = None
    mail: MailDoor | None = None
    """The way to a mail server, if there is one."""
    remote: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    clock: Clock = utc_now
    log_to_stderr: Level = "warning"
    tell: Callable[[str], None] = lambda _: None
    """Given a line before something that takes time at the start, such as an upgrade."""


class _Late:
    """An app that is looked up when it is called, so that services can be built in any order."""

    def __init__(self, services: Mapping[str, Service], name: str) -> None:
        self._services, self._name = services, name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand the request to the service of that name."""
        await self._services[self._name].app(scope, receive, send)


class _LateFeed:
    """A feed that is looked up when it is read."""

    def __init__(self, services: Mapping[str, Service], name: str) -> None:
        self.source = name
        self._services = services

    def _feed(self) -> EventFeed:
        feed = self._services[self.source].feed
        if feed is None:
            raise NotFound(f"The service '{self.source}' has no journal.")
        return feed

    async def read(self, after: int, limit: int = 500, wait_s: float = 0.0) -> Sequence[Event]:
        """As the feed behind it."""
        return await self._feed().read(after, limit, wait_s)

    async def head(self) -> int:
        """As the feed behind it."""
        return await self._feed().head()


class Apps(Mapping[str, ASGI]):
    """The other services' apps by name: in this process directly, else a proxy to where they listen."""

    def __init__(self, services: Mapping[str, Service], near: Sequence[str], remote: Mapping[str, str],
                 stand_ins: Mapping[str, ASGI]) -> None:  # fmt: skip
        self._apps: dict[str, ASGI] = {**stand_ins, **{name: _Late(services, name) for name in near}}
        for name, url in remote.items():
            if name not in self._apps:
                from siga.engines.remote_app import RemoteApp

                self._apps[name] = RemoteApp(url)

    def __getitem__(self, name: str) -> ASGI:
        return self._apps[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._apps)

    def __len__(self) -> int:
        return len(self._apps)

    async def close(self) -> None:
        """Close the connections to other processes."""
        for app in self._apps.values():
            if hasattr(app, "close"):
                await app.close()


class System:
    """The services of one process. `await start()` returns when they are ready; `await stop()` leaves nothing open."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.process = f"{os.uname().nodename}-{os.getpid()}-{new_id()[-6:]}"
        self.services: dict[str, Service] = {}
        self.settings: dict[str, LiveSettings] = {}
        self.stand_ins: dict[str, ASGI] = {}
        """Apps that stand in for services of other processes; by name, as `remote` but without a wire."""
        self.apps = Apps(self.services, (), {}, {})
        self._peers: list[Peers] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._sink: Any = None
        self._ledger: Ledger | None = None
        self.ready = False

    async def start(self) -> None:
        """Build all services, load their state, run their background tasks."""
        names = [name for name in BUILD_ORDER if name in self.config.names]
        self.config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        keys = self.keys = self._keyring(names)
        self._start_logging(keys)
        self.apps = Apps(self.services, names, self.config.remote, self.stand_ins)
        for name in names:
            self.services[name] = await self._build(name, keys)
            if self._ledger is not None:
                self._ledger.note_keys(name)
        await asyncio.gather(*(s.load() for s in self.services.values() if s.load))
        for service in self.services.values():
            self._tasks += [self._spawn(service.name, work) for work in service.background]
        self._follow_settings(names, keys)
        self.ready = True

    def _keyring(self, names: Sequence[str]) -> Keyring:
        folder = self.config.keys
        if folder is None:
            folder = self.config.data / "keys"
            make_keys(folder, SERVICES)
            return Keyring.open(folder, SERVICES)
        return Keyring.open(folder, names)

    def transports(self) -> dict[str, Any]:
        """Where each service is reached: an app in this process, else a URL."""
        near: dict[str, Any] = {name: _Late(self.services, name) for name in self.config.names}
        return {**self.config.remote, **self.stand_ins, **near}

    def _peers_of(self, name: str, keys: Keyring) -> Peers:
        peers = Peers(name, keys, self.transports())
        self._peers.append(peers)
        return peers

    async def _build(self, name: str, keys: Keyring) -> Service:
        folder = self.config.data / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.settings[name] = LiveSettings()
        peers = self._peers_of(name, keys)
        context = Context(
            name=name, process=self.process, data=folder, keys=keys, peers=peers, settings=self.settings[name],
            database=lambda metadata: self._open(name, folder, metadata), feed=lambda source: self._feed(source, peers),
            local_feed=LocalFeed, images=lambda: self._images(folder), mail=self.config.mail, apps=self.apps,
            clock=self.config.clock,
            lanes={other: built.extra["lane"] for other, built in self.services.items() if "lane" in built.extra},
            options=dict(self.config.options),
        )  # fmt: skip
        build: Callable[[Context], Awaitable[Service]] = importlib.import_module(f"siga.services.{name}.build").build
        settle()
        return await build(context)

    def _open(self, name: str, folder: Path, metadata: MetaData) -> Database:
        known = self._ledger = self._ledger or Ledger(self.config.data)
        if missing := known.missing_keys(name):
            raise OSError(
                f"{folder / missing[0]} is missing: what it sealed cannot be read without it, and no other one is "
                "made. Bring it back from a backup (`siga restore`)"
            )
        migrations, url, expected = f"siga.services.{name}.migrations", self.config.database_url, known.expects(name)
        database: Database
        try:
            if url:
                from siga.engines.postgres import open_postgres

                database = open_postgres(
                    url, f"siga_{name}", metadata, migrations=migrations, expected=expected, tell=self.config.tell
                )
            else:
                from siga.engines.sqlite import open_sqlite

                database = open_sqlite(
                    folder / f"{name}.db", metadata, migrations=migrations, expected=expected, tell=self.config.tell
                )
        except DBAPIError as fault:
            raise OSError(f"the store of '{name}' cannot be opened: {fault.orig}") from fault
        known.note(name, database.dialect)
        return database

    def _feed(self, source: str, peers: Peers) -> EventFeed:
        if source in self.config.names:
            return _LateFeed(self.services, source)
        return HttpFeed(source, peers[source])

    def _images(self, folder: Path) -> ImageStore:
        from siga.engines.images import open_images

        return open_images(self.config.images_url or folder / "photos")

    def _start_logging(self, keys: Keyring) -> None:
        transports = self.transports()
        if "logs" not in transports:
            logging.configure(process=self.process, sink=None, stderr_level=self.config.log_to_stderr)
            return
        from siga.engines.log_sinks import QueueSink

        self._sink = QueueSink(self.config.data / "log-spool.jsonl")
        logging.configure(process=self.process, sink=self._sink, stderr_level=self.config.log_to_stderr)
        me = next(name for name in BUILD_ORDER if name in self.config.names)
        peers = self._peers_of(me, keys)

        async def deliver(records: list[LogRecord]) -> None:
            await peers["logs"].post("/internal/v1/records", records, type(None))

        self._tasks.append(self._spawn("logs", lambda: self._sink.drain(deliver)))

    def _follow_settings(self, names: Sequence[str], keys: Keyring) -> None:
        if "config" not in self.transports():
            return
        from siga.kit.settings_follower import SettingsFollower

        for name in names:
            peers = self._peers_of(name, keys)
            follower = SettingsFollower(
                service=name, process=self.process, settings=self.settings[name], peers=peers,
                feed=self._feed("config", peers), clock=self.config.clock,
            )  # fmt: skip
            self._tasks.append(self._spawn(name, follower.run))

    def _spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        async def guarded() -> None:
            delay = 0.2
            while True:
                try:
                    await work()
                    return
                except asyncio.CancelledError:
                    raise
                except Exception as fault:
                    logger(name).error("background_failed", exc_info=fault, again_in_s=delay)
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, 10.0)

        return asyncio.create_task(guarded(), name=f"{name}:{getattr(work, '__qualname__', 'work')}")

    async def stop(self) -> None:
        """End the background tasks, then the services, then their stores; what was acknowledged is on disk."""
        self.ready = False
        if self._sink is not None:
            await self._sink.flush(2.0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for name in reversed(list(self.services)):
            service = self.services[name]
            if service.close:
                await service.close()
        for peers in self._peers:
            await peers.close()
        await self.apps.close()
        for service in self.services.values():
            if service.database is not None:
                await service.database.close()
