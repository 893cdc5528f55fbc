"""Reports as entries of a bay's book: each in its place in the order, with the instant it counts for. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from siga.contract.base import Word

Order = tuple[int, int, int]
"""(assignment of the device to the bay, boot epoch, sequence)."""

AHEAD = timedelta(minutes=5)
"""A device clock further ahead than this is not believed."""
NEVER_SET = datetime(2020, 1, 1, tzinfo=UTC)
"""A device clock before this was never set: it runs on from 1970, 1980 or 2000, as clocks do after a power cut."""
TOO_OLD = timedelta(days=7)
"""An observation older than this is kept apart for a person."""
_LONGEST_COUNT_S = TOO_OLD // timedelta(seconds=1)
SLACK = timedelta(seconds=60)
"""How far a device's count may differ from our instants beside its error: it counts minutes, radio takes time."""


class Entry(Word):
    """One report in its place: what was seen, when, and under which credential's keyed match.

    `previous_duration_s` is the device's own count of how long the state before lasted, see `hindsight`.
    """

    order: Order
    occupied: bool
    observed_at: datetime
    received_at: datetime
    credential: str | None = None
    clock_suspect: bool = False
    previous_duration_s: int | None = None
    previous_error_s: int = 0
    simulated: bool = False


def seen_at(observed_at: datetime | None, received_at: datetime) -> datetime:
    """When it was seen: by the device's clock unless that was never set or is ahead, else when it was received."""
    if observed_at is None or observed_at - received_at > AHEAD or observed_at < NEVER_SET:
        return received_at
    return observed_at


def place(order: Order, occupied: bool, observed_at: datetime | None, received_at: datetime,
          credential: str | None = None, *, previous_duration_s: int | None = None, previous_error_s: int = 0,
          simulated: bool = False) -> Entry:  # fmt: skip
    """A report as an entry: without a time that can be believed it counts as seen at its reception.

    A count beside a clock that is not believed, or of more than seven days, is none.
    """
    seen = seen_at(observed_at, received_at)
    suspect = observed_at is not None and observed_at is not seen
    if previous_duration_s is not None and (suspect or not 0 <= previous_duration_s <= _LONGEST_COUNT_S):
        previous_duration_s = None
    return Entry(
        order=order, occupied=occupied, observed_at=seen, received_at=received_at, credential=credential,
        clock_suspect=suspect, previous_duration_s=previous_duration_s, previous_error_s=previous_error_s,
        simulated=simulated,
    )  # fmt: skip


def is_too_old(entry: Entry) -> bool:
    """Whether the observation is so old that a person must look at it first."""
    return entry.received_at - entry.observed_at > TOO_OLD


def slack(entry: Entry) -> timedelta:
    """By how much the entry's count may differ from our instants and still agree with them."""
    return SLACK + timedelta(seconds=entry.previous_error_s)


def counted_from(entry: Entry) -> datetime | None:
    """Since when, by the entry's count, it was not what the entry says; None without a count."""
    if entry.previous_duration_s is None:
        return None
    return entry.observed_at - timedelta(seconds=entry.previous_duration_s)


def begins(told: bool | None, seen_at: datetime | None, entry: Entry) -> bool:
    """Whether a run begins with the entry, when the one before said `told` at `seen_at`: it turned, or a whole run
    between was lost, by the entry's count."""
    if told is not entry.occupied:
        return True
    if entry.previous_duration_s is None or seen_at is None:
        return False
    began = counted_from(entry)
    return began is not None and began >= seen_at - slack(entry) and entry.observed_at > seen_at
