"""How a data set comes to be: bays, gateways, sensors and a first report of each, all through SIGA's doors."""

from __future__ import annotations

import asyncio
import base64
import itertools
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from siga.bench.books import Books, Sensor
from siga.bench.cities import Bays, draft
from siga.bench.measuring import quiet
from siga.bench.signing import REPORTS, Key, KeyKind, Signer, proof, public_key
from siga.bench.started import Town
from siga.bench.wire import Wire

T = TypeVar("T")
_PIECE, _AT_ONCE = 2_000, 16
_TRIES, _PAUSE_S = 600, 0.25
UNDER_ONE = 1_000
"""Sensors listed under one gateway at most."""
_OWN, _ED25519 = 2_000, 200
_KEPT = 20_000
"""So many sensors are kept in the books: load is made with them."""
_PERIOD_S = 604_800
_TOKEN_S = 120.0


class Maker:
    """Makes one data set in a started SIGA. `say` tells the progress."""

    def __init__(self, town: Town, bays: Bays, say: Callable[[str], None]) -> None:
        self._town, self._bays, self._say = town, bays, say
        self._count = len(bays.lon)
        self._ed25519 = min(_ED25519, self._count // 20)
        self._own = self._ed25519 + min(_OWN, self._count // 5)
        self._keys: list[Key] = []
        self._signed_in = time.monotonic()

    async def make(self) -> Books:
        """All of it; returns when SIGA has nothing left to do about it."""
        # Without grace everybody who stands somewhere is looked at now, and not all at once five minutes into a run.
        await self._town.set("parking.grace_s", 0)
        bay_ids = await self._make_bays()
        device_ids = await self._make_devices()
        await self._first_words(device_ids)
        self._say("waiting until everything is followed")
        await quiet(self._town.process.pid)
        await self._fresh_token()
        await self._town.set("parking.grace_s", 300)
        await quiet(self._town.process.pid)
        return Books(keys=self._keys, sensors=self._sensors(device_ids, bay_ids))

    def _sensors(self, device_ids: Sequence[str], bay_ids: Sequence[str]) -> list[Sensor]:
        bays = self._bays
        return [
            Sensor(
                device_id=device_ids[n], bay_id=bay_ids[n], lon=float(bays.lon[n]), lat=float(bays.lat[n]),
                city=int(bays.city[n]), key=self._key_of(n), occupied=not bays.free[n], sequence=1,
            )
            for n in range(min(_KEPT, self._count))
        ]  # fmt: skip

    def _key_of(self, n: int) -> int:
        """Which key the n-th sensor reports by: the first ones by their own, then so many each by a gateway's."""
        return n if n < self._own else self._own + (n - self._own) // UNDER_ONE

    async def _make_bays(self) -> list[str]:
        for piece in self._pieces("bays"):
            body = {
                "municipality_id": self._town.municipality_id, "drafts": [draft(self._bays, n) for n in piece],
            }  # fmt: skip
            answer = await self._post("/api/v1/bays/batch", body)
            if answer["created"] != len(piece):
                raise ValueError(f"not all bays were made: {answer['refused'][:3]}")
        return await self._bay_ids()

    async def _bay_ids(self) -> list[str]:
        """The ids of the bays that are kept in the books, in their order: that in which they were made."""
        found: list[str] = []
        cursor = ""
        while len(found) < min(_KEPT, self._count):
            page = await self._town.ask("GET", f"/api/v1/bays?limit=1000{cursor}")
            found += [bay["bay_id"] for bay in page["bays"]]
            cursor = f"&cursor={page['next']}"
        return found[:_KEPT]

    async def _make_devices(self) -> list[str]:
        gateways = -(-(self._count - self._own) // UNDER_ONE)
        await self._enrol([{"external_id": f"G{n}", "label": f"Gateway {n}"} for n in range(gateways)], "hmac", [])
        gateway_keys, self._keys = self._keys, []
        device_ids: list[str] = []
        for kind, first, end in (("ed25519", 0, self._ed25519), ("hmac", self._ed25519, self._own)):
            for piece in _lots(range(first, end), _PIECE):
                await self._enrol([self._device(n) for n in piece], "ed25519" if kind == "ed25519" else "hmac",
                                  device_ids)  # fmt: skip
        self._keys += gateway_keys
        for piece in self._pieces("sensors", self._own):
            devices = [{**self._device(n), "listed_under": f"G{(n - self._own) // UNDER_ONE}"} for n in piece]
            device_ids += [one["device_id"] for one in await self._made(devices)]
        return device_ids

    def _device(self, n: int) -> dict[str, Any]:
        return {"external_id": f"S{n}", "bay_external_ids": [str(n)], "period_s": _PERIOD_S}

    async def _made(self, devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        body = {"municipality_id": self._town.municipality_id, "devices": devices}
        answer = await self._post("/api/v1/devices/batch", body)
        if answer["created"] != len(devices):
            raise ValueError(f"not all devices were made: {answer['refused'][:3]}")
        order = {one["external_id"]: one for one in answer["devices"]}
        return [order[device["external_id"]] for device in devices]

    async def _enrol(self, devices: list[dict[str, Any]], kind: KeyKind, device_ids: list[str]) -> None:
        made = await self._made(devices) if devices else []
        device_ids += [one["device_id"] for one in made]
        for lot in _lots(made, _AT_ONCE):
            self._keys += await asyncio.gather(*(self._key(one, kind) for one in lot))

    async def _key(self, made: dict[str, Any], kind: KeyKind) -> Key:
        ask: dict[str, Any] = {"code": made["code"], "key_kind": kind}
        seed = secrets.token_bytes(32)
        if kind == "ed25519":
            ask["public_key"] = base64.b64encode(public_key(seed)).decode()
            ask["proof"] = proof(seed, made["code"], ask["public_key"])
        answer = await self._town.sensors.post("/sensors/v1/enrol", json=ask)
        answer.raise_for_status()
        key = answer.json()["key"] if kind == "hmac" else base64.b64encode(seed).decode()
        return Key(device_id=made["device_id"], key=key, kind=kind)

    async def _first_words(self, device_ids: Sequence[str]) -> None:
        """Every sensor says once what it sees, those of a key together."""
        wires = [Wire(self._town.sensors_url) for _ in range(_AT_ONCE)]
        lots = [(key, list(mine)) for key, mine in itertools.groupby(range(self._count), self._key_of)]
        done = 0
        for group in _lots(lots, _AT_ONCE):
            await asyncio.gather(
                *(self._say_first(wire, *lot, device_ids) for wire, lot in zip(wires, group, strict=False))
            )
            before, done = done, done + sum(len(mine) for _, mine in group)
            if done // 10_000 > before // 10_000:
                self._say(f"  {done:,} of {self._count:,} first reports")
        for wire in wires:
            wire.close()

    async def _say_first(self, wire: Wire, key: int, mine: Sequence[int], device_ids: Sequence[str]) -> None:
        reports = [
            {"device_id": device_ids[n], "epoch": 1, "sequence": 1, "occupied": not self._bays.free[n]} for n in mine
        ]
        body, signer = msgspec.json.encode(reports), Signer(self._keys[key])
        status, answer = 503, b""
        for _ in range(_TRIES):
            signed = signer.authorisation("POST", REPORTS, "", body)
            headers = {"authorization": signed, "content-type": "application/json"}
            # As a gateway would: what was cut off is sent again, and where too many wait already it comes back later.
            with suppress(ConnectionError):
                status, answer = await wire.ask("POST", REPORTS, headers, body)
                if status != 503:
                    break
            await asyncio.sleep(_PAUSE_S)
        taken = answer.count(b'"status":"applied"') + answer.count(b'"status":"repeated"')
        if status != 200 or taken != len(mine):
            raise ValueError(f"a first report was not applied: {status} {answer[:300]!r}")

    def _pieces(self, what: str, first: int = 0) -> Iterator[Sequence[int]]:
        for piece in _lots(range(first, self._count), _PIECE):
            yield piece
            if piece[-1] + 1 == self._count or (piece[-1] + 1) % 10_000 < _PIECE:
                self._say(f"  {piece[-1] + 1:,} of {self._count:,} {what}")

    async def _post(self, path: str, body: Any) -> Any:
        await self._fresh_token()
        return await self._town.ask("POST", path, body)

    async def _fresh_token(self) -> None:
        """An access token lasts some minutes."""
        if time.monotonic() - self._signed_in > _TOKEN_S:
            await self._town.sign_in()
            self._signed_in = time.monotonic()
        await asyncio.sleep(0)


def _lots(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
