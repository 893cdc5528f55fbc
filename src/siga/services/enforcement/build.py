"""Wires Enforcement: its store, its consumers, its loops and its routes."""

from __future__ import annotations

from siga.kit.audit import AuditDesk
from siga.kit.http import service_app
from siga.kit.sealing import Sealer
from siga.kit.service import Context, Service
from siga.kit.subjects import subject_routes
from siga.services.enforcement import api, internal
from siga.services.enforcement.consumers import consumers
from siga.services.enforcement.desk import Desk
from siga.services.enforcement.duty import Duties
from siga.services.enforcement.evidence import Evidence
from siga.services.enforcement.lookups import Lookups
from siga.services.enforcement.queue import Queue
from siga.services.enforcement.service import Cases
from siga.services.enforcement.subjects import Subjects
from siga.services.enforcement.tables import journal, metadata
from siga.services.enforcement.tasks import PhotoDesk
from siga.services.enforcement.tools import Tools
from siga.services.enforcement.watch import Watch


async def build(ctx: Context) -> Service:
    """The service; whatever was open when it last stopped goes on from its store."""
    database = ctx.database(metadata)
    feed = ctx.local_feed(journal, database)
    tools = Tools(
        database=database, settings=ctx.settings, clock=ctx.clock, peers=ctx.peers,
        sealer=Sealer.open(ctx.data / "plates.key"),
    )  # fmt: skip
    duties, watch = Duties(tools), Watch(tools)
    public = api.handlers(Queue(tools), Cases(tools), Evidence(tools), duties, Lookups(tools))
    between = internal.handlers(PhotoDesk(tools), duties)
    audit = AuditDesk("enforcement", journal, database, ctx.clock)
    return Service(
        name="enforcement",
        app=service_app(
            "enforcement", [*public, *between, *subject_routes(Subjects(tools))], keys=ctx.keys, feed=feed, audit=audit
        ),
        feed=feed,
        database=database,
        background=[
            *(consumer.run for consumer in consumers(tools, ctx.feed)),
            Desk(tools).run, watch.photo_waits, watch.holds, watch.evidence_ends, audit.run,
        ],
    )  # fmt: skip
