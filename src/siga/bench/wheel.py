"""The load generator's wheel: many kept-open connections driven by one plain loop, so cheap that it is not measured.

Closed loop: each connection sends its next request when its last one is answered. Open loop: requests are due at fixed
instants whatever the other side does, and each is timed from the instant it was due, so that waiting behind a slow
answer counts (coordinated omission).
"""

from __future__ import annotations

import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_DRAIN_S = 20.0
_CHUNK = 262_144


class Request(NamedTuple):
    """A request as it goes onto the wire, and what the caller wants to have back with its answer."""

    data: bytes
    about: Any = None


Taken = Callable[[Any, int, bytes, float, float], None]
"""(about, status, body, when it was due, when its answer was whole), instants by `time.perf_counter`."""


class Turn(NamedTuple):
    """What a turn of the wheel gave, without what was due in the warm-up. Latencies count from when a request was due.

    `unsent`: requests that were due and never sent, or never answered; `latest_send_s`: how late one was sent at worst.
    """

    answers: int
    faults: int
    unsent: int
    seconds: float
    latencies_s: array[float]
    latest_send_s: float
    cpu_share: float


class _Line:
    """One connection with at most one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self.socket = socket.create_connection(address, 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.about: Any = None
        self.due = 0.0
        self._buffer = b""
        self._need = 0

    def send(self, request: Request, due: float) -> None:
        self.about, self.due, self._buffer, self._need = request.about, due, b"", 0
        self.socket.sendall(request.data)

    def read(self) -> tuple[int, bytes] | None:
        """Status and body once the answer is whole; ConnectionError when it never will be."""
        part = self.socket.recv(_CHUNK)
        if not part:
            raise ConnectionError
        self._buffer = self._buffer + part if self._buffer else part
        if not self._need:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            head = self._buffer[:end].lower()
            at = head.find(b"\r\ncontent-length:")
            if at < 0:
                raise ConnectionError
            self._need = end + 4 + int(head[at + 17 :].split(b"\r\n", 1)[0])
        if len(self._buffer) < self._need:
            return None
        end = self._buffer.index(b"\r\n\r\n")
        return int(self._buffer[9:12]), self._buffer[end + 4 : self._need]


def turn(address: tuple[str, int], requests: Iterator[Request], taken: Taken, *, connections: int, seconds: float,
         rate: float | None = None, warm_up_s: float = 0.0) -> Turn:  # fmt: skip
    """Drive the requests for so many seconds; with `rate` that many a second, else as fast as they are answered."""
    return _Wheel(address, requests, taken, connections, seconds, rate, warm_up_s).run()


class _Wheel:
    def __init__(self, address: tuple[str, int], requests: Iterator[Request], taken: Taken, connections: int,
                 seconds: float, rate: float | None, warm_up_s: float) -> None:  # fmt: skip
        self._address, self._requests, self._taken = address, requests, taken
        self._interval = 1 / rate if rate else None
        self._seconds, self._warm_up_s = seconds, warm_up_s
        self._idle = deque(_Line(address) for _ in range(connections))
        self._busy: dict[int, _Line] = {}
        self._poll = select.epoll()
        for line in self._idle:
            self._poll.register(line.socket, select.EPOLLIN)
        self._latencies = array("d")
        self._answers = self._faults = 0
        self._latest_send = self._last = 0.0

    def run(self) -> Turn:
        """Turn until the time is over and all that was due is answered, or given up."""
        cpu = time.process_time()
        self._began = self._next = time.perf_counter()
        self._end = self._began + self._warm_up_s + self._seconds
        while True:
            now = time.perf_counter()
            self._send(now)
            if now > self._end + _DRAIN_S or (not self._busy and self._done(now)):
                break
            for number, _ in self._ready(now):
                self._take(number)
        took = time.perf_counter() - self._began
        unsent = self._given_up() + len(self._busy)
        for line in (*self._idle, *self._busy.values()):
            line.socket.close()
        self._poll.close()
        return Turn(
            answers=self._answers, faults=self._faults, unsent=unsent,
            seconds=self._span_s(), latencies_s=self._latencies,
            latest_send_s=self._latest_send, cpu_share=(time.process_time() - cpu) / took,
        )  # fmt: skip

    def _span_s(self) -> float:
        """Over how long the answers came; with a rate that is kept, the time over which they were due."""
        came_s = self._last - self._began - self._warm_up_s
        return max(came_s, self._seconds if self._interval else 1e-9)

    def _done(self, now: float) -> bool:
        return self._next >= self._end if self._interval else now >= self._end

    def _given_up(self) -> int:
        """How many requests were due and never sent."""
        if self._interval is None or self._next >= self._end:
            return 0
        return round((self._end - self._next) / self._interval)

    def _send(self, now: float) -> None:
        if self._interval is None:
            while self._idle and now < self._end:
                self._go(now, now)
            return
        while self._idle and self._next <= now and self._next < self._end:
            self._go(self._next, now)
            self._next += self._interval

    def _go(self, due: float, now: float) -> None:
        line = self._idle.popleft()
        self._latest_send = max(self._latest_send, now - due)
        try:
            line.send(next(self._requests), due)
        except OSError:
            self._lost(line)
        else:
            self._busy[line.socket.fileno()] = line

    def _ready(self, now: float) -> list[tuple[int, int]]:
        """Connections with something to read; waits no longer than until the next request is due."""
        if self._interval is None:
            return self._poll.poll(0.5)
        wait_s = min(0.5, max(0.0, self._next - now)) if self._idle and self._next < self._end else 0.5
        # `select` waits to the microsecond, `epoll` only to the millisecond.
        if select.select([self._poll], [], [], wait_s)[0]:
            return self._poll.poll(0)
        return []

    def _take(self, number: int) -> None:
        line = self._busy.get(number)
        if line is None:
            return
        try:
            answer = line.read()
        except (OSError, ValueError):
            del self._busy[number]
            self._lost(line)
            return
        if answer is None:
            return
        del self._busy[number]
        self._idle.append(line)
        now = time.perf_counter()
        status, body = answer
        self._taken(line.about, status, body, line.due, now)
        if line.due >= self._began + self._warm_up_s:
            self._last = now
            if status < 400:
                self._answers += 1
                self._latencies.append(now - line.due)
            else:
                self._faults += 1

    def _lost(self, line: _Line) -> None:
        """The connection broke: count it, open another in its place."""
        self._faults += 1
        line.socket.close()
        fresh = _Line(self._address)
        self._poll.register(fresh.socket, select.EPOLLIN)
        self._idle.append(fresh)
