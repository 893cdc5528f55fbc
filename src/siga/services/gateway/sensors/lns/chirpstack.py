"""ChirpStack v4's HTTP integration: its JSON events, one by one as they are posted. Pure.

Format: chirpstack/chirpstack-docs, `integrations/events.md` and `http.md`; `api/proto/integration/integration.proto`.
"""

from __future__ import annotations

from collections.abc import Callable

from siga.contract.base import Word
from siga.services.gateway.sensors.lns.wire import (
    Battery,
    Heard,
    Join,
    Message,
    Other,
    best_signal,
    counter_of,
    decoded,
    eui_of,
    hints,
    instant_of,
    payload_of,
    port_of,
    short,
)

_OTHERS = frozenset({"ack", "txack", "log", "location", "integration"})


class _Device(Word):
    """`deviceInfo`."""

    devEui: str | None = None
    deviceName: str | None = None
    deviceProfileName: str | None = None


class _Rx(Word):
    """One gateway's reception."""

    rssi: float | None = None
    snr: float | None = None


class _Up(Word):
    """`UplinkEvent`, what is needed of it."""

    time: str | None = None
    deviceInfo: _Device | None = None
    devAddr: str | None = None
    fCnt: int | None = None
    fPort: int | None = None
    data: str | None = None
    rxInfo: list[_Rx] | None = None


class _Join(Word):
    """`JoinEvent`."""

    time: str | None = None
    deviceInfo: _Device | None = None
    devAddr: str | None = None


class _Status(Word):
    """`StatusEvent`; `batteryLevel` in percent."""

    time: str | None = None
    deviceInfo: _Device | None = None
    externalPowerSource: bool | None = None
    batteryLevelUnavailable: bool | None = None
    batteryLevel: float | None = None


def read(event: str, body: bytes) -> Message:
    """One posted event; Malformed when the body is not what that event carries. Unknown events are `Other`."""
    reader = _READERS.get(event)
    if reader is not None:
        return reader(body)
    return Other(event if event in _OTHERS else "no event that is known here")


def _up(body: bytes) -> Message:
    told = decoded(body, _Up)
    device = told.deviceInfo or _Device()
    rssi_dbm, snr_db = best_signal([(rx.rssi, rx.snr) for rx in told.rxInfo or ()])
    dev_addr = _address(told.devAddr)
    return Heard(
        server="chirpstack", dev_eui=eui_of(device.devEui), session=dev_addr, dev_addr=dev_addr,
        counter=counter_of(told.fCnt), port=port_of(told.fPort), payload=payload_of(told.data),
        at=instant_of(told.time), rssi_dbm=rssi_dbm, snr_db=snr_db, gateways=len(told.rxInfo or ()),
        device_name=short(device.deviceName), model_hint=hints(device.deviceProfileName, device.deviceName),
    )  # fmt: skip


def _join(body: bytes) -> Message:
    told = decoded(body, _Join)
    dev_addr = _address(told.devAddr)
    return Join(
        server="chirpstack", dev_eui=eui_of((told.deviceInfo or _Device()).devEui), session=dev_addr,
        dev_addr=dev_addr, at=instant_of(told.time),
    )  # fmt: skip


def _status(body: bytes) -> Message:
    told = decoded(body, _Status)
    unsaid = told.externalPowerSource or told.batteryLevelUnavailable or told.batteryLevel is None
    level = None if unsaid else told.batteryLevel
    return Battery(
        dev_eui=eui_of((told.deviceInfo or _Device()).devEui), at=instant_of(told.time),
        battery_pct=level if level is not None and 0 <= level <= 100 else None,
    )  # fmt: skip


def _address(text: str | None) -> str:
    return short(text).lower()[:16]


_READERS: dict[str, Callable[[bytes], Message]] = {"up": _up, "join": _join, "status": _status}
