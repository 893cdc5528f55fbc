"""Bosch TPS110 / TPL110 parking lot sensor.

Format: TheThingsNetwork/lorawan-devices (Apache-2.0), vendor/bosch/tps110-0292-codec.yaml: 1 status, 2 heartbeat,
3 start, 4 device information, 5 device usage, 6 debug. Firmware 0.23 sends heartbeats without the temperature.
"""

from __future__ import annotations

from siga.services.gateway.sensors.lns.codecs.frame import Frame, signed, sized, some, unknown_port, version

_CAUSES = {1: "watchdog", 2: "power on", 3: "system request", 4: "other"}
_START_BYTES, _DEBUG_BYTES = 17, 10
_DEBUG_WORDS = (0, 4, 8)


def decode_0292(port: int, data: bytes) -> Frame:
    """A frame of firmware 0.29.2. A heartbeat of one byte lacks the temperature, as the maker's decoder has it."""
    if port == 2:
        return _heartbeat(sized(data, "a heartbeat", (1, 2)))
    return _decode(port, data)


def decode_023(port: int, data: bytes) -> Frame:
    """A frame of firmware 0.23: as 0.29.2, but a heartbeat is the state alone."""
    if port == 2:
        return _heartbeat(sized(data, "a heartbeat of firmware 0.23", (1,)))
    return _decode(port, data)


def _decode(port: int, data: bytes) -> Frame:
    if port == 1:
        return Frame("status", occupied=_taken(sized(data, "a status", (1,))[0]))
    if port == 3:
        return _start(sized(data, "a start", (_START_BYTES,)))
    if port == 4:
        some(data, "device information")
        return Frame("info")
    if port == 5:
        some(data, "device usage")
        return Frame("info")
    if port == 6:
        return Frame("debug", debug_codes=_codes(sized(data, "debug", (_DEBUG_BYTES,)), (4,)))
    raise unknown_port(port)


def _heartbeat(data: bytes) -> Frame:
    temperature_c = float(signed(data[1])) if len(data) > 1 else None
    return Frame("heartbeat", occupied=_taken(data[0]), temperature_c=temperature_c)


def _start(data: bytes) -> Frame:
    """Three debug words (little endian, the code in the low 12 bits), firmware, cause, state."""
    return Frame(
        "startup", occupied=_taken(data[16]), firmware=version(data[12:15]), reset_cause=_CAUSES.get(data[15]),
        debug_codes=_codes(data, _DEBUG_WORDS),
    )  # fmt: skip


def _codes(data: bytes, places: tuple[int, ...]) -> tuple[int, ...]:
    found = (int.from_bytes(data[place : place + 2], "little") & 0xFFF for place in places)
    return tuple(code for code in found if code)


def _taken(byte: int) -> bool:
    return bool(byte & 1)
