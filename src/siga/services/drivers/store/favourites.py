"""Favourites."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from siga.contract.base import Word
from siga.services.drivers.store.tables import favourites


class Kept(Word):
    """One favourite as kept; a bay's position is the one it had then."""

    favourite_id: str
    who: str
    label: str
    lon: float
    lat: float
    bay_id: str | None = None


def put(conn: Connection, kept: Kept) -> Kept:
    """Keep a favourite; the same bay again takes the new label and keeps its id."""
    mine = (favourites.c.who == kept.who) & (favourites.c.bay_id == kept.bay_id)
    earlier = conn.scalar(select(favourites.c.favourite_id).where(mine)) if kept.bay_id else None
    if earlier is None:
        conn.execute(insert(favourites).values(**msgspec.structs.asdict(kept)))
        return kept
    conn.execute(update(favourites).where(mine).values(label=kept.label, lon=kept.lon, lat=kept.lat))
    return msgspec.structs.replace(kept, favourite_id=earlier)


def all_of(conn: Connection, who: str) -> list[Kept]:
    """What a person keeps, oldest first."""
    query = select(favourites).where(favourites.c.who == who).order_by(favourites.c.favourite_id)
    return [Kept(**row) for row in conn.execute(query).mappings()]


def count_of(conn: Connection, who: str) -> int:
    """How many favourites a person keeps."""
    return int(conn.scalar(select(func.count()).where(favourites.c.who == who)) or 0)


def remove(conn: Connection, favourite_id: str, who: str) -> bool:
    """Forget a person's favourite; whether there was one."""
    mine = (favourites.c.favourite_id == favourite_id) & (favourites.c.who == who)
    return bool(conn.execute(delete(favourites).where(mine)).rowcount)
