"""Answers of other services as these pages read them, where the contract has no struct for the whole answer."""

from __future__ import annotations

from siga.contract.base import Word
from siga.contract.lorawan import Claim, Integration
from siga.contract.parking import Category, Device, Rule, StaffBayView, Zone


class StaffBays(Word):
    """A page of bays as staff see them."""

    bays: list[StaffBayView]
    next: str | None = None


class Zones(Word):
    """Zones."""

    zones: list[Zone]


class Rules(Word):
    """Rules."""

    rules: list[Rule]


class Devices(Word):
    """A page of devices."""

    devices: list[Device]
    next: str | None = None


class DeviceAndCode(Word):
    """A device and its enrolment code, told this once."""

    device: Device
    code: str


class Integrations(Word):
    """LoRaWAN network servers."""

    integrations: list[Integration]


class IntegrationSecret(Word):
    """A network server and its secret, told this once."""

    integration: Integration
    secret: str


class Claims(Word):
    """A page of LoRaWAN devices nobody has claimed."""

    claims: list[Claim]
    next: str | None = None


class Draft(Word):
    """A bay as a file describes it."""

    code: str
    category: Category
    lon: float
    lat: float
    address: str
    zone_name: str | None = None


class Refused(Word):
    """A row of a file that was not taken, and why."""

    row: int
    reason: str
    slug: str
    excerpt: str


class BayImport(Word):
    """What an import did, or would do."""

    created: int
    updated: int
    unchanged: int
    refused: list[Refused]
    notes: list[str] = []
    zones_created: list[str] = []
    preview: list[Draft] = []


class Found(Word):
    """A place found by its address; `source` says whether it is a bay's own street."""

    label: str
    source: str = "address"


class Places(Word):
    """Places found."""

    addresses: list[Found]


class Created(Word):
    """How many were new."""

    created: int
