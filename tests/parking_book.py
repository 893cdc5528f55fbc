"""One bay's book in memory: Parking's pure rules fed report by report, and History's pure fold of what it told.

It keeps in a list what `store_reports` keeps in a table; which question is put to it, and when, is as in `folding`
(tests/engines/test_parking_order.py holds the two against each other).
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec

from siga.contract.parking import HindsightRun
from siga.services.history.model import LATE, LIVE, Change, Stay, ordinal, timeline
from siga.services.parking import hindsight, model
from siga.services.parking.entries import Entry, Order, is_too_old, place
from siga.services.parking.model import BayState


class Swap(NamedTuple):
    """A device takes the bay over from another."""

    assignment: int
    at: datetime


class Book:
    """A bay that hears entries in any order, with repeats."""

    def __init__(self) -> None:
        self.state = BayState(bay_id="b")
        self.statuses: list[str] = []
        self.quarantined: set[Order] = set()
        self._entries: list[Entry] = []
        self._position = 0
        self._changes: list[Change] = []
        self._corrections: dict[Order, list[Change]] = {}

    def live(self, happenings: Iterable[Entry | Swap]) -> Book:
        """Reports come in and devices are swapped, in this order."""
        for one in happenings:
            if isinstance(one, Swap):
                self.assign(one)
            else:
                self.statuses.append(self._take(one))
        return self

    def assign(self, swap: Swap) -> None:
        """Another device has the bay from now on: nothing is known until its first report."""
        self.state = model.reassigned(self.state, swap.assignment)
        self._position += 1
        self._changes.append(
            Change(
                at=swap.at, since=swap.at, ordinal=ordinal(LIVE, self._position), told=None, occupancy="unknown",
                cause="device",
            )
        )  # fmt: skip

    def _take(self, entry: Entry) -> str:
        at = bisect.bisect_left(self._entries, entry.order, key=lambda one: one.order)
        known = at < len(self._entries) and self._entries[at].order == entry.order
        if known or entry.order in self.quarantined:
            return "repeated"
        if is_too_old(entry):
            self.quarantined.add(entry.order)
            return "quarantined"
        news = model.is_news(self.state, entry)
        self._entries.insert(at, entry)
        mine = [one for one in self._entries if one.order[0] == entry.order[0]]
        if news:
            run = hindsight.run_told(mine, len(mine) - 1) if not model.agrees(self.state, entry) else None
            self._show(model.apply_report(self.state, entry, f"stay-{entry.order}"), "report")
            if run is not None:
                self._correct(entry.order, run)
            return "applied"
        present = mine[-1].order == self.state.order
        self._show(model.apply_late(self.state, entry, hindsight.last_run(mine) if present else ()), "late_report")
        later = (one.observed_at for one in mine if one.order > entry.order and one.occupied is not entry.occupied)
        self._note_late(entry.observed_at, entry.occupied, next(later, None))
        if any(one.previous_duration_s is not None for one in mine):
            for order, told in hindsight.changed_by(mine, entry.order).items():
                self._correct(order, told)
        return "late"

    def _show(self, after: BayState, cause: str) -> None:
        before, self.state = self.state, after
        shown = [(s.told, s.changed_at, s.stay.stay_id if s.stay else None) for s in (before, after)]
        if shown[0] == shown[1] or after.changed_at is None:
            return
        self._position += 1
        self._changes.append(
            Change(
                at=after.changed_at, since=after.changed_at, ordinal=ordinal(LIVE, self._position), told=after.told,
                occupancy="occupied" if after.told else "free", cause=cause, stay_id=shown[1][2],
            )
        )  # fmt: skip

    def _note_late(self, at: datetime, occupied: bool, until_at: datetime | None) -> None:
        self._position += 1
        self._changes.append(self._late(at, occupied))
        if until_at is not None and until_at > at:
            self._changes.append(self._late(until_at, not occupied))

    def _correct(self, order: Order, run: HindsightRun | None) -> None:
        self._position += 1
        self._corrections[order] = [] if run is None else [
            self._late(run.from_at, run.occupied, run.from_error_s),
            self._late(run.until_at, not run.occupied, run.until_error_s),
        ]  # fmt: skip

    def _late(self, at: datetime, occupied: bool, error_s: int = 0) -> Change:
        return Change(
            at=at, since=at, ordinal=ordinal(LATE, self._position), told=occupied, error_s=error_s or None,
            occupancy="occupied" if occupied else "free", cause="late_report",
        )  # fmt: skip

    def stays(self) -> list[Stay]:
        """History's stays of all that was told."""
        corrected = (change for changes in self._corrections.values() for change in changes)
        return timeline([*self._changes, *corrected])[0]

    def corrections(self) -> list[Order]:
        """Where counts told something that holds still."""
        return [order for order, changes in self._corrections.items() if changes]

    def present(self) -> BayState:
        """The state without what depends on who came when: names of stays, the bay's own version."""
        stay = self.state.stay
        stay = None if stay is None else msgspec.structs.replace(stay, stay_id="")
        return msgspec.structs.replace(self.state, stay=stay, sequence=0)


