"""Four weeks of the town's past, imported as history and marked as generated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from siga.demo.habits import PastChange, history
from siga.demo.seeding import Seeding

_LINES_AT_ONCE = 5_000


async def write_history(seeding: Seeding, start: datetime, end: datetime) -> None:
    """Import all stays between the two instants that are over by `end`."""
    changes = finished(history(seeding.town, seeding.town.seed, start, end))
    query = urlencode({"municipality_id": seeding.municipality_id, "simulated": "true"})
    told = 0
    for first in range(0, len(changes), _LINES_AT_ONCE):
        body = b"\n".join(_lines(changes[first : first + _LINES_AT_ONCE], seeding.bay_ids))
        headers = {**await seeding.chief.headers(), "content-type": "application/x-ndjson"}
        await seeding.users.ask("POST", f"/api/v1/history/import?{query}", content=body, headers=headers, wait_s=60.0)
        done = min(100, 100 * (first + _LINES_AT_ONCE) // len(changes))
        if done // 25 > told:
            told = done // 25
            seeding.tell(f"history {done} %")


def finished(changes: Iterable[PastChange]) -> list[PastChange]:
    """The changes bay by bay, without those that begin stays which last: these begin with the sensors' first word."""
    ordered = list(changes)
    last = {change.bay_code: change for change in ordered}
    over = [change for change in ordered if not (change.occupied and last[change.bay_code] is change)]
    return sorted(over, key=lambda change: (change.bay_code, change.at))


def _lines(changes: Iterable[PastChange], bay_ids: dict[str, str]) -> Iterator[bytes]:
    for change in changes:
        bay_id = bay_ids.get(change.bay_code)
        if bay_id is None:
            continue
        line: dict[str, Any] = {
            "bay_id": bay_id, "at": change.at, "occupied": change.occupied, "sequence": change.sequence,
        }  # fmt: skip
        if change.authorisation is not None:
            line["authorisation"] = change.authorisation
        yield msgspec.json.encode(line)
