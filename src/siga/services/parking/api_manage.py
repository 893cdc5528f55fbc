"""Parking's routes for the administration and installers: zones, bays, rules, devices, addresses, imports."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post, put
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims, may, municipalities_of
from siga.contract.parking import Bay, Category, Device, DeviceKind, Rule, Zone
from siga.kit.bay_files import BadBayFile, ReadOptions, read_bays
from siga.kit.http import need
from siga.kit.problem import Invalid, NotFound
from siga.services.parking.device_desk import DeviceDesk
from siga.services.parking.key_desk import KeyDesk
from siga.services.parking.requests import (
    AddressBatch,
    BayBatch,
    BayChange,
    Count,
    DeviceChange,
    DeviceList,
    DeviceWithCode,
    ImportResult,
    NewBay,
    NewDevice,
    NewRule,
    NewZone,
    RuleList,
    ZoneChange,
    ZoneList,
    given,
)
from siga.services.parking.service import Parking
from siga.services.parking.town import Town

_IMPORT_BYTES = 64 * 1024 * 1024
_INSTALLER_MAY = {"version", "lon", "lat", "life", "identify", "attributes", "address"}
PageLimit = Annotated[int, Parameter(ge=1, le=1000)]


class BadFile(Invalid):
    """This file of bays cannot be used"""

    slug = "bad-file"


def map_handlers(parking: Parking, town: Town) -> Sequence[ControllerRouterHandler]:
    """Handlers for zones, bays, rules and addresses."""
    picture = parking.picture

    def own(municipality_id: str, caller: Claims, action: str, zone_id: str | None = None) -> None:
        """Another municipality's things are not there; of one's own, some are not allowed."""
        if municipality_id not in {g.municipality_id for g in caller.grants}:
            raise NotFound("There is no such thing in your municipality.")
        need(caller, action, municipality_id, zone_id)

    @get("/api/v1/zones", tags=["map"], sync_to_thread=False)
    def zones(municipality_id: str | None = None) -> ZoneList:
        """All zones, of one municipality if it is named."""
        found = [z for z in picture.zones.values() if municipality_id in (None, z.municipality_id)]
        return ZoneList(zones=sorted(found, key=lambda z: z.name))

    @post("/api/v1/zones", tags=["map"])
    async def add_zone(caller: Claims, data: NewZone) -> Zone:
        """Make a zone."""
        own(data.municipality_id, caller, "map.manage")
        return await town.add_zone(data)

    @patch("/api/v1/zones/{zone_id:str}", tags=["map"])
    async def change_zone(caller: Claims, zone_id: str, data: ZoneChange) -> Zone:
        """Change a zone: its name, or whether it observes only or enforces (D2)."""
        own(town.zone(zone_id).municipality_id, caller, "map.manage")
        return await town.change_zone(zone_id, data)

    @post("/api/v1/bays", tags=["map"])
    async def add_bay(caller: Claims, data: NewBay) -> Bay:
        """Make a bay."""
        own(town.zone(data.zone_id).municipality_id, caller, "map.manage")
        return await town.add_bay(data)

    @patch("/api/v1/bays/{bay_id:str}", tags=["map"])
    async def change_bay(caller: Claims, bay_id: str, data: BayChange) -> Bay:
        """Change a bay; an installer may change where it lies, its life and how it identifies."""
        bay = town.bay(bay_id)
        installs = set(given(data)) <= _INSTALLER_MAY
        own(
            bay.municipality_id, caller, "bays.install" if installs else "map.manage", bay.zone_id if installs else None
        )
        return await town.change_bay(bay_id, data)

    @delete("/api/v1/bays/{bay_id:str}", tags=["map"], status_code=200)
    async def retire_bay(caller: Claims, bay_id: str) -> Bay:
        """Retire a bay; its history stays."""
        own(town.bay(bay_id).municipality_id, caller, "map.manage")
        return await town.retire_bay(bay_id)

    @post("/api/v1/bays/batch", tags=["map"], status_code=200, request_max_body_size=_IMPORT_BYTES)
    async def batch(caller: Claims, data: BayBatch) -> ImportResult:
        """Create or bring up to date bays that a client has read from a file; again changes nothing."""
        own(data.municipality_id, caller, "map.manage")
        return await town.import_bays(data.municipality_id, data.drafts, life=data.life, dry_run=data.dry_run)

    @post("/api/v1/bays/import", tags=["map"], status_code=200, request_max_body_size=_IMPORT_BYTES)
    async def import_file(request: Request[Any, Any, Any], caller: Claims, municipality_id: str,
                          filename: str = "bays.csv", category: Category | None = None,
                          dry_run: bool = False, anywhere: bool = False) -> ImportResult:  # fmt: skip
        """Bays from a file (GeoJSON, CSV, OSM tags) as the raw body; `dry_run=true` only says what would happen.

        Rows more than 300 km from the municipality are refused as errors, unless `anywhere=true`.
        """
        own(municipality_id, caller, "map.manage")
        try:
            town_at = picture.municipality(municipality_id)
            known = town_at.lon is not None and town_at.lat is not None and not anywhere
            near = (town_at.lon or 0.0, town_at.lat or 0.0) if known else None
            data, options = await request.body(), ReadOptions(near=near)
            read = await asyncio.to_thread(read_bays, data, filename=filename, category=category, options=options)
        except BadBayFile as fault:
            raise BadFile(f"{fault.detail} ({fault.slug})") from fault
        result = await town.import_bays(municipality_id, read.drafts, life="in_service", dry_run=dry_run)
        return msgspec.structs.replace(result, refused=[*read.refused, *result.refused], notes=read.notes)

    @get("/api/v1/rules", tags=["map"], sync_to_thread=False)
    def rules(municipality_id: str | None = None) -> RuleList:
        """All rules, of one municipality if it is named."""
        return RuleList(rules=[r for r in picture.rules.values() if municipality_id in (None, r.municipality_id)])

    @post("/api/v1/rules", tags=["map"])
    async def add_rule(caller: Claims, data: NewRule) -> Rule:
        """Make a rule (D3)."""
        own(data.municipality_id, caller, "map.manage")
        return await town.put_rule(data)

    @put("/api/v1/rules/{rule_id:str}", tags=["map"])
    async def put_rule(caller: Claims, rule_id: str, data: NewRule) -> Rule:
        """Replace a rule."""
        own(town.rule(rule_id).municipality_id, caller, "map.manage")
        own(data.municipality_id, caller, "map.manage")
        return await town.put_rule(data, rule_id)

    @delete("/api/v1/rules/{rule_id:str}", tags=["map"])
    async def remove_rule(caller: Claims, rule_id: str) -> None:
        """Take a rule away."""
        own(town.rule(rule_id).municipality_id, caller, "map.manage")
        await town.remove_rule(rule_id)

    @post("/api/v1/addresses/batch", tags=["map"], status_code=200)
    async def add_addresses(caller: Claims, data: AddressBatch) -> Count:
        """Addresses to search by; known ones change nothing."""
        own(data.municipality_id, caller, "map.manage")
        return Count(created=await town.add_addresses(data))

    return [
        zones, add_zone, change_zone, add_bay, change_bay, retire_bay, batch, import_file, rules, add_rule, put_rule,
        remove_rule, add_addresses,
    ]  # fmt: skip


def device_handlers(parking: Parking, desk: DeviceDesk, keys: KeyDesk) -> Sequence[ControllerRouterHandler]:
    """Handlers for devices."""
    picture = parking.picture

    async def own(device_id: str, caller: Claims, action: str) -> Device:
        """The device if it is of the caller's municipality (for an installer of zones: of one of those)."""
        device = desk.seen((await desk.device(device_id)).device)
        if device.municipality_id not in municipalities_of(caller, action):
            raise NotFound("There is no such device.")
        check_zones(caller, action, device.municipality_id, device.bay_ids)
        return device

    def check_zones(caller: Claims, action: str, municipality_id: str, bay_ids: Sequence[str]) -> None:
        need(caller, action, municipality_id)
        for bay_id in bay_ids:
            bay = picture.bay(bay_id)
            if bay is not None:
                need(caller, action, municipality_id, bay.zone_id)

    def in_zones(caller: Claims, device: Device) -> bool:
        """Whether all its bays lie where the caller may read devices: what `own` lets them open, one by one."""
        bays = filter(None, map(picture.bay, device.bay_ids))
        return all(may(caller, "devices.read", device.municipality_id, bay.zone_id) for bay in bays)

    @get("/api/v1/devices", tags=["devices"])
    async def devices(caller: Claims, municipality_id: str | None = None, kind: DeviceKind | None = None,
                      limit: PageLimit = 200, cursor: str | None = None) -> DeviceList:  # fmt: skip
        """Devices of the caller's municipality, in pages."""
        mine = municipalities_of(caller, "devices.read")
        if not mine:
            need(caller, "devices.read", municipality_id)
        wanted = [one for one in mine if municipality_id in (None, one)]
        page = await desk.page(wanted, kind, cursor or "", limit + 1)
        more = page[limit - 1].device_id if len(page) > limit else None
        return DeviceList(devices=[one for one in page[:limit] if in_zones(caller, one)], next=more)

    @get("/api/v1/devices/{device_id:str}", tags=["devices"])
    async def device(caller: Claims, device_id: str) -> Device:
        """One device."""
        return await own(device_id, caller, "devices.read")

    @post("/api/v1/devices", tags=["devices"])
    async def add_device(caller: Claims, data: NewDevice) -> DeviceWithCode:
        """Make a device; its enrolment code is shown this once."""
        if data.municipality_id not in municipalities_of(caller, "devices.manage"):
            need(caller, "devices.manage", data.municipality_id)
        check_zones(caller, "devices.manage", data.municipality_id, data.bay_ids)
        return await desk.add(data)

    @patch("/api/v1/devices/{device_id:str}", tags=["devices"])
    async def change_device(caller: Claims, device_id: str, data: DeviceChange) -> Device:
        """Change a device; `bay_ids` assigns it anew: a swap makes the bay unknown until the first report (D4)."""
        before = await own(device_id, caller, "devices.manage")
        bay_ids = given(data).get("bay_ids", ())
        check_zones(caller, "devices.manage", before.municipality_id, bay_ids)
        return await desk.change(device_id, data)

    @post("/api/v1/devices/{device_id:str}/code", tags=["devices"], status_code=200)
    async def new_code(caller: Claims, device_id: str) -> DeviceWithCode:
        """A fresh enrolment code, shown this once. The key the device has opens until the new one was first used, or
        until the overlap (`parking.key_overlap_h`) after its enrolment ends."""
        await own(device_id, caller, "devices.manage")
        return await desk.new_code(device_id)

    @post("/api/v1/devices/{device_id:str}/revoke", tags=["devices"], status_code=200)
    async def revoke(caller: Claims, device_id: str) -> Device:
        """Revoke a device: its keys open nothing any more, from this answer on."""
        await own(device_id, caller, "devices.manage")
        return await keys.revoke(device_id)

    return [devices, device, add_device, change_device, new_code, revoke]
