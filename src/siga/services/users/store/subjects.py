"""A person's rows in every table of Users, by what is declared of the tables (`siga.contract.personal`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, select, update

from siga.contract.personal import Held
from siga.contract.personal.users import USERS
from siga.services.users.store.tables import grants, metadata, refresh_tokens, sessions

_TOLD = ("clear", "id")


def _tables(link: str) -> Iterator[tuple[Table, Held]]:
    for held in USERS.held:
        if held.link == link:
            yield metadata.tables[held.table], held


def rows_by(conn: Connection, link: str, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """By table: the rows whose `link` is one of the ids, without what is only there as a hash or sealed."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table, held in _tables(link):
        shown = [c for c in table.c if held.columns.get(c.name, "clear") in _TOLD and c.name != "given_by"]
        query = select(*shown).where(table.c[link].in_(ids)).order_by(*table.primary_key.columns)
        found[held.table] = [dict(row) for row in conn.execute(query).mappings()]
    return found


def drop_by(conn: Connection, link: str, ids: Sequence[str]) -> dict[str, int]:
    """Delete these rows from every table; how many from which."""
    if link == "user_id":
        mine = select(sessions.c.session_id).where(sessions.c.user_id.in_(ids))
        conn.execute(delete(refresh_tokens).where(refresh_tokens.c.session_id.in_(mine)))
        conn.execute(update(grants).where(grants.c.given_by.in_(ids)).values(given_by="erased"))
    counts = {
        held.table: conn.execute(delete(table).where(table.c[link].in_(ids))).rowcount for table, held in _tables(link)
    }
    return {f"users.{table}": count for table, count in counts.items() if count}
