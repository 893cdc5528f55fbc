"""What a device's own count of durations tells in hindsight: runs whose reports were lost. Pure.

A report may say for how long the state before it lasted, ending when the reported state began (`observed_at`). So
does Nwave's NPS-4.5 on fPort 1, which it sends on a change alone: bit 0 of the first byte is the state, bits 7..1 the
duration of the state before, to the minute below 90 min, then in steps of 5 min, from 240 min in steps of 1 h
(TheThingsNetwork/lorawan-devices, vendor/nwave/nps405-codec.yaml at 62c8acd, Apache-2.0; the overflow of 660 min and
more is no count). Its heartbeats (fPort 2) carry none, so they change nothing here.

Such a count of `d` on a report that says S at `t` states: it was not S from `b = t - d` on until `t`, and S just
before `b`. It is held against the reports before it, in their order:

1. The report before says not S and its run began at `b`, within the count's error and `SLACK`: they agree.
2. That run began earlier: a run of S in it was lost. It ended at `b`, or at a report within the slack before, and it
   began after the last report before that: told as the middle of that span, with half of it as the error. Only
   reports of the same boot count here, because a device that was started anew counts anew.
3. That run began later: its first report was lost. It began at `b`.
4. The report before says S too: a whole run of not S was lost, from `b` until `t`. What was held as one run are two.

A count is not believed where a report contradicts it: where one that says S was observed after `b`, or where a run
begins with a count of its own. Nothing before the first report of an assignment is told: the device may have counted
on its way to the bay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from siga.contract.parking import HindsightRun
from siga.services.parking.entries import Entry, Order, begins, counted_from, slack

_SECOND, _MOMENT = timedelta(seconds=1), timedelta(microseconds=1)

Hindsight = dict[Order, HindsightRun]


def run_told(entries: Sequence[Entry], place: int) -> HindsightRun | None:
    """What the count of `entries[place]` tells beyond the entries before it (of one assignment, in order)."""
    entry = entries[place]
    began = counted_from(entry)
    if began is None or place == 0:
        return None
    before = entries[place - 1]
    if before.occupied is entry.occupied:
        # "Less than a minute" is counted as 0: a run that was there at all has lasted.
        began = min(began, entry.observed_at - _SECOND)
        return _until(entry, began, before) if begins(before.occupied, before.observed_at, entry) else None
    start = _start_of_run(entries, place - 1)
    first = entries[start]
    if began > first.observed_at + slack(entry):
        return _between(entry, began, entries[start:place])
    if began >= first.observed_at - slack(entry) or start == 0 or first.previous_duration_s is not None:
        return None
    other = entries[start - 1]
    return _until(entry, began, other) if began >= other.observed_at - slack(entry) else None


def _until(entry: Entry, began: datetime, other: Entry) -> HindsightRun | None:
    """The whole state before the entry; `other` is the last report of the run before that."""
    began = max(began, other.observed_at + _MOMENT)
    if began >= entry.observed_at:
        return None
    return HindsightRun(
        occupied=not entry.occupied, from_at=began, from_error_s=entry.previous_error_s, until_at=entry.observed_at,
        until_error_s=0,
    )  # fmt: skip


def _between(entry: Entry, began: datetime, run: Sequence[Entry]) -> HindsightRun | None:
    """The lost run that ended when the state before the entry began, somewhere behind the reports before that."""
    soon = began - slack(entry)
    earlier = [one.observed_at for one in run if one.observed_at < soon and one.order[1] == entry.order[1]]
    if not earlier:
        return None
    later = [one.observed_at for one in run if one.observed_at >= soon]
    ended = min([began, *later])
    half = (ended - max(earlier)) / 2
    return HindsightRun(
        occupied=entry.occupied, from_at=max(earlier) + half, from_error_s=-(-half // _SECOND) + entry.previous_error_s,
        until_at=ended, until_error_s=0 if ended in later else entry.previous_error_s,
    )  # fmt: skip


def _start_of_run(entries: Sequence[Entry], place: int) -> int:
    while place and not begins(entries[place - 1].occupied, entries[place - 1].observed_at, entries[place]):
        place -= 1
    return place


def last_run(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The longest tail of entries that is one run: nothing in it says otherwise, no lost run lies in it."""
    return entries[_start_of_run(entries, len(entries) - 1) :] if entries else entries


def changed_by(entries: Sequence[Entry], late: Order) -> dict[Order, HindsightRun | None]:
    """What the counts tell otherwise since the entry of order `late` is among these; None where nothing any more.

    `entries` reach at least three turns before and after it, or as far as there are any.
    """
    before = _all([one for one in entries if one.order != late])
    after = _all(entries)
    orders = sorted({**before, **after})
    return {order: after.get(order) for order in orders if before.get(order) != after.get(order)}


def _all(entries: Sequence[Entry]) -> Hindsight:
    told = ((one.order, run_told(entries, place)) for place, one in enumerate(entries))
    return {order: run for order, run in told if run is not None}


def turns_in(entries: Sequence[Entry]) -> int:
    """How often the state turns from one entry to the next."""
    return sum(one.occupied is not other.occupied for one, other in pairwise(entries))
