"""Nwave NPS-3.10 and NPS-4.5 smart parking sensors.

Format: TheThingsNetwork/lorawan-devices (Apache-2.0), vendor/nwave/nps310sm-codec.yaml; nps405-codec.yaml at 62c8acd
and, for the tag's battery, at 2ed97bc. The first catalogue entry of the NPS-4.5 (October 2022) had bit 7 as the state;
the maker's manual and the later catalogue say bit 0, and no firmware is known that sends the other, so it is not here.
"""

from __future__ import annotations

from siga.services.gateway.sensors.lns.codecs.frame import Frame, signed, sized, some, unknown_port, version

_CAUSES_310 = {1: "watchdog", 2: "power_on", 3: "user_request", 4: "brownout", 5: "other"}
_CAUSES_405 = {0: "rejoining_lorawan_network", 1: "watchdog", 2: "power_on", 3: "user_request", 6: "brownout",
               7: "other"}  # fmt: skip
_OVERFLOW = 127
_TAG_BYTES = 4


def decode_310(port: int, data: bytes) -> Frame:
    """A frame of an NPS-3.10."""
    if port == 1:
        return Frame("status", occupied=_taken(sized(data, "a status", (1,))[0]))
    if port == 2:
        return Frame("heartbeat", occupied=_taken(sized(data, "a heartbeat", (1,))[0]))
    if port == 3:
        return _start(data, _CAUSES_310)
    return _debug(port, data)


def decode_405(port: int, data: bytes) -> Frame:
    """A frame of an NPS-4.5, firmware 2.4.9."""
    if port == 1:
        return _state("status", sized(data, "a status", (1,))[0])
    if port == 2:
        return _heartbeat_405(sized(data, "a heartbeat", range(3, 7)))
    if port == 3:
        return _start(data, _CAUSES_405)
    if port == 10:
        return _tag(sized(data, "a tag registration", (5, 6)))
    return _debug(port, data)


def previous_state(compressed: int) -> tuple[int | None, int]:
    """(seconds, error in seconds) of the 7 bits that tell how long the state before lasted.

    Below 90 they are minutes; then steps of 5 min from 90 min; from 120 on steps of an hour from 240 min; 127 is 660
    min or more, of which nothing can be said.
    """
    if compressed < 90:
        return compressed * 60, 0
    if compressed < 120:
        return (90 + (compressed - 90) * 5) * 60, 4 * 60
    if compressed < _OVERFLOW:
        return (240 + (compressed - 120) * 60) * 60, 59 * 60
    return None, 0


def _state(kind: str, byte: int, tag_id: str | None = None, tag_battery_mv: int | None = None) -> Frame:
    compressed = byte >> 1
    duration_s, error_s = previous_state(compressed)
    return Frame(
        "tag" if kind == "tag" else "status", occupied=_taken(byte), previous_duration_s=duration_s,
        previous_error_s=error_s, overflow=compressed == _OVERFLOW, tag_id=tag_id, tag_battery_mv=tag_battery_mv,
    )  # fmt: skip


def _heartbeat_405(data: bytes) -> Frame:
    """State, battery in steps of 4 mV above 2.5 V, temperature in steps of 0.5 °C around 10 °C; what follows is not
    documented, nor are the other bits of the first byte."""
    return Frame(
        "heartbeat", occupied=_taken(data[0]), battery_mv=2500 + 4 * data[1], temperature_c=signed(data[2]) / 2 + 10
    )


def _start(data: bytes, causes: dict[int, str]) -> Frame:
    told = sized(data, "a start", (5,))
    return Frame(
        "startup", occupied=_taken(told[4]), firmware=version(told[:3]), reset_cause=causes.get(told[3])
    )  # fmt: skip


def _tag(data: bytes) -> Frame:
    """A tag beside the sensor, before it the tag's own battery (0.1 V) in the longer form. Without the state bit the
    message says nothing about the bay."""
    tag_id = data[-_TAG_BYTES:].hex().upper()
    battery_mv = data[1] * 100 if len(data) == _TAG_BYTES + 2 else None
    if not _taken(data[0]):
        return Frame("tag", tag_id=tag_id, tag_battery_mv=battery_mv)
    return _state("tag", data[0], tag_id, battery_mv)


def _debug(port: int, data: bytes) -> Frame:
    if port != 6:
        raise unknown_port(port)
    some(data, "debug")
    return Frame("debug")


def _taken(byte: int) -> bool:
    return bool(byte & 1)
