"""What every codec answers with, and the one way in which it says that bytes are not in a documented form."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from siga.contract.lorawan import ReadingKind


class Unreadable(Exception):
    """The bytes are not in a form that the maker documents for this port; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What one payload says. None is what the payload does not say; durations in seconds."""

    kind: ReadingKind
    occupied: bool | None = None
    previous_duration_s: int | None = None
    """How long the state before this one lasted; None also beyond what the device can count."""
    previous_error_s: int = 0
    """By how much that may be wrong, either way."""
    overflow: bool = False
    """The state before lasted longer than the device can count."""
    battery_mv: int | None = None
    temperature_c: float | None = None
    tag_id: str | None = None
    """Fixed-width upper-case hex, leading zeros kept."""
    tag_battery_mv: int | None = None
    firmware: str | None = None
    reset_cause: str | None = None
    debug_codes: tuple[int, ...] = ()


Decode = Callable[[int, bytes], Frame]
"""(fPort, FRMPayload) → what it says; Unreadable for any other bytes, and nothing else is ever raised."""


def sized(data: bytes, what: str, sizes: Collection[int]) -> bytes:
    """The bytes, if there are as many as documented."""
    if len(data) in sizes:
        return data
    wanted = " or ".join(str(size) for size in sizes) if len(sizes) < 4 else f"{min(sizes)} to {max(sizes)}"
    raise Unreadable(f"{what} has {wanted} bytes, not {len(data)}")


def some(data: bytes, what: str) -> bytes:
    """The bytes, if there are any."""
    if not data:
        raise Unreadable(f"{what} is empty")
    return data


def unknown_port(port: int) -> Unreadable:
    """What to raise for a port that the maker does not document."""
    return Unreadable(f"unknown fPort {port}")


def signed(byte: int) -> int:
    """A byte as a two's complement number."""
    return byte - 256 if byte > 127 else byte


def version(data: bytes) -> str:
    """Three bytes as a version, the major number first."""
    return ".".join(str(byte) for byte in data)
