"""What the door keeps in memory of devices' keys, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from siga.contract.parking import DeviceKey
from siga.kit.problem import NotFound
from siga.services.gateway.sensors import keys as module
from siga.services.gateway.sensors.keys import KEPT_S, DeviceKeys
from support import run

KEY = DeviceKey(device_id="S1", municipality_id="m", kind="bay_sensor", key_kind="hmac", key="", has_clock=True)


class Parking:
    """Answers what it knows, and counts how often it is asked."""

    def __init__(self) -> None:
        self.known, self.asked = {"S1": KEY}, 0

    def __getitem__(self, _: str) -> Parking:
        return self

    async def get(self, path: str, _: Any) -> DeviceKey:
        """The key of the device in the path."""
        self.asked += 1
        device_id = path.split("/")[-2]
        if device_id not in self.known:
            raise NotFound
        return self.known[device_id]


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The door's steady clock, moved by hand."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_key_revoked_in_another_process_opens_nothing_after_a_minute(passing: list[float]) -> None:
    async def work() -> None:
        parking = Parking()
        keys = DeviceKeys(parking)  # type: ignore[arg-type]
        assert await keys.get("S1") == KEY
        parking.known.clear()
        passing[0] += KEPT_S - 0.1
        assert (await keys.get("S1"), parking.asked) == (KEY, 1)
        passing[0] += 0.1
        assert keys.in_memory("S1") is None
        assert await keys.get("S1") is None
        assert KEPT_S <= 60

    run(work())


def test_where_no_device_changed_a_key_stays_and_any_change_is_seen_after_a_minute(passing: list[float]) -> None:
    async def work() -> None:
        parking, version = Parking(), [1]
        keys = DeviceKeys(parking, lambda: version[0])  # type: ignore[arg-type]
        await keys.get("S1")
        passing[0] += 10 * KEPT_S
        assert (await keys.get("S1"), parking.asked) == (KEY, 1)
        parking.known.clear()
        version[0] += 1
        assert await keys.get("S1") is None

    run(work())
