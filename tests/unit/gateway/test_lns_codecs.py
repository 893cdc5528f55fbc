"""Codecs read what the makers document, say clearly what they cannot read, and never fall over."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siga.contract.lorawan import CODECS
from siga.kit.credentials import match
from siga.services.gateway.sensors.lns.codecs.frame import Frame, Unreadable
from siga.services.gateway.sensors.lns.codecs.nwave import previous_state
from siga.services.gateway.sensors.lns.codecs.registry import DECODERS, read_by_all
from siga.services.gateway.sensors.lns.intake import fingerprint_of, reading_of
from support import shared

EXAMPLES = 100_000 if os.environ.get("SIGA_LONG") else 300
BOSCH, BOSCH_023, NPS310, NPS405 = "bosch-tps110-0.29.2", "bosch-tps110-0.23", "nwave-nps310-1.13", "nwave-nps405-2.4.9"
OURS = {"bosch-tps110": BOSCH, "nwave-nps310sm": NPS310, "nwave-nps405": NPS405}
KINDS = {
    "parking status": "status", "parking_status": "status", "heartbeat": "heartbeat", "startup": "startup",
    "user_registration": "tag",
}  # fmt: skip


def read(codec_id: str, port: int, data: str) -> Frame:
    """A payload given in hex, read by one codec."""
    return DECODERS[codec_id](port, bytes.fromhex(data))


def in_makers_words(frame: Frame) -> dict[str, Any]:
    """What a frame says, in the words that the makers' own decoders use."""
    minutes = None if frame.previous_duration_s is None else frame.previous_duration_s // 60
    return {
        "type": frame.kind, "occupied": frame.occupied, "temperature": frame.temperature_c,
        "firmware_version": frame.firmware, "firmwareVersion": frame.firmware, "reset_cause": frame.reset_cause,
        "resetCause": frame.reset_cause, "debugCodes": list(frame.debug_codes), "tag_id": frame.tag_id,
        "battery_voltage": None if frame.battery_mv is None else frame.battery_mv / 1000,
        "tag_battery_voltage": None if frame.tag_battery_mv is None else frame.tag_battery_mv / 1000,
        "previous_state_duration": minutes, "previous_state_duration_error": frame.previous_error_s // 60,
        "previous_state_duration_overflow": frame.overflow,
    }  # fmt: skip


def vectors() -> list[dict[str, Any]]:
    """The published vectors of sensors that SIGA reads."""
    found = msgspec.json.decode(shared("data", "lorawan-vectors", "uplink-vectors.json").read_bytes())
    return [one for one in found["vectors"] if one["device"] in OURS]


def test_every_published_vector_is_read_as_its_maker_reads_it() -> None:
    known = vectors()
    assert len(known) == 11
    for one in known:
        said = in_makers_words(read(OURS[one["device"]], one["fPort"], one["bytes_hex"]))
        for name, value in one["output"]["data"].items():
            if name in ("battery_health", "hw_health_status"):
                continue
            wanted = KINDS[value] if name == "type" else value
            assert said[name] == wanted, (one["device"], one["description"], name)


def test_the_registry_holds_exactly_the_codecs_that_are_declared() -> None:
    assert set(DECODERS) == set(CODECS)
    assert len({(codec.model, codec.firmware) for codec in CODECS.values()}) == len(CODECS)


@pytest.mark.parametrize(
    ("byte", "occupied", "duration_s", "error_s"),
    [
        ("00", False, 0, 0), ("01", True, 0, 0), ("95", True, 74 * 60, 0), ("94", False, 74 * 60, 0),
        ("b3", True, 89 * 60, 0), ("b5", True, 90 * 60, 240), ("ee", False, 235 * 60, 240),
        ("f0", False, 240 * 60, 3540), ("fd", True, 600 * 60, 3540), ("ff", True, None, 0), ("fe", False, None, 0),
    ],
)  # fmt: skip
def test_an_nps_4_5_tells_its_state_in_bit_0_and_the_duration_before_in_the_others(
    byte: str, occupied: bool, duration_s: int | None, error_s: int
) -> None:
    frame = read(NPS405, 1, byte)
    assert (frame.kind, frame.occupied) == ("status", occupied)
    assert (frame.previous_duration_s, frame.previous_error_s) == (duration_s, error_s)
    assert frame.overflow == (duration_s is None)


def test_durations_grow_with_their_code_and_their_error_covers_the_next_step() -> None:
    told = [previous_state(code) for code in range(127)]
    for (this, error), (following, _) in pairwise(told):
        assert this is not None and following is not None  # noqa: PT018
        assert this < following <= this + error + 60


@pytest.mark.parametrize("tag", ["1F345678", "00000001", "80000000", "FFFFFFFF", "0A0B0C0D"])
def test_a_tag_is_printed_in_eight_digits_whatever_its_first_byte(tag: str) -> None:
    short, long = read(NPS405, 10, "d1" + tag), read(NPS405, 10, "d120" + tag)
    assert (short.tag_id, long.tag_id) == (tag, tag)
    assert (short.tag_battery_mv, long.tag_battery_mv) == (None, 3200)
    assert short.occupied is True
    assert (short.previous_duration_s, short.previous_error_s) == (160 * 60, 240)


