"""A few named values that are kept sealed or hashed: the check of the master key, the setup code."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from siga.services.users.store.tables import secrets

MASTER_CHECK = "master-check"
SETUP_CODE = "setup-code"


def secret(conn: Connection, name: str, now: datetime) -> bytes | None:
    """A value that has not ended."""
    row = conn.execute(select(secrets.c.value, secrets.c.ends_at).where(secrets.c.name == name)).first()
    return None if row is None or (row.ends_at is not None and row.ends_at <= now) else bytes(row.value)


def put_secret(conn: Connection, name: str, value: bytes, ends_at: datetime | None = None) -> None:
    """Keep a value in the place of an older one."""
    drop_secret(conn, name)
    conn.execute(insert(secrets).values(name=name, value=value, ends_at=ends_at))


def drop_secret(conn: Connection, name: str) -> bool:
    """Forget a value; whether there was one."""
    return bool(conn.execute(delete(secrets).where(secrets.c.name == name)).rowcount)
