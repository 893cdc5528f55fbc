"""Use cases about devices' keys: enrolment by code, rotation by the device itself, revocation (reliability §2)."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from siga.contract.parking import Device, DeviceKey, KeyKind, NewerKey
from siga.contract.settings import KEY_OVERLAP_H
from siga.kit.ids import tidy_code
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.problem import FieldFault, Forbidden, Invalid, NotFound
from siga.kit.sealing import Sealer
from siga.ports import Database
from siga.services.parking import assigning, keys, store_devices, store_keys
from siga.services.parking.assigning import row_of
from siga.services.parking.device_desk import hash_of
from siga.services.parking.nonces import spent_up_to
from siga.services.parking.overlay import Overlay
from siga.services.parking.requests import Enrolled, Enrolment, Rotated, SignedRotation
from siga.services.parking.service import Parking, Replayed
from siga.services.parking.store_devices import DeviceRow
from siga.services.parking.store_keys import WaitingKey

log = logger("parking")


class BadCode(Forbidden):
    """This enrolment code is not valid"""

    slug = "bad-code"


class KeyDesk:
    """Gives keys and takes them away. Callers have checked who may do what."""

    def __init__(self, parking: Parking, database: Database, settings: LiveSettings, sealer: Sealer) -> None:
        self._parking, self._database = parking, database
        self._settings, self._sealer = settings, sealer

    async def enrol(self, ask: Enrolment) -> Enrolled:
        """Spend a code: HMAC answers a new key, Ed25519 takes the device's public key.

        A device that had a key keeps it until the new one was first used, so a lost answer locks nobody out.
        """
        public = keys.public_key(ask, ask.code)
        key = secrets.token_bytes(keys.KEY_BYTES) if public is None else public

        def work(conn: Connection, overlay: Overlay) -> Device:
            found = store_devices.device_of_code(conn, hash_of(tidy_code(ask.code)))
            if found is None:
                raise BadCode("The code was used, replaced or never given: ask for a new one.")
            device = self._give(conn, overlay, row_of(conn, found.device_id), ask.key_kind, key)
            store_devices.put_device(conn, device, code_hash=None)
            return device

        device = await self._parking.commit(work)
        log.info("device_enrolled", device_id=device.device_id, key_kind=ask.key_kind)
        shown = base64.b64encode(key).decode() if public is None else None
        return Enrolled(device_id=device.device_id, key_kind=ask.key_kind, key=shown, period_s=device.period_s)

    async def rotate(self, signed: SignedRotation) -> Rotated:
        """A new key for the device that asks with the one it has. Asked again, the key not used yet is replaced: who
        did not hear the answer asks once more. The first asking says when the old key ends."""
        ask, device_id = signed.ask, signed.device_id
        public = keys.public_key(ask, device_id)
        key = secrets.token_bytes(keys.KEY_BYTES) if public is None else public

        def work(conn: Connection, overlay: Overlay) -> tuple[datetime, str | None]:
            if not keys.spend_signed(conn, overlay, device_id, signed.nonce, signed.key_no):
                raise Replayed("A request with this nonce was taken before; sign again with a new one.")
            row = keys.present(conn, overlay, device_id)
            old = self._unsealed(row)
            if public is None and row.device.key_kind != "hmac":
                fault = FieldFault("/key_kind", "must be ed25519")
                raise Invalid("An Ed25519 device brings its new public key.", errors=[fault])
            if public is not None and public == old:
                fault = FieldFault("/public_key", "is the key in use")
                raise Invalid("A new key is another one.", errors=[fault])
            device = self._give(conn, overlay, row, ask.key_kind, key)
            ends_at = device.key_ends_at or overlay.now
            return ends_at, None if public else keys.sealed_for_device(old, device_id, signed.nonce, key)

        ends_at, sealed = await self._parking.commit(work)
        log.info("device_key_given", device_id=device_id, key_kind=ask.key_kind)
        return Rotated(device_id=device_id, key_kind=ask.key_kind, old_ends_at=ends_at, sealed_key=sealed)

    async def revoke(self, device_id: str) -> Device:
        """Its keys open nothing any more, and its bays are unmonitored until another device has them."""

        def work(conn: Connection, overlay: Overlay) -> Device:
            row = row_of(conn, device_id)
            self._remember(conn, row)
            store_keys.retire(conn, device_id, row.key_no, row.nonces.top)
            store_keys.drop_waiting(conn, device_id)
            device = msgspec.structs.replace(
                row.device,
                revoked=True,
                enabled=False,
                bay_ids=(),
                listed_under=None,
                key_made_at=None,
                key_ends_at=None,
            )
            row = msgspec.structs.replace(row, sealed_key=None, key_no=keys.next_no(row), waiting=None)
            if row.device.listed_under is not None:  # who reported for it does so no longer
                self._tell(conn, overlay, row.device.listed_under)
            assigning.keep(conn, overlay, device, row)
            store_devices.put_device(conn, device, sealed_key=None, key_no=row.key_no, code_hash=None)
            assigning.assign(conn, overlay, [device])
            return device

        device = await self._parking.commit(work)
        log.info("device_revoked", device_id=device_id)
        return device

    async def key_of(self, device_id: str) -> DeviceKey:
        """What the door needs to check this device's signature; NotFound unless it is enrolled and not revoked."""
        row, listed = await self._database.read(
            lambda conn: (row_of(conn, device_id), store_devices.listed_under(conn, device_id))
        )
        if row.sealed_key is None or row.device.revoked or row.device.key_kind is None:
            raise NotFound("This device has no key.")
        return DeviceKey(
            device_id=device_id, municipality_id=row.device.municipality_id, kind=row.device.kind,
            key_kind=row.device.key_kind, key=base64.b64encode(self._unsealed(row)).decode(),
            has_clock=row.device.has_clock, listed=listed, key_no=row.key_no, newer=self._newer(row),
        )  # fmt: skip

    @staticmethod
    def _tell(conn: Connection, overlay: Overlay, device_id: str) -> None:
        """The doors ask anew about this device's key and for whom it may report."""
        row = row_of(conn, device_id)
        assigning.note(overlay, row.device, row)

    def _newer(self, row: DeviceRow) -> NewerKey | None:
        key = row.waiting
        if key is None:
            return None
        raw = self._sealer.unseal(base64.b64decode(key.sealed_key), row.device.device_id)
        return NewerKey(
            key_no=key.key_no, key_kind=key.key_kind, key=base64.b64encode(raw).decode(),
            older_ends_at=key.older_ends_at,
        )  # fmt: skip

    def _give(self, conn: Connection, overlay: Overlay, row: DeviceRow, kind: KeyKind, key: bytes) -> Device:
        """The key becomes the device's: at once where it has none, else from its first use on."""
        device_id, digest, public = row.device.device_id, keys.hash_of_key(key), kind == "ed25519"
        self._remember(conn, row)
        if public and row.sealed_key is not None and self._unsealed(row) == key:
            return keys.forget_newer(conn, overlay, row)
        floor = store_keys.floor_of(conn, device_id, digest) if public else None
        hours = self._settings.int_of(KEY_OVERLAP_H, row.device.municipality_id)
        new = WaitingKey(
            key_no=keys.next_no(row), key_kind=kind, key_hash=digest, made_at=overlay.now,
            sealed_key=base64.b64encode(self._sealer.seal(key, device_id)).decode(),
            older_ends_at=row.waiting.older_ends_at if row.waiting else overlay.now + timedelta(hours=hours),
            floor=-1 if floor is None else floor,
        )  # fmt: skip
        if public:
            store_keys.remember(conn, device_id, digest, new.key_no)
        if row.sealed_key is None:
            return keys.use(conn, overlay, row, new, spent_up_to(new.floor))
        return keys.wait(conn, overlay, row, new)

    def _remember(self, conn: Connection, row: DeviceRow) -> None:
        """The public key in use, which an earlier release did not note."""
        if row.sealed_key is not None and row.device.key_kind == "ed25519":
            store_keys.remember(conn, row.device.device_id, keys.hash_of_key(self._unsealed(row)), row.key_no)

    def _unsealed(self, row: DeviceRow) -> bytes:
        return self._sealer.unseal(base64.b64decode(row.sealed_key or ""), row.device.device_id)