def digest(stays: Iterable[Any]) -> str:
    """A hash of stays' bounds and their errors."""
    bounds = sorted((s.started_at, s.ended_at or s.started_at, s.ended_at is None, s.started_error_s or 0,
                     s.ended_error_s or 0) for s in stays)  # fmt: skip
    return hashlib.sha256(repr(bounds).encode()).hexdigest()


class Walk:
    """What happened at a bay: turns with and without counts, heartbeats, restarts, swaps, frames `lost` for ever.

    `saw` are the stays that were there, each with when it began and ended (None: it still lasts, or nobody watched).
    """

    def __init__(self, rng: Random, start: datetime, number: int, *, lost: float = 0.25, swaps: float = 0.04,
                 counts: float = 0.9, heartbeats: float = 0.3) -> None:  # fmt: skip
        self.happenings: list[Entry | Swap] = []
        self.saw: list[tuple[datetime, datetime | None]] = []
        self._rng, self._at, self._counts_from = rng, start, start
        self._lost, self._counts, self._heartbeats = lost, counts, heartbeats
        self._assignment, self._epoch, self._sequence = 0, 1, 0
        self._occupied = False
        self._swap()
        for _ in range(number):
            if rng.random() < swaps:
                self._swap()
            self._step()

    def _swap(self) -> None:
        self._assignment += 1
        self._restart(1)
        self.happenings.append(Swap(self._assignment, self._at))

    def _restart(self, epoch: int) -> None:
        self._epoch, self._sequence, self._counts_from = epoch, 0, self._at

    def _step(self) -> None:
        rng = self._rng
        if rng.random() < 0.06:
            self._restart(self._epoch + 1)
        self._at += timedelta(seconds=rng.choice([60, 400, 1_000, 3_000, 9_000]))
        duration_s = None
        if rng.random() >= self._heartbeats:
            duration_s = self._turn()
        self._sequence += 1
        if rng.random() >= self._lost:
            self.happenings.append(
                place(
                    (self._assignment, self._epoch, self._sequence), self._occupied, self._at,
                    self._at + timedelta(seconds=rng.choice([0, 1, 30])), previous_duration_s=duration_s,
                    previous_error_s=59 if duration_s is not None else 0,
                )
            )  # fmt: skip

    def _turn(self) -> int | None:
        """It turns; what the device counts of the state before, in whole minutes."""
        self._occupied = not self._occupied
        if self._occupied:
            self.saw.append((self._at, None))
        else:
            self.saw[-1] = (self.saw[-1][0], self._at)
        counted_s = int((self._at - self._counts_from).total_seconds()) // 60 * 60
        self._counts_from = self._at
        return counted_s if self._rng.random() < self._counts else None


def arrivals(rng: Random, happenings: Sequence[Entry | Swap]) -> list[Entry | Swap]:
    """Any permutation of the reports, some of them up to five times; a device's first comes after it was assigned."""
    entries = [one for one in happenings if isinstance(one, Entry)]
    found: list[Entry | Swap] = [entry for entry in entries for _ in range(rng.choice([1, 1, 1, 1, 2, 3, 5]))]
    rng.shuffle(found)
    at = 0
    for swap in (one for one in happenings if isinstance(one, Swap)):
        of_it = (n for n, one in enumerate(found) if isinstance(one, Entry) and one.order[0] >= swap.assignment)
        at = rng.randint(at, max(at, next(of_it, len(found))))
        found.insert(at, swap)
        at += 1
    return found
