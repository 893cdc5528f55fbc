"""Wires History: its store, its monthly keys, its routes, what it follows, its forgetting."""

from __future__ import annotations

from siga.kit.audit import AuditDesk
from siga.kit.consumer import Consumer, transactional
from siga.kit.http import service_app
from siga.kit.service import Context, Service, every
from siga.kit.subjects import proof_route, subject_routes
from siga.services.history import consumers
from siga.services.history.api import handlers
from siga.services.history.forgetting import KeyRing
from siga.services.history.pseudonyms import Pseudonyms
from siga.services.history.service import History, log
from siga.services.history.subjects import Subjects
from siga.services.history.tables import journal, metadata, proofs
from siga.services.history.towns import Towns

_FORGET_S = 600.0
_PAUSE_S = 0.25


async def build(ctx: Context) -> Service:
    """The service. What it did for whom is all that anybody follows of it."""
    database = ctx.database(metadata)
    feed, audit = ctx.local_feed(journal, database), AuditDesk("history", journal, database, ctx.clock)
    pseudonyms = Pseudonyms(ctx.data / "pseudonym-keys")
    months = KeyRing(database, pseudonyms, ctx.keys)
    history = History(
        database=database, keys=ctx.keys, months=months, towns=Towns(ctx.peers), settings=ctx.settings,
        clock=ctx.clock,
    )  # fmt: skip
    subjects = Subjects(database, pseudonyms, months)
    routes = [*handlers(history), *subject_routes(subjects), proof_route(database, proofs)]
    parking = Consumer(
        name="history", feed=ctx.feed("parking"), database=database, journal=journal,
        handle=transactional(database, consumers.parking(pseudonyms)), kinds=consumers.HEEDED,
        pause_s=_PAUSE_S,
    )  # fmt: skip

    async def forgetting() -> None:
        await history.forget()
        await every(_FORGET_S, history.forget, lambda fault: log.error("forgetting_failed", exc_info=fault))

    return Service(
        name="history", app=service_app("history", routes, keys=ctx.keys, feed=feed, audit=audit), feed=feed,
        database=database, background=[parking.run, forgetting, audit.run],
    )  # fmt: skip
