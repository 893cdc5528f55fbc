"""The demo's own process: seeds the town and moves it, speaking only through the public doors."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import signal
import sys
from pathlib import Path
from typing import Any


class DemoChild:
    """Runs `python -m siga.demo` beside SIGA. Its first lines on stdout tell progress; `ready` ends them."""

    def __init__(self, *, data: Path, users_url: str, sensors_url: str, bays: int, speed: float) -> None:
        self._accounts = data / "demo.json"
        self._token = secrets.token_urlsafe(24)
        self._url = users_url
        self._settings = {
            "users_url": users_url, "sensors_url": sensors_url, "bays": bays, "speed": speed, "token": self._token,
            "state": str(self._accounts), "device_state": str(data / "demo-devices.json"),
        }  # fmt: skip
        self._child: asyncio.subprocess.Process | None = None
        self._relay: asyncio.Task[None] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What the gateway's `/demo` page needs: where the accounts stand, and the simulator's token."""
        return {"accounts": self._accounts, "token": self._token}

    async def start(self, setup_code: str | None) -> None:
        """Start it and wait until the town stands; OSError when it could not be made."""
        self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "siga.demo", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        if self._child.stdin is None or self._child.stdout is None:
            raise RuntimeError("the demo has no pipes")
        # Secrets go in by a pipe: neither arguments nor environment, which others can read. It stays open for the
        # child's life, so that the child ends with us.
        self._child.stdin.write(json.dumps({**self._settings, "setup_code": setup_code}).encode() + b"\n")
        await self._child.stdin.drain()
        while True:
            line = (await self._child.stdout.readline()).decode().rstrip()
            if line == "ready":
                break
            if not line:
                raise OSError("the demo town could not be made; what went wrong stands above")
            print(f"  {line}", flush=True)
        self._relay = asyncio.create_task(self._drain(self._child.stdout))

    @staticmethod
    async def _drain(stdout: asyncio.StreamReader) -> None:
        while line := await stdout.readline():
            print(f"  demo: {line.decode().rstrip()}", flush=True)

    def what_to_try(self) -> list[str]:
        """Lines for the start console: the address, the accounts of this run, what to try first."""
        known = json.loads(self._accounts.read_text())
        lines = ["", f"  Try it              {self._url}/demo", "", "  Demo accounts made for this folder:"]
        lines += [f"    {a['title']:<16} {a['email']:<40} {a['password']}" for a in known["accounts"]]
        lines += ["", "  What to try: open /demo, put a car without a card on the street, and watch the police's page."]
        return lines

    async def stop(self) -> None:
        """End the simulator."""
        if self._child is None:
            return
        if self._child.stdin is not None:
            self._child.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._child.wait(), 5)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
            await self._child.wait()
        if self._relay is not None:
            self._relay.cancel()
