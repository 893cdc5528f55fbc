"""Parking's routes for other services: reports and enrolments from the sensors' door, bays and zones for the rest."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims
from siga.contract.parking import Ack, DeviceKey, ReportBatch, StaffBayView, Zone
from siga.kit.clock import Clock
from siga.kit.http import need_service
from siga.kit.problem import NotFound
from siga.services.parking.device_desk import DeviceDesk
from siga.services.parking.key_desk import KeyDesk
from siga.services.parking.requests import Enrolled, Enrolment, Hello, HelloAnswer, Nonce, Rotated, SignedRotation
from siga.services.parking.service import Parking


def internal_handlers(
    parking: Parking, desk: DeviceDesk, keys: KeyDesk, clock: Clock
) -> Sequence[ControllerRouterHandler]:
    """Handlers that only other services may call."""
    picture = parking.picture

    @post("/internal/v1/reports", include_in_schema=False, status_code=200)
    async def reports(caller: Claims, data: ReportBatch) -> list[Ack]:
        """Reports of one signed envelope; answered after the commit, in their order."""
        need_service(caller, "gateway")
        return await parking.take_reports(data)

    @post("/internal/v1/enrol", include_in_schema=False, status_code=200)
    async def enrol(caller: Claims, data: Enrolment) -> Enrolled:
        """Spend an enrolment code."""
        need_service(caller, "gateway")
        return await keys.enrol(data)

    @post("/internal/v1/hello", include_in_schema=False, status_code=200)
    async def hello(caller: Claims, data: Hello) -> HelloAnswer:
        """Grant the next boot epoch."""
        need_service(caller, "gateway")
        return await desk.hello(data.device_id, data.nonce, data.key_no)

    @post("/internal/v1/rotate", include_in_schema=False, status_code=200)
    async def rotate(caller: Claims, data: SignedRotation) -> Rotated:
        """A device's new key."""
        need_service(caller, "gateway")
        return await keys.rotate(data)

    @post("/internal/v1/nonces", include_in_schema=False)
    async def nonces(caller: Claims, data: Nonce) -> None:
        """Spend a nonce."""
        need_service(caller, "gateway")
        await parking.spend_nonce(data.device_id, data.nonce, data.key_no)

    @get("/internal/v1/devices/{device_id:str}/key", include_in_schema=False)
    async def key(caller: Claims, device_id: str) -> DeviceKey:
        """The key to check a device's signature with."""
        need_service(caller, "gateway")
        return await keys.key_of(device_id)

    @get("/internal/v1/bays/{bay_id:str}", include_in_schema=False)
    async def bay(caller: Claims, bay_id: str) -> StaffBayView:
        """Any bay, personal ones too."""
        need_service(caller)
        found = picture.bay(bay_id)
        if found is None:
            raise NotFound("There is no such bay.")
        return picture.staff_view(found, picture.state(bay_id), clock(), await desk.sensor_of(bay_id))

    @get("/internal/v1/zones", include_in_schema=False, sync_to_thread=False)
    def zones(caller: Claims) -> list[Zone]:
        """All zones."""
        need_service(caller)
        return list(picture.zones.values())

    return [reports, enrol, hello, rotate, nonces, key, bay, zones]
