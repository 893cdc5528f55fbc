"""Bodies of Parking's routes about LoRaWAN."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from siga.contract.base import Ask, Word
from siga.contract.lorawan import Claim, Codec, Integration, LorawanDevice, ServerKind
from siga.contract.parking import Device


class NewIntegration(Ask):
    """Let a network server in; the answer carries its secret, shown this once."""

    municipality_id: str
    kind: ServerKind
    name: str


class IntegrationChange(Ask):
    """Change an integration; what is left out stays. One that is not enabled is answered 401."""

    name: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Rotation(Ask):
    """A new secret; the present one opens for so many hours more, 0 to 168."""

    overlap_h: int = 24


class IntegrationWithSecret(Word):
    """An integration, its secret, and what to type into the network server."""

    integration: Integration
    secret: str
    header: str
    """The header to send with every message, name and value."""


class IntegrationList(Word):
    """Integrations, by name."""

    integrations: list[Integration]
    next: str | None = None


class ClaimList(Word):
    """A page of devices nobody has claimed, the one first heard last at the top."""

    claims: list[Claim]
    next: str | None = None


class CodecList(Word):
    """The sensors whose payloads SIGA can read."""

    codecs: list[Codec]


class ClaimAsk(Ask):
    """Put a heard device upon a bay. Model and firmware must be those of the device, since they say how its bytes are
    read; `period_s` is how often it speaks at least, by default what its maker sets."""

    bay_id: str
    model: str
    firmware: str
    label: str = ""
    period_s: int | None = None


class Claimed(Word):
    """The device that came of a claim, and how many held frames were applied to it."""

    device: Device
    lorawan: LorawanDevice
    applied: int = 0


class Pinning(Ask):
    """By which model's and firmware's payloads a device is read from now on."""

    model: str
    firmware: str
