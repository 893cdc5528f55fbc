"""Wires Parking: its store, its memory, its routes and whom it follows."""

from __future__ import annotations

from siga.kit.consumer import Consumer
from siga.kit.http import service_app
from siga.kit.log import logger
from siga.kit.sealing import Sealer
from siga.kit.service import Context, Service, every
from siga.services.parking.api import public_handlers
from siga.services.parking.api_internal import internal_handlers
from siga.services.parking.api_manage import device_handlers, map_handlers
from siga.services.parking.device_desk import DeviceDesk
from siga.services.parking.service import Parking
from siga.services.parking.tables import journal, metadata
from siga.services.parking.town import Town

_SWEEP_S = 3600.0
FOLLOWED = ("users", "drivers", "enforcement")


async def build(ctx: Context) -> Service:
    """Parking, ready to be loaded."""
    database = ctx.database(metadata)
    parking = Parking(database, ctx.settings, ctx.clock)
    town = Town(parking, database)
    desk = DeviceDesk(parking, Sealer.open(ctx.data / "devices.key"), ctx.clock)
    feed = ctx.local_feed(journal, database)
    app = service_app(
        ctx.name,
        [
            *public_handlers(parking, town, ctx.clock),
            *map_handlers(parking, town),
            *device_handlers(parking, desk),
            *internal_handlers(parking, desk, ctx.clock),
        ],
        keys=ctx.keys, feed=feed, ready=lambda: parking.loaded,
    )  # fmt: skip
    consumers = [
        Consumer(name=ctx.name, feed=ctx.feed(source), database=database, journal=journal, handle=parking.follow)
        for source in FOLLOWED
        if source in ctx.apps
    ]
    log = logger(ctx.name)
    return Service(
        name=ctx.name, app=app, feed=feed, database=database, load=parking.load, ready=lambda: parking.loaded,
        background=[
            parking.run_ingest,
            parking.run_time,
            *(c.run for c in consumers),
            lambda: every(_SWEEP_S, parking.sweep, lambda fault: log.error("sweep_failed", exc_info=fault)),
        ],
        extra={"parking": parking},
    )  # fmt: skip
