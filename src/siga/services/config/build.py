"""Wires Config: its store, its routes, its journal."""

from __future__ import annotations

from siga.kit.audit import AuditDesk
from siga.kit.http import service_app
from siga.kit.service import Context, Service
from siga.services.config.api import handlers
from siga.services.config.service import Config
from siga.services.config.store import journal, metadata


async def build(ctx: Context) -> Service:
    """The service."""
    database = ctx.database(metadata)
    feed = ctx.local_feed(journal, database)
    config = Config(database, ctx.clock)
    audit = AuditDesk("config", journal, database, ctx.clock)
    app = service_app("config", handlers(config), keys=ctx.keys, feed=feed, audit=audit)
    return Service(name="config", app=app, feed=feed, database=database, load=config.load, background=[audit.run])
