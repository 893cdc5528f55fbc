"""Threads may decode as soon as a service is loaded: msgspec knows every struct by then."""

from __future__ import annotations

import subprocess
import sys

_TRIES = 16
_DECODES = """
import sys, threading, msgspec
from siga.contract import parking
from siga.kit.structs import settle
if {settled}:
    assert settle() > 10 and settle() == 0
sys.setswitchinterval(1e-6)
start, data = threading.Barrier(8), msgspec.json.encode({{
    "device_id": "a", "municipality_id": "m", "kind": "bay_sensor", "label": "x", "bay_ids": ["a"], "period_s": 3,
    "has_clock": True, "heard_at": "2026-01-01T00:00:00Z",
}})
def decode():
    start.wait()
    msgspec.json.decode(data, type=parking.Device)
threads = [threading.Thread(target=decode) for _ in range(8)]
[one.start() for one in threads]
[one.join() for one in threads]
"""


def crashes(*, settled: bool) -> int:
    running = [subprocess.Popen([sys.executable, "-c", _DECODES.format(settled=settled)]) for _ in range(_TRIES)]
    return sum(one.wait(60) < 0 for one in running)


def test_threads_that_decode_the_same_struct_first_do_not_end_the_process() -> None:
    assert crashes(settled=True) == 0
