"""A bare ingest on the same server and store as SIGA: signature, decoding, rows, group commit; no rules.

    python yardsticks/probe.py PORT parking.db books.json

`parking.db` is a copy of a data set's store and `books.json` names its devices and keys. It says `ready` on stdout.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import queue
import re
import sys
import threading
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from rows import Said, Store, micros, sensors_of

_MOST_AT_ONCE = 100
_AUTHORISATION = re.compile(
    r'SIGA-HMAC device="([^"]+)", created="(\d+)", nonce="(\d+)", signature="([A-Za-z0-9+/=]{44})"'
)


class Report(msgspec.Struct):
    """One report as it arrives."""

    device_id: str
    epoch: int
    sequence: int
    occupied: bool
    observed_at: datetime


class Ack(msgspec.Struct):
    """What is answered for it."""

    status: str
    bay_id: str
    occupancy: str
    authorisation: str | None


Waiting = tuple[list[Report], str, int, int, "asyncio.Future[None]"]


class Probe:
    """The ASGI app, and the thread that writes."""

    def __init__(self, store: Store, keys: dict[str, bytes]) -> None:
        self._store, self._keys = store, keys
        self._queue: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._one = msgspec.json.Decoder(Report).decode
        self._many = msgspec.json.Decoder(list[Report]).decode
        self._encode = msgspec.json.Encoder().encode
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._write, daemon=True).start()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Check, decode, hand over, answer after the commit."""
        if scope["type"] != "http":
            return
        body = (await receive())["body"]
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"").decode()
        found = _AUTHORISATION.fullmatch(header)
        if found is None or not self._is_signed(scope, body, found):
            await _answer(send, 401, b"{}")
            return
        single = body[:1] == b"{"
        reports = [self._one(body)] if single else self._many(body)
        future: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((reports, found[1], int(found[3]), micros(), future))
        await future
        acks = [
            Ack("applied", self._store.places[r.device_id].bay_id, "occupied" if r.occupied else "free",
                "pending" if r.occupied else None)
            for r in reports
        ]  # fmt: skip
        await _answer(send, 200, self._encode(acks[0] if single else acks))

    def _is_signed(self, scope: Any, body: bytes, found: re.Match[str]) -> bool:
        device, created, nonce, signature = found.groups()
        lines = (
            b"SIGA1", scope["method"].encode(), scope["raw_path"], scope["query_string"], device.encode(),
            created.encode(), nonce.encode(), hashlib.sha256(body).hexdigest().encode(),
        )  # fmt: skip
        mac = hmac.new(self._keys[device], b"\n".join(lines), hashlib.sha256).digest()
        return hmac.compare_digest(mac, b64decode(signature, validate=True))

    def _write(self) -> None:
        """What waits goes into one transaction, again and again."""
        while True:
            group = [self._queue.get()]
            while len(group) < _MOST_AT_ONCE and not self._queue.empty():
                group.append(self._queue.get())
            said = [
                Said(r.device_id, r.epoch, r.sequence, r.occupied,
                     int(r.observed_at.astimezone(UTC).timestamp() * 1e6), received_at)
                for reports, _, _, received_at, _ in group for r in reports
            ]  # fmt: skip
            windows = {device: self._store.window(device, nonce) for _, device, nonce, _, _ in group}
            self._store.write(self._store.rows_of(said), list(windows.values()))
            self._loop.call_soon_threadsafe(_resolve, [future for *_, future in group])


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _main(port: int, path: str, books: Path) -> None:
    keys, sensors = sensors_of(books)
    store = Store(path, [sensor["device_id"] for sensor in sensors])
    store.learn()
    probe = Probe(store, {device_id: b64decode(key) for device_id, (_, key) in keys.items()})
    server = Server(
        probe, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, http=HTTPModes.auto, websockets=False,
        log_enabled=False, backlog=1024, backpressure=8192,
    )  # fmt: skip
    serving = asyncio.create_task(server.serve())
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        break
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await serving


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
