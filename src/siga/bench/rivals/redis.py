"""Redis as a yardstick of search: GEOSEARCH over the positions of the free bays, 32 connections, one command each.

A radius has to be named. Redis is told, for every place, the one that holds exactly the bays wanted there: less work
than any town that does not know it beforehand could give it.
"""

from __future__ import annotations

import itertools
import select
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from siga.bench.measuring import program
from siga.bench.rivals.child import child, folder_of_its_own, listens_at

_KEY = b"free"
_CONNECTIONS = 32
_LINES = 10
"""Lines of a hit: a list of three, then member, distance and the two numbers of the position with their lengths."""
_AT_ONCE = 1_000


class Query(NamedTuple):
    """A place and the radius that holds as many bays as are wanted there; degrees, metres."""

    lon: float
    lat: float
    radius_m: float


class Redis:
    """A started Redis. `pid` is its process."""

    def __init__(self, path: Path, pid: int) -> None:
        self._path, self.pid = path, pid

    def fill(self, members: Sequence[tuple[str, float, float]]) -> None:
        """Keep positions by name: (name, lon, lat)."""
        with self._connected() as line:
            for start in range(0, len(members), _AT_ONCE):
                lot = members[start : start + _AT_ONCE]
                words = [word for name, lon, lat in lot for word in (f"{lon}".encode(), f"{lat}".encode(),
                                                                     name.encode())]  # fmt: skip
                line.sendall(_command(b"GEOADD", _KEY, *words))
                _until_line(line)

    def run(self, queries: Sequence[Query], limit: int, seconds: float, first: int = 0) -> Searched:
        """Search round after round for so many seconds."""
        commands = [_search(query, limit) for query in queries]
        order = itertools.islice(itertools.cycle(commands), first % len(commands), None)
        lines = [self._connected() for _ in range(_CONNECTIONS)]
        poll, by_number = select.epoll(), {line.fileno(): line for line in lines}
        waiting = dict.fromkeys(by_number, b"")
        for line in lines:
            poll.register(line, select.EPOLLIN)
            line.sendall(next(order))
        cpu, began, answers = time.process_time(), time.perf_counter(), 0
        end = began + seconds
        while (now := time.perf_counter()) < end:
            for number, _ in poll.poll(0.5):
                line = by_number[number]
                answer = waiting[number] + line.recv(65_536)
                if not _is_whole(answer):
                    waiting[number] = answer
                    continue
                answers += 1
                waiting[number] = b""
                line.sendall(next(order))
        took, used = now - began, time.process_time() - cpu
        for line in lines:
            line.close()
        poll.close()
        return Searched(answers / took, used / took)

    def _connected(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        line.connect(str(self._path))
        return line


class Searched(NamedTuple):
    """Searches a second, and how much of a core the client took."""

    per_s: float
    cpu_share: float


def _is_whole(answer: bytes) -> bool:
    """Whether a list of hits (RESP) is there to its end; ValueError for a refusal."""
    if answer[:1] == b"-":
        raise ValueError(f"Redis refused: {answer[:200]!r}")
    head = answer.find(b"\r\n")
    return head > 0 and answer.count(b"\r\n") == 1 + _LINES * int(answer[1:head])


def _search(query: Query, limit: int) -> bytes:
    words = (
        b"FROMLONLAT", f"{query.lon}".encode(), f"{query.lat}".encode(), b"BYRADIUS", f"{query.radius_m:.1f}".encode(),
        b"m", b"ASC", b"COUNT", str(limit).encode(), b"WITHCOORD", b"WITHDIST",
    )  # fmt: skip
    return _command(b"GEOSEARCH", _KEY, *words)


def _command(*words: bytes) -> bytes:
    """A command as Redis reads it (RESP)."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def _until_line(line: socket.socket) -> None:
    answer = b""
    while not answer.endswith(b"\r\n"):
        answer += line.recv(4096)
    if answer[:1] == b"-":
        raise ValueError(f"Redis refused: {answer!r}")


@asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[Redis]:
    """Redis without persistence at a socket in the folder, until the block ends; Missing when it is not installed."""
    command, path = program("redis-server"), folder_of_its_own(folder) / "redis.sock"
    words = (
        command,
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    )
    async with child(words, lambda: listens_at(path), log=folder / "redis.log") as process:
        yield Redis(path, process.pid)
