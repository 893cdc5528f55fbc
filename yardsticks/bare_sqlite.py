"""The same rows as reports make in SIGA, written by nothing but SQLite in transactions of 100 reports.

    python yardsticks/bare_sqlite.py parking.db books.json SECONDS      reports a second, as JSON

`parking.db` is a copy of a data set's store and `books.json` one of its books, which is brought up to date. Only the
transactions are timed, not the making of the rows.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from pathlib import Path

from rows import Said, Store, micros, sensors_of

_BATCH = 100


def main() -> int:
    """Write for so many seconds."""
    path, books, seconds = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    _, sensors = sensors_of(books)
    store = Store(path, [sensor["device_id"] for sensor in sensors])
    store.learn()
    around = itertools.cycle(sensors)
    nonce, took, written = itertools.count(micros()), 0.0, 0
    while took < seconds:
        said = []
        for sensor in itertools.islice(around, min(_BATCH, len(sensors))):
            sensor["sequence"] += 1
            sensor["occupied"] = not sensor["occupied"]
            at = micros()
            said.append(Said(sensor["device_id"], 1, sensor["sequence"], sensor["occupied"], at, at))
        rows, nonces = store.rows_of(said), [store.window(said[0].device_id, next(nonce))]
        began = time.perf_counter()
        store.write(rows, nonces)
        took += time.perf_counter() - began
        written += len(said)
    store.close()
    told = json.loads(books.read_text())
    books.write_text(json.dumps({**told, "sensors": sensors}))  # the next run goes on from here
    sys.stdout.write(json.dumps({"per_s": written / took, "written": written}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
