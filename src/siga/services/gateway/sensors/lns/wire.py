"""What both network servers' JSON has in common: read with care, neutral afterwards. Pure.

Both leave out what has the protobuf default (a counter of 0, a port of 0, empty text) and may write `null` for it.
"""

from __future__ import annotations

import binascii
import math
import re
from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from siga.contract.lorawan import ServerKind
from siga.kit.problem import Malformed

T = TypeVar("T")
_EUI = re.compile(r"[0-9a-f]{16}")
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,30}))?([Zz]|[+-]\d\d:\d\d)"
)  # RFC 3339, with nanoseconds
_MOST_COUNTER, _MOST_PORT, _MOST_BYTES, _MOST_TEXT = 2**32 - 1, 255, 255, 120
_WEAKEST_DBM, _STRONGEST_DBM, _MOST_DB = -200.0, 30.0, 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One uplink, as both servers tell it. `port` None: nothing but the network's own commands."""

    server: ServerKind
    dev_eui: str
    session: str
    dev_addr: str
    counter: int
    port: int | None
    payload: bytes
    at: datetime | None
    rssi_dbm: float | None
    snr_db: float | None
    gateways: int
    simulated: bool = False
    device_name: str = ""
    model_hint: str = ""
    firmware_hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A device joined the network."""

    server: ServerKind
    dev_eui: str
    session: str
    dev_addr: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A device told its battery to the network; None = it cannot say, or hangs on a supply."""

    dev_eui: str
    at: datetime | None
    battery_pct: float | None


@dataclass(frozen=True, slots=True)
class Other:
    """A message of which nothing is needed here; `why` names it."""

    why: str


Message = Heard | Join | Battery | Other


def decoded(body: bytes, kind: type[T]) -> T:
    """The body as JSON of that form; Malformed when it is not. Numbers may come as text, as protobuf's JSON has it."""
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError) as fault:
        raise Malformed(f"The body is not the JSON of this network server: {fault}") from fault


def eui_of(text: str | None) -> str:
    """A DevEUI as 16 lower-case hexadecimal digits; Malformed for anything else."""
    plain = (text or "").strip().replace("-", "").replace(":", "").lower()
    if not _EUI.fullmatch(plain):
        raise Malformed("The message names no device: its DevEUI must have 16 hexadecimal digits.")
    return plain


def counter_of(number: int | None) -> int:
    """A frame counter, 0 when it is absent; Malformed outside 32 bits."""
    counter = number or 0
    if not 0 <= counter <= _MOST_COUNTER:
        raise Malformed("The frame counter is outside 0 to 2^32 - 1.")
    return counter


def port_of(number: int | None) -> int | None:
    """An fPort, None when it is absent or 0 (the network's own commands); Malformed outside one byte."""
    if not number:
        return None
    if not 0 < number <= _MOST_PORT:
        raise Malformed("The fPort is outside 0 to 255.")
    return number


def payload_of(text: str | None) -> bytes:
    """The payload from base64, padded or not, in either alphabet; Malformed when it is none or too long for LoRaWAN."""
    plain = (text or "").translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        data = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Malformed("The payload is not base64.") from fault
    if len(data) > _MOST_BYTES:
        raise Malformed(f"A LoRaWAN payload has at most {_MOST_BYTES} bytes.")
    return data


def instant_of(text: str | None) -> datetime | None:
    """An RFC 3339 instant in UTC, nanoseconds cut to microseconds; None when it is absent or none."""
    found = _INSTANT.fullmatch((text or "").strip())
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    clock = clock.replace(":60", ":59")  # a leap second, which our clocks do not have
    micros = ((fraction or "") + "000000")[:6]
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{micros}{'+00:00' if zone in 'Zz' else zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def best_signal(heard: Sequence[tuple[float | None, float | None]]) -> tuple[float | None, float | None]:
    """(RSSI in dBm, SNR in dB) of the gateway that heard it best: the highest SNR, then the highest RSSI."""
    clean = [(_within(rssi, _WEAKEST_DBM, _STRONGEST_DBM), _within(snr, -_MOST_DB, _MOST_DB)) for rssi, snr in heard]
    told = [one for one in clean if one != (None, None)]
    if not told:
        return None, None
    return max(told, key=lambda one: (_or_least(one[1]), _or_least(one[0])))


def _within(number: float | None, low: float, high: float) -> float | None:
    return number if number is not None and math.isfinite(number) and low <= number <= high else None


def _or_least(number: float | None) -> float:
    return -math.inf if number is None else number


def short(text: str | None) -> str:
    """A name as it may be shown: one line, not too long."""
    return "".join(c for c in (text or "") if c.isprintable()).strip()[:_MOST_TEXT]


def hints(*words: str | None) -> str:
    """What a server says of a model, in one text."""
    return short(" ".join(word for word in words if word))


def first_of(values: Iterable[Any]) -> Any:
    """The first that is not None; None when there is none."""
    return next((value for value in values if value is not None), None)
