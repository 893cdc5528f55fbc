"""Parking's routes about LoRaWAN: network servers, devices nobody has claimed, codecs, health, and the uplinks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from litestar import get, patch, post
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims, municipalities_of
from siga.contract.lorawan import (
    CODECS,
    Claim,
    ClaimState,
    DeviceHealth,
    Integration,
    IntegrationKey,
    LorawanDevice,
    SecretQuestion,
    ServerMessage,
    UplinkAck,
)
from siga.contract.parking import Device
from siga.kit.http import need, need_service
from siga.kit.problem import NotFound
from siga.services.parking.device_desk import DeviceDesk
from siga.services.parking.lorawan import Lorawan
from siga.services.parking.lorawan_desk import ClaimDesk
from siga.services.parking.lorawan_servers import IntegrationDesk
from siga.services.parking.picture import Picture
from siga.services.parking.requests_lorawan import (
    ClaimAsk,
    Claimed,
    ClaimList,
    CodecList,
    IntegrationChange,
    IntegrationList,
    IntegrationWithSecret,
    NewIntegration,
    Pinning,
    Rotation,
)

PageLimit = Annotated[int, Parameter(ge=1, le=1000, description="how many at most")]
_READ, _MANAGE, _CLAIM = "integrations.read", "integrations.manage", "devices.claim"


def _mine(caller: Claims, action: str, municipality_id: str | None) -> list[str]:
    """The municipalities whose things are listed; refused when there is none."""
    mine = municipalities_of(caller, action)
    if not mine:
        need(caller, action, municipality_id)
    return [one for one in mine if municipality_id in (None, one)]


def _own(caller: Claims, action: str, municipality_id: str, what: str) -> None:
    """Another municipality's things are not there."""
    if municipality_id not in municipalities_of(caller, action):
        need(caller, action)
        raise NotFound(f"There is no such {what}.")


def integration_handlers(desk: IntegrationDesk) -> Sequence[ControllerRouterHandler]:
    """Handlers for network servers."""

    async def own(caller: Claims, action: str, integration_id: str) -> Integration:
        found = await desk.one(integration_id)
        _own(caller, action, found.municipality_id, "integration")
        return found

    @get("/api/v1/devices/integrations", tags=["lorawan"])
    async def integrations(caller: Claims, municipality_id: str | None = None) -> IntegrationList:
        """LoRaWAN network servers that are let in, with when each was heard last; their secrets are not told."""
        return IntegrationList(integrations=await desk.all(_mine(caller, _READ, municipality_id)))

    @post("/api/v1/devices/integrations", tags=["lorawan"])
    async def add_integration(caller: Claims, data: NewIntegration) -> IntegrationWithSecret:
        """Let a network server in (ChirpStack v4 or The Things Stack v3). Its secret is shown this once."""
        need(caller, _MANAGE, data.municipality_id)
        return await desk.add(data)

    @get("/api/v1/devices/integrations/{integration_id:str}", tags=["lorawan"])
    async def integration(caller: Claims, integration_id: str) -> Integration:
        """One network server."""
        return await own(caller, _READ, integration_id)

    @patch("/api/v1/devices/integrations/{integration_id:str}", tags=["lorawan"])
    async def change_integration(caller: Claims, integration_id: str, data: IntegrationChange) -> Integration:
        """Rename a network server, shut it out (`enabled: false`) or let it in again."""
        await own(caller, _MANAGE, integration_id)
        return await desk.change(integration_id, data)

    @post("/api/v1/devices/integrations/{integration_id:str}/rotate", tags=["lorawan"], status_code=200)
    async def rotate_integration(caller: Claims, integration_id: str, data: Rotation) -> IntegrationWithSecret:
        """A new secret, shown this once; the present one opens for `overlap_h` hours more (0: not at all)."""
        await own(caller, _MANAGE, integration_id)
        return await desk.rotate(integration_id, data)

    return [integrations, add_integration, integration, change_integration, rotate_integration]


