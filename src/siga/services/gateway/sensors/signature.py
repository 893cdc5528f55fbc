"""The devices' signature, pure: what is signed, how it is written, how it is checked.

Signed are the UTF-8 bytes of eight lines joined by `\\n`: `SIGA1`, method, raw path as sent, raw query without `?`,
device id, created, nonce, lower-case hex SHA-256 of the body. `clients/siga_device.py` writes the same.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from siga.contract.parking import KeyKind

FRESH_S = 300
"""How far `created` may be from the server's time, either way."""

_SCHEMES: dict[str, KeyKind] = {"SIGA-HMAC": "hmac", "SIGA-ED25519": "ed25519"}
_LENGTHS: dict[KeyKind, int] = {"hmac": 32, "ed25519": 64}
_FIELDS = ("device", "created", "nonce", "signature")
_USUAL = re.compile(
    r'SIGA-(HMAC|ED25519) device="([0-9A-Za-z._:-]{1,64})", created="(0|[1-9][0-9]{0,18})", '
    r'nonce="(0|[1-9][0-9]{0,18})", signature="([0-9A-Za-z+/]{43}=|[0-9A-Za-z+/]{86}==)"'
)
"""As nearly every device writes it."""
_FIELD = re.compile(r'(\w+)="([^"\\]*)"')
_DEVICE = re.compile(r"[0-9A-Za-z._:-]{1,64}")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}")
_U64 = 2**64


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an `Authorization` header of a device says; `created` in unix seconds, 0 = the device has no clock."""

    kind: KeyKind
    device_id: str
    created: int
    nonce: int
    signature: bytes


def parse_authorisation(text: str) -> Envelope | None:
    """The envelope in `SIGA-HMAC device="…", created="…", nonce="…", signature="…"`; None when it is not well formed.

    Every field stands exactly once, numbers are plain decimals without leading zeros, the signature is standard padded
    base64: one way to write each envelope.
    """
    usual = _USUAL.fullmatch(text)
    if usual is not None:
        word, device_id, created, nonce, encoded = usual.groups()
        kind, signature = _SCHEMES[f"SIGA-{word}"], _decoded(encoded)
        if signature is None or len(signature) != _LENGTHS[kind]:
            return None
        return Envelope(kind, device_id, int(created), int(nonce), signature)
    return _in_another_order(text)


def _in_another_order(text: str) -> Envelope | None:
    scheme, _, rest = text.partition(" ")
    kind = _SCHEMES.get(scheme)
    parts = [_FIELD.fullmatch(part.strip()) for part in rest.split(",")]
    if kind is None or not all(parts):
        return None
    pairs = [(part[1], part[2]) for part in parts if part]
    fields = dict(pairs)
    if len(pairs) != len(_FIELDS) or set(fields) != set(_FIELDS):
        return None
    signature = _decoded(fields["signature"])
    if signature is None or len(signature) != _LENGTHS[kind] or not _DEVICE.fullmatch(fields["device"]):
        return None
    if not all(_DECIMAL.fullmatch(fields[name]) and int(fields[name]) < _U64 for name in ("created", "nonce")):
        return None
    return Envelope(kind, fields["device"], int(fields["created"]), int(fields["nonce"]), signature)


def signing_bytes(method: str, raw_path: bytes, raw_query: bytes, envelope: Envelope, body: bytes) -> bytes:
    """The bytes that were signed, rebuilt from the request as it was sent."""
    lines = (
        b"SIGA1", method.encode(), raw_path, raw_query, envelope.device_id.encode(), str(envelope.created).encode(),
        str(envelope.nonce).encode(), hashlib.sha256(body).hexdigest().encode(),
    )  # fmt: skip
    return b"\n".join(lines)


def fits(envelope: Envelope, kind: KeyKind, key: bytes, signed: bytes) -> bool:
    """Whether the signature is the one this key makes of `signed` (32 raw bytes: HMAC key or Ed25519 public key)."""
    if kind != envelope.kind:
        return False
    if kind == "hmac":
        return hmac.compare_digest(hmac.new(key, signed, hashlib.sha256).digest(), envelope.signature)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(envelope.signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_fresh(created: int, now_s: float, has_clock: bool) -> bool:
    """Whether the envelope was made just now. Devices without a clock say 0 and are guarded by the nonce alone."""
    if created == 0:
        return not has_clock
    return abs(now_s - created) <= FRESH_S


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
