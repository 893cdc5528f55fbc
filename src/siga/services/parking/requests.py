"""Bodies of Parking's routes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from siga.contract.base import Ask, Word
from siga.contract.parking import Category, Device, DeviceKind, Identify, KeyKind, Life, Rule, Zone, ZoneMode
from siga.kit.bay_files import BayDraft, RefusedRow


class NewZone(Ask):
    """Make a zone; it observes only until it is told to enforce (D2)."""

    municipality_id: str
    name: str
    mode: ZoneMode = "observe_only"
    address: str = ""


class ZoneChange(Ask):
    """Change a zone; what is left out stays."""

    name: str | UnsetType = UNSET
    mode: ZoneMode | UnsetType = UNSET
    address: str | UnsetType = UNSET


class NewBay(Ask):
    """Make a bay."""

    zone_id: str
    code: str
    category: Category
    lon: float
    lat: float
    life: Life = "planned"
    address: str = ""
    identify: tuple[Identify, ...] = ()
    personal_accreditation_id: str | None = None
    attributes: dict[str, Any] = {}
    external_id: str | None = None


class BayChange(Ask):
    """Change a bay; what is left out stays. `version` is the one that was read: a stale one is refused."""

    version: int
    zone_id: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    lon: float | UnsetType = UNSET
    lat: float | UnsetType = UNSET
    life: Life | UnsetType = UNSET
    address: str | UnsetType = UNSET
    identify: tuple[Identify, ...] | UnsetType = UNSET
    personal_accreditation_id: str | UnsetType | None = UNSET
    closed_from: datetime | UnsetType | None = UNSET
    closed_to: datetime | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET


class BayBatch(Ask):
    """Bays as a file describes them, to be created or brought up to date; `dry_run` only says what would happen."""

    municipality_id: str
    drafts: list[BayDraft]
    dry_run: bool = False
    life: Life = "in_service"


class ImportResult(Word):
    """What an import did, or would do: counts, refused rows with reasons, the first bays as a preview."""

    created: int
    updated: int
    unchanged: int
    refused: list[RefusedRow]
    notes: list[str] = []
    zones_created: list[str] = []
    preview: list[BayDraft] = []
    dry_run: bool = False


class NewRule(Ask):
    """Make a rule for a category, a zone or a bay (D3)."""

    municipality_id: str
    category: Category | None = None
    zone_id: str | None = None
    bay_id: str | None = None
    hours: str | None = None
    max_stay_min: int | None = None
    grace_s: int | None = None
    look_when_unverified: bool = True
    valid_from: date | None = None
    valid_to: date | None = None
    text: dict[str, str] = {}


class NewDevice(Ask):
    """Make a device; the answer carries its one-time enrolment code."""

    municipality_id: str
    kind: DeviceKind
    label: str = ""
    bay_ids: tuple[str, ...] = ()
    period_s: int = 3600
    has_clock: bool = True
    listed_under: str | None = None
    resolution_id: str | None = None
    custody_body: str | None = None


class DeviceChange(Ask):
    """Change a device; `bay_ids` assigns it anew from now on (D4)."""

    label: str | UnsetType = UNSET
    bay_ids: tuple[str, ...] | UnsetType = UNSET
    period_s: int | UnsetType = UNSET
    has_clock: bool | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    listed_under: str | UnsetType | None = UNSET
    resolution_id: str | UnsetType | None = UNSET
    custody_body: str | UnsetType | None = UNSET


class DeviceWithCode(Word):
    """A device and its enrolment code, shown this once."""

    device: Device
    code: str


class Enrolment(Ask):
    """A device enrols by its one-time code; with Ed25519 it brings its public key (base64, 32 bytes).

    `proof` (base64, 64 bytes) shows that it has the private key: its signature over `SIGA1-KEY`, the code and the
    public key as they stand here, joined by line feeds.
    """

    code: str
    key_kind: KeyKind = "hmac"
    public_key: str | None = None
    proof: str | None = None


class Enrolled(Word):
    """What the device must keep: its id and, for HMAC, its key (base64, 32 bytes), shown this once."""

    device_id: str
    key_kind: KeyKind
    key: str | None = None
    period_s: int = 3600


class Rotation(Ask):
    """A device asks for a new key, signed with the one it has; with Ed25519 it brings the new public key.

    `proof` (base64, 64 bytes) is the new key's signature over `SIGA1-KEY`, the device's id and the public key as it
    stands here, joined by line feeds.
    """

    key_kind: KeyKind = "hmac"
    public_key: str | None = None
    proof: str | None = None


class SignedRotation(Ask):
    """A rotation that came through the door: who asks, its nonce, and which of its keys had signed."""

    device_id: str
    nonce: int
    ask: Rotation
    key_no: int | None = None


class Rotated(Word):
    """The new key. The old one opens until the new one was first used, `old_ends_at` at the latest.

    `sealed_key` (HMAC; base64, 32 bytes) is the key XOR HMAC-SHA-256(old key, `SIGA1-KEY`, device id and the nonce of
    this request, joined by line feeds): it never travels open, not even where there is no TLS.
    """

    device_id: str
    key_kind: KeyKind
    old_ends_at: datetime
    sealed_key: str | None = None


class Hello(Ask):
    """A device that starts."""

    device_id: str
    nonce: int
    key_no: int | None = None


class HelloAnswer(Word):
    """The boot epoch to use from now on, the server's time and the device's settings."""

    epoch: int
    server_time: datetime
    period_s: int
    bay_ids: tuple[str, ...] = ()


class Nonce(Ask):
    """A nonce to be spent for a signed request without reports."""

    device_id: str
    nonce: int
    key_no: int | None = None


class AddressBatch(Ask):
    """Addresses to search by (D20)."""

    municipality_id: str
    addresses: list[AddressRow]


class AddressRow(Ask):
    """One address; degrees, longitude first."""

    street: str
    lon: float
    lat: float
    number: str = ""
    place: str = ""


class Address(Word):
    """A place found by its address; `source` says if it is a bay's own street."""

    label: str
    lon: float
    lat: float
    source: str = "address"


class AddressList(Word):
    """Places found; empty when none matches."""

    addresses: list[Address]


class Count(Word):
    """How many were new."""

    created: int


class ZoneList(Word):
    """Zones."""

    zones: list[Zone]


class RuleList(Word):
    """Rules."""

    rules: list[Rule]


class DeviceList(Word):
    """A page of devices."""

    devices: list[Device]
    next: str | None = None


def given(change: msgspec.Struct) -> dict[str, Any]:
    """The fields of a change that were given."""
    return {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
