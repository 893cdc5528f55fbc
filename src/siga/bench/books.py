"""The generator's own books: every sensor, the key it reports by, what it said last and what was acknowledged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from siga.bench.signing import Key, Signer
from siga.bench.wheel import Request

Who = Literal["own", "listed", "ed25519"]
"""Whose reports: sensors with an HMAC key of their own, sensors listed under a gateway, those with Ed25519."""
_MICROSECOND = timedelta(microseconds=1)


class Sensor(msgspec.Struct, kw_only=True):
    """A sensor on its bay. `sequence` was used last; `occupied` is the last word that was acknowledged."""

    device_id: str
    bay_id: str
    lon: float
    lat: float
    city: int
    key: int
    """Which of the keys it reports by."""
    occupied: bool
    sequence: int
    sure: bool = True
    """Whether what it said last was acknowledged."""


class Books(msgspec.Struct, kw_only=True):
    """Sensors and keys of a data set, as far as load is made with them."""

    keys: list[Key]
    sensors: list[Sensor]

    def who(self, who: Who) -> list[Sensor]:
        """The sensors of that kind, in their order."""
        kind = "ed25519" if who == "ed25519" else "hmac"
        return [
            sensor for sensor in self.sensors
            if self.keys[sensor.key].kind == kind
            and (self.keys[sensor.key].device_id == sensor.device_id) is (who != "listed")
        ]  # fmt: skip


def load(path: Path) -> Books:
    """The books in a file."""
    return msgspec.json.decode(path.read_bytes(), type=Books)


def save(path: Path, books: Books) -> None:
    """Write the books."""
    path.write_bytes(msgspec.json.encode(books))


class Said(msgspec.Struct, array_like=True):
    """One report of the log: what was said of which bay when, and when the request was due (monotonic seconds)."""

    bay_id: str
    occupied: bool
    observed_at: str
    due_s: float
    acknowledged_s: float = 0.0


class Reporter:
    """Makes requests of reports that turn each sensor's bay over, round after round, and enters the answers."""

    def __init__(self, books: Books, sensors: Sequence[Sensor], host: str, batch: int = 1, *,
                 keep_log: bool = False) -> None:  # fmt: skip
        self._books, self._host, self._batch = books, host, batch
        self._signers: dict[int, Signer] = {}
        self._lots = _lots(sensors, batch)
        self.reports = self.applied = 0
        self.otherwise: dict[str, int] = {}
        self.log: list[Said] | None = [] if keep_log else None

    @property
    def most_at_once(self) -> int:
        """How many requests may be under way so that no sensor has two."""
        return max(1, len(self._lots) // 2)

    def requests(self) -> Iterator[Request]:
        """Requests without end."""
        while True:
            for lot in self._lots:
                yield self._request(lot)

    def _request(self, lot: Sequence[Sensor]) -> Request:
        signer = self._signers.get(lot[0].key)
        if signer is None:
            signer = self._signers[lot[0].key] = Signer(self._books.keys[lot[0].key])
        now = datetime.now(UTC)
        if not now.microsecond:
            now += _MICROSECOND  # so that it is always written with its fraction
        at = f"{now.replace(tzinfo=None).isoformat()}Z"
        bodies = []
        for sensor in lot:
            sensor.sequence += 1
            sensor.sure = False
            turned = "false" if sensor.occupied else "true"
            bodies.append(
                f'{{"device_id":"{sensor.device_id}","epoch":1,"sequence":{sensor.sequence},'
                f'"observed_at":"{at}","occupied":{turned}}}'
            )
        body = bodies[0] if self._batch == 1 else f"[{','.join(bodies)}]"
        return Request(signer.request(body.encode(), self._host), (lot, at))

    def take(self, about: tuple[Sequence[Sensor], str], status: int, body: bytes, due: float, now: float) -> None:
        """Enter an answer."""
        lot, at = about
        self.reports += len(lot)
        good = body.count(b'"status":"applied"')
        if status != 200 or good != len(lot):
            word = str(status) if status != 200 else _words(body)
            self.otherwise[word] = self.otherwise.get(word, 0) + len(lot) - (good if status == 200 else 0)
            if status != 200 or len(lot) > 1:
                return
        if good == len(lot):
            self.applied += good
            for sensor in lot:
                sensor.occupied, sensor.sure = not sensor.occupied, True
                if self.log is not None:
                    self.log.append(Said(sensor.bay_id, sensor.occupied, at, due, now))


def _words(body: bytes) -> str:
    """Which other words stand in an answer."""
    return ",".join(word for word in ("repeated", "late", "quarantined", "rejected") if word.encode() in body) or "?"


def _lots(sensors: Sequence[Sensor], batch: int) -> list[list[Sensor]]:
    """Sensors in lots that one key signs for, the keys in turn."""
    by_key: dict[int, list[Sensor]] = {}
    for sensor in sensors:
        by_key.setdefault(sensor.key, []).append(sensor)
    parted = [[mine[n : n + batch] for n in range(0, len(mine), batch)] for mine in by_key.values()]
    most = max((len(lots) for lots in parted), default=0)
    return [lots[n] for n in range(most) for lots in parted if n < len(lots)]
