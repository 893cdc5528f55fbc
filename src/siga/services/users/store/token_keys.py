"""The keys of access tokens in the store, private halves sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from siga.services.users.store.mail_tables import token_keys


class KeyRow(NamedTuple):
    """A key as it is kept; `ends_at` None: it signs."""

    kid: str
    key_sealed: bytes
    made_at: datetime
    ends_at: datetime | None


def all_keys(conn: Connection) -> list[KeyRow]:
    """Every key, the newest first."""
    columns = (token_keys.c.kid, token_keys.c.key_sealed, token_keys.c.made_at, token_keys.c.ends_at)
    query = select(*columns).order_by(token_keys.c.made_at.desc(), token_keys.c.kid.desc())
    return [KeyRow(*row) for row in conn.execute(query)]


def add_key(conn: Connection, row: KeyRow) -> None:
    """Keep a new key."""
    conn.execute(insert(token_keys).values(**row._asdict()))


def retire_keys(conn: Connection, but: str, ends_at: datetime) -> None:
    """All keys but one sign no more, and verify until then."""
    others = (token_keys.c.kid != but, token_keys.c.ends_at.is_(None))
    conn.execute(update(token_keys).where(*others).values(ends_at=ends_at))


def drop_keys(conn: Connection, kids: Sequence[str]) -> None:
    """Forget keys."""
    conn.execute(delete(token_keys).where(token_keys.c.kid.in_(kids)))
