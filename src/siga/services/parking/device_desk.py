"""Managing devices: apart from bays, assigned for an interval, listed under one another (D4)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from siga.contract.parking import Device
from siga.contract.settings import LISTED_MOST
from siga.kit.clock import Clock
from siga.kit.ids import new_code, new_id
from siga.kit.live_settings import LiveSettings
from siga.kit.problem import Conflict, FieldFault, Invalid
from siga.ports import Database
from siga.services.parking import assigning, store_devices
from siga.services.parking.assigning import new_row, row_of
from siga.services.parking.keys import present, spend_signed
from siga.services.parking.overlay import Overlay
from siga.services.parking.requests import (
    DeviceChange,
    DeviceWithCode,
    HelloAnswer,
    NewDevice,
    given,
)
from siga.services.parking.service import Parking, Replayed
from siga.services.parking.store_devices import DeviceRow


class ListIsFull(Conflict):
    """Too many devices report by one key"""

    slug = "list-is-full"


class CameraNeedsResolution(Conflict):
    """A camera needs the authorising resolution and the custody body first"""

    slug = "camera-needs-resolution"


class DeviceDesk:
    """Use cases about devices. Callers have checked who may do what."""

    def __init__(self, parking: Parking, database: Database, settings: LiveSettings, clock: Clock) -> None:
        self._parking, self._database = parking, database
        self._settings, self._clock = settings, clock

    async def device(self, device_id: str) -> DeviceRow:
        """The device, or NotFound."""
        return await self._database.read(lambda conn: row_of(conn, device_id))

    async def page(self, municipality_ids: Sequence[str], kind: str | None, after: str, limit: int) -> list[Device]:
        """Devices of these municipalities by id, after one, with when they were last heard."""
        found = await self._database.read(
            lambda conn: store_devices.devices_page(conn, municipality_ids, kind, after, limit)
        )
        return [self.seen(device) for device in found]

    async def sensors_of(self, bay_ids: Sequence[str]) -> dict[str, str]:
        """The sensor that watches each of these bays, where one does."""
        return await self._database.read(lambda conn: store_devices.sensors_of(conn, bay_ids))

    async def sensor_of(self, bay_id: str) -> str | None:
        """The sensor that watches the bay."""
        return (await self.sensors_of([bay_id])).get(bay_id)

    def seen(self, device: Device) -> Device:
        """The device with when it was last heard, from the bays it watches."""
        picture = self._parking.picture
        states = [picture.state(bay_id) for bay_id in device.bay_ids if picture.bay(bay_id) is not None]
        heard = [state.heard_at for state in states if state.heard_at is not None]
        if device.kind != "bay_sensor" or not heard:
            return device
        return msgspec.structs.replace(device, heard_at=max(heard))

    async def add(self, new: NewDevice) -> DeviceWithCode:
        """Make a device, assigned to its bays from now on; its code enrols it once."""
        device = Device(device_id=new_id(), **msgspec.structs.asdict(new))
        check(device)
        if device.kind == "camera" and not (device.resolution_id and device.custody_body):
            device = msgspec.structs.replace(device, enabled=False)
        code = new_code()

        def work(conn: Connection, overlay: Overlay) -> None:
            self._check_listing(conn, device)
            store_devices.put_device(conn, device, code_hash=hash_of(code))
            assigning.note(overlay, device, new_row(device))
            assigning.assign(conn, overlay, [device])

        await self._parking.commit(work)
        return DeviceWithCode(device=device, code=code)

    async def new_code(self, device_id: str) -> DeviceWithCode:
        """A fresh enrolment code; the key it has opens until the new one was first used."""
        code = new_code()

        def work(conn: Connection, _: Overlay) -> Device:
            device = row_of(conn, device_id).device
            store_devices.put_device(conn, device, code_hash=hash_of(code))
            return device

        return DeviceWithCode(device=await self._parking.commit(work), code=code)

    async def change(self, device_id: str, change: DeviceChange) -> Device:
        """Change a device; new `bay_ids` end the old assignments and begin new ones."""
        fields = given(change)

        def work(conn: Connection, overlay: Overlay) -> Device:
            row = row_of(conn, device_id)
            device = msgspec.structs.replace(row.device, **fields)
            check(device)
            if device.listed_under != row.device.listed_under:
                self._check_listing(conn, device)
            if device.kind == "camera" and device.enabled and not (device.resolution_id and device.custody_body):
                raise CameraNeedsResolution("Give resolution_id and custody_body, then enable the camera.")
            assigning.keep(conn, overlay, device, row)
            if "bay_ids" in fields:
                assigning.assign(conn, overlay, [device])
            if device.kind == "bay_sensor" and "period_s" in fields:
                assigning.watch(conn, overlay, dict.fromkeys(device.bay_ids, device.period_s))
            return device

        return await self._parking.commit(work)

    def _check_listing(self, conn: Connection, device: Device) -> None:
        """Invalid unless the other device has a key of its own in this municipality; ListIsFull beyond the limit."""
        if device.listed_under is None:
            return
        other = store_devices.known_one(conn, device.listed_under)
        here = other is not None and other.row.device.municipality_id == device.municipality_id
        if other is None or not here or other.row.device.listed_under or device.listed_under == device.device_id:
            fault = FieldFault("/listed_under", "must be another device of this municipality with a key of its own")
            raise Invalid("A device is listed under one that reports for it.", errors=[fault])
        most = self._settings.int_of(LISTED_MOST, device.municipality_id)
        if store_devices.listed_counts(conn, [device.listed_under])[device.listed_under] >= most:
            raise ListIsFull(f"At most {most} devices may report by one key: list it under another device.")

    # --- the device itself -------------------------------------------------------------------------------------------

    async def hello(self, device_id: str, nonce: int, key_no: int | None) -> HelloAnswer:
        """Grant the next boot epoch; spends the nonce in the same transaction."""

        def work(conn: Connection, overlay: Overlay) -> tuple[int, Device]:
            if not spend_signed(conn, overlay, device_id, nonce, key_no):
                raise Replayed("A request with this nonce was taken before; sign again with a new one.")
            row = present(conn, overlay, device_id)
            row = msgspec.structs.replace(row, epoch=row.epoch + 1)
            store_devices.put_device(conn, row.device, epoch=row.epoch)
            overlay.devices[device_id] = row
            return row.epoch, row.device

        epoch, device = await self._parking.commit(work)
        return HelloAnswer(epoch=epoch, server_time=self._clock(), period_s=device.period_s, bay_ids=device.bay_ids)


def check(device: Device) -> None:
    """Invalid when the device cannot be so."""
    if not timedelta(seconds=5) <= timedelta(seconds=device.period_s) <= timedelta(days=7):
        raise Invalid("The period is out of range.", errors=[FieldFault("/period_s", "must be 5 to 604800 s")])
    if len(set(device.bay_ids)) != len(device.bay_ids):
        raise Invalid("A bay stands twice.", errors=[FieldFault("/bay_ids", "each bay once")])


def hash_of(code: str) -> str:
    """A code as it is kept."""
    return hashlib.sha256(code.encode()).hexdigest()
