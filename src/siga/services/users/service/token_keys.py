"""The keys that sign apps' access tokens: one signs, older ones verify until their last token has ended."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import OKPKey
from sqlalchemy import Connection

from siga.contract.users import TokenKeysChanged
from siga.kit.access import ACCESS_LIVES_S, AHEAD_S, new_key
from siga.kit.ids import new_id
from siga.kit.journal import Fact
from siga.kit.log import logger
from siga.services.users.service.means import Means
from siga.services.users.store import token_keys as store
from siga.services.users.store.token_keys import KeyRow

log = logger("users")
SIGNS = timedelta(days=90)
_STILL_VERIFIES = timedelta(seconds=ACCESS_LIVES_S + AHEAD_S)


class TokenKeys:
    """Makes, changes and publishes the keys. They are sealed in the store and in force in this process's keyring."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def load(self) -> None:
        """Take the kept keys into force, or make the first one."""
        rows = await self._means.db.read(store.all_keys)
        if not any(row.ends_at is None for row in rows):
            await self.rotate()
            return
        self._in_force(rows)

    async def rotate(self, *, compromised: bool = False) -> None:
        """Sign with a new key. Older ones verify on until the last token they signed has ended, if not compromised."""
        now = self._means.clock()
        key = new_key(new_id())
        kid, plain = str(key.kid), json.dumps(key.as_dict(private=True)).encode()
        row = KeyRow(kid, self._means.vault.seal(plain, _place(kid)), now, None)

        def keep(conn: Connection) -> list[KeyRow]:
            older = [old.kid for old in store.all_keys(conn)]
            if compromised:
                store.drop_keys(conn, older)
            store.add_key(conn, row)
            store.retire_keys(conn, kid, now + _STILL_VERIFIES)
            if older:
                self._tell(conn, kid, now)
            return store.all_keys(conn)

        self._in_force(await self._means.db.write(keep))
        log.warning("token_keys_rotated", kid=kid, compromised=compromised)

    async def sweep(self) -> None:
        """A new key when the present one is old; forget those whose last token has ended."""
        now = self._means.clock()
        rows = await self._means.db.read(store.all_keys)
        if all(now - row.made_at >= SIGNS for row in rows if row.ends_at is None):
            await self.rotate()
            return
        gone = [row.kid for row in rows if row.ends_at is not None and row.ends_at <= now]
        if gone:
            await self._means.db.write(lambda conn: store.drop_keys(conn, gone))
            self._in_force([row for row in rows if row.kid not in gone])

    def published(self) -> dict[str, Any]:
        """The JWKS of all keys in force."""
        return self._means.keys.access.published()

    def _in_force(self, rows: list[KeyRow]) -> None:
        now = self._means.clock()
        signing = next(row for row in rows if row.ends_at is None)
        others = [row for row in rows if row.ends_at is not None and row.ends_at > now]
        self._means.keys.access.sign_with(self._opened(signing), [self._opened(row) for row in others])

    def _opened(self, row: KeyRow) -> OKPKey:
        return OKPKey.import_key(json.loads(self._means.vault.open(row.key_sealed, _place(row.kid))))

    def _tell(self, conn: Connection, kid: str, now: datetime) -> None:
        fact = Fact(data=TokenKeysChanged(kid=kid), municipality_id="", subject_id=kid, occurred_at=now)
        self._means.journal.append(conn, [fact], now)


def _place(kid: str) -> str:
    return f"token_keys:{kid}"
