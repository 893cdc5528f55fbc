"""Signed requests as bytes, for load: the signature of the sensors' door and a bare HTTP/1.1 request around it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import time
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

REPORTS = "/sensors/v1/reports"
KeyKind = Literal["hmac", "ed25519"]


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What a device signs with: 32 raw bytes in base64, an HMAC key or the seed of an Ed25519 key."""

    device_id: str
    key: str
    kind: KeyKind = "hmac"


class Signer:
    """Signs in one device's name. Nonces begin at the time in microseconds: no run repeats another's."""

    def __init__(self, key: Key) -> None:
        self.device_id = key.device_id
        self._raw = base64.b64decode(key.key)
        self._private = Ed25519PrivateKey.from_private_bytes(self._raw) if key.kind == "ed25519" else None
        self._scheme = "SIGA-HMAC" if self._private is None else "SIGA-ED25519"
        self._nonces = itertools.count(time.time_ns() // 1000)

    def authorisation(self, method: str, path: str, query: str, body: bytes, *, nonce: int | None = None,
                      created: int | None = None) -> str:  # fmt: skip
        """The `Authorization` header over exactly these parts."""
        at = int(time.time()) if created is None else created
        number = next(self._nonces) if nonce is None else nonce
        digest = hashlib.sha256(body).hexdigest()
        signed = f"SIGA1\n{method}\n{path}\n{query}\n{self.device_id}\n{at}\n{number}\n{digest}".encode()
        private = self._private
        raw = hmac.digest(self._raw, signed, "sha256") if private is None else private.sign(signed)
        signature = base64.b64encode(raw).decode()
        return f'{self._scheme} device="{self.device_id}", created="{at}", nonce="{number}", signature="{signature}"'

    def request(self, body: bytes, host: str) -> bytes:
        """A whole request with reports."""
        signed = self.authorisation("POST", REPORTS, "", body)
        head = (
            f"POST {REPORTS} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nauthorization: {signed}\r\n\r\n"
        )
        return head.encode() + body


def public_key(seed: bytes) -> bytes:
    """The 32 raw bytes of the public key that belongs to an Ed25519 seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def proof(seed: bytes, subject: str, public: str) -> str:
    """What shows at an enrolment (subject: the code) or a rotation (the device's id) that one has the private key."""
    signed = f"SIGA1-KEY\n{subject}\n{public}".encode()
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).sign(signed)).decode()
