"""What a frame tells of its device's health, and when a person is told: once, until it is well again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from siga.contract.base import Word
from siga.contract.lorawan import Reading, Uplink

_COLD_C, _COLD_ALLOWANCE_MV = -5.0, 100
"""Lithium cells give less when it is cold: Nwave's own limits are 0.1 V lower below -5 °C."""
_WELL_AGAIN_PCT, _WELL_AGAIN_MV, _WELL_AGAIN_DB = 5.0, 100, 3.0
_WEIGHT = 0.25
"""How much one frame counts in the mean: a car upon the sensor weakens some frames, a bad place weakens all."""


class Limits(Word):
    """The live settings that a device's health is held against."""

    battery_pct: float
    battery_mv: float
    rssi_dbm: float
    snr_db: float


class Verdict(Word):
    """What is low now; with the state that was told, an alarm is due when one turns true."""

    battery_low: bool
    signal_weak: bool


def told_by_frame(before: Mapping[str, Any], uplink: Uplink, reading: Reading | None, epoch: int,
                  at: datetime) -> dict[str, Any]:  # fmt: skip
    """The columns of the device's health that a new frame sets. Of an older frame than the last only what it alone
    tells counts: nothing."""
    if before.get("last_epoch") is not None and (before["last_epoch"], before["last_sequence"]) > (epoch, uplink.f_cnt):
        return {}
    heard_at = before.get("heard_at")
    values: dict[str, Any] = {
        "heard_at": at if heard_at is None else max(at, heard_at), "last_epoch": epoch, "last_sequence": uplink.f_cnt,
    }  # fmt: skip
    for name, number in (("rssi_dbm", uplink.rssi_dbm), ("snr_db", uplink.snr_db)):
        if number is not None:
            values[name] = number
            values[f"mean_{name}"] = _mean(before.get(f"mean_{name}"), number)
    if reading is not None:
        said = {"battery_mv": reading.battery_mv, "temperature_c": reading.temperature_c, "firmware": reading.firmware}
        values.update({name: value for name, value in said.items() if value is not None})
    return values


def verdict(health: Mapping[str, Any], limits: Limits) -> Verdict:
    """What is low by a device's health; what was low stays so until it is clearly better."""
    return Verdict(battery_low=_battery_low(health, limits), signal_weak=_signal_weak(health, limits))


def _battery_low(health: Mapping[str, Any], limits: Limits) -> bool:
    was_low = bool(health.get("battery_alarmed"))
    pct, mv, temperature_c = (health.get(name) for name in ("battery_pct", "battery_mv", "temperature_c"))
    low_pct = limits.battery_pct + (_WELL_AGAIN_PCT if was_low else 0)
    cold = temperature_c is not None and temperature_c < _COLD_C
    low_mv = limits.battery_mv - (_COLD_ALLOWANCE_MV if cold else 0) + (_WELL_AGAIN_MV if was_low else 0)
    return (pct is not None and pct < low_pct) or (mv is not None and mv < low_mv)


def _signal_weak(health: Mapping[str, Any], limits: Limits) -> bool:
    better = _WELL_AGAIN_DB if health.get("signal_alarmed") else 0
    rssi, snr = health.get("mean_rssi_dbm"), health.get("mean_snr_db")
    return (rssi is not None and rssi < limits.rssi_dbm + better) or (snr is not None and snr < limits.snr_db + better)


def _mean(before: float | None, number: float) -> float:
    return number if before is None else before + _WEIGHT * (number - before)
