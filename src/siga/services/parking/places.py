"""Which place in Parking's columns a bay has: a hash table in one array, since a dictionary of a million texts is not
small."""

from __future__ import annotations

from array import array
from zlib import crc32

_FREE = -1
_STARTS_AT = len('{"bay_id":"')


class Places:
    """Bay id → place. The ids themselves stand at the head of the bays' encoded fragments, which are looked into."""

    def __init__(self, fragments: list[bytes]) -> None:
        self._fragments = fragments
        self._count = 0
        self._slots = array("i", [_FREE]) * 64

    def __len__(self) -> int:
        """How many bays have a place."""
        return self._count

    def get(self, bay_id: str) -> int | None:
        """The bay's place, None when it has none."""
        key = bay_id.encode()
        wanted, slots, fragments = key + b'"', self._slots, self._fragments
        mask = len(slots) - 1
        at = crc32(key) & mask
        while (place := slots[at]) != _FREE:
            if fragments[place].startswith(wanted, _STARTS_AT):
                return place
            at = at + 1 & mask
        return None

    def add(self, bay_id: str, place: int) -> None:
        """Give a bay that has none its place; its fragment must stand there already."""
        if 2 * (self._count + 1) > len(self._slots):
            self._grow()
        self._put(bay_id.encode(), place)
        self._count += 1

    def _put(self, key: bytes, place: int) -> None:
        mask = len(self._slots) - 1
        at = crc32(key) & mask
        while self._slots[at] != _FREE:
            at = at + 1 & mask
        self._slots[at] = place

    def _grow(self) -> None:
        before = self._slots
        self._slots = array("i", [_FREE]) * (2 * len(before))
        for place in before:
            if place != _FREE:
                fragment = self._fragments[place]
                self._put(fragment[_STARTS_AT : fragment.index(b'"', _STARTS_AT)], place)

    def dump(self) -> bytes:
        """The table as bytes, for `restored`."""
        return self._slots.tobytes()

    @classmethod
    def restored(cls, fragments: list[bytes], table: bytes) -> Places:
        """The table over the same fragments as when it was dumped."""
        made = cls(fragments)
        made._slots = array("i")
        made._slots.frombytes(table)
        made._count = len(fragments)
        return made
