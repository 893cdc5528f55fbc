"""Managing devices: apart from bays, enrolled by a one-time code, assigned for an interval, revoked (D4)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from siga.contract.parking import Device, DeviceKey
from siga.kit.clock import Clock
from siga.kit.ids import new_code, new_id, tidy_code
from siga.kit.problem import Conflict, FieldFault, Forbidden, Invalid, NotFound
from siga.kit.sealing import Sealer
from siga.ports import Database
from siga.services.parking import assigning, store_devices
from siga.services.parking.assigning import new_row, row_of
from siga.services.parking.nonces import NonceWindow, spend
from siga.services.parking.overlay import Overlay
from siga.services.parking.requests import (
    DeviceChange,
    DeviceWithCode,
    Enrolled,
    Enrolment,
    HelloAnswer,
    NewDevice,
    given,
)
from siga.services.parking.service import Parking, Replayed
from siga.services.parking.store_devices import DeviceRow

_KEY_BYTES = 32


class BadCode(Forbidden):
    """This enrolment code is not valid"""

    slug = "bad-code"


class CameraNeedsResolution(Conflict):
    """A camera needs the authorising resolution and the custody body first"""

    slug = "camera-needs-resolution"


class DeviceDesk:
    """Use cases about devices. Callers have checked who may do what."""

    def __init__(self, parking: Parking, database: Database, sealer: Sealer, clock: Clock) -> None:
        self._parking, self._database = parking, database
        self._sealer, self._clock = sealer, clock

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
            store_devices.put_device(conn, device, code_hash=hash_of(code))
            assigning.note(overlay, device, new_row(device))
            assigning.assign(conn, overlay, [device])

        await self._parking.commit(work)
        return DeviceWithCode(device=device, code=code)

    async def new_code(self, device_id: str) -> DeviceWithCode:
        """A fresh enrolment code; the old key works until the new one is enrolled."""
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
            if device.kind == "camera" and device.enabled and not (device.resolution_id and device.custody_body):
                raise CameraNeedsResolution("Give resolution_id and custody_body, then enable the camera.")
            assigning.keep(conn, overlay, device, row)
            if "bay_ids" in fields:
                assigning.assign(conn, overlay, [device])
            if device.kind == "bay_sensor" and "period_s" in fields:
                assigning.watch(conn, overlay, dict.fromkeys(device.bay_ids, device.period_s))
            return device

        return await self._parking.commit(work)

    async def revoke(self, device_id: str) -> Device:
        """Its key opens nothing any more, and its bays are unmonitored until another device has them."""

        def work(conn: Connection, overlay: Overlay) -> Device:
            row = row_of(conn, device_id)
            device = msgspec.structs.replace(row.device, revoked=True, enabled=False, bay_ids=())
            assigning.keep(conn, overlay, device, msgspec.structs.replace(row, sealed_key=None))
            store_devices.put_device(conn, device, sealed_key=None, code_hash=None)
            assigning.assign(conn, overlay, [device])
            return device

        return await self._parking.commit(work)

    # --- the device itself -------------------------------------------------------------------------------------------

    async def enrol(self, ask: Enrolment) -> Enrolled:
        """Spend a code: HMAC answers a new key, Ed25519 takes the device's public key."""
        public = _public_key(ask)
        key = secrets.token_bytes(_KEY_BYTES) if public is None else public

        def work(conn: Connection, overlay: Overlay) -> Device:
            found = store_devices.device_of_code(conn, hash_of(tidy_code(ask.code)))
            if found is None:
                raise BadCode("The code was used, replaced or never given: ask for a new one.")
            row = row_of(conn, found.device_id)
            device = msgspec.structs.replace(row.device, enrolled=True, key_kind=ask.key_kind, revoked=False)
            sealed = base64.b64encode(self._sealer.seal(key, device.device_id)).decode()
            assigning.keep(conn, overlay, device, msgspec.structs.replace(row, sealed_key=sealed, nonces=NonceWindow()))
            store_devices.put_device(conn, device, sealed_key=sealed, code_hash=None)
            store_devices.put_nonces(conn, {device.device_id: NonceWindow()})
            return device

        device = await self._parking.commit(work)
        shown = base64.b64encode(key).decode() if public is None else None
        return Enrolled(device_id=device.device_id, key_kind=ask.key_kind, key=shown, period_s=device.period_s)

    async def hello(self, device_id: str, nonce: int) -> HelloAnswer:
        """Grant the next boot epoch; spends the nonce in the same transaction."""

        def work(conn: Connection, overlay: Overlay) -> tuple[int, Device]:
            row = row_of(conn, device_id)
            window = spend(row.nonces, nonce)
            if window is None:
                raise Replayed("A request with this nonce was taken before; sign again with a new one.")
            row = msgspec.structs.replace(row, epoch=row.epoch + 1, nonces=window)
            store_devices.put_device(conn, row.device, epoch=row.epoch)
            overlay.nonces[device_id] = window
            overlay.devices[device_id] = row
            return row.epoch, row.device

        epoch, device = await self._parking.commit(work)
        return HelloAnswer(epoch=epoch, server_time=self._clock(), period_s=device.period_s, bay_ids=device.bay_ids)

    async def key_of(self, device_id: str) -> DeviceKey:
        """What the door needs to check this device's signature; NotFound unless it is enrolled and not revoked."""
        row, listed = await self._database.read(
            lambda conn: (row_of(conn, device_id), store_devices.listed_under(conn, device_id))
        )
        if row.sealed_key is None or row.device.revoked or row.device.key_kind is None:
            raise NotFound("This device has no key.")
        key = self._sealer.unseal(base64.b64decode(row.sealed_key), device_id)
        return DeviceKey(
            device_id=device_id, municipality_id=row.device.municipality_id, kind=row.device.kind,
            key_kind=row.device.key_kind, key=base64.b64encode(key).decode(), has_clock=row.device.has_clock,
            listed=listed,
        )  # fmt: skip


def check(device: Device) -> None:
    """Invalid when the device cannot be so."""
    if not timedelta(seconds=5) <= timedelta(seconds=device.period_s) <= timedelta(days=7):
        raise Invalid("The period is out of range.", errors=[FieldFault("/period_s", "must be 5 to 604800 s")])
    if len(set(device.bay_ids)) != len(device.bay_ids):
        raise Invalid("A bay stands twice.", errors=[FieldFault("/bay_ids", "each bay once")])


def hash_of(code: str) -> str:
    """A code as it is kept."""
    return hashlib.sha256(code.encode()).hexdigest()


def _public_key(ask: Enrolment) -> bytes | None:
    if ask.key_kind == "hmac":
        return None
    try:
        key = base64.b64decode(ask.public_key or "", validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        fault = FieldFault("/public_key", "must be 32 bytes in base64")
        raise Invalid("An Ed25519 device brings its public key.", errors=[fault])
    return key
