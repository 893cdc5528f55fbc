"""A demo of its own for the walk: a small, quick town that the test may stop and start again."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BAYS, SPEED = 60, 20
_FIRST_START_S, _NEXT_START_S = 90.0, 20.0  # 7 s and 1 s on a quiet machine of two cores; tests share theirs


class DemoTown:
    """`siga demo` on a folder and two ports of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port, self.sensors_port = _free_port(), _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def users_url(self) -> str:
        """The users' door."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sensors_url(self) -> str:
        """The sensors' door."""
        return f"http://127.0.0.1:{self.sensors_port}"

    def start(self) -> float:
        """Start it; seconds until it was ready."""
        began = time.monotonic()
        log = self.data.with_suffix(".log")
        command = [
            sys.executable, "-m", "siga", "demo", "--data", str(self.data), "--port", str(self.port),
            "--sensors-port", str(self.sensors_port), "--bays", str(BAYS), "--speed", str(SPEED),
        ]  # fmt: skip
        limit_s = _NEXT_START_S if self.data.exists() else _FIRST_START_S
        with log.open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        while "Stop with Ctrl-C" not in (said := log.read_text()):
            if self._process.poll() is not None or time.monotonic() - began > limit_s:
                self.stop()
                pytest.fail(f"the demo did not start: {said[-3000:]}")
            time.sleep(0.05)
        return time.monotonic() - began

    def stop(self) -> None:
        """As Ctrl-C does; by force when it does not end."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)
        self._process = None


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoTown]:
    """A demo that runs."""
    town = DemoTown(tmp_path / "town")
    town.start()
    yield town
    town.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
