"""The load generator counts from when a request was due, and enters only what was acknowledged."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from siga.bench import cities, wheel
from siga.bench.books import Books, Reporter, Sensor
from siga.bench.numbers import Figure, median, percentile, ratios, table
from siga.bench.signing import Key, Signer

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def server(pause_s: float = 0.0) -> Iterator[tuple[str, int]]:
    """A server that answers one connection after the other, its first request late."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            late = pause_s
            try:
                while True:
                    line, _ = listening.accept()
                    with line:
                        while line.recv(65_536):
                            time.sleep(late)
                            late = 0.0
                            line.sendall(_ANSWER)
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[:2]


def requests() -> Iterator[wheel.Request]:
    return itertools.repeat(wheel.Request(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"))


def test_a_pause_of_the_server_counts_for_every_request_that_was_due_in_it() -> None:
    with server(pause_s=0.2) as address:
        turn = wheel.turn(address, requests(), lambda *_: None, connections=1, seconds=0.3, rate=200)
    assert turn.answers in (60, 61)  # the one that is due as it ends may count
    assert turn.unsent == turn.faults == 0
    assert percentile(turn.latencies_s, 0.5) > 0.02  # a closed loop would have seen one slow answer
    assert turn.seconds >= 0.3


def test_without_a_rate_the_next_request_goes_when_the_last_is_answered() -> None:
    with server() as address:
        turn = wheel.turn(address, requests(), lambda *_: None, connections=1, seconds=0.1)
    assert turn.answers > 10
    assert turn.faults == 0


def sensor(n: int, key: int, device_id: str = "") -> Sensor:
    return Sensor(device_id=device_id or f"S{n}", bay_id=f"B{n}", lon=0, lat=0, city=0, key=key, occupied=False,
                  sequence=1)  # fmt: skip


KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
BOOKS = Books(
    keys=[Key(device_id="S0", key=KEY), Key(device_id="G", key=KEY)], sensors=[sensor(0, 0), sensor(1, 1), sensor(2, 1)]
)


def test_a_report_that_was_not_applied_changes_nothing_in_the_books() -> None:
    reporter = Reporter(BOOKS, BOOKS.who("own"), "host", keep_log=True)
    asked = reporter.requests()
    request = next(asked)
    assert b'"sequence":2' in request.data
    assert b'"occupied":true' in request.data
    reporter.take(request.about, 503, b"{}", 0.0, 1.0)
    only = BOOKS.who("own")[0]
    assert (only.occupied, only.sure, reporter.otherwise) == (False, False, {"503": 1})
    request = next(asked)
    assert b'"sequence":3' in request.data
    reporter.take(request.about, 200, b'{"status":"applied"}', 0.0, 1.0)
    assert (only.occupied, only.sure, reporter.applied) == (True, True, 1)
    assert [said.occupied for said in reporter.log or []] == [True]


def test_reports_of_one_gateway_go_together_under_its_key() -> None:
    listed = BOOKS.who("listed")
    assert [one.device_id for one in listed] == ["S1", "S2"]
    reporter = Reporter(BOOKS, listed, "host", batch=100)
    request = next(reporter.requests())
    assert b'device="G"' in request.data
    assert request.data.count(b'"epoch":1') == 2
    reporter.take(request.about, 200, b'[{"status":"applied"},{"status":"late"}]', 0.0, 1.0)
    assert reporter.otherwise == {"late": 1}


def test_the_signature_is_that_of_the_published_vector() -> None:
    signer = Signer(Key(device_id="S1", key=KEY))
    body = b'{"device_id":"S1","epoch":1,"observed_at":"2026-11-22T09:00:00Z","occupied":true,"sequence":1}'
    header = signer.authorisation("POST", "/sensors/v1/reports", "", body, nonce=1, created=1795338000)
    assert 'signature="3oOXLiIGJRkOLnBqGSivNSHwAPG6SXCfs2HMF+6Qmfo="' in header
    edwards = Signer(Key(device_id="S1", key=KEY, kind="ed25519"))
    header = edwards.authorisation("POST", "/sensors/v1/reports", "", body, nonce=1, created=1795338000)
    assert "Jhxbp1eZ9GKPWdGrpl6fcp9kNKCoST522ne13fQq35i8JBN5YulOKMBVXDJ32GEZo4s7XoEzxNBgBcVcx0Y6Cw==" in header


def test_the_same_cities_stand_every_time_a_third_free_and_crowded_where_cities_are_large() -> None:
    bays, again = cities.bays(5_000), cities.bays(5_000)
    assert (bays.lon == again.lon).all()
    assert (bays.free == again.free).all()
    assert bays.free.mean() == pytest.approx(0.35, abs=0.03)
    of_city = [int((bays.city == n).sum()) for n in range(cities.CITIES)]
    assert of_city[0] > 5 * of_city[20] > 0
    points = cities.points(2_000)
    assert len(set(points)) == 2_000
    assert points == cities.points(2_000)


def test_a_void_run_is_missed_whatever_it_measured_and_so_is_a_missing_yardstick() -> None:
    assert Figure(name="x", value=9, unit="×", at_least=1).met is True
    assert Figure(name="x", value=9, unit="×", at_least=1, void="the generator was the limit").met is False
    missing = Figure(name="x", value=median([]), unit="×", at_least=1, void="redis-server is not installed")
    assert missing.met is False
    assert "VOID: redis-server is not installed" in table([missing])
    assert ratios([2.0, 4.0], [4.0, 4.0]) == [0.5, 1.0]
