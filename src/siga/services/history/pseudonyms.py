"""Who had parked, as a pseudonym that ends: HMAC under a random key of the month, which is destroyed in time.

The keys lie in files of their own that only the owner can read, outside the database and its copies: once a key is
gone, no copy of a pseudonym leads anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from siga.kit.auth import write_private

_KEY_BYTES = 32
_MONTH = "%Y-%m"


class Pseudonyms:
    """The monthly keys in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._keys: dict[str, bytes] = {}

    def of(self, subject: str, at: datetime) -> str:
        """`YYYY-MM:` and 32 hex digits: the same for the same subject within a month, unlinked beyond it."""
        month = at.strftime(_MONTH)
        digest = hmac.new(self._key(month), subject.encode(), hashlib.sha256).hexdigest()
        return f"{month}:{digest[:32]}"

    def _key(self, month: str) -> bytes:
        key = self._keys.get(month)
        if key is None:
            path = self._path(month)
            key = path.read_bytes() if path.exists() else b""
            if len(key) != _KEY_BYTES:  # none yet, or cut short by a crash before anything could use it
                path.unlink(missing_ok=True)
                key = secrets.token_bytes(_KEY_BYTES)
                write_private(path, key)
            self._keys[month] = key
        return key

    def _path(self, month: str) -> Path:
        return self._folder / f"{month}.key"

    def destroy_all_but(self, used: Iterable[str], now: datetime) -> list[str]:
        """Destroy the keys of past months that no pseudonym uses any longer; returns those months."""
        keep = {*used, now.strftime(_MONTH)}
        gone = sorted(path.stem for path in self._folder.glob("*.key") if path.stem not in keep)
        for month in gone:
            path = self._path(month)
            path.write_bytes(secrets.token_bytes(_KEY_BYTES))
            path.unlink()
            self._keys.pop(month, None)
        return gone
