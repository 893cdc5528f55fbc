#!/usr/bin/env python3
"""SIGA's reference device client: what a sensor, card reader or camera must do, in one file of the standard library.

It is documentation as much as a program. Read it from top to bottom:

1. `signature`: every request is signed with the device's own key.
2. `Memory`: what a device must not forget: id, key, boot epoch, sequence, nonce, and reports not yet acknowledged.
3. `Device`: enrol, hello, report, tasks, photo, rotate; and how to behave when the network or SIGA is away.

    python clients/siga_device.py enrol http://localhost:8081 K7QF-2MXN-84TD
    python clients/siga_device.py report occupied --card 04A2B3C4D5E6F7 --battery 90
    python clients/siga_device.py tasks --wait 25
    python clients/siga_device.py photo CASE_ID photo.jpg
    python clients/siga_device.py rotate

Exit code: 0 done (a report kept for later counts), 1 refused or not reachable, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import hmac
import json
import os
import random
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

AT_ONCE = 100  # reports in one request; the door takes 1,000
MOST_KEPT = 10_000  # reports kept while offline; the oldest are given up first
LONGEST_PAUSE_S = 300.0
TIMEOUT_S = 20.0


# --- 1. The signature ------------------------------------------------------------------------------------------------


def signature(key: bytes, method: str, path: str, query: str, device_id: str, created: int, nonce: int,
              body: bytes) -> str:  # fmt: skip
    """HMAC-SHA-256 over eight lines joined by line feeds, without one at the end, as standard padded base64.

    `path` and `query` exactly as they are sent (the query without `?`); `created` in unix seconds, 0 for a device
    without a clock; `nonce` an unsigned 64-bit number that grows with every request.
    """
    lines = ("SIGA1", method, path, query, device_id, str(created), str(nonce), hashlib.sha256(body).hexdigest())
    return base64.b64encode(hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).digest()).decode()


def unsealed(old: bytes, device_id: str, nonce: int, sealed: str) -> bytes:
    """A new key as it came in the answer to `rotate`: XOR what only who has the old key can make.

    `nonce` is that of the request which is answered. The key itself never travels, not even where there is no TLS.
    """
    pad = hmac.new(old, "\n".join(("SIGA1-KEY", device_id, str(nonce))).encode(), hashlib.sha256).digest()
    return bytes(a ^ b for a, b in zip(base64.b64decode(sealed), pad, strict=True))


# --- 2. What must not be forgotten -----------------------------------------------------------------------------------


class Memory:
    """A small file that only its owner can read, and beside it a queue with one report a line.

    Whatever is about to be used up (a nonce, a sequence number) is written down before it is used: after a power cut
    the worst is a gap, never a number used twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.queue_path = path.with_name(path.name + ".queue")
        self.values: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def save(self, **changes: Any) -> None:
        """Change some values and have them on disk when this returns."""
        self.values.update(changes)
        _write_whole(self.path, json.dumps(self.values, indent=1).encode())

    def next(self, name: str) -> int:
        """The next number of a counter, written down before it is given out."""
        self.save(**{name: int(self.values.get(name, 0)) + 1})
        return int(self.values[name])

    def queued(self) -> list[dict[str, Any]]:
        """The reports not yet acknowledged, oldest first; a line cut off by a power loss is passed over."""
        if not self.queue_path.exists():
            return []
        found = []
        for line in self.queue_path.read_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def keep(self, report: dict[str, Any]) -> None:
        """Put a report at the end of the queue, on disk when this returns."""
        if len(self.queued()) >= MOST_KEPT:
            self.replace(self.queued()[1:])
        descriptor = os.open(self.queue_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(json.dumps(report, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def replace(self, reports: list[dict[str, Any]]) -> None:
        """Keep these reports and no others."""
        lines = (json.dumps(report, separators=(",", ":")) + "\n" for report in reports)
        _write_whole(self.queue_path, "".join(lines).encode())


def _write_whole(path: Path, data: bytes) -> None:
    """The whole new file or the whole old one, whatever happens in between."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


# --- 3. The device ---------------------------------------------------------------------------------------------------


class Refused(Exception):
    """SIGA answered with a problem (RFC 9457): `slug` is the last part of its type, `body` the whole of it."""

    def __init__(self, status: int, body: dict[str, Any], retry_after_s: float | None) -> None:
        super().__init__(f"{status} {body.get('title', 'refused')}: {body.get('detail', '')}")
        self.status, self.body, self.retry_after_s = status, body, retry_after_s
        self.slug = str(body.get("type", "")).rsplit("/", 1)[-1]


class NotReached(Exception):
    """No answer: the network or SIGA is away."""


class Device:
    """A device with its memory. `tries` = how often a request is repeated before it is left for later."""

    def __init__(self, memory: Memory, *, tries: int = 5, pause: Any = time.sleep) -> None:
        self.memory, self.tries = memory, tries
        self._pause = pause
        self._newest = True  # sign with the newest key there is

    def enrol(self, url: str, code: str) -> dict[str, Any]:
        """Turn the one-time code from the device's label into an id and a key, then ask for the first boot epoch."""
        body = json.dumps({"code": code}).encode()
        told = self._answer("POST", url.rstrip("/"), "/sensors/v1/enrol", "", body, {})
        self.memory.save(
            url=url.rstrip("/"), device_id=told["device_id"], key=told["key"], new_key=None, nonce=0, sequence=0
        )  # fmt: skip
        self.hello()
        return {name: value for name, value in told.items() if name != "key"}

    def hello(self) -> dict[str, Any]:
        """Begin a new boot epoch. A device that forgets its sequence asks at every start; this one need not."""
        told: dict[str, Any] = self._signed("POST", "/sensors/v1/hello", b"{}")
        self.memory.save(epoch=told["epoch"], sequence=0)
        return told

    def rotate(self) -> dict[str, Any]:
        """Ask for a new key, then use it, which ends the old one.

        Both are kept until one of them was answered: the new one ends the old, and where the old one still opens the
        new one was never used. When the answer with the new key is lost, the old one opens: ask again. That is why the
        wish is written down before the first try; `flush` comes back to it.
        """
        self.memory.save(rotating=True)
        told: dict[str, Any] = self._signed("POST", "/sensors/v1/rotate", b"{}")
        old, nonce = base64.b64decode(self.memory.values["key"]), int(self.memory.values["nonce"])
        new = unsealed(old, self.memory.values["device_id"], nonce, told["sealed_key"])
        self.memory.save(new_key=base64.b64encode(new).decode(), rotating=False)
        self._signed("GET", "/sensors/v1/tasks", b"", query="wait_s=0")
        return {name: value for name, value in told.items() if name != "sealed_key"}

    def observe(self, *, occupied: bool, card: str | None = None, battery_pct: int | None = None,
                bay_id: str | None = None) -> None:  # fmt: skip
        """Note what the sensor sees now. It is numbered and on disk before anything is sent."""
        report: dict[str, Any] = {
            "device_id": self.memory.values["device_id"], "epoch": self.memory.values["epoch"],
            "sequence": self.memory.next("sequence"), "occupied": occupied,
            "observed_at": datetime.fromtimestamp(self._now_s(), UTC).isoformat().replace("+00:00", "Z"),
        }  # fmt: skip
        optional = {"credential_uid": card, "battery_pct": battery_pct, "bay_id": bay_id}
        self.memory.keep(report | {name: value for name, value in optional.items() if value is not None})

    def flush(self) -> list[dict[str, Any]]:
        """Send all that waits, oldest first; every acknowledged report leaves the queue, whatever became of it.

        NotReached or Refused when it has to wait: the rest stays for the next time. A report sent twice does no harm,
        it is answered `repeated`.
        """
        answers: list[dict[str, Any]] = []
        size = AT_ONCE
        while waiting := self.memory.queued():
            part = waiting[:size]
            try:
                answers += self._signed("POST", "/sensors/v1/reports", json.dumps(part).encode())
            except Refused as refused:
                if refused.status not in (400, 413, 422):
                    raise
                if len(part) > 1:  # something in it cannot be read: find it
                    size = max(1, len(part) // 2)
                    continue
                answers.append({"status": "rejected", "detail": str(refused)})
            self.memory.replace(self.memory.queued()[len(part) :])
        if self.memory.values.get("rotating"):
            with contextlib.suppress(Refused, NotReached):  # the next time, then
                self.rotate()
        return answers

    def tasks(self, wait_s: float) -> list[dict[str, Any]]:
        """Photos wanted of this camera; waits up to `wait_s` (at most 25) for the first one."""
        told = self._signed("GET", "/sensors/v1/tasks", b"", query=f"wait_s={wait_s:g}", timeout_s=wait_s + TIMEOUT_S)
        return list(told["tasks"])

    def photo(self, case_id: str, jpeg: bytes) -> dict[str, Any]:
        """Bring the photo of a case."""
        told: dict[str, Any] = self._signed("PUT", f"/sensors/v1/photos/{urllib.parse.quote(case_id, safe='')}", jpeg)
        return told

    # --- sending, and being patient ---

    def _signed(self, method: str, path: str, body: bytes, *, query: str = "", timeout_s: float = TIMEOUT_S) -> Any:
        """Send until it is answered. Every try takes a new nonce: an old one would be refused as a replay."""
        for attempt in range(self.tries):
            try:
                told = self._try(method, path, query, body, timeout_s)
                self._settle()
                return told
            except Refused as refused:
                if not self._may_try_again(refused) or attempt == self.tries - 1:
                    raise
                wait_s = refused.retry_after_s
            except NotReached:
                if attempt == self.tries - 1:
                    raise
                wait_s = None
            if wait_s is None:  # back-off with full jitter, so that a street of sensors does not come all at once
                wait_s = random.uniform(0, min(LONGEST_PAUSE_S, 2.0**attempt))  # noqa: S311 (no secret)
            self._pause(wait_s)
        raise NotReached("no tries left")

    def _try(self, method: str, path: str, query: str, body: bytes, timeout_s: float) -> Any:
        values, created, nonce = self.memory.values, int(self._now_s()), self.memory.next("nonce")
        chosen = values.get("new_key") if self._newest else None
        key, device_id = base64.b64decode(chosen or values["key"]), values["device_id"]
        seal = signature(key, method, path, query, device_id, created, nonce, body)
        header = f'SIGA-HMAC device="{device_id}", created="{created}", nonce="{nonce}", signature="{seal}"'
        return self._answer(method, values["url"], path, query, body, {"Authorization": header}, timeout_s)

    def _settle(self) -> None:
        """One of two keys was answered: forget the other one."""
        new = self.memory.values.get("new_key")
        if new and self._newest:
            self.memory.save(key=new, new_key=None)
        elif new:
            self.memory.save(new_key=None, rotating=True)
        self._newest = True

    def _may_try_again(self, refused: Refused) -> bool:
        if refused.slug == "stale" and refused.body.get("server_time"):
            server = datetime.fromisoformat(refused.body["server_time"].replace("Z", "+00:00")).timestamp()
            self.memory.save(clock_ahead_s=time.time() - server)
            refused.retry_after_s = 0.0
            return True
        if refused.slug in ("signature", "key-ended") and self.memory.values.get("new_key"):
            self._newest = not self._newest  # try the other one; neither is forgotten for a refusal
            refused.retry_after_s = 0.0
            return True
        if refused.slug == "replayed":  # this memory is older than what SIGA remembers: go well beyond
            self.memory.save(nonce=max(int(self.memory.values["nonce"]) + 1024, int(time.time() * 1000)))
            refused.retry_after_s = 0.0
            return True
        return refused.status in (408, 429) or refused.status >= 500

    def _now_s(self) -> float:
        """The time, corrected by what SIGA said about this clock."""
        return time.time() - float(self.memory.values.get("clock_ahead_s", 0.0))

    @staticmethod
    def _answer(method: str, url: str, path: str, query: str, body: bytes, headers: dict[str, str],
                timeout_s: float = TIMEOUT_S) -> Any:  # fmt: skip
        kind = "image/jpeg" if method == "PUT" else "application/json"
        target = f"{url}{path}?{query}" if query else f"{url}{path}"
        if not url.startswith(("http://", "https://")):
            raise NotReached(f"{url} is no address of a sensors' door")
        request = urllib.request.Request(  # noqa: S310 (looked at above)
            target, data=body or None, method=method, headers={"Content-Type": kind, **headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
                return json.loads(answer.read())
        except urllib.error.HTTPError as fault:
            raise _refusal(fault) from None
        except (OSError, ValueError) as fault:  # URLError, time-outs, a line cut off in the middle
            raise NotReached(f"{url} does not answer: {fault}") from None


def _refusal(fault: urllib.error.HTTPError) -> Refused:
    try:
        body = json.loads(fault.read())
    except (OSError, ValueError):
        body = {"title": str(fault.reason)}
    after = fault.headers.get("Retry-After", "")
    return Refused(fault.code, body, float(after) if after.isdigit() else None)


# --- the command -----------------------------------------------------------------------------------------------------


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="SIGA's reference device client.")
    parser.add_argument("--state", type=Path, default=Path("siga-device.json"), help="the device's memory")
    parser.add_argument("--tries", type=int, default=5, help="how often a request is repeated")
    commands = parser.add_subparsers(dest="command", required=True)
    enrol = commands.add_parser("enrol", help="turn a one-time code into an id and a key")
    enrol.add_argument("url", help="the sensors' door, e.g. http://localhost:8081")
    enrol.add_argument("code", help="the code on the device's letter")
    commands.add_parser("hello", help="begin a new boot epoch")
    report = commands.add_parser("report", help="tell what is seen now, and what could not be told before")
    report.add_argument("seen", choices=("occupied", "free"))
    report.add_argument("--card", help="UID of the card that was read: 4, 7 or 10 bytes in hex")
    report.add_argument("--battery", type=int, help="charge in percent")
    report.add_argument("--bay", help="which bay, where the device watches several")
    commands.add_parser("flush", help="tell what could not be told before")
    tasks = commands.add_parser("tasks", help="photos wanted of this camera")
    tasks.add_argument("--wait", type=float, default=0.0, help="seconds to wait for one, at most 25")
    commands.add_parser("rotate", help="change the key for a new one")
    photo = commands.add_parser("photo", help="bring the photo of a case")
    photo.add_argument("case_id")
    photo.add_argument("file", type=Path)
    return parser


def _run(device: Device, given: argparse.Namespace) -> Any:
    if given.command == "enrol":
        return device.enrol(given.url, given.code)
    if given.command == "hello":
        return device.hello()
    if given.command == "rotate":
        return device.rotate()
    if given.command == "tasks":
        return device.tasks(given.wait)
    if given.command == "photo":
        return device.photo(given.case_id, given.file.read_bytes())
    if given.command == "report":
        device.observe(occupied=given.seen == "occupied", card=given.card, battery_pct=given.battery, bay_id=given.bay)
    try:
        return device.flush()
    except NotReached as fault:
        print(f"{fault}; {len(device.memory.queued())} kept for later", file=sys.stderr)
        return []


def main() -> int:
    """Run one command; its exit code."""
    given = _arguments().parse_args()
    memory = Memory(given.state)
    if given.command != "enrol" and "key" not in memory.values:
        print(f"{given.state} knows no key: enrol first", file=sys.stderr)
        return 2
    try:
        print(json.dumps(_run(Device(memory, tries=given.tries), given), indent=1))
    except (Refused, NotReached, OSError) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
