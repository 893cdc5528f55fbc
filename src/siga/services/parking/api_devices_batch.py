"""The route by which a whole inventory of devices comes in."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import post
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims, may, municipalities_of
from siga.kit.http import need
from siga.services.parking.device_import import DeviceBatch, DeviceImport, DeviceImportResult
from siga.services.parking.service import Parking

_IMPORT_BYTES = 64 * 1024 * 1024
_ACTION = "devices.manage"


def device_batch_handlers(parking: Parking, imports: DeviceImport) -> Sequence[ControllerRouterHandler]:
    """The handler for many devices at once."""
    picture = parking.picture

    @post("/api/v1/devices/batch", tags=["devices"], status_code=200, request_max_body_size=_IMPORT_BYTES)
    async def device_batch(caller: Claims, data: DeviceBatch) -> DeviceImportResult:
        """Create or bring up to date devices that a client has read from a file; again changes nothing.

        A device is known again by its `external_id`. Those listed under another device report by its key; each of the
        others gets an enrolment code, shown this once. At most 5,000 at once.
        """
        if data.municipality_id not in municipalities_of(caller, _ACTION):
            need(caller, _ACTION, data.municipality_id)

        def may_bay(bay_id: str) -> bool:
            bay = picture.bay(bay_id)
            return bay is None or may(caller, _ACTION, data.municipality_id, bay.zone_id)

        return await imports.take(data, may_bay)

    return [device_batch]
