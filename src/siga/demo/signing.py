"""How a device signs its requests (SIGA-HMAC), written from the description of the sensors' door."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import b64encode


def authorisation(device_id: str, key: bytes, method: str, path: str, query: str, body: bytes, *, created: int,
                  nonce: int) -> str:  # fmt: skip
    """The `Authorization` header of a request: HMAC-SHA-256 with the device's 32-byte key over eight lines.

    `path` and `query` as they are sent (query without `?`), `created` in unix seconds, `nonce` never used before.
    """
    lines = (
        "SIGA1", method, path, query, device_id, str(created), str(nonce), hashlib.sha256(body).hexdigest(),
    )  # fmt: skip
    signature = b64encode(hmac.digest(key, "\n".join(lines).encode(), "sha256")).decode()
    return f'SIGA-HMAC device="{device_id}", created="{created}", nonce="{nonce}", signature="{signature}"'


class Nonces:
    """Numbers that only grow: microseconds of the clock, or one more than the last where the clock stood or went back.

    `last` is kept between starts, so that a clock set back does not spend a number twice.
    """

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def next(self) -> int:
        """The next number, below 2^64."""
        self.last = max(self.last + 1, time.time_ns() // 1000)
        return self.last
