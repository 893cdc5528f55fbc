"""The Things Stack v3's webhooks: its JSON messages, whichever kind was posted. Pure.

Format: TheThingsIndustries/lorawan-stack-docs (Apache-2.0), `integrations/data-formats`. The kind is told by which
field is there.
"""

from __future__ import annotations

from siga.contract.base import Word
from siga.services.gateway.sensors.lns.wire import (
    Heard,
    Join,
    Message,
    Other,
    best_signal,
    counter_of,
    decoded,
    eui_of,
    first_of,
    hints,
    instant_of,
    payload_of,
    port_of,
    short,
)

_SIMULATED = "simulated"
"""The session of what somebody simulated in the console: its counters have nothing to do with the device's own."""


class _Device(Word):
    """`end_device_ids`."""

    device_id: str | None = None
    dev_eui: str | None = None
    dev_addr: str | None = None


class _Rx(Word):
    """One gateway's reception."""

    rssi: float | None = None
    channel_rssi: float | None = None
    snr: float | None = None


class _Version(Word):
    """`version_ids`: the device in the catalogue."""

    brand_id: str | None = None
    model_id: str | None = None
    firmware_version: str | None = None


class _Uplink(Word):
    """`uplink_message`, what is needed of it."""

    session_key_id: str | None = None
    f_cnt: int | None = None
    f_port: int | None = None
    frm_payload: str | None = None
    rx_metadata: list[_Rx] | None = None
    version_ids: _Version | None = None
    received_at: str | None = None


class _JoinAccept(Word):
    """`join_accept`."""

    session_key_id: str | None = None
    received_at: str | None = None


class _Message(Word):
    """Any message."""

    end_device_ids: _Device | None = None
    received_at: str | None = None
    uplink_message: _Uplink | None = None
    join_accept: _JoinAccept | None = None
    simulated: bool | None = None


def read(body: bytes) -> Message:
    """One posted message; Malformed when it is not one of The Things Stack's."""
    told = decoded(body, _Message)
    device = told.end_device_ids or _Device()
    if told.uplink_message is not None:
        return _uplink(told, device, told.uplink_message)
    if told.join_accept is not None and not told.simulated:
        return _join(told, device, told.join_accept)
    return Other("not an uplink and not a join")


def _uplink(told: _Message, device: _Device, up: _Uplink) -> Message:
    rssi_dbm, snr_db = best_signal([(first_of((rx.rssi, rx.channel_rssi)), rx.snr) for rx in up.rx_metadata or ()])
    version = up.version_ids or _Version()
    simulated = bool(told.simulated)
    return Heard(
        server="ttn", dev_eui=eui_of(device.dev_eui), session=_SIMULATED if simulated else short(up.session_key_id),
        dev_addr=short(device.dev_addr).lower()[:16], counter=counter_of(up.f_cnt), port=port_of(up.f_port),
        payload=payload_of(up.frm_payload), at=instant_of(first_of((up.received_at, told.received_at))),
        rssi_dbm=rssi_dbm, snr_db=snr_db, gateways=len(up.rx_metadata or ()), simulated=simulated,
        device_name=short(device.device_id), model_hint=hints(version.model_id, version.brand_id, device.device_id),
        firmware_hint=short(version.firmware_version),
    )  # fmt: skip


def _join(told: _Message, device: _Device, join: _JoinAccept) -> Message:
    return Join(
        server="ttn", dev_eui=eui_of(device.dev_eui), session=short(join.session_key_id),
        dev_addr=short(device.dev_addr).lower()[:16], at=instant_of(first_of((join.received_at, told.received_at))),
    )  # fmt: skip
