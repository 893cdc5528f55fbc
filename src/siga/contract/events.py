"""The envelope every event travels in, and the register of what may be inside it."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import msgspec

from siga.contract.base import Word

D = TypeVar("D", bound=type[Word])

_DECODED = "decoded word"

KINDS: dict[str, type[Word]] = {}
"""Kind of event → the struct of its data. The kind is the struct's name, a past-tense fact."""


def event(cls: D) -> D:
    """Enter a struct in the register of event kinds under its own name."""
    KINDS[cls.__name__] = cls
    return cls


class Event(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One committed fact in its owner's journal. `position` orders the journal; instants are aware UTC.

    What was decoded once is kept with the event, for the other consumers of the same process: it lives exactly as long
    as the event itself does, and is no part of it (not compared, not written).
    """

    event_id: str
    kind: str
    source: str
    position: int
    municipality_id: str
    subject_id: str
    occurred_at: datetime
    recorded_at: datetime
    data: msgspec.Raw
    version: int = 1
    sequence: int = 0
    traceparent: str | None = None

    def decoded(self) -> Word | None:
        """The typed data, or None for a kind this release does not know (events only grow)."""
        kept: dict[str, Word | None] = self.__dict__
        if _DECODED not in kept:
            kept[_DECODED] = self._decode()
        return kept[_DECODED]

    def bearing(self, data: Word) -> Event:
        """The same event, with what `decoded` would make of it: whoever wrote it has that at hand."""
        self.__dict__[_DECODED] = data
        return self

    def _decode(self) -> Word | None:
        kind = KINDS.get(self.kind)
        return None if kind is None else msgspec.json.decode(self.data, type=kind)


class EventPage(Word):
    """Answer of `GET /internal/v1/events`: events after a position, oldest first, and the journal's head."""

    events: list[Event]
    head: int
