"""The rows that a report makes in Parking's store, written by nothing but prepared statements.

One row in `reports`, one in `events` (what it says is the bay's last event again: as long as a new one would be), the
state of the bay (its present bytes again), and the nonces of the device that signed.

    python yardsticks/rows.py parking.db      how many rows it holds, as JSON
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import apsw

WINDOW = 1024
_MASK = (1 << WINDOW) - 1
_REPORT = "INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_STATE = "UPDATE bays SET state = ? WHERE bay_id = ?"
_NONCES = "UPDATE devices SET nonce_top = ?, nonce_bits = ? WHERE device_id = ?"
_COLUMNS = {
    "reports": ["device_id", "epoch", "sequence", "bay_id", "assignment", "occupied", "observed_at", "received_at",
                "credential", "status", "previous_duration_s", "previous_error_s", "simulated"],
    "events": ["position", "event_id", "kind", "version", "municipality_id", "subject_id", "sequence", "occurred_at",
               "recorded_at", "traceparent", "data"],
}  # fmt: skip


class Place(NamedTuple):
    """What is known of a sensor beforehand: its bay and the last event and state of it."""

    bay_id: str
    assignment: int
    municipality_id: str
    state: bytes
    data: str


class Said(NamedTuple):
    """One report to be written; instants in microseconds since 1970."""

    device_id: str
    epoch: int
    sequence: int
    occupied: bool
    observed_at: int
    received_at: int


class Store:
    """A copy of a data set's store, opened as SIGA opens its own: WAL, synchronous=FULL, one writer."""

    def __init__(self, path: str, device_ids: list[str]) -> None:
        self._conn = apsw.Connection(path)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000",
                       "cache_size=-16000"):  # fmt: skip
            self._conn.execute(f"PRAGMA {pragma}")
        for table, columns in _COLUMNS.items():
            found = [row[1] for row in self._conn.execute(f"PRAGMA table_info({table})")]
            if found != columns:
                raise SystemExit(f"yardsticks: the table {table} has other columns by now: {found}")
        self.places = {device_id: self._place(device_id) for device_id in device_ids}
        self._position = self._one("SELECT max(position) FROM events")
        self._windows: dict[str, tuple[int, int]] = {}

    def _one(self, sql: str, *values: Any) -> Any:
        return self._conn.execute(sql, values).fetchone()[0]

    def _place(self, device_id: str) -> Place:
        assignment, bay_id = self._conn.execute(
            "SELECT assignment, bay_id FROM assignments WHERE device_id = ? AND ended_at IS NULL", (device_id,)
        ).fetchone()
        municipality_id, state = self._conn.execute(
            "SELECT municipality_id, state FROM bays WHERE bay_id = ?", (bay_id,)
        ).fetchone()
        return Place(bay_id, assignment, municipality_id, state, "")

    def learn(self) -> None:
        """Read the last event of each bay: one walk through the journal."""
        wanted = {place.bay_id: device_id for device_id, place in self.places.items()}
        query = "SELECT subject_id, data FROM events WHERE kind = 'BayChanged' ORDER BY position"
        for bay_id, data in self._conn.execute(query):
            device_id = wanted.get(bay_id)
            if device_id is not None:
                self.places[device_id] = self.places[device_id]._replace(data=data)

    def window(self, device_id: str, nonce: int) -> tuple[int, str, str]:
        """The device's row after this nonce was spent."""
        top, bits = self._windows.get(device_id, (nonce - 1, 0))
        ahead = nonce - top
        top, bits = (nonce, (bits << min(ahead, WINDOW) | 1) & _MASK) if ahead > 0 else (top, bits | 1 << -ahead)
        self._windows[device_id] = top, bits
        return top, f"{bits:x}", device_id

    def rows_of(self, said: list[Said]) -> tuple[list[Any], list[Any], list[Any]]:
        """Rows for `reports`, for `events`, and states of bays."""
        reports, events, states = [], [], []
        for one in said:
            place = self.places[one.device_id]
            self._position += 1
            reports.append((one.device_id, one.epoch, one.sequence, place.bay_id, place.assignment, one.occupied,
                            one.observed_at, one.received_at, None, "applied", None, 0, False))  # fmt: skip
            events.append((self._position, str(uuid.uuid4()), "BayChanged", 1, place.municipality_id, place.bay_id,
                           one.sequence, one.observed_at, one.received_at, None, place.data))  # fmt: skip
            states.append((place.state, place.bay_id))
        return reports, events, states

    def write(self, rows: tuple[list[Any], list[Any], list[Any]], nonces: list[tuple[int, str, str]]) -> None:
        """One transaction, on disk when this returns."""
        conn = self._conn
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany(_REPORT, rows[0])
        conn.executemany(_EVENT, rows[1])
        conn.executemany(_STATE, rows[2])
        conn.executemany(_NONCES, nonces)
        conn.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._conn.close()


def micros() -> int:
    """Now, microseconds since 1970."""
    return time.time_ns() // 1000


def sensors_of(books: Path) -> tuple[dict[str, tuple[str, str]], list[dict[str, Any]]]:
    """Keys by device id as (kind, base64), and the sensors, from a run's books."""
    told = json.loads(books.read_text())
    return {key["device_id"]: (key["kind"], key["key"]) for key in told["keys"]}, told["sensors"]


def _count(path: str) -> dict[str, int]:
    conn = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        query = "SELECT (SELECT count(*) FROM reports), (SELECT count(*) FROM events)"
        reports, events = conn.execute(query).fetchone()
    finally:
        conn.close()
    return {"reports": reports, "events": events}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_count(sys.argv[1])))
