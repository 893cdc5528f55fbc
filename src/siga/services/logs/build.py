"""Wires Logs: its store, its routes, its sweep. It has no journal, since nothing follows it."""

from __future__ import annotations

from siga.kit.http import service_app
from siga.kit.log import logger
from siga.kit.service import Context, Service, every
from siga.services.logs.api import handlers
from siga.services.logs.service import Logs
from siga.services.logs.tables import metadata

_SWEEP_S = 3600.0


async def build(ctx: Context) -> Service:
    """The service."""
    database = ctx.database(metadata)
    logs = Logs(database, ctx.settings, ctx.clock)
    log = logger("logs")

    async def sweeping() -> None:
        await logs.sweep()
        await every(_SWEEP_S, logs.sweep, lambda fault: log.error("sweep_failed", exc_info=fault))

    async def close() -> None:
        logs.tail.close()

    return Service(
        name="logs", app=service_app("logs", handlers(logs), keys=ctx.keys), database=database,
        background=[sweeping], close=close,
    )  # fmt: skip
