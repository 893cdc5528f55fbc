"""Somebody who has a full copy of every database and tries to learn who had parked where.

They know every card's UID, plate, document number, name and e-mail of everybody, from outside. They try these values
plainly, hashed, and under keys that can be guessed, against whatever stands in a stay's rows; and they follow equal
values from row to row, and from a stay to what happened at its bay at that time, as far as these lead.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apsw

Row = dict[str, Any]
_NEAR_US = 60 * 1_000_000
_SHORTEST = 16
_FURTHEST = 5
"""Rows from a stay to a person: the stay, a reading, its card, the accreditation, the account."""
_PLACES = (
    ("users", "municipalities", "municipality_id"), ("parking", "zones", "zone_id"), ("parking", "bays", "bay_id"),
    ("parking", "devices", "device_id"),
)  # fmt: skip
"""Ids that are of places, not of people: following them leads from everybody to everybody."""
_LENGTHS = (16, 20, 24, 32, 40, 48, 64)


class Victim(NamedTuple):
    """Somebody as the attacker knows them."""

    name: str
    email: str
    values: tuple[str, ...]


class Place(NamedTuple):
    """A row of the dump."""

    store: str
    table: str
    number: int


def dump(data: Path) -> dict[tuple[str, str], list[Row]]:
    """All rows of all tables of all stores."""
    found: dict[tuple[str, str], list[Row]] = {}
    for path in sorted(data.glob("*/*.db")):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            cursor = connection.cursor()
            found[(path.stem, str(name))] = [
                dict(zip([one[0] for one in cursor.get_description()], row, strict=True))
                for row in cursor.execute(f'SELECT * FROM "{name}"')
            ]
        connection.close()
    return found


def guesses(values: Sequence[str], salts: Sequence[str]) -> Iterator[str]:
    """What a system without secrets might keep in the place of a value."""
    for value in values:
        for form in {value, value.upper(), value.lower(), value[::-1]}:
            yield form
            for salt in ("", *salts):
                for message in {f"{salt}{form}", f"{form}{salt}", f"{salt}:{form}"}:
                    yield from _written(zlib.crc32(message.encode()).to_bytes(4, "big"))
                    for kind in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s"):
                        yield from _written(hashlib.new(kind, message.encode()).digest())
                for key in (salt.encode(), salt.encode().ljust(32, b"\0")):
                    yield from _written(hmac.new(key, form.encode(), hashlib.sha256).digest())


def _written(digest: bytes) -> Iterator[str]:
    text = digest.hex()
    yield from (text, text.upper(), base64.b64encode(digest).decode(), base64.urlsafe_b64encode(digest).decode())
    yield from (text[:length] for length in _LENGTHS if length < len(text))


class Attacker:
    """Works on a dump alone; `secrets` are keys that they were given for a control."""

    def __init__(self, tables: Mapping[tuple[str, str], list[Row]], victims: Sequence[Victim],
                 salts: Sequence[str] = ()) -> None:  # fmt: skip
        self._tables = tables
        self._people = {victim.email: victim for victim in victims}
        self._guessed = {
            guess: victim.email for victim in victims for guess in guesses(victim.values, salts) if len(guess) >= 8
        }
        self._values: dict[Place, set[str]] = {}
        self._where: dict[str, list[Place]] = defaultdict(list)
        self._at: dict[str, list[tuple[int, Place]]] = defaultdict(list)
        self._dull = {str(row[name]) for store, table, name in _PLACES for row in tables[(store, table)]}
        for (store, table), rows in tables.items():
            for number, row in enumerate(rows):
                self._learn(Place(store, table, number), row)
        self._leading = {
            value for value, places in self._where.items()
            if len(value) >= _SHORTEST and len(places) > 1 and value not in self._dull and not _is_instant(value)
        }  # fmt: skip

    def also_knows(self, keys: Mapping[str, bytes], subjects: Mapping[str, str]) -> None:
        """For a control: months' keys, and by e-mail what History was told of somebody."""
        for month, key in keys.items():
            for email, subject in subjects.items():
                digest = hmac.new(key, subject.encode(), hashlib.sha256).hexdigest()
                self._guessed[f"{month}:{digest[:32]}"] = email

    def _learn(self, place: Place, row: Row) -> None:
        values: set[str] = set()
        instants = [value for value in row.values() if isinstance(value, int) and value > 10**15]
        for value in row.values():
            values |= set(_inner(value))
        self._values[place] = values
        for value in values:
            self._where[value].append(place)
            if _is_id(value):
                self._at[value] += [(at, place) for at in instants]

    def who(self, bay_id: str, started_us: int, of_stay: Row) -> str | None:
        """The e-mail of whom the attacker takes for the one who had parked, None if nothing leads to anybody."""
        near = [place for at, place in self._at.get(bay_id, ()) if abs(at - started_us) <= _NEAR_US]
        rows = [set(_all_inner(of_stay)), *(self._values[place] for place in near)]
        seen, followed = set(near), set[str]()
        for _ in range(_FURTHEST):
            for values in rows:
                for known in (values & self._guessed.keys(), values & self._people.keys()):
                    for word in known:
                        return self._guessed.get(word, word)
            links = {value for values in rows for value in values if value in self._leading} - followed
            followed |= links
            places = {place for value in links for place in self._where[value]} - seen
            seen |= places
            rows = [self._values[place] for place in places]
        return None


def _is_instant(value: str) -> bool:
    """An instant is near another or not; that two are equal says nothing, where many things are told at once."""
    return value[4:5] == "-" and value[10:11] == "T"


def _is_id(value: str) -> bool:
    return len(value) == 36 and value.count("-") == 4


def _all_inner(row: Row) -> Iterator[str]:
    for value in row.values():
        yield from _inner(value)


def _inner(value: Any) -> Iterator[str]:
    """Every text in a cell, also within JSON and packed bytes, and the rest of a text behind a colon."""
    if isinstance(value, bytes):
        text = value.decode("latin-1")
        yield from _runs(text)
    elif isinstance(value, str):
        yield value
        if ":" in value and len(value) < 200:
            yield value.partition(":")[2]
        if value[:1] in ("{", "["):
            try:
                yield from _of_json(json.loads(value))
            except ValueError:
                return


def _of_json(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _of_json(one)
    elif isinstance(value, list):
        for one in value:
            yield from _of_json(one)
    elif isinstance(value, str):
        yield value


def _runs(text: str) -> Iterator[str]:
    """Runs of letters and digits long enough to be an id or a hash."""
    run = ""
    for letter in text + "\0":
        if letter.isascii() and (letter.isalnum() or letter == "-"):
            run += letter
            continue
        for length in (36, 64):
            if len(run) >= length:
                yield from (run[start : start + length] for start in range(len(run) - length + 1))
        run = ""
