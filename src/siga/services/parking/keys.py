"""Which of a device's keys opens, inside a transaction: the one in use, and a newer one from its first use on."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from siga.contract.parking import Device
from siga.kit.problem import FieldFault, Invalid, Unauthenticated
from siga.services.parking import assigning, store_devices, store_keys
from siga.services.parking.nonces import NonceWindow, spend, spent_up_to
from siga.services.parking.overlay import Overlay
from siga.services.parking.requests import Enrolment, Rotation
from siga.services.parking.store_devices import DeviceRow
from siga.services.parking.store_keys import WaitingKey

KEY_BYTES, _PROOF_BYTES = 32, 64
_WORD = "SIGA1-KEY"


class KeyEnded(Unauthenticated):
    """This key opens nothing any more"""

    slug = "key-ended"


def present(conn: Connection, overlay: Overlay, device_id: str) -> DeviceRow:
    """The device as this transaction has it so far; Unauthenticated when there is none."""
    row = overlay.devices.get(device_id)
    if row is None:
        known = overlay.known(conn, device_id)
        if known is None:
            raise Unauthenticated("This device is not known here.")
        row = known.row
    return msgspec.structs.replace(row, nonces=overlay.nonces.get(device_id, row.nonces))


def spend_signed(conn: Connection, overlay: Overlay, device_id: str, nonce: int, key_no: int | None) -> bool:
    """Spend the nonce of a request signed with that key; False when it was spent before.

    The first use of a newer key ends the older one. KeyEnded when the key was revoked, replaced or is past its end:
    the door may have it in memory for some seconds more, here it counts no longer.
    """
    row = present(conn, overlay, device_id)
    newer = row.waiting
    if newer is not None and key_no == newer.key_no:
        window = spend(spent_up_to(newer.floor), nonce)
        if window is not None:
            _promote(conn, overlay, row, newer, window)
        return window is not None
    if not opens(row, key_no, overlay):
        raise KeyEnded("Sign with the newest key of this device, or enrol it anew.")
    window = spend(row.nonces, nonce)
    if window is not None:
        overlay.nonces[device_id] = window
    return window is not None


def opens(row: DeviceRow, key_no: int | None, overlay: Overlay) -> bool:
    """Whether the key in use is that one and still opens."""
    if row.sealed_key is None or row.device.revoked or key_no not in (None, row.key_no):
        return False
    return row.waiting is None or overlay.now < row.waiting.older_ends_at


def _promote(conn: Connection, overlay: Overlay, row: DeviceRow, newer: WaitingKey, window: NonceWindow) -> None:
    store_keys.retire(conn, row.device.device_id, row.key_no, row.nonces.top)
    use(conn, overlay, row, newer, window)


def use(conn: Connection, overlay: Overlay, row: DeviceRow, key: WaitingKey, window: NonceWindow) -> Device:
    """From now on the device has this key and no other. Its code, if any, stays as it is."""
    device = msgspec.structs.replace(
        row.device, key_kind=key.key_kind, key_made_at=key.made_at, key_ends_at=None, enrolled=True, revoked=False
    )
    device_id = device.device_id
    store_keys.drop_waiting(conn, device_id)
    store_devices.put_device(conn, device, sealed_key=key.sealed_key, key_no=key.key_no)
    fresh = msgspec.structs.replace(row, sealed_key=key.sealed_key, key_no=key.key_no, waiting=None, nonces=window)
    assigning.note(overlay, device, fresh)
    overlay.nonces[device_id] = window
    return device


def wait(conn: Connection, overlay: Overlay, row: DeviceRow, key: WaitingKey) -> Device:
    """The device is given a newer key, which ends the older one by its first use."""
    device = msgspec.structs.replace(row.device, key_ends_at=key.older_ends_at)
    store_keys.put_waiting(conn, device.device_id, key)
    assigning.keep(conn, overlay, device, msgspec.structs.replace(row, waiting=key))
    return device


def forget_newer(conn: Connection, overlay: Overlay, row: DeviceRow) -> Device:
    """The key in use goes on as before; no newer one waits."""
    device = msgspec.structs.replace(row.device, key_ends_at=None)
    store_keys.drop_waiting(conn, device.device_id)
    assigning.keep(conn, overlay, device, msgspec.structs.replace(row, waiting=None))
    return device


def next_no(row: DeviceRow) -> int:
    """The number of the device's next key: none is given twice."""
    return (row.waiting.key_no if row.waiting is not None else row.key_no) + 1


# --- what devices bring and get -----------------------------------------------------------------------------------


def public_key(ask: Enrolment | Rotation, subject: str) -> bytes | None:
    """The Ed25519 public key that comes with a proof of possession; None for HMAC. Invalid when either is wrong.

    `subject` is the code or the device's id: the proof is worth nothing for another.
    """
    if ask.key_kind == "hmac":
        return None
    key = _decoded(ask.public_key, KEY_BYTES)
    if key is None:
        fault = FieldFault("/public_key", "must be 32 bytes in base64")
        raise Invalid("An Ed25519 device brings its public key.", errors=[fault])
    proof = _decoded(ask.proof, _PROOF_BYTES)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(proof or b"", _lines(subject, ask.public_key or ""))
    except (InvalidSignature, ValueError):
        fault = FieldFault("/proof", "must be this key's signature over SIGA1-KEY, who asks and the public key")
        raise Invalid("An Ed25519 device proves that it has the private key.", errors=[fault]) from None
    return key


def sealed_for_device(old: bytes, device_id: str, nonce: int, key: bytes) -> str:
    """A new HMAC key as it travels: XOR a pad that only who has the old key can make, and that no other request has
    (a nonce is spent once)."""
    pad = hmac.digest(old, _lines(device_id, str(nonce)), "sha256")
    return base64.b64encode(bytes(a ^ b for a, b in zip(key, pad, strict=True))).decode()


def hash_of_key(key: bytes) -> str:
    """By what a key is known again."""
    return hashlib.sha256(key).hexdigest()


def _lines(subject: str, rest: str) -> bytes:
    return "\n".join((_WORD, subject, rest)).encode()


def _decoded(text: str | None, length: int) -> bytes | None:
    try:
        found = base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == length else None