def test_a_tag_message_without_the_state_bit_says_nothing_of_the_bay() -> None:
    frame = read(NPS405, 10, "d01f345678")
    assert (frame.kind, frame.occupied, frame.previous_duration_s, frame.tag_id) == ("tag", None, None, "1F345678")


@pytest.mark.parametrize(
    ("data", "occupied", "battery_mv", "temperature_c"),
    [("00d3d8", False, 3344, -10.0), ("0100ff", True, 2500, 9.5), ("01ff7f", True, 3520, 73.5),
     ("00d3d800590b", False, 3344, -10.0), ("007d80", False, 3000, -54.0)],
)  # fmt: skip
def test_a_heartbeat_of_an_nps_4_5_tells_battery_and_temperature(
    data: str, occupied: bool, battery_mv: int, temperature_c: float
) -> None:
    frame = read(NPS405, 2, data)
    assert (frame.occupied, frame.battery_mv, frame.temperature_c) == (occupied, battery_mv, temperature_c)


def test_a_bosch_heartbeat_has_a_temperature_or_not_by_its_firmware() -> None:
    assert read(BOSCH, 2, "01ff").temperature_c == -1.0
    assert read(BOSCH, 2, "0119").temperature_c == 25.0
    assert read(BOSCH, 2, "01").temperature_c is None
    assert read(BOSCH_023, 2, "01").occupied is True
    with pytest.raises(Unreadable, match=r"0\.23 has 1 bytes, not 2"):
        read(BOSCH_023, 2, "01ff")


@pytest.mark.parametrize(
    ("codec_id", "port", "data", "kind"),
    [
        (BOSCH, 4, "0102030405", "info"), (BOSCH, 5, "00", "info"), (BOSCH_023, 4, "ff", "info"),
        (NPS310, 6, "00ff", "debug"), (NPS405, 6, "00", "debug"),
    ],
)  # fmt: skip
def test_ports_without_the_bays_state_are_known(codec_id: str, port: int, data: str, kind: str) -> None:
    frame = read(codec_id, port, data)
    assert (frame.kind, frame.occupied) == (kind, None)


def test_a_bosch_debug_frame_tells_its_code() -> None:
    assert read(BOSCH, 6, "78563412240300000900") == Frame("debug", debug_codes=(804,))


@pytest.mark.parametrize(
    ("codec_id", "data", "cause"),
    [
        (BOSCH, "00" * 12 + "001d02" + "0100", "watchdog"), (BOSCH, "00" * 12 + "001d02" + "0401", "other"),
        (BOSCH, "00" * 12 + "001d02" + "0901", None), (NPS310, "010d000401", "brownout"),
        (NPS405, "0204090000", "rejoining_lorawan_network"), (NPS405, "0204090601", "brownout"),
        (NPS405, "0204090401", None),
    ],
)  # fmt: skip
def test_a_start_tells_its_cause_where_the_maker_names_it(codec_id: str, data: str, cause: str | None) -> None:
    frame = read(codec_id, 3, data)
    assert (frame.kind, frame.reset_cause) == ("startup", cause)
    assert frame.occupied is bool(int(data[-1], 16) & 1)


@pytest.mark.parametrize(
    ("codec_id", "port", "data", "why"),
    [
        (NPS405, 1, "", "1 bytes, not 0"), (NPS405, 1, "9500", "1 bytes, not 2"), (NPS405, 2, "00d3", "3 to 6 bytes"),
        (NPS405, 3, "02040902", "5 bytes, not 4"), (NPS405, 10, "d11f3456", "5 or 6 bytes, not 4"),
        (NPS405, 10, "d11f345678aabb", "5 or 6 bytes, not 7"), (NPS405, 42, "00", "unknown fPort 42"),
        (NPS310, 10, "d11f345678", "unknown fPort 10"), (BOSCH, 3, "00", "17 bytes, not 1"),
        (BOSCH, 4, "", "is empty"), (BOSCH, 6, "00", "10 bytes, not 1"), (BOSCH, 7, "00", "unknown fPort 7"),
        (BOSCH, 223, "", "unknown fPort 223"),
    ],
)  # fmt: skip
def test_bytes_in_no_documented_form_are_refused_with_the_reason(codec_id: str, port: int, data: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(codec_id, port, data)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(1, 255) | st.integers(1, 12), st.binary(max_size=24) | st.binary(max_size=242))
def test_whatever_bytes_come_each_codec_reads_them_or_says_why_not(port: int, data: bytes) -> None:
    frames, faults = read_by_all(port, data)
    assert frames.keys() | faults.keys() == set(DECODERS)
    assert not frames.keys() & faults.keys()
    for frame in frames.values():
        assert frame.tag_id is None or (len(frame.tag_id) == 8 and bytes.fromhex(frame.tag_id) == data[-4:])
        assert frame.previous_duration_s is None or 0 <= frame.previous_duration_s <= 600 * 60


def test_a_tag_goes_no_further_than_the_door() -> None:
    key, frame = bytes(range(32)), read(NPS405, 10, "d11f345678")
    reading = reading_of(frame, key)
    assert reading.credential == match(key, "tag", "1F345678")
    assert b"1F345678" not in msgspec.json.encode(reading).upper()
    plain, keyed = fingerprint_of(10, b"\x1f", b""), fingerprint_of(10, b"\x1f", key)
    assert plain != keyed
