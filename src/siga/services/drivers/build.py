"""Wires Drivers: store, secrets, routes, what it follows, its sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection

from siga.contract.events import Event
from siga.kit.audit import AuditDesk
from siga.kit.consumer import Consumer, transactional
from siga.kit.http import service_app
from siga.kit.service import Context, Service, every
from siga.services.drivers import consumers
from siga.services.drivers.api import handlers
from siga.services.drivers.seals import Seals
from siga.services.drivers.service.neighbours import Neighbours
from siga.services.drivers.service.sweep import EVERY_S, Sweep
from siga.services.drivers.service.tools import Tools, log
from siga.services.drivers.store.tables import journal, metadata

_PAUSE_S = 0.1
"""A busy town's changes are followed in helpings: ten transactions a second, not one for each."""
Effect = Callable[[Connection, Sequence[Event]], None]


async def build(ctx: Context) -> Service:
    """The service: it works from its own copies while others are away."""
    database = ctx.database(metadata)
    feed = ctx.local_feed(journal, database)
    tools = Tools(
        database=database, seals=Seals.open(ctx.data), neighbours=Neighbours(ctx.peers), settings=ctx.settings,
        clock=ctx.clock,
    )  # fmt: skip
    sweep = Sweep(tools)

    def follower(source: str, effect: Effect) -> Consumer:
        return Consumer(name="drivers", feed=ctx.feed(source), database=database, journal=journal,
                        handle=transactional(database, effect), kinds=consumers.HEEDED[source],
                        pause_s=_PAUSE_S)  # fmt: skip

    async def sweeping() -> None:
        await sweep.run()
        await every(EVERY_S, sweep.run, lambda fault: log.error("sweep_failed", exc_info=fault))

    followers = [
        follower("parking", partial(consumers.parking, ctx.clock)),
        follower("users", consumers.users),
        follower("enforcement", consumers.enforcement),
    ]
    audit = AuditDesk("drivers", journal, database, ctx.clock)
    return Service(
        name="drivers", app=service_app("drivers", handlers(tools), keys=ctx.keys, feed=feed, audit=audit), feed=feed,
        database=database, background=[*(one.run for one in followers), sweeping, audit.run],
    )  # fmt: skip
