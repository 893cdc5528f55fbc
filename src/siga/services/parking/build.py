"""Wires Parking: its store, its memory, its routes and whom it follows."""

from __future__ import annotations

from siga.kit.audit import AuditDesk
from siga.kit.consumer import Consumer
from siga.kit.http import service_app
from siga.kit.log import logger
from siga.kit.sealing import Sealer
from siga.kit.service import Context, Service, every
from siga.kit.subjects import subject_routes
from siga.services.parking.api import public_handlers
from siga.services.parking.api_devices_batch import device_batch_handlers
from siga.services.parking.api_internal import internal_handlers
from siga.services.parking.api_lorawan import claim_handlers, health_handlers, integration_handlers, uplink_handlers
from siga.services.parking.api_manage import device_handlers, map_handlers
from siga.services.parking.device_desk import DeviceDesk
from siga.services.parking.device_import import DeviceImport
from siga.services.parking.express import Express
from siga.services.parking.key_desk import KeyDesk
from siga.services.parking.lorawan import Lorawan
from siga.services.parking.lorawan_desk import ClaimDesk
from siga.services.parking.lorawan_servers import IntegrationDesk
from siga.services.parking.reads import Reads
from siga.services.parking.service import Parking
from siga.services.parking.subjects import Subjects
from siga.services.parking.tables import journal, metadata
from siga.services.parking.town import Town

_SWEEP_S = 3600.0
_SAVE_S = 300.0
FOLLOWED = ("users", "drivers", "enforcement")
HEEDED = (
    "MunicipalityDefined", "CredentialChanged", "AccreditationChanged", "CheckedIn", "CheckedOut", "BayDoubted",
    "StayJudged",
)  # fmt: skip
"""What others' events Parking takes over; all else of their journals is passed."""


async def build(ctx: Context) -> Service:
    """Parking, ready to be loaded."""
    database = ctx.database(metadata)
    parking = Parking(database, ctx.settings, ctx.clock, ctx.data / "picture.snapshot")
    town = Town(parking, database)
    desk = DeviceDesk(parking, database, ctx.settings, ctx.clock)
    keys = KeyDesk(parking, database, ctx.settings, Sealer.open(ctx.data / "devices.key"))
    lorawan = Lorawan(parking, database, ctx.settings, ctx.clock)
    claims, servers = (
        ClaimDesk(parking, database, ctx.settings, ctx.clock),
        IntegrationDesk(parking, database, ctx.clock),
    )
    feed = ctx.local_feed(journal, database)
    reads, audit = Reads(parking.picture, ctx.clock), AuditDesk("parking", journal, database, ctx.clock)
    framework = service_app(
        ctx.name,
        [
            *public_handlers(reads, desk, town, ctx.clock),
            *map_handlers(parking, town),
            *device_handlers(parking, desk, keys),
            *device_batch_handlers(parking, DeviceImport(parking, database, ctx.settings)),
            *integration_handlers(servers),
            *claim_handlers(claims, parking.picture),
            *health_handlers(claims, desk, parking.picture),
            *uplink_handlers(lorawan, servers),
            *internal_handlers(parking, desk, keys, ctx.clock),
            *subject_routes(Subjects(database, parking.picture, ctx.clock)),
        ],
        keys=ctx.keys, feed=feed, ready=lambda: parking.loaded, audit=audit,
    )  # fmt: skip
    express = Express(reads, parking, ctx.keys, framework)
    consumers = [
        Consumer(
            name=ctx.name,
            feed=ctx.feed(source),
            database=database,
            journal=journal,
            handle=parking.follow,
            kinds=HEEDED,
        )
        for source in FOLLOWED
        if source in ctx.apps
    ]
    log = logger(ctx.name)
    return Service(
        name=ctx.name, app=express, feed=feed, database=database, load=parking.load, ready=lambda: parking.loaded,
        background=[
            parking.run_ingest,
            lorawan.run,
            parking.run_index,
            parking.run_time,
            *(c.run for c in consumers),
            audit.run,
            lambda: every(_SAVE_S, parking.save, lambda fault: log.error("snapshot_failed", exc_info=fault)),
            lambda: every(_SWEEP_S, parking.sweep, lambda fault: log.error("sweep_failed", exc_info=fault)),
            lambda: every(_SWEEP_S, lorawan.sweep, lambda fault: log.error("sweep_failed", exc_info=fault)),
        ],
        close=parking.save,
        extra={"parking": parking, "lane": express, "lorawan": lorawan},
    )  # fmt: skip
