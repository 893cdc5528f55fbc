"""Who is not signed in: a random id in a signed cookie, or for bare API calls one that stands for address and day."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import date
from pathlib import Path

from siga.contract.auth import Principal
from siga.contract.base import Word
from siga.kit.auth import write_private

COOKIE_LASTS_S = 180 * 86400


class Guest(Word):
    """A caller without sign-in. `csrf` guards their forms; `known` = the id came with a cookie of ours."""

    guest_id: str
    csrf: str
    known: bool = False

    @property
    def principal(self) -> Principal:
        """As whom other services know them: no grants, no session."""
        return Principal(user_id=self.guest_id, session_id="")


class Guests:
    """Makes and recognises guests under one secret key; pure but for randomness."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def open(cls, path: Path) -> Guests:
        """With the key kept in a file that only its owner can read, made at the first start."""
        if not path.exists():
            write_private(path, secrets.token_bytes(32))
        return cls(path.read_bytes())

    def new(self) -> Guest:
        """Somebody new."""
        return self._guest(secrets.token_urlsafe(16), known=False)

    def from_cookie(self, value: str | None) -> Guest | None:
        """Whom a cookie stands for; None when we did not make it."""
        name, _, seal = (value or "").partition(".")
        if not name or not hmac.compare_digest(seal, self._seal("guest", name)):
            return None
        return self._guest(name, known=True)

    def from_address(self, address: str, day: date) -> Guest:
        """A bare API caller: the same id all day for one address, from which the address cannot be told."""
        return self._guest(self._seal("address", f"{day.isoformat()} {address}"), known=False)

    def cookie_value(self, guest: Guest) -> str:
        """The signed value by which `from_cookie` recognises them."""
        name = guest.guest_id.removeprefix("guest:")
        return f"{name}.{self._seal('guest', name)}"

    def _guest(self, name: str, *, known: bool) -> Guest:
        return Guest(guest_id=f"guest:{name}", csrf=self._seal("csrf", name), known=known)

    def _seal(self, purpose: str, text: str) -> str:
        digest = hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(digest[:18]).decode()
