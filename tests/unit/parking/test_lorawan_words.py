"""What a sensor's health asks for, and which model a network server's words point at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from siga.contract.lorawan import Reading, Uplink
from siga.services.parking.lorawan_desk import UnknownCodec, codec_of, guessed
from siga.services.parking.lorawan_health import Limits, told_by_frame, verdict
from siga.services.parking.requests_lorawan import ClaimAsk

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
LIMITS = Limits(battery_pct=20, battery_mv=3000, rssi_dbm=-120, snr_db=-17)


def uplink(f_cnt: int, **more: Any) -> Uplink:
    """A frame heard then."""
    values: dict[str, Any] = {
        "dev_eui": "70b3d57e05160000", "server": "chirpstack", "session": "a", "dev_addr": "a", "f_cnt": f_cnt,
        "f_port": 1, "observed_at": NOW, "fingerprint": "", "readings": {}, "faults": {}, **more,
    }  # fmt: skip
    return Uplink(**values)


@pytest.mark.parametrize(
    ("health", "low"),
    [
        ({}, False), ({"battery_pct": 19.9}, True), ({"battery_pct": 20.0}, False), ({"battery_mv": 2999}, True),
        ({"battery_mv": 2950, "temperature_c": -10.0}, False), ({"battery_mv": 2890, "temperature_c": -10.0}, True),
        ({"battery_mv": 2950, "temperature_c": -5.0}, True),
        ({"battery_mv": 3050, "battery_alarmed": True}, True), ({"battery_mv": 3100, "battery_alarmed": True}, False),
        ({"battery_pct": 24, "battery_alarmed": True}, True), ({"battery_pct": 25, "battery_alarmed": True}, False),
    ],
)  # fmt: skip
def test_a_battery_is_low_until_it_is_clearly_better_and_may_be_lower_when_it_is_cold(
    health: dict[str, Any], low: bool
) -> None:
    assert verdict(health, LIMITS).battery_low is low


def test_one_weak_frame_is_no_weak_signal_but_many_are() -> None:
    health: dict[str, Any] = {}
    weak = []
    for n, rssi in enumerate([-100, -135, -100, -135, -135, -135, -135, -135, -135]):
        health |= told_by_frame(health, uplink(n, rssi_dbm=rssi, snr_db=-5.0), None, 1, NOW)
        weak.append(verdict(health, LIMITS).signal_weak)
    assert weak[:4] == [False] * 4
    assert weak[-1] is True


def test_a_late_frame_tells_nothing_of_the_present() -> None:
    health = told_by_frame({}, uplink(7, rssi_dbm=-90.0), Reading(kind="heartbeat", battery_mv=3300), 5, NOW)
    assert (health["battery_mv"], health["last_sequence"], health["heard_at"]) == (3300, 7, NOW)
    assert told_by_frame(health, uplink(6), Reading(kind="heartbeat", battery_mv=2000), 5, NOW) == {}
    assert told_by_frame(health, uplink(900), None, 4, NOW) == {}
    assert told_by_frame(health, uplink(0), None, 6, NOW)["last_sequence"] == 0


@pytest.mark.parametrize(
    ("hint", "firmware", "codec_id"),
    [
        ("nps405sm nwave dev1", "2.4.9", "nwave-nps405-2.4.9"), ("Nwave NPS-4.5 FM", "", "nwave-nps405-2.4.9"),
        ("nps310sm", "", "nwave-nps310-1.13"), ("tps110", "0.29.2", "bosch-tps110-0.29.2"),
        ("Bosch TPL110 calle mayor", "0.23.3", "bosch-tps110-0.23"),
        ("the-things-uno", "quickstart", None), ("", "", None),
    ],
)  # fmt: skip
def test_a_model_is_guessed_by_the_servers_words_alone(hint: str, firmware: str, codec_id: str | None) -> None:
    codec = guessed(hint, firmware, {})
    assert (codec.codec_id if codec else None) == codec_id


def test_what_can_be_read_decides_between_two_firmwares_of_the_model_that_is_named() -> None:
    readings = {"bosch-tps110-0.29.2": Reading(kind="heartbeat"), "nwave-nps405-2.4.9": Reading(kind="heartbeat")}
    codec = guessed("tps110", "", readings)
    assert codec is not None
    assert codec.codec_id == "bosch-tps110-0.29.2"


def test_a_codec_is_pinned_to_model_and_firmware() -> None:
    ask = ClaimAsk(bay_id="b", model="nps405", firmware="2.4.9")
    assert codec_of(ask.model, ask.firmware).codec_id == "nwave-nps405-2.4.9"
    with pytest.raises(UnknownCodec):
        codec_of("nps405", "2.4")
