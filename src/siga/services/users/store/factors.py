"""Second factors and tickets in the store: secrets sealed, recovery codes and tickets as hashes only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from siga.services.users.model.factors import Held, Passkey, Ticket, Totp
from siga.services.users.store.tables import graces, passkeys, recovery_codes, tickets, totp

_PASSKEY = [name for name in Passkey.__struct_fields__ if name != "synced"]


def held_by(conn: Connection, user_id: str) -> Held:
    """Which second factors a person has."""
    return Held(totp_of(conn, user_id), passkeys_of(conn, user_id), codes_left(conn, user_id))


def has_factor(conn: Connection, user_id: str) -> bool:
    """Whether the person has any."""
    by_app = conn.scalar(select(totp.c.user_id).where(totp.c.user_id == user_id))
    if by_app is not None:
        return True
    return conn.scalar(select(passkeys.c.user_id).where(passkeys.c.user_id == user_id).limit(1)) is not None


# --- codes of an app -------------------------------------------------------------------------------------------------


def totp_of(conn: Connection, user_id: str) -> Totp | None:
    """A person's app of codes."""
    row = conn.execute(select(totp).where(totp.c.user_id == user_id)).mappings().first()
    return None if row is None else Totp(**row)


def put_totp(conn: Connection, one: Totp) -> None:
    """Keep a person's app in the place of an older one."""
    drop_totp(conn, one.user_id)
    conn.execute(insert(totp).values(**{f: getattr(one, f) for f in one.__struct_fields__}))


def drop_totp(conn: Connection, user_id: str) -> bool:
    """Forget a person's app; whether there was one."""
    return bool(conn.execute(delete(totp).where(totp.c.user_id == user_id)).rowcount)


def spend_step(conn: Connection, user_id: str, step: int) -> bool:
    """Mark a step as used; False when it, or a later one, was used meanwhile."""
    newer = update(totp).where(totp.c.user_id == user_id, totp.c.last_step < step).values(last_step=step)
    return bool(conn.execute(newer).rowcount)


# --- recovery codes --------------------------------------------------------------------------------------------------


def put_codes(conn: Connection, user_id: str, matches: Sequence[str]) -> None:
    """Keep these recovery codes in the place of all older ones."""
    conn.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    if matches:
        conn.execute(insert(recovery_codes), [{"user_id": user_id, "code_match": match} for match in matches])


def spend_code(conn: Connection, user_id: str, match: str) -> bool:
    """Use up a recovery code; False when there is no such one (any more)."""
    found = delete(recovery_codes).where(recovery_codes.c.user_id == user_id, recovery_codes.c.code_match == match)
    return bool(conn.execute(found).rowcount)


def codes_left(conn: Connection, user_id: str) -> int:
    """How many recovery codes are not used."""
    query = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.user_id == user_id)
    return int(conn.scalar(query) or 0)


# --- passkeys --------------------------------------------------------------------------------------------------------


def _match(credential_id: bytes) -> str:
    return hashlib.sha256(credential_id).hexdigest()


def _passkey(row: Any) -> Passkey:
    return Passkey(**{f: row[f] for f in _PASSKEY}, synced=bool(row["synced"]))


def passkeys_of(conn: Connection, user_id: str) -> tuple[Passkey, ...]:
    """A person's passkeys, oldest first."""
    query = select(passkeys).where(passkeys.c.user_id == user_id).order_by(passkeys.c.added_at, passkeys.c.passkey_id)
    return tuple(_passkey(row) for row in conn.execute(query).mappings())


def passkey_by_credential(conn: Connection, credential_id: bytes) -> Passkey | None:
    """The passkey of a credential's id; the row stays locked until the transaction ends."""
    query = select(passkeys).where(passkeys.c.credential_match == _match(credential_id)).with_for_update()
    row = conn.execute(query).mappings().first()
    return None if row is None else _passkey(row)


def add_passkey(conn: Connection, one: Passkey) -> None:
    """Keep a new passkey."""
    values = {f: getattr(one, f) for f in _PASSKEY}
    match = _match(one.credential_id)
    conn.execute(insert(passkeys).values(**values, synced=int(one.synced), credential_match=match))


def used_passkey(conn: Connection, passkey_id: str, sign_count: int, synced: bool, at: datetime) -> None:
    """Write down that a passkey signed."""
    values = {"sign_count": sign_count, "synced": int(synced), "used_at": at}
    conn.execute(update(passkeys).where(passkeys.c.passkey_id == passkey_id).values(**values))


def drop_passkey(conn: Connection, user_id: str, passkey_id: str) -> bool:
    """Forget one of a person's passkeys; whether there was such a one."""
    own = delete(passkeys).where(passkeys.c.user_id == user_id, passkeys.c.passkey_id == passkey_id)
    return bool(conn.execute(own).rowcount)


def drop_all(conn: Connection, user_id: str) -> bool:
    """Forget all second factors of a person; whether there were any."""
    had = drop_totp(conn, user_id)
    had = bool(conn.execute(delete(passkeys).where(passkeys.c.user_id == user_id)).rowcount) or had
    put_codes(conn, user_id, ())
    return had


# --- tickets and graces ----------------------------------------------------------------------------------------------


def add_ticket(conn: Connection, ticket: Ticket) -> None:
    """Keep a ticket."""
    conn.execute(insert(tickets).values(**{f: getattr(ticket, f) for f in ticket.__struct_fields__}))


def ticket(conn: Connection, token_hash: str, now: datetime) -> Ticket | None:
    """A ticket that has not ended."""
    query = select(tickets).where(tickets.c.token_hash == token_hash, tickets.c.ends_at > now)
    row = conn.execute(query).mappings().first()
    return None if row is None else Ticket(**row)


def spend_ticket(conn: Connection, token_hash: str) -> bool:
    """Use up a ticket; False when somebody else just did."""
    return bool(conn.execute(delete(tickets).where(tickets.c.token_hash == token_hash)).rowcount)


def forget_tickets(conn: Connection, now: datetime) -> int:
    """Forget tickets whose time is over."""
    return conn.execute(delete(tickets).where(tickets.c.ends_at <= now)).rowcount


def take_grace(conn: Connection, user_id: str, now: datetime) -> bool:
    """Give a person the one sign-in of grace without a second factor; False when it was given before."""
    if conn.scalar(select(graces.c.user_id).where(graces.c.user_id == user_id)) is not None:
        return False
    conn.execute(insert(graces).values(user_id=user_id, given_at=now))
    return True
