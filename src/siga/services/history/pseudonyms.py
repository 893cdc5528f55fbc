"""Who had parked, as a pseudonym that ends: HMAC under a random key of the month, which is destroyed in time.

The keys lie in files of their own that only the owner can read, outside the database and its copies: once a key is
gone, no copy of a pseudonym leads anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import os
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
        month = month_of(at)
        return _pseudonym(month, self._key(month), subject)

    def known(self, subjects: Iterable[str]) -> list[str]:
        """The pseudonyms of these subjects under every key that is still there; makes no key."""
        keys = [(month, self._key(month)) for month in self.months()]
        return [_pseudonym(month, key, subject) for subject in subjects for month, key in keys]

    def months(self) -> list[str]:
        """The months whose keys are there, oldest first."""
        return sorted(path.stem for path in self._folder.glob("*.key"))

    def key_id(self, month: str) -> str:
        """The month and the beginning of its key's SHA-256: names the key and tells nothing of it."""
        return f"{month}:{hashlib.sha256(self._key(month)).hexdigest()[:16]}"

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

    def destroy(self, month: str) -> None:
        """Overwrite a month's key on disk, then remove it; both are on disk when this returns. Again is no fault."""
        path = self._path(month)
        if path.exists():
            handle = os.open(path, os.O_WRONLY)
            try:
                os.write(handle, secrets.token_bytes(_KEY_BYTES))
                os.fsync(handle)
            finally:
                os.close(handle)
            path.unlink()
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        self._keys.pop(month, None)


def month_of(at: datetime) -> str:
    """The month of an instant as its key is named."""
    return at.strftime(_MONTH)


def _pseudonym(month: str, key: bytes, subject: str) -> str:
    return f"{month}:{hmac.new(key, subject.encode(), hashlib.sha256).hexdigest()[:32]}"
