"""Municipalities and their sealed match keys in the store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from siga.contract.users import Municipality
from siga.services.users.model.problems import SlugTaken
from siga.services.users.store.tables import municipalities

_FIELDS = Municipality.__struct_fields__


def add_municipality(conn: Connection, municipality: Municipality, match_key_sealed: bytes) -> None:
    """Keep a new municipality; SlugTaken when another has its short name."""
    values = {f: getattr(municipality, f) for f in _FIELDS}
    try:
        conn.execute(insert(municipalities).values(**values, match_key_sealed=match_key_sealed, version=1))
    except IntegrityError as fault:
        raise SlugTaken("Choose another 'slug'.") from fault


def _municipality(row: Any) -> Municipality:
    return Municipality(**{f: row[f] for f in _FIELDS})


def municipality(conn: Connection, id_or_slug: str) -> Municipality | None:
    """The municipality of that id or short name."""
    named = or_(municipalities.c.municipality_id == id_or_slug, municipalities.c.slug == id_or_slug)
    row = conn.execute(select(municipalities).where(named)).mappings().first()
    return None if row is None else _municipality(row)


def list_municipalities(conn: Connection, after: str = "", limit: int | None = None) -> list[Municipality]:
    """Municipalities by id after `after`; all of them without a limit."""
    query = (
        select(municipalities)
        .where(municipalities.c.municipality_id > after)
        .order_by(municipalities.c.municipality_id)
        .limit(limit)
    )
    return [_municipality(row) for row in conn.execute(query).mappings()]


def lock_municipality(conn: Connection, municipality_id: str) -> bool:
    """Make others who change the people or the row of this municipality wait; whether it exists."""
    query = select(municipalities.c.version).where(municipalities.c.municipality_id == municipality_id)
    return conn.scalar(query.with_for_update()) is not None


def slug_is_free(conn: Connection, slug: str) -> bool:
    """Whether no municipality has that short name."""
    return conn.scalar(select(municipalities.c.version).where(municipalities.c.slug == slug)) is None


def change_municipality(conn: Connection, changed: Municipality) -> int:
    """Keep the new values of a municipality (its short name stays); the new version."""
    values = {f: getattr(changed, f) for f in _FIELDS if f not in ("municipality_id", "slug")}
    same = municipalities.c.municipality_id == changed.municipality_id
    conn.execute(update(municipalities).where(same).values(**values, version=municipalities.c.version + 1))
    return int(conn.scalar(select(municipalities.c.version).where(same)) or 0)


def match_key_sealed(conn: Connection, municipality_id: str) -> bytes | None:
    """The sealed match key of a municipality."""
    query = select(municipalities.c.match_key_sealed).where(municipalities.c.municipality_id == municipality_id)
    value = conn.scalar(query)
    return None if value is None else bytes(value)
