"""The sums that statistics are made of, over places or over quarters of an hour. Instants and times in microseconds.

A quarter is the number of 15 minutes since 1970 UTC: every time zone's hours and days begin with one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from siga.contract.base import Word

QUARTER_US = 15 * 60 * 1_000_000


class PlaceRow(Word):
    """A place of a monitored bay in a municipality; instants in microseconds since 1970."""

    place_no: int
    bay_no: int
    bay_id: str
    code: str
    zone_id: str
    category: str
    personal: bool
    since_us: int
    first_us: int
    """The bay's first change."""


class Begun(Word):
    """Stays that began in the span, of one group (place or quarter) and authorisation. Times in microseconds."""

    group: int
    authorisation: str
    number: int
    in_span_us: int
    """By place: how long they lasted within the span. By quarter: from their start to the quarter's end."""
    over: int
    """How many are over, and how long those lasted in all."""
    over_us: int
    simulated: bool


class Hidden(Word):
    """Gaps that began in the span; as `Begun`."""

    group: int
    occupied: bool
    number: int
    in_span_us: int


class Ends(Word):
    """Stays or gaps that began in the span and ended in it, by the quarter of their end."""

    group: int
    occupied: bool
    number: int
    rest_us: int
    """From their end to the quarter's end."""


class Piece(Word):
    """One stay or gap that had begun before the span and reaches into it."""

    place_no: int
    ended_us: int | None
    occupied: bool


class Scope(Word):
    """Which bays are looked at, which of their places are left out, and from when to when (microseconds)."""

    bay_nos: Sequence[int]
    left_out: Collection[int]
    from_us: int
    to_us: int


class Sums(Word):
    """What the store summed up over a scope; `ends` only when by quarters."""

    begun: Sequence[Begun]
    hidden: Sequence[Hidden]
    stays_before: Sequence[Piece]
    gaps_before: Sequence[Piece]
    stay_ends: Sequence[Ends] = ()
    gap_ends: Sequence[Ends] = ()
