"""What the audit's tests share: a trail of acts in a store, and a hand that changes it behind SIGA's back."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from siga.contract.audit import Acted
from siga.contract.events import Event
from siga.engines.sqlite import connected, open_sqlite
from siga.kit.ids import new_id
from siga.services.logs import audit_store
from siga.services.logs.audit_chain import HeadSigner
from siga.services.logs.audit_export import HeadFiles
from siga.services.logs.tables import metadata
from support import MUNICIPALITY, OTHER_MUNICIPALITY

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
SEED = bytes(range(32))
SOMEBODY = "0190c0de-0000-7000-8000-0000000000aa"


def acted(number: int, municipality_id: str = MUNICIPALITY, **more: Any) -> Event:
    """An act as a service's journal holds it."""
    act = Acted(
        **{
            "action": "case.shown", "who": SOMEBODY, "who_kind": "person", "roles": ("police",), "thing": "case",
            "thing_id": new_id(), "purpose": "enforcement", "reads": True, "request_id": f"request-{number:04}", **more,
        }
    )  # fmt: skip
    at = AT + timedelta(seconds=number)
    return Event(
        event_id=new_id(), kind="Acted", source="enforcement", position=number, municipality_id=municipality_id,
        subject_id=act.thing_id, occurred_at=at, recorded_at=at, data=msgspec.Raw(msgspec.json.encode(act)),
    )  # fmt: skip


