"""Keys in the door's memory: what devices sign with, and under what cards are matched. Never written, never logged."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote

from siga.contract.events import Event
from siga.contract.parking import DeviceDefined, DeviceKey
from siga.contract.users import MatchKey, Municipality
from siga.kit.peers import Peers
from siga.kit.problem import NotFound, Unavailable

KEPT_S = 60.0
"""A revoked key opens nothing after this at the latest, even if no event arrives (reliability §3c)."""
_MATCH_KEPT_S = 300.0
_MOST = 50_000
_NONE = -1
"""The version where Parking runs elsewhere."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    value: T
    at_s: float
    allowed: frozenset[str] = frozenset()
    """Of a device's key: for which devices it may report."""
    version: int = 0


class DeviceKeys:
    """Parking's device keys by device id, dropped when the device changes.

    Where Parking runs in this process, `version` tells whether any device changed at all: as long as none did, every
    key is as it was, however long ago it was asked for.
    """

    def __init__(self, peers: Peers, version: Callable[[], int] = lambda: _NONE) -> None:
        self._peers, self._version = peers, version
        self._kept: dict[str, _Kept[DeviceKey | None]] = {}
        self._generation = 0

    def in_memory(self, device_id: str) -> DeviceKey | None:
        """The key if it was asked for lately, without asking."""
        kept = self._kept.get(device_id)
        return kept.value if kept is not None and self._is_good(kept, self._version()) else None

    async def get(self, device_id: str) -> DeviceKey | None:
        """The key of an enrolled device, None when there is none."""
        kept = self._kept.get(device_id)
        version = self._version()
        if kept is not None and self._is_good(kept, version):
            return kept.value
        generation = self._generation
        found = await self._ask(device_id)
        if generation == self._generation:  # else a device changed meanwhile, perhaps this one
            if len(self._kept) >= _MOST:
                self._kept.clear()
            allowed = frozenset({found.device_id, *found.listed}) if found else frozenset()
            self._kept[device_id] = _Kept(found, time.monotonic(), allowed, version)
        return found

    @staticmethod
    def _is_good(kept: _Kept[DeviceKey | None], version: int) -> bool:
        return time.monotonic() - kept.at_s < KEPT_S or (kept.version == version != _NONE)

    def allowed(self, key: DeviceKey) -> frozenset[str]:
        """The devices for which this key may report."""
        kept = self._kept.get(key.device_id)
        if kept is not None and kept.value is key:
            return kept.allowed
        return frozenset({key.device_id, *key.listed})

    def drop(self, *device_ids: str | None) -> None:
        """Ask anew about these next time."""
        self._generation += 1
        for device_id in device_ids:
            if device_id:
                self._kept.pop(device_id, None)

    def hear(self, event: Event) -> None:
        """A device was made, enrolled, changed or revoked: its key and the key it is listed under are asked anew."""
        data = event.decoded() if event.kind == DeviceDefined.__name__ else None
        if isinstance(data, DeviceDefined):
            self.drop(data.device.device_id, data.device.listed_under)

    async def _ask(self, device_id: str) -> DeviceKey | None:
        try:
            return await self._peers["parking"].get(f"/internal/v1/devices/{quote(device_id, safe='')}/key", DeviceKey)
        except NotFound:
            return None


class Municipalities:
    """What the door must know of municipalities: match keys and countries, from Users. An old key is better than none
    while Users is away."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._keys: dict[str, _Kept[bytes]] = {}
        self._countries: _Kept[dict[str, str]] | None = None

    async def match_key(self, municipality_id: str) -> bytes:
        """The municipality's match key, 32 bytes; Unavailable while it is not known and Users is away."""
        kept = self._keys.get(municipality_id)
        if kept and time.monotonic() - kept.at_s < _MATCH_KEPT_S:
            return kept.value
        try:
            path = f"/internal/v1/match-keys/{quote(municipality_id, safe='')}"
            found = b64decode((await self._peers["users"].get(path, MatchKey)).key)
        except Unavailable:
            if kept:
                return kept.value
            raise
        self._keys[municipality_id] = _Kept(found, time.monotonic())
        return found

    async def country(self, municipality_id: str) -> str | None:
        """The municipality's country code, None while it is not known."""
        kept = self._countries
        if kept is None or time.monotonic() - kept.at_s > _MATCH_KEPT_S:
            try:
                rows = await self._peers["users"].get("/internal/v1/municipalities", list[Municipality])
                kept = self._countries = _Kept({row.municipality_id: row.country for row in rows}, time.monotonic())
            except Unavailable:
                if kept is None:
                    return None
        return kept.value.get(municipality_id)
