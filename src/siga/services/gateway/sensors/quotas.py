"""How much one device may bring: reports a day, and reports under way at once. What one floods harms no other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from siga.contract.parking import DeviceKey
from siga.contract.settings import REPORTS_PER_DEVICE_DAY
from siga.kit import metrics
from siga.kit.live_settings import LiveSettings
from siga.kit.problem import TooMany
from siga.services.gateway.buckets import Buckets

AT_ONCE = 2_000
"""Reports of one key that may be under way to Parking: two full requests. Parking lets 10,000 of everybody wait."""
_DAY_S = 86_400.0
_BUSY_S = 1


class QuotaSpent(TooMany):
    """This device has told more than it may in a day: wait and try again"""

    slug = "quota-spent"


class Quotas:
    """The reports of each key. The day's allowance refills evenly; it begins full at every start of the door."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._days = Buckets(window_s=_DAY_S)
        self._under_way: dict[str, int] = {}

    @contextmanager
    def reports(self, key: DeviceKey, count: int) -> Iterator[None]:
        """While so many reports of this key are taken; QuotaSpent or TooMany when they are too many."""
        device_id = key.device_id
        before = self._under_way.get(device_id, 0)
        if before and before + count > AT_ONCE:
            metrics.DEVICE_REFUSALS.labels("at_once").inc()
            raise TooMany(
                "This device has reports under way: send one request after the other.",
                headers={"retry-after": str(_BUSY_S)},
            )
        self._take(key, count)
        self._under_way[device_id] = before + count
        try:
            yield
        finally:
            left = self._under_way[device_id] - count
            if left > 0:
                self._under_way[device_id] = left
            else:
                del self._under_way[device_id]

    def _take(self, key: DeviceKey, count: int) -> None:
        """From the day's allowance: that of the device and of each that reports by its key."""
        per_day = self._settings.int_of(REPORTS_PER_DEVICE_DAY) * (1 + len(key.listed))
        wait_s = self._days.take(key.device_id, per_day, time.monotonic(), count)
        if wait_s:
            metrics.DEVICE_REFUSALS.labels("per_day").inc()
            raise QuotaSpent(
                f"{per_day} reports a day may come by this device's key: wait {wait_s} s.",
                headers={"retry-after": str(wait_s)},
            )
