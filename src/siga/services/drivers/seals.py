"""The secrets of Drivers: who somebody is as a keyed pseudonym, follow codes, and what a guest declared as sealed text.

One file with 32 random bytes, readable by its owner alone, outside the database; a key for each purpose comes from it
by HKDF-SHA-256 (RFC 5869). Pseudonyms and codes are HMAC-SHA-256 (RFC 2104).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from siga.kit.sealing import KEY_BYTES, Sealer, key_in

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # as siga.kit.ids: people copy these from a screen
_CODE_LETTERS = 12


class Seals:
    """Pseudonyms, follow codes and sealed text under one master key of 32 bytes."""

    def __init__(self, master: bytes) -> None:
        self._naming = _derived(master, b"pseudonyms")
        self._following = _derived(master, b"follow codes")
        self._sealer = Sealer(master).of("declarations")

    @classmethod
    def open(cls, folder: Path) -> Seals:
        """The seals whose key is `drivers.key` in `folder`, made at the first start."""
        return cls(key_in(folder / "drivers.key"))

    def pseudonym(self, purpose: str, *parts: str) -> str:
        """The same 32 hex digits for the same parts and purpose; nothing follows from them without the key."""
        said = "\n".join((purpose, *parts)).encode()
        return hmac.new(self._naming, said, hashlib.sha256).hexdigest()[:32]

    def follow_code(self, report_id: str) -> str:
        """The code under which a report's reporter may follow it, e.g. `K7QF-2MXN-84TD` (59 bits); not stored."""
        digest = hmac.new(self._following, report_id.encode(), hashlib.sha256).digest()
        letters = "".join(_LETTERS[b % len(_LETTERS)] for b in digest[:_CODE_LETTERS])
        return "-".join(letters[i : i + 4] for i in range(0, _CODE_LETTERS, 4))

    def seal(self, check_in_id: str, text: bytes) -> str:
        """`text` sealed for one check-in, as base64: it opens for no other."""
        return base64.b64encode(self._sealer.seal(text, check_in_id)).decode()

    def unseal(self, check_in_id: str, sealed: str) -> bytes:
        """What was sealed for that check-in; Unsealable when it was tampered with."""
        return self._sealer.unseal(base64.b64decode(sealed), check_in_id)


def _derived(master: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(master)
