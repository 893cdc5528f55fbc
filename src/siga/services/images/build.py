"""Wires Images: its store, the sealed photos, the readers and the routes."""

from __future__ import annotations

import asyncio
import shutil

from siga.kit.audit import AuditDesk
from siga.kit.http import service_app
from siga.kit.sealing import Sealer
from siga.kit.service import Context, Service
from siga.kit.subjects import proof_route, subject_routes
from siga.services.images.api import handlers
from siga.services.images.evidence import EvidenceStore
from siga.services.images.runner import Runner
from siga.services.images.service import Images
from siga.services.images.store import Store, journal, metadata, proofs

_SWEEP_S = 3600.0


async def build(ctx: Context) -> Service:
    """The service; the readers warm up in the background while it is ready already. Option `workers`: 1 by default."""
    database = ctx.database(metadata)
    feed = ctx.local_feed(journal, database)
    workers = max(1, int(ctx.options.get("workers") or 1))
    store = Store(database)
    evidence = EvidenceStore(ctx.images(), Sealer.open(ctx.data / "photos.key"))
    runner = Runner(store, evidence, ctx.clock, workers)
    images = Images(
        store=store, evidence=evidence, settings=ctx.settings, clock=ctx.clock, keys=ctx.keys, wake=runner.wake,
        free_bytes=lambda: shutil.disk_usage(ctx.data).free,
    )  # fmt: skip
    routes = [*handlers(images, ctx.peers), *subject_routes(images), proof_route(database, proofs)]
    audit = AuditDesk("images", journal, database, ctx.clock)
    app = service_app("images", routes, keys=ctx.keys, feed=feed, audit=audit)

    async def sweep() -> None:
        while True:
            await images.sweep()
            await asyncio.sleep(_SWEEP_S)

    return Service(name="images", app=app, feed=feed, database=database, background=[runner.run, sweep, audit.run])
