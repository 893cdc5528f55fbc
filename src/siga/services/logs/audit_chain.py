"""The chain itself, pure: canonical records, links, heads and their signatures. Anyone can reckon it anew.

A record's canonical form is JSON with sorted keys, without spaces, in UTF-8, whole numbers only: what RFC 8785 makes
of it. The link of record n is SHA-256(link n-1 as 32 bytes ‖ canonical record n); link 0 is the SHA-256 of
`siga audit 1:` and the municipality's id, so that no chain can be passed off as another's.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from siga.contract.audit import AuditRecord, Head, SignedHead

_canonical = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> str:
    """The one text of a record or head."""
    return _canonical.encode(value).decode()


def first_link(municipality_id: str) -> str:
    """The link before record 1."""
    return hashlib.sha256(f"siga audit 1:{municipality_id}".encode()).hexdigest()


def link(before: str, text: str) -> str:
    """The link of a record of canonical `text`, hex."""
    return hashlib.sha256(bytes.fromhex(before) + text.encode()).hexdigest()


def record_in(text: str) -> AuditRecord:
    """The record of a canonical text; ValueError when it is none."""
    return msgspec.json.decode(text, type=AuditRecord)


class HeadSigner:
    """Signs heads with one Ed25519 key (RFC 8032), given as its 32-byte seed."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = _text(self._key.public_key().public_bytes_raw())

    def signed(self, municipality_id: str, number: int, hash_: str, before: SignedHead | None,
               at: datetime) -> SignedHead:  # fmt: skip
        """The head after `before`, at `number` records."""
        head = Head(
            municipality_id=municipality_id, head=head_in(before).head + 1 if before else 1, number=number, hash=hash_,
            at=at, previous=digest_of(before) if before else "", key=self.public,
        )  # fmt: skip
        body = canonical(head)
        return SignedHead(body=body, signature=_text(self._key.sign(body.encode())))


def head_in(signed: SignedHead) -> Head:
    """What a signed head says; ValueError when it cannot be read."""
    return msgspec.json.decode(signed.body, type=Head)


def digest_of(signed: SignedHead) -> str:
    """SHA-256 of a signed head, by which the next one names it."""
    return hashlib.sha256(f"{signed.body}.{signed.signature}".encode()).hexdigest()


def is_signed(signed: SignedHead, key: str) -> bool:
    """Whether the holder of `key` signed it."""
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(key)).verify(_bytes(signed.signature), signed.body.encode())
    except (InvalidSignature, ValueError):
        return False
    return _text(_bytes(signed.signature)) == signed.signature


def key_name(key: str) -> str:
    """A public key's short name for people: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
