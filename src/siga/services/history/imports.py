"""An import's lines: read one by one, refused with a reason, written by the same fold as what happens now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from siga.contract.base import Word
from siga.contract.history import Imported, ImportedChange, RefusedLine
from siga.services.history import bays, store
from siga.services.history.bays import BayRow
from siga.services.history.facts import imported_change_of
from siga.services.history.model import Change

_MOST_LISTED = 1000
_line_of = msgspec.json.Decoder(ImportedChange).decode

Allowed = Callable[[BayRow], bool]


class Lines(Word):
    """The lines of an import: by bay those that can be read, with their number from 1, and those that cannot."""

    by_bay: dict[str, list[tuple[int, ImportedChange]]]
    refused: list[RefusedLine]


def read_lines(body: bytes, now: datetime) -> Lines:
    """An NDJSON body taken apart; blank lines do not count."""
    by_bay: dict[str, list[tuple[int, ImportedChange]]] = {}
    refused: list[RefusedLine] = []
    for number, text in enumerate(body.splitlines(), start=1):
        if not text or text.isspace():
            continue
        try:
            line = _line_of(text)
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            refused.append(RefusedLine(line=number, reason=str(fault)))
            continue
        reason = _fault(line, now)
        if reason is None:
            by_bay.setdefault(line.bay_id, []).append((number, line))
        else:
            refused.append(RefusedLine(line=number, reason=reason))
    return Lines(by_bay=by_bay, refused=refused)


def _fault(line: ImportedChange, now: datetime) -> str | None:
    if line.at.tzinfo is None:
        return "'at' must say its time zone, e.g. 2026-11-22T09:00:00Z"
    if line.at > now:
        return "'at' lies in the future"
    return None


def write_lines(conn: Connection, lines: Lines, allowed: Allowed, simulated: bool) -> Imported:
    """Keep what is new of the lines, for bays that are `allowed`, all in this transaction."""
    refused = list(lines.refused)
    accepted = repeated = 0
    known = bays.known(conn, lines.by_bay)
    news: list[tuple[BayRow, list[Change]]] = []
    for bay_id, told in lines.by_bay.items():
        row = known.get(bay_id)
        if row is None or not allowed(row):
            refused += [RefusedLine(line=number, reason="there is no such bay") for number, _ in told]
            continue
        numbers = {(line.sequence, line.at): number for number, line in reversed(told)}
        fresh = store.fresh(conn, row, [imported_change_of(line, row.place_no, simulated) for _, line in told])
        repeated += len(told) - len(fresh)
        kept = [change for change in fresh if not _too_late(row, change)]
        refused += _later_than_live(row, fresh, numbers)
        accepted += len(kept)
        news.append((row, kept))
    store.enter(conn, news)
    refused.sort(key=lambda one: one.line)
    return Imported(accepted=accepted, repeated=repeated, refused=refused[:_MOST_LISTED], refused_in_all=len(refused))


def _too_late(row: BayRow, change: Change) -> bool:
    return row.tip.first_told_at is not None and change.at >= row.tip.first_told_at


def _later_than_live(row: BayRow, fresh: list[Change],
                     numbers: Mapping[tuple[int, datetime], int]) -> list[RefusedLine]:  # fmt: skip
    """What happened after the bay's own sensor had begun to speak is not written over."""
    return [
        RefusedLine(
            line=numbers[change.number, change.at],
            reason=f"the bay's own sensor speaks since {row.tip.first_told_at:%Y-%m-%dT%H:%M:%SZ}; send earlier ones",
        )
        for change in fresh
        if _too_late(row, change)
    ]
