"""An index of the words of holders' names: keyed hashes, so that a name can be found and none can be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Column, Connection, String, Table, delete, func, insert, select

from siga.services.users.model.accreditations import AccreditationRow
from siga.services.users.store.accreditations import row_of
from siga.services.users.store.tables import accreditations, metadata

holder_words = Table(
    "holder_words",
    metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("word", String(64), primary_key=True),
    Column("accreditation_id", String(36), primary_key=True, index=True),
)
_c = holder_words.c


def add_words(conn: Connection, entries: Sequence[tuple[AccreditationRow, Iterable[str]]]) -> None:
    """Keep the hashed words of accreditations that have none."""
    rows = [
        {"municipality_id": row.municipality_id, "word": word, "accreditation_id": row.accreditation_id}
        for row, words in entries
        for word in words
    ]
    if rows:
        conn.execute(insert(holder_words), rows)


def put_words(conn: Connection, row: AccreditationRow, words: Iterable[str]) -> None:
    """Keep hashed words in the place of those the accreditation had."""
    conn.execute(delete(holder_words).where(_c.accreditation_id == row.accreditation_id))
    add_words(conn, [(row, words)])


def with_words(conn: Connection, municipality_id: str, words: Sequence[str], limit: int) -> list[AccreditationRow]:
    """The accreditations of a municipality whose holder has all these hashed words, newest first."""
    query = (
        select(_c.accreditation_id)
        .where(_c.municipality_id == municipality_id, _c.word.in_(words))
        .group_by(_c.accreditation_id)
        .having(func.count() == len(words))
        .order_by(_c.accreditation_id.desc())
        .limit(limit)
    )
    ids = list(conn.scalars(query))
    rows = select(accreditations).where(accreditations.c.accreditation_id.in_(ids))
    return [row_of(one) for one in conn.execute(rows.order_by(accreditations.c.accreditation_id.desc())).mappings()]


def not_indexed(conn: Connection, limit: int) -> list[AccreditationRow]:
    """Accreditations of an earlier release whose holders are not in the index yet."""
    query = select(accreditations).where(accreditations.c.holder_words == 0).limit(limit)
    return [row_of(one) for one in conn.execute(query).mappings()]