def claim_handlers(desk: ClaimDesk, picture: Picture) -> Sequence[ControllerRouterHandler]:
    """Handlers for LoRaWAN devices that nobody has claimed."""

    async def own(caller: Claims, claim_id: str) -> Claim:
        found = await desk.one(claim_id)
        _own(caller, _CLAIM, found.municipality_id, "device in the claim queue")
        return found

    @get("/api/v1/devices/codecs", tags=["lorawan"], sync_to_thread=False)
    def codecs() -> CodecList:
        """The LoRaWAN sensors whose payloads SIGA can read, each by model and firmware."""
        return CodecList(codecs=list(CODECS.values()))

    @get("/api/v1/devices/claims", tags=["lorawan"])
    async def claims(caller: Claims, municipality_id: str | None = None, queue: ClaimState = "waiting",
                     limit: PageLimit = 200, cursor: str | None = None) -> ClaimList:  # fmt: skip
        """LoRaWAN devices that were heard and belong to no bay, the one first heard last at the top.

        `queue=dismissed` lists those that were dismissed. What each codec makes of the last frame stands beside it.
        """
        page = await desk.page(_mine(caller, _CLAIM, municipality_id), queue, cursor, limit + 1)
        more = page[limit - 1].claim_id if len(page) > limit else None
        return ClaimList(claims=page[:limit], next=more)

    @get("/api/v1/devices/claims/{claim_id:str}", tags=["lorawan"])
    async def claim(caller: Claims, claim_id: str) -> Claim:
        """One such device."""
        return await own(caller, claim_id)

    @post("/api/v1/devices/claims/{claim_id:str}/claim", tags=["lorawan"])
    async def claim_device(caller: Claims, claim_id: str, data: ClaimAsk) -> Claimed:
        """Put the device upon a bay, read by the codec of its model and firmware.

        A sensor that watched the bay gives way (D4). Frames held since, at most seven days old, are applied at once.
        """
        found = await own(caller, claim_id)
        bay = picture.bay(data.bay_id)
        need(caller, _CLAIM, found.municipality_id, bay.zone_id if bay is not None else None)
        return await desk.claim(claim_id, data)

    @post("/api/v1/devices/claims/{claim_id:str}/dismiss", tags=["lorawan"], status_code=200)
    async def dismiss_claim(caller: Claims, claim_id: str) -> Claim:
        """Dismiss the device (a neighbour's, say): it stays dismissed however often it is heard."""
        await own(caller, claim_id)
        return await desk.put_state(claim_id, "dismissed")

    @post("/api/v1/devices/claims/{claim_id:str}/restore", tags=["lorawan"], status_code=200)
    async def restore_claim(caller: Claims, claim_id: str) -> Claim:
        """List a dismissed device again."""
        await own(caller, claim_id)
        return await desk.put_state(claim_id, "waiting")

    return [codecs, claims, claim, claim_device, dismiss_claim, restore_claim]


def health_handlers(desk: ClaimDesk, devices: DeviceDesk, picture: Picture) -> Sequence[ControllerRouterHandler]:
    """Handlers for how a device is, and by which codec it is read."""

    async def own(caller: Claims, action: str, device_id: str) -> Device:
        device = devices.seen((await devices.device(device_id)).device)
        _own(caller, action, device.municipality_id, "device")
        for bay in filter(None, map(picture.bay, device.bay_ids)):
            need(caller, action, device.municipality_id, bay.zone_id)
        return device

    @get("/api/v1/devices/{device_id:str}/health", tags=["devices"])
    async def health(caller: Claims, device_id: str) -> DeviceHealth:
        """How a device is: battery, temperature, signal, when it was last heard, what never came or could not be
        read. Of a LoRaWAN sensor also its DevEUI and codec."""
        return await desk.health(await own(caller, "devices.read", device_id))

    @post("/api/v1/devices/{device_id:str}/codec", tags=["lorawan"], status_code=200)
    async def pin_codec(caller: Claims, device_id: str, data: Pinning) -> LorawanDevice:
        """Read a LoRaWAN sensor by the codec of another model or firmware from now on, as after an update.

        Frames of the last seven days that the codec before could not read are tried again.
        """
        await own(caller, "devices.manage", device_id)
        return await desk.pin(device_id, data)

    return [health, pin_codec]


def uplink_handlers(lorawan: Lorawan, desk: IntegrationDesk) -> Sequence[ControllerRouterHandler]:
    """Handlers that only the sensors' door may call."""

    @post("/internal/v1/lorawan/integrations/resolve", include_in_schema=False, status_code=200)
    async def resolve(caller: Claims, data: SecretQuestion) -> IntegrationKey:
        """Whose secret this is; NotFound when it opens nothing."""
        need_service(caller, "gateway")
        return await desk.key_of(data.secret_hash)

    @post("/internal/v1/lorawan/uplinks", include_in_schema=False, status_code=200)
    async def uplinks(caller: Claims, data: ServerMessage) -> UplinkAck:
        """One message of a network server; answered after the commit."""
        need_service(caller, "gateway")
        return await lorawan.take(data)

    return [resolve, uplinks]
