"""The SQL behind devices' keys besides the one in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from siga.contract.parking import KeyKind
from siga.services.parking import tables_keys as t


class WaitingKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was given and never used. `floor` = up to which nonces are spent already, -1 = none is."""

    key_no: int
    key_kind: KeyKind
    sealed_key: str
    key_hash: str
    made_at: datetime
    older_ends_at: datetime
    floor: int = -1


def waiting(conn: Connection, device_ids: Sequence[str]) -> dict[str, WaitingKey]:
    """The keys that wait for their first use, by device; at most as many ids as one statement can name."""
    w = t.waiting_keys.c
    rows = conn.execute(select(t.waiting_keys).where(w.device_id.in_(device_ids))).mappings()
    return {row["device_id"]: _waiting(row) for row in rows}


def put_waiting(conn: Connection, device_id: str, key: WaitingKey) -> None:
    """Keep a key until it is used, in the place of any other that waits."""
    drop_waiting(conn, device_id)
    values = {**msgspec.structs.asdict(key), "floor": _text(key.floor)}
    conn.execute(insert(t.waiting_keys).values(device_id=device_id, **values))


def drop_waiting(conn: Connection, device_id: str) -> None:
    """No key waits any more."""
    conn.execute(delete(t.waiting_keys).where(t.waiting_keys.c.device_id == device_id))


def floor_of(conn: Connection, device_id: str, key_hash: str) -> int | None:
    """Up to which nonces are spent under a public key that the device had before; None when it never had it."""
    p = t.public_keys.c
    found = conn.scalar(select(p.floor).where(p.device_id == device_id, p.key_hash == key_hash))
    return None if found is None else int(found or -1)


def remember(conn: Connection, device_id: str, key_hash: str, key_no: int) -> None:
    """Remember a public key that the device has; again under its new number."""
    p = t.public_keys.c
    same = (p.device_id == device_id) & (p.key_hash == key_hash)
    if not conn.execute(update(t.public_keys).where(same).values(key_no=key_no)).rowcount:
        conn.execute(insert(t.public_keys).values(device_id=device_id, key_hash=key_hash, key_no=key_no, floor=""))


def retire(conn: Connection, device_id: str, key_no: int, floor: int) -> None:
    """The public key of that number is no longer in use: nonces up to `floor` stay spent should it come back."""
    p = t.public_keys.c
    mine = (p.device_id == device_id) & (p.key_no == key_no)
    conn.execute(update(t.public_keys).where(mine).values(floor=_text(floor)))


def _text(floor: int) -> str:
    return str(floor) if floor >= 0 else ""


def _waiting(row: Any) -> WaitingKey:
    values = {name: row[name] for name in WaitingKey.__struct_fields__}
    return WaitingKey(**{**values, "floor": int(values["floor"] or -1)})
