"""Who has applied which revision: kept in memory, since it is a statement about processes that live now.

After a restart of Config it fills again within one heartbeat (20 s).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from siga.contract.base import Word
from siga.contract.operations import Applied, AppliedRow, SettingsApplied

ALIVE = timedelta(seconds=60)


class _Told(Word):
    applied: SettingsApplied
    told_at: datetime
    swapped: bool
    """It came to this revision while running; a service that began at it says nothing about how fast a swap is."""


class Board:
    """The last word of each (process, service)."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], _Told] = {}

    def note(self, applied: SettingsApplied, now: datetime) -> None:
        """Take down what one of them tells; those not heard of for a minute are forgotten."""
        self._told = {pair: told for pair, told in self._told.items() if now - told.told_at <= ALIVE}
        pair = (applied.process, applied.service)
        earlier = self._told.get(pair)
        if earlier is None:
            swapped = False
        elif applied.revision == earlier.applied.revision:
            swapped = earlier.swapped
        else:
            swapped = applied.revision > earlier.applied.revision
        self._told[pair] = _Told(applied=applied, told_at=now, swapped=swapped)

    def lacking(self, newest: int) -> set[int]:
        """The revisions whose instants `report` will ask for."""
        return {newest, *(told.applied.revision + 1 for told in self._told.values() if told.applied.revision < newest)}

    def report(self, newest: int, committed_at: Callable[[int], datetime | None], now: datetime) -> Applied:
        """Who lives, and where they stand; `committed_at(revision)` is when a revision was committed."""
        living = [told for told in self._told.values() if now - told.told_at <= ALIVE]
        rows = [_row(told.applied, newest, committed_at, now) for told in living]
        began = committed_at(newest)
        swaps = [
            (told.applied.applied_at - began).total_seconds() * 1000
            for told in living
            if told.swapped and told.applied.revision == newest and began is not None
        ]
        return Applied(
            revision=newest, in_force=sum(row.revision == newest for row in rows), of=len(rows),
            rows=sorted(rows, key=lambda row: (row.process, row.service)),
            slowest_ms=round(max(0.0, *swaps), 1) if swaps else None,
        )  # fmt: skip


def _row(applied: SettingsApplied, newest: int, committed_at: Callable[[int], datetime | None],
         now: datetime) -> AppliedRow:  # fmt: skip
    since = committed_at(applied.revision + 1) if applied.revision < newest else None
    return AppliedRow(
        process=applied.process, service=applied.service, revision=applied.revision, applied_at=applied.applied_at,
        behind_s=max(0.0, round((now - since).total_seconds(), 3)) if since else 0.0,
    )  # fmt: skip
