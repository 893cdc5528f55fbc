"""Wires Logs: its store, its routes, its sweep, and the audit, for which it follows the journals of all services."""

from __future__ import annotations

from pathlib import Path

from siga.contract.audit import Acted
from siga.contract.auth import SERVICES
from siga.kit.audit import AuditDesk
from siga.kit.consumer import Consumer, transactional
from siga.kit.http import service_app
from siga.kit.log import logger
from siga.kit.sealing import key_in
from siga.kit.service import Context, Service, every
from siga.kit.subjects import subject_routes
from siga.ports import Database
from siga.services.logs import audit_api
from siga.services.logs.api import handlers
from siga.services.logs.audit import CHECK_S, SIGN_S, Audit
from siga.services.logs.audit_chain import HeadSigner
from siga.services.logs.audit_export import HeadFiles
from siga.services.logs.service import Logs
from siga.services.logs.subjects import Subjects
from siga.services.logs.tables import journal, metadata

_SWEEP_S = 3600.0
_PAUSE_S = 0.25
AUDIT_KEY = "audit.key"
FOLLOWED = tuple(name for name in SERVICES if name != "gateway")
"""Whoever has a journal; the gateway has no store, and what it does for people their services tell."""


async def build(ctx: Context) -> Service:
    """The service."""
    database = ctx.database(metadata)
    logs = Logs(database, ctx.settings, ctx.clock)
    audit = Audit(database, ctx.clock, HeadSigner(key_in(ctx.data / AUDIT_KEY)), _files(ctx))
    feed, acts = ctx.local_feed(journal, database), AuditDesk("logs", journal, database, ctx.clock)
    log = logger("logs")

    async def sweeping() -> None:
        await logs.sweep()
        await every(_SWEEP_S, logs.sweep, lambda fault: log.error("sweep_failed", exc_info=fault))

    async def signing() -> None:
        await audit.export()
        await every(SIGN_S, audit.sign, lambda fault: log.error("audit_not_signed", exc_info=fault))

    async def checking() -> None:
        await audit.check()
        await every(CHECK_S, audit.check, lambda fault: log.error("audit_not_checked", exc_info=fault))

    async def close() -> None:
        logs.tail.close()
        await audit.sign()

    routes = [*handlers(logs), *audit_api.handlers(audit), *subject_routes(Subjects(database))]
    return Service(
        name="logs",
        app=service_app("logs", routes, keys=ctx.keys, feed=feed, audit=acts),
        feed=feed, database=database, close=close, extra={"audit": audit},
        background=[sweeping, signing, checking, acts.run, *(one.run for one in _followers(ctx, database, audit))],
    )  # fmt: skip


def _files(ctx: Context) -> HeadFiles | None:
    folder = ctx.options.get("audit_export")
    return HeadFiles(Path(folder)) if folder else None


def _followers(ctx: Context, database: Database, audit: Audit) -> list[Consumer]:
    """One for each journal, its own among them. A service left out of `[services]` is told at the start.

    Where Logs knows of no other service at all it runs by itself, and there is nothing to miss.
    """
    others = [name for name in FOLLOWED if name != ctx.name]
    unknown = [name for name in others if name not in ctx.apps]
    if unknown and unknown != others:
        logger("logs").warning("audit_without", services=",".join(unknown))
    return [
        Consumer(
            name="logs", feed=ctx.feed(source), database=database, journal=journal,
            handle=transactional(database, audit.take_in), kinds={Acted.__name__}, pause_s=_PAUSE_S,
        )
        for source in FOLLOWED
        if source not in unknown
    ]  # fmt: skip