def trail(folder: Path, records: int, *, heads: int = 5) -> tuple[Path, Path]:
    """A store of `records` acts in three chains with some signed heads, and the folder of the exported heads."""
    path, export = folder / "logs" / "logs.db", folder / "elsewhere"
    export.mkdir()
    database = open_sqlite(path, metadata)
    signer, files = HeadSigner(SEED), HeadFiles(export)
    towns = (MUNICIPALITY, OTHER_MUNICIPALITY, "")
    with database._writer.begin() as conn:
        for number in range(1, records + 1):
            audit_store.add(conn, [acted(number, towns[number % 3])])
            if number % (records // heads) == 0:
                files.append(audit_store.sign(conn, signer, AT + timedelta(seconds=number)))
    database._reader.dispose()
    database._before_close()
    database._writer.dispose()
    return path, export


def sql(path: Path, *statements: tuple[str, tuple[Any, ...]]) -> None:
    """Change the store as whoever has SIGA's own means could: the pages' checksums are right afterwards."""
    connection = connected(path, read_only=False)
    try:
        for statement, values in statements:
            connection.raw.execute(statement, values)
    finally:
        connection.close()


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    connection = connected(path, read_only=True)
    try:
        return list(connection.raw.execute(query))
    finally:
        connection.close()


def one_character_changed(text: str, hand: random.Random) -> str:
    """The text with one character other than it was."""
    at = hand.randrange(len(text))
    other = chr(32 + (ord(text[at]) - 32 + 1 + hand.randrange(90)) % 95)
    return text[:at] + (other if other != text[at] else "~") + text[at + 1 :]


TABLES = {
    "audit_records": ("municipality_id", "number"), "audit_heads": ("municipality_id", "head"),
    "audit_chains": ("municipality_id",),
}  # fmt: skip
Hand = Callable[[Path, Path, random.Random], str]


def change_a_value(path: Path, _: Path, hand: random.Random) -> str:
    """One character, or one digit, of one column of one row."""
    table = hand.choices(list(TABLES), weights=(8, 3, 1))[0]
    key = TABLES[table]
    columns = [str(row[1]) for row in rows(path, f"PRAGMA table_info({table})")]
    row = hand.choice(rows(path, f"SELECT * FROM {table}"))
    known = dict(zip(columns, row, strict=True))
    column = hand.choice([name for name in columns if known[name] != ""])
    old = known[column]
    new = old + hand.choice((-1, 1, 7)) if isinstance(old, int) else one_character_changed(old, hand)
    where = " AND ".join(f"{name} = ?" for name in key)
    update = (f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {where}", (new, *(known[name] for name in key)))
    sql(path, update)
    return f"{table}.{column} of {[known[name] for name in key]}"


def delete_rows(path: Path, _: Path, hand: random.Random) -> str:
    """A record or a few, a head, or the row that says where a chain stands."""
    table = hand.choices(list(TABLES), weights=(8, 3, 1))[0]
    key = TABLES[table]
    row = hand.choice(rows(path, f"SELECT {', '.join(key)} FROM {table}"))
    upto = row if table == "audit_chains" else (row[0], row[1] + hand.choice((0, 0, 0, 1, 5)))
    where = f"{key[0]} = ?" + (f" AND {key[1]} BETWEEN ? AND ?" if len(key) > 1 else "")
    sql(path, (f"DELETE FROM {table} WHERE {where}", (*row, *upto[1:])))
    return f"rows of {table} from {row} to {upto}"


def cut_the_end(path: Path, _: Path, hand: random.Random) -> str:
    """The end of a chain with all that tells of it in the store: only heads kept elsewhere know."""
    town = hand.choice([row[0] for row in rows(path, "SELECT municipality_id FROM audit_chains")])
    heads = [row[0] for row in rows(path, f"SELECT number FROM audit_heads WHERE municipality_id = '{town}'")]
    last = rows(path, f"SELECT max(number) FROM audit_records WHERE municipality_id = '{town}'")[0][0]
    left = hand.randrange(0, min(last, max(heads)))
    sql(
        path,
        ("DELETE FROM audit_records WHERE municipality_id = ? AND number > ?", (town, left)),
        ("DELETE FROM audit_heads WHERE municipality_id = ? AND number > ?", (town, left)),
        ("UPDATE audit_chains SET number = ?, hash = coalesce((SELECT hash FROM audit_records WHERE "
         "municipality_id = ? AND number = ?), hash) WHERE municipality_id = ?", (left, town, left, town)),
        *([("DELETE FROM audit_chains WHERE municipality_id = ?", (town,))] if not left else []),
    )  # fmt: skip
    return f"the chain of {town or 'the system'} after {left}"


def flip_a_byte(path: Path, _: Path, hand: random.Random) -> str:
    """One byte of the file itself, anywhere."""
    data = bytearray(path.read_bytes())
    at = hand.randrange(len(data))
    data[at] ^= 1 << hand.randrange(8)
    path.write_bytes(data)
    return f"byte {at}"


def cut_the_file(path: Path, _: Path, hand: random.Random) -> str:
    """The file itself is shorter."""
    data = path.read_bytes()
    left = hand.randrange(len(data))
    path.write_bytes(data[:left])
    return f"the file after {left} of {len(data)} bytes"


def change_exported(_: Path, export: Path, hand: random.Random) -> str:
    """One character of the exported heads."""
    path = hand.choice(list(export.iterdir()))
    text = path.read_text()
    lines = text.split("\n")
    number = hand.choice([n for n, line in enumerate(lines) if line])
    lines[number] = one_character_changed(lines[number], hand)
    path.write_text("\n".join(lines))
    return f"line {number + 1} of the exported heads"


def cut_exported(_: Path, export: Path, hand: random.Random) -> str:
    """The exported heads end earlier, or lack some in between."""
    path = hand.choice(list(export.iterdir()))
    lines = path.read_text().splitlines(keepends=True)
    at = hand.randrange(len(lines))
    path.write_text("".join(lines[:at] + (lines[at + 1 :] if hand.random() < 0.5 else [])))
    return f"exported heads at line {at + 1}"


HANDS: tuple[Hand, ...] = (
    change_a_value, change_a_value, change_a_value, delete_rows, delete_rows, cut_the_end, flip_a_byte, cut_the_file,
    change_exported, cut_exported,
)  # fmt: skip


def rewritten(path: Path, town: str, number: int) -> None:
    """A record changed, and every link after it reckoned anew, as an insider without the signing key would."""
    from siga.services.logs.audit_chain import canonical, first_link, link, record_in

    found = rows(path, f"SELECT number, record, hash FROM audit_records WHERE municipality_id = '{town}' "
                       f"AND number >= {number - 1} ORDER BY number")  # fmt: skip
    before, statements = (found[0][2] if number > 1 else first_link(town)), []
    for at, text, _ in found[1:] if number > 1 else found:
        record = record_in(text)
        if at == number:
            record = msgspec.structs.replace(record, who="0190c0de-0000-7000-8000-0000000000bb")
        before = link(before, canonical(record))
        update = "UPDATE audit_records SET record = ?, hash = ?, who = ? WHERE municipality_id = ? AND number = ?"
        statements.append((update, (canonical(record), before, record.who, town, at)))
    statements.append(("UPDATE audit_chains SET hash = ? WHERE municipality_id = ?", (before, town)))
    sql(path, *statements)


def lines_of(export: Path) -> Iterator[str]:
    """The exported heads, line by line."""
    for path in sorted(export.iterdir()):
        yield from path.read_text().splitlines()


def told(output: str) -> Any:
    """The JSON of a command."""
    return json.loads(output)
