"""Identifiers: UUIDv7 text, so that ids made later sort later (RFC 9562 §5.7), and short secrets for people."""

from __future__ import annotations

import os
import secrets
import time

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0/O, 1/I/L: people copy these from paper


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_LOT = 256
_DRAWN: list[str] = []
os.register_at_fork(after_in_child=_DRAWN.clear)


def new_id() -> str:
    """A new UUIDv7 as text: 48 bits of unix milliseconds, then random bits."""
    at = f"{time.time_ns() // 1_000_000 & (1 << 48) - 1:012x}"
    rest = _random()
    return f"{at[:8]}-{at[8:]}-7{rest[:3]}-{_VARIANT[rest[3]]}{rest[4:7]}-{rest[7:]}"


def _random() -> str:
    """19 random hexadecimal digits. They are drawn from the kernel in lots: once for every id would be felt."""
    try:
        return _DRAWN.pop()
    except IndexError:
        lot = os.urandom(10 * _LOT).hex()
        _DRAWN.extend(lot[n : n + 19] for n in range(0, len(lot), 20))
        return _random()


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
