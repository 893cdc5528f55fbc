"""Where a network server shows its secret: in a header, never in the address. Pure."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode

OWN_HEADER = b"x-siga-secret"
"""For servers that can send headers of their own but not `Authorization`."""
_LONGEST = 200


def shown_secret(authorisation: str | None, own: str | None) -> str | None:
    """The secret in `Authorization: Bearer …`, as the password of `Authorization: Basic …` (whatever the user), or in
    `X-Siga-Secret: …`; None when there is none."""
    scheme, _, rest = (authorisation or "").strip().partition(" ")
    found = own
    if scheme.lower() == "bearer":
        found = rest
    elif scheme.lower() == "basic":
        found = _password(rest)
    found = (found or "").strip()
    return found if 0 < len(found) <= _LONGEST else None


def hash_of(secret: str) -> str:
    """A secret as it is kept and asked for: lower-case hex SHA-256. It is 256 random bits, so nothing slower is
    needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _password(text: str) -> str | None:
    try:
        plain = b64decode(text.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return plain.partition(":")[2]
