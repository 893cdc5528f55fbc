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

from siga.contract.parking import Device, DeviceDefined, DeviceKey
from siga.kit.clock import Clock
from siga.kit.ids import new_code, new_id, tidy_code
from siga.kit.problem import Conflict, FieldFault, Forbidden, Invalid, NotFound
from siga.kit.sealing import Sealer
from siga.services.parking import model, store
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
from siga.services.parking.store import Assignment, DeviceRow

_KEY_BYTES = 32


class BadCode(Forbidden):
    """This enrolment code is not valid"""

    slug = "bad-code"


class CameraNeedsResolution(Conflict):
    """A camera needs the authorising resolution and the custody body first"""

    slug = "camera-needs-resolution"


class DeviceDesk:
    """Use cases about devices. Callers have checked who may do what."""

    def __init__(self, parking: Parking, sealer: Sealer, clock: Clock) -> None:
        self._parking, self._sealer, self._clock = parking, sealer, clock

    def device(self, device_id: str) -> DeviceRow:
        """The device, or NotFound."""
        row = self._parking.picture.devices.get(device_id)
        if row is None:
            raise NotFound("There is no such device.")
        return row

    def seen(self, row: DeviceRow) -> Device:
        """The device with when it was last heard, from the bays it watches."""
        states = [self._parking.picture.states.get(bay_id) for bay_id in row.device.bay_ids]
        heard = [state.heard_at for state in states if state is not None and state.heard_at is not None]
        if row.device.kind != "bay_sensor" or not heard:
            return row.device
        return msgspec.structs.replace(row.device, heard_at=max(heard))

    async def add(self, new: NewDevice) -> DeviceWithCode:
        """Make a device, assigned to its bays from now on; its code enrols it once."""
        device = Device(device_id=new_id(), **msgspec.structs.asdict(new))
        _check(device)
        if device.kind == "camera" and not (device.resolution_id and device.custody_body):
            device = msgspec.structs.replace(device, enabled=False)
        code = new_code()

        def work(conn: Connection, overlay: Overlay) -> None:
            self._put(conn, overlay, device, DeviceRow(device=device, sealed_key=None, epoch=0, nonces=NonceWindow()))
            store.put_device(conn, device, code_hash=_hash(code))
            self._assign(conn, overlay, device, device.bay_ids)

        await self._parking.commit(work)
        return DeviceWithCode(device=device, code=code)

    async def new_code(self, device_id: str) -> DeviceWithCode:
        """A fresh enrolment code; the old key works until the new one is enrolled."""
        row, code = self.device(device_id), new_code()
        await self._parking.commit(lambda conn, _: store.put_device(conn, row.device, code_hash=_hash(code)))
        return DeviceWithCode(device=row.device, code=code)

    async def change(self, device_id: str, change: DeviceChange) -> Device:
        """Change a device; new `bay_ids` end the old assignments and begin new ones."""
        row, fields = self.device(device_id), given(change)
        device = msgspec.structs.replace(row.device, **fields)
        _check(device)
        if device.kind == "camera" and device.enabled and not (device.resolution_id and device.custody_body):
            raise CameraNeedsResolution("Give resolution_id and custody_body, then enable the camera.")

        def work(conn: Connection, overlay: Overlay) -> None:
            self._put(conn, overlay, device, row)
            if "bay_ids" in fields:
                self._assign(conn, overlay, device, device.bay_ids)

        await self._parking.commit(work)
        self._parking.picture.map_changed()
        return device

    async def revoke(self, device_id: str) -> Device:
        """Its key opens nothing any more, and its bays are unmonitored until another device has them."""
        row = self.device(device_id)
        device = msgspec.structs.replace(row.device, revoked=True, enabled=False, bay_ids=())

        def work(conn: Connection, overlay: Overlay) -> None:
            self._put(conn, overlay, device, msgspec.structs.replace(row, sealed_key=None))
            store.put_device(conn, device, sealed_key=None, code_hash=None)
            self._assign(conn, overlay, device, ())

        await self._parking.commit(work)
        return device

    def _put(self, conn: Connection, overlay: Overlay, device: Device, row: DeviceRow) -> None:
        store.put_device(conn, device)
        overlay.devices[device.device_id] = msgspec.structs.replace(row, device=device)
        overlay.tell(DeviceDefined(device=device), device.municipality_id, device.device_id)

    def _assign(self, conn: Connection, overlay: Overlay, device: Device, bay_ids: Sequence[str]) -> None:
        picture = self._parking.picture
        current = [a for a in picture.assignments_of(device.device_id) if a.ended_at is None]
        gone = [a for a in current if a.bay_id not in bay_ids]
        fresh = [bay_id for bay_id in bay_ids if bay_id not in {a.bay_id for a in current}]
        for bay_id in fresh:
            bay = overlay.bay(bay_id)
            if bay is None or bay.municipality_id != device.municipality_id or bay.life == "retired":
                raise Invalid(
                    "A device watches bays of its own municipality.",
                    errors=[FieldFault("/bay_ids", f"no such bay: {bay_id}")],
                )
        if device.kind == "bay_sensor":
            gone += [a for bay_id in fresh for a in self._other_sensors(bay_id, device.device_id)]
        self._end(conn, overlay, gone)
        number = store.next_assignment(conn)
        for n, bay_id in enumerate(fresh):
            assignment = Assignment(
                assignment=number + n, device_id=device.device_id, bay_id=bay_id, started_at=overlay.now, ended_at=None
            )
            store.start_assignment(conn, assignment)
            overlay.assignments[assignment.assignment] = assignment
            if device.kind == "bay_sensor":
                self._reset(overlay, bay_id, assignment.assignment)

    def _other_sensors(self, bay_id: str, device_id: str) -> list[Assignment]:
        """Assignments of other sensors to the bay: a swap ends them."""
        return [
            a for a in self._parking.picture.assignments.values()
            if a.bay_id == bay_id and a.ended_at is None and a.device_id != device_id
            and self._parking.picture.devices[a.device_id].device.kind == "bay_sensor"
        ]  # fmt: skip

    def _end(self, conn: Connection, overlay: Overlay, gone: Sequence[Assignment]) -> None:
        store.end_assignments(conn, [a.assignment for a in gone], overlay.now)
        for a in gone:
            overlay.assignments[a.assignment] = msgspec.structs.replace(a, ended_at=overlay.now)
            row = overlay.devices.get(a.device_id) or self._parking.picture.devices[a.device_id]
            if a.bay_id in row.device.bay_ids:
                left = tuple(b for b in row.device.bay_ids if b != a.bay_id)
                self._put(conn, overlay, msgspec.structs.replace(row.device, bay_ids=left), row)
            if row.device.kind == "bay_sensor":
                self._reset(overlay, a.bay_id, a.assignment)

    @staticmethod
    def _reset(overlay: Overlay, bay_id: str, assignment: int) -> None:
        bay = overlay.bay(bay_id)
        if bay is not None:
            overlay.settle(bay, model.reassigned(overlay.state(bay_id), assignment), "device", told=True)

    # --- the device itself -------------------------------------------------------------------------------------------

    async def enrol(self, ask: Enrolment) -> Enrolled:
        """Spend a code: HMAC answers a new key, Ed25519 takes the device's public key."""
        public = _public_key(ask)
        key = secrets.token_bytes(_KEY_BYTES) if public is None else public

        def work(conn: Connection, overlay: Overlay) -> Device:
            found = store.device_of_code(conn, _hash(tidy_code(ask.code)))
            if found is None:
                raise BadCode("The code was used, replaced or never given: ask for a new one.")
            row = self._parking.picture.devices[found.device_id]
            device = msgspec.structs.replace(row.device, enrolled=True, key_kind=ask.key_kind, revoked=False)
            sealed = base64.b64encode(self._sealer.seal(key, device.device_id)).decode()
            self._put(conn, overlay, device, msgspec.structs.replace(row, sealed_key=sealed, nonces=NonceWindow()))
            store.put_device(conn, device, sealed_key=sealed, code_hash=None)
            overlay.nonces[device.device_id] = NonceWindow()
            return device

        device = await self._parking.commit(work)
        shown = base64.b64encode(key).decode() if public is None else None
        return Enrolled(device_id=device.device_id, key_kind=ask.key_kind, key=shown, period_s=device.period_s)

    async def hello(self, device_id: str, nonce: int) -> HelloAnswer:
        """Grant the next boot epoch; spends the nonce in the same transaction."""

        def work(conn: Connection, overlay: Overlay) -> int:
            row = self.device(device_id)
            window = spend(overlay.window(device_id), nonce)
            if window is None:
                raise Replayed("A request with this nonce was taken before; sign again with a new one.")
            overlay.nonces[device_id] = window
            store.put_device(conn, row.device, epoch=row.epoch + 1)
            overlay.devices[device_id] = msgspec.structs.replace(row, epoch=row.epoch + 1)
            return row.epoch + 1

        epoch = await self._parking.commit(work)
        device = self.device(device_id).device
        return HelloAnswer(epoch=epoch, server_time=self._clock(), period_s=device.period_s, bay_ids=device.bay_ids)

    def key_of(self, device_id: str) -> DeviceKey:
        """What the door needs to check this device's signature; NotFound unless it is enrolled and not revoked."""
        row = self.device(device_id)
        if row.sealed_key is None or row.device.revoked or row.device.key_kind is None:
            raise NotFound("This device has no key.")
        key = self._sealer.unseal(base64.b64decode(row.sealed_key), device_id)
        listed = tuple(
            d.device.device_id for d in self._parking.picture.devices.values() if d.device.listed_under == device_id
        )
        return DeviceKey(
            device_id=device_id, municipality_id=row.device.municipality_id, kind=row.device.kind,
            key_kind=row.device.key_kind, key=base64.b64encode(key).decode(), has_clock=row.device.has_clock,
            listed=listed,
        )  # fmt: skip


def _check(device: Device) -> None:
    if not timedelta(seconds=5) <= timedelta(seconds=device.period_s) <= timedelta(days=7):
        raise Invalid("The period is out of range.", errors=[FieldFault("/period_s", "must be 5 to 604800 s")])
    if len(set(device.bay_ids)) != len(device.bay_ids):
        raise Invalid("A bay stands twice.", errors=[FieldFault("/bay_ids", "each bay once")])


def _hash(code: str) -> str:
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
