"""Identifiers: UUIDv7 text, so that ids made later sort later (RFC 9562 §5.7), and short secrets for people."""

from __future__ import annotations

import os
import secrets
import time
import uuid

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0/O, 1/I/L: people copy these from paper


def new_id() -> str:
    """A new UUIDv7 as text: 48 bits of unix milliseconds, then random bits."""
    value = (int(time.time() * 1000) & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def new_secret() -> str:
    """256 random bits as URL-safe text, for sessions and tokens; only its hash is ever stored."""
    return secrets.token_urlsafe(32)


def new_code(groups: int = 3, size: int = 4) -> str:
    """A one-time code for paper and voice, e.g. `K7QF-2MXN-84TD`: `size` letters in each of `groups`."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(size)) for _ in range(groups))


def tidy_code(text: str) -> str:
    """A code as typed by a person in the form it was made: upper case, dashes back, blanks gone."""
    plain = "".join(c for c in text.upper() if c.isalnum())
    return "-".join(plain[i : i + 4] for i in range(0, len(plain), 4))
