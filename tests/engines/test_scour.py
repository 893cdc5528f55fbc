"""After `scour` nothing of what was deleted stands in a SQLite store's files; and the store is as good as before."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, delete, insert, select, update

from siga.engines.guard import check
from siga.engines.sqlite import open_sqlite

METADATA = MetaData()
PEOPLE = Table(
    "people", METADATA,
    Column("id", String(32), primary_key=True), Column("who", String(32), index=True), Column("note", Text),
    Column("n", Integer),
)  # fmt: skip


def _live(conn: Connection, random: Random, kept: dict[str, tuple[str, str]]) -> None:
    """Rows come, change and go, long and short ones, so that pages split and are merged."""
    for n in range(1500):
        if random.random() < 0.6 or not kept:
            key, who = f"{random.getrandbits(128):032x}", f"W{random.getrandbits(120):030x}"
            note = f"N{random.getrandbits(120):030x}" + "x" * random.choice((0, 10, 300, 9000 if n % 20 == 0 else 5))
            conn.execute(insert(PEOPLE).values(id=key, who=who, note=note, n=n))
            kept[key] = (who, note[:31])
        else:
            key = random.choice(list(kept))
            if random.random() < 0.5:
                conn.execute(delete(PEOPLE).where(PEOPLE.c.id == key))
                del kept[key]
            else:
                conn.execute(update(PEOPLE).where(PEOPLE.c.id == key).values(n=n, note=kept[key][1] + "y" * n))


@pytest.mark.parametrize("seed", range(3))
def test_no_byte_of_an_erased_row_stays(tmp_path: Path, seed: int) -> None:
    path, random = tmp_path / "people.db", Random(seed)
    kept: dict[str, tuple[str, str]] = {}

    def contents() -> bytes:
        return b"".join(one.read_bytes() for one in tmp_path.iterdir())

    async def walk() -> None:
        database = open_sqlite(path, METADATA)
        await database.write(lambda conn: _live(conn, random, kept))
        victims = random.sample(sorted(kept), len(kept) // 2)
        words = [word for key in victims for word in (key, *kept[key])]
        assert any(word.encode() in contents() for word in words), "a weak test"
        await database.write(lambda conn: conn.execute(delete(PEOPLE).where(PEOPLE.c.id.in_(victims))))
        assert await database.scour()
        left = contents()
        assert [word for word in words if word.encode() in left] == []
        check(path)
        survivors: Any = await database.read(lambda conn: set(conn.scalars(select(PEOPLE.c.id))))
        assert survivors == set(kept) - set(victims)
        await database.write(lambda conn: conn.execute(insert(PEOPLE).values(id="new", who="w", note="n", n=1)))
        check(path)
        await database.close()

    asyncio.run(walk())


def test_a_store_that_is_cut_off_after_it_was_scoured_starts_again(tmp_path: Path) -> None:
    """The witness beside the store promises nothing of the log that was cut."""

    async def walk() -> None:
        database = open_sqlite(tmp_path / "people.db", METADATA)
        await database.write(lambda conn: conn.execute(insert(PEOPLE).values(id="a", who="w", note="n", n=1)))
        await database.scour()
        copies = tmp_path / "as-it-was-at-the-crash"
        copies.mkdir()
        for name in ("people.db", "people.db-wal", "people.db-witness"):
            (copies / name).write_bytes((tmp_path / name).read_bytes())
        await database.close()
        again = open_sqlite(copies / "people.db", METADATA, expected=True)
        assert await again.read(lambda conn: conn.scalar(select(PEOPLE.c.id))) == "a"
        await again.close()

    asyncio.run(walk())
