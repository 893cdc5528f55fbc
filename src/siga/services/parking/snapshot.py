"""Parking's columns as one file, so that a start with a million bays reads them whole and only the journal's tail anew.

It is a cache: when it is missing, damaged, of another version or of another store, everything is read from the store.
It may be written while changes go on: each part is at least as new as the position it is written under, and what
changed after that position is read again from the store at the next start.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from siga.contract.base import Word
from siga.services.parking.columns import Columns, Rest
from siga.services.parking.groups import Groups, Sharing
from siga.services.parking.nearby import Nearby
from siga.services.parking.places import Places

VERSION = 1
_AT_ONCE = 10_000
_MAGIC = b"SIGAPIC1"


class Head(Word):
    """What stands before the columns: of which position and store they are, and what their numbers stand for."""

    version: int
    position: int
    event_id: str
    count: int
    groups: list[Sharing]
    rests: list[Rest]
    words: dict[str, list[int]]
    terms: str = ""
    """A digest of the settings, rules, zones and municipalities under which the deadlines stand; empty when not all had
    been looked at."""


class Restored(Word):
    """A snapshot as read."""

    head: Head
    columns: Any


class Plan(NamedTuple):
    """What must be taken at one instant, before the rest is copied in a thread beside the loop."""

    position: int
    event_id: str
    bays: int
    table: bytes
    terms: str


def plan(columns: Columns, position: int, event_id: str, terms: str) -> Plan:
    """The plan of a snapshot as of a position of the journal, reached already."""
    return Plan(position, event_id, len(columns), columns.places.dump(), terms)


def write(path: Path, planned: Plan, columns: Columns, groups: Groups, words: dict[str, set[int]]) -> None:
    """Write the columns as planned; meant for a thread: it holds nothing up for long."""
    position, event_id, count, table, terms = planned
    sections = [
        *_texts(columns.fragments, count), *_texts(columns.states, count),
        columns.rests[:count].tobytes(), bytes(columns.kinds[:count]), columns.groups[:count].tobytes(),
        columns.due[:count].tobytes(), columns.periods[:count].tobytes(), *columns.near.dump(count), table,
    ]  # fmt: skip
    head = msgspec.msgpack.encode(
        Head(
            version=VERSION, position=position, event_id=event_id, count=count, groups=groups.keys(),
            rests=columns.rest_kinds[:],
            words={word: [place for place in places if place < count] for word, places in list(words.items())},
            terms=terms,
        )
    )  # fmt: skip
    _write(path, [head, *sections])


def _texts(rows: Sequence[bytes], count: int) -> tuple[bytes, bytes]:
    """The lengths of the texts, and the texts one after the other; copied in parts, since rows change meanwhile."""
    lengths, parts = array("I"), []
    for start in range(0, count, _AT_ONCE):
        lot = rows[start : min(start + _AT_ONCE, count)]
        lengths.extend(map(len, lot))
        parts.append(b"".join(lot))
    return lengths.tobytes(), b"".join(parts)


def _write(path: Path, sections: Sequence[bytes]) -> None:
    partial = path.with_suffix(".partial")
    checksum = 0
    with os.fdopen(_private(partial), "wb") as file:
        file.write(_MAGIC)
        for section in sections:
            file.write(len(section).to_bytes(8, "big"))
            file.write(section)
            checksum = crc32(section, checksum)
        file.write(checksum.to_bytes(4, "big"))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def read(path: Path) -> Restored | None:
    """The snapshot, None when there is none or it cannot be used."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    try:
        return _restored(data)
    except (msgspec.MsgspecError, ValueError, IndexError, KeyError):
        return None


def _restored(data: bytes) -> Restored | None:
    sections = _sections(data)
    if sections is None:
        return None
    head = msgspec.msgpack.decode(next(sections), type=Head)
    if head.version != VERSION:
        return None
    columns = Columns()
    columns.fragments += _split(next(sections), next(sections))
    columns.states += _split(next(sections), next(sections))
    columns.rest_kinds += head.rests
    columns.rests.frombytes(next(sections))
    columns.restore_numbers(*(next(sections) for _ in range(4)))
    columns.near = Nearby.restored(*(next(sections) for _ in range(3)))
    columns.places = Places.restored(columns.fragments, next(sections))
    whole = all(len(one) == head.count for one in (columns.fragments, columns.states, columns.rests, columns.kinds))
    whole = whole and max(columns.rests, default=-1) < len(head.rests)
    return Restored(head=head, columns=columns) if whole else None


def _sections(data: bytes) -> Iterator[bytes] | None:
    """The sections one after the other, None when the checksum does not fit."""
    view, at, found, checksum = memoryview(data), len(_MAGIC), [], 0
    if data[:at] != _MAGIC:
        return None
    while at + 8 < len(data):
        size = int.from_bytes(view[at : at + 8], "big")
        found.append(view[at + 8 : at + 8 + size])
        checksum = crc32(found[-1], checksum)
        at += 8 + size
    return map(bytes, found) if checksum.to_bytes(4, "big") == data[at:] else None


def _split(lengths: bytes, texts: bytes) -> Iterator[bytes]:
    at = 0
    for length in array("I", lengths):
        yield texts[at : at + length]
        at += length
