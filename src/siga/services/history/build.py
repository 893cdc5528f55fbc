"""Wires History: its store, its monthly keys, its routes, what it follows, its forgetting."""

from __future__ import annotations

from siga.kit.consumer import Consumer, transactional
from siga.kit.http import service_app
from siga.kit.service import Context, Service, every
from siga.services.history import consumers
from siga.services.history.api import handlers
from siga.services.history.pseudonyms import Pseudonyms
from siga.services.history.service import History, log
from siga.services.history.tables import journal, metadata
from siga.services.history.towns import Towns

_FORGET_S = 600.0
_PAUSE_S = 0.25


async def build(ctx: Context) -> Service:
    """The service. It has no feed, since nothing follows it."""
    database = ctx.database(metadata)
    pseudonyms = Pseudonyms(ctx.data / "pseudonym-keys")
    history = History(
        database=database, keys=ctx.keys, pseudonyms=pseudonyms, towns=Towns(ctx.peers), settings=ctx.settings,
        clock=ctx.clock,
    )  # fmt: skip
    parking = Consumer(
        name="history", feed=ctx.feed("parking"), database=database, journal=journal,
        handle=transactional(database, consumers.parking(pseudonyms)), kinds=consumers.HEEDED,
        pause_s=_PAUSE_S,
    )  # fmt: skip

    async def forgetting() -> None:
        await history.forget()
        await every(_FORGET_S, history.forget, lambda fault: log.error("forgetting_failed", exc_info=fault))

    return Service(
        name="history", app=service_app("history", handlers(history), keys=ctx.keys), database=database,
        background=[parking.run, forgetting],
    )  # fmt: skip
