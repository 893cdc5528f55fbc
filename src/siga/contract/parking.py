"""Words of Parking: bays, zones, rules, devices, reports, and what happened to a bay."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from siga.contract.base import Ask, Word
from siga.contract.events import event

Category = Literal["disabled", "ambulance", "authority", "delivery", "taxi", "bus", "other"]
CATEGORIES: tuple[Category, ...] = ("disabled", "ambulance", "authority", "delivery", "taxi", "bus", "other")

Life = Literal["planned", "commissioning", "in_service", "closed", "retired"]
ZoneMode = Literal["observe_only", "enforcing"]
Occupancy = Literal["unknown", "free", "occupied", "closed"]
PublicOccupancy = Literal["unknown", "free", "occupied", "closed", "unmonitored", "doubtful"]
Authorisation = Literal["pending", "authorised", "declared", "unverified", "unauthorised"]
Identify = Literal["card", "tag", "camera", "check_in"]
DeviceKind = Literal["bay_sensor", "card_reader", "camera"]
KeyKind = Literal["hmac", "ed25519"]
AckStatus = Literal["applied", "repeated", "late", "quarantined", "rejected"]
SuspicionReason = Literal["unverified", "unauthorised", "overstay", "misuse_report", "officer"]


class Rule(Word):
    """Who may stay where and when (D3). The most specific valid rule wins: bay, zone, then category."""

    rule_id: str
    municipality_id: str
    category: Category | None = None
    zone_id: str | None = None
    bay_id: str | None = None
    hours: str | None = None
    """OSM `opening_hours`, local time; None = always."""
    max_stay_min: int | None = None
    grace_s: int | None = None
    """None = the live setting `parking.grace_s`."""
    look_when_unverified: bool = True
    """Whether *unverified* asks for a photo and enters the police's queue (D9)."""
    valid_from: date | None = None
    valid_to: date | None = None
    text: dict[str, str] = {}
    """The rule in plain words by language (`es`, `en`)."""


class Zone(Word):
    """Bays that belong together."""

    zone_id: str
    municipality_id: str
    name: str
    mode: ZoneMode = "observe_only"
    address: str = ""


class Bay(Word):
    """One reserved space as the administration manages it; its live state is apart."""

    bay_id: str
    municipality_id: str
    zone_id: str
    code: str
    category: Category
    lon: float
    lat: float
    life: Life = "in_service"
    address: str = ""
    identify: tuple[Identify, ...] = ()
    personal: bool = False
    """A nominative bay (D7): never on a public route, stream or feed."""
    personal_accreditation_id: str | None = None
    closed_from: datetime | None = None
    closed_to: datetime | None = None
    attributes: dict[str, Any] = {}
    external_id: str | None = None
    version: int = 1


class BayView(Word):
    """A bay as anyone may see it. Ages are for the client to compute from the instants (aware UTC).

    In the order in which Parking keeps it encoded: what is the bay's own, what it shares with others, the distance.
    """

    bay_id: str
    code: str
    lon: float
    lat: float
    occupancy: PublicOccupancy
    address: str = ""
    attributes: dict[str, Any] = {}
    observed_at: datetime | None = None
    """When the sensor saw the present state."""
    changed_at: datetime | None = None
    """Since when it is free or occupied."""
    heard_at: datetime | None = None
    """The last word from the sensor, whatever it said (D5)."""
    simulated: bool = False
    """Its last word was generated, not sensed."""
    municipality_id: str  # type: ignore[misc]
    zone_id: str  # type: ignore[misc]
    zone_name: str  # type: ignore[misc]
    category: Category  # type: ignore[misc]
    life: Life = "in_service"
    identify: tuple[Identify, ...] = ()
    hours: str | None = None
    max_stay_min: int | None = None
    rule_text: dict[str, str] = {}
    in_force: bool = True
    """Whether the rule's hours are running now."""
    distance_m: float | None = None


class StaffBayView(BayView):  # type: ignore[misc]
    """What staff of the bay's municipality see besides: authorisation, stay and device."""

    authorisation: Authorisation | None = None
    stay_id: str | None = None
    personal: bool = False
    zone_mode: ZoneMode = "observe_only"
    device_ids: tuple[str, ...] = ()
    camera_ids: tuple[str, ...] = ()
    closed_from: datetime | None = None
    closed_to: datetime | None = None
    version: int = 1


class BayList(Word):
    """A page of bays; `next` continues it, None at the end. `position` is the state's place in Parking's journal."""

    bays: list[BayView]
    next: str | None = None
    position: int = 0


class Device(Word):
    """A sensor, reader or camera, apart from the bays it is assigned to (D4)."""

    device_id: str
    municipality_id: str
    kind: DeviceKind
    label: str = ""
    bay_ids: tuple[str, ...] = ()
    period_s: int = 3600
    """How often it speaks at least, seconds; silence is 2.5 times that (D5)."""
    has_clock: bool = True
    listed_under: str | None = None
    """A gateway device whose key may report for this one."""
    external_id: str | None = None
    """What the town's own inventory calls it: an import knows it again by this."""
    enrolled: bool = False
    key_kind: KeyKind | None = None
    enabled: bool = True
    resolution_id: str | None = None
    custody_body: str | None = None
    heard_at: datetime | None = None
    battery_pct: int | None = None
    revoked: bool = False
    key_made_at: datetime | None = None
    """Since when it has the key it signs with."""
    key_ends_at: datetime | None = None
    """It was given a newer key that it has not used yet: at this instant the old one ends, used or not."""


class NewerKey(Word):
    """A key that was given and never used: its first use ends the older one, and so does `older_ends_at`."""

    key_no: int
    key_kind: KeyKind
    key: str
    older_ends_at: datetime


class DeviceKey(Word):
    """What the sensors' door needs to check a signature; `key` is base64 (32 raw bytes, or an Ed25519 public key)."""

    device_id: str
    municipality_id: str
    kind: DeviceKind
    key_kind: KeyKind
    key: str
    has_clock: bool
    listed: tuple[str, ...] = ()
    """Ids of further devices this key may report for."""
    key_no: int = 0
    """Counts the device's keys; Parking is told which one had signed."""
    newer: NewerKey | None = None


class Report(Ask):
    """What a device says, as it arrives at the sensors' door; `observed_at` absent = at reception."""

    device_id: str
    epoch: int
    sequence: int
    occupied: bool
    observed_at: datetime | None = None
    bay_id: str | None = None
    credential_uid: str | None = None
    """Card UID, 4, 7 or 10 bytes in hex; replaced by its keyed match at the door, before anything is kept."""
    battery_pct: int | None = None
    temperature_c: float | None = None
    previous_duration_s: int | None = None
    """How long the state before this one lasted, by the device's own count."""


class MatchedReport(Word):
    """A report past the door: the UID is gone, its HMAC under the municipality's match key stands instead."""

    device_id: str
    epoch: int
    sequence: int
    occupied: bool
    observed_at: datetime | None = None
    bay_id: str | None = None
    credential: str | None = None
    battery_pct: int | None = None
    temperature_c: float | None = None
    previous_duration_s: int | None = None
    previous_error_s: int = 0
    """By how much that duration may be wrong, either way."""
    rssi_dbm: float | None = None
    snr_db: float | None = None
    """Signal of the best gateway that heard it (LoRaWAN)."""
    simulated: bool = False


class ReportBatch(Ask):
    """What the door hands to Parking: reports of one signed envelope and the nonce to be spent with them.

    `nonce` is None for what came through a network server, which signs nothing: the integration's secret let it in.
    """

    device_id: str
    nonce: int | None
    received_at: datetime
    reports: list[MatchedReport]
    gaps_counted: bool = False
    """Whoever hands it over counts missing sequences himself: not all that the devices send are reports."""
    key_no: int | None = None
    """Which of the device's keys had signed (`DeviceKey.key_no`); None = the one in use."""


class PhotoTask(Word):
    """A photo wanted (D14)."""

    case_id: str
    bay_id: str
    until: datetime
    kind: Literal["photo"] = "photo"


class Ack(Word, omit_defaults=True):
    """What became of one report, told after the commit. `detail` says why it was not applied."""

    status: AckStatus
    bay_id: str | None = None
    occupancy: Occupancy | None = None
    authorisation: Authorisation | None = None
    photo_wanted: PhotoTask | None = None
    clock_suspect: bool | None = None
    detail: str | None = None


# --- events of Parking -----------------------------------------------------------------------------------------------


@event
class BayChanged(Word):
    """A bay's live state is now this. `view` is what anyone may see, None for a personal bay (D7)."""

    bay_id: str
    zone_id: str
    code: str
    category: Category
    occupancy: Occupancy
    public_occupancy: PublicOccupancy
    authorisation: Authorisation | None = None
    previous_occupancy: Occupancy = "unknown"
    previous_authorisation: Authorisation | None = None
    observed_at: datetime | None = None
    changed_at: datetime | None = None
    heard_at: datetime | None = None
    stay_id: str | None = None
    ended_stay_id: str | None = None
    subject: str | None = None
    """Who has parked, as the credential's keyed match; scrubbed from the journal 72 h after."""
    authorised_by: Literal["card", "tag", "plate", "check_in", "officer"] | None = None
    cause: Literal["report", "late_report", "time", "check_in", "credential", "doubt", "judged", "device", "map"] = (
        "report"
    )
    personal: bool = False
    simulated: bool = False
    view: BayView | None = None


@event
class BayHeard(Word):
    """The sensor spoke again without news: only ages change."""

    bay_id: str
    heard_at: datetime
    observed_at: datetime
    personal: bool = False
    """A personal bay (D7): not for public streams."""
    lon: float = 0.0
    lat: float = 0.0


class HindsightRun(Word):
    """A run of one state that is only known in hindsight; either end is known to its error, seconds either way."""

    occupied: bool
    from_at: datetime
    from_error_s: int
    until_at: datetime
    until_error_s: int


@event
class StayCorrected(Word):
    """A device's own count of how long the state before lasted shows that reports were lost: `run` was between them.

    `order` is that of the report which carried the count. Told again under the same order it replaces what was told
    before; `run` is None when nothing of it is left, because what was missing came late. It never moves the present.
    """

    bay_id: str
    zone_id: str
    device_id: str
    order: tuple[int, int, int]
    """(assignment, epoch, sequence)."""
    run: HindsightRun | None = None
    simulated: bool = False


@event
class ReportCameLate(Word):
    """A report older than the present state: history takes it, the present does not move."""

    bay_id: str
    zone_id: str
    device_id: str
    occupied: bool
    observed_at: datetime
    received_at: datetime
    order: tuple[int, int, int]
    """(assignment, epoch, sequence)."""
    simulated: bool = False
    until_at: datetime | None = None
    """When the next report in order that says otherwise was observed; None when there is none (any longer)."""


@event
class StaySuspected(Word):
    """A stay's grace or its longest time is over and the zone's rule wants it looked at (D8–D10)."""

    stay_id: str
    bay_id: str
    zone_id: str
    code: str
    category: Category
    reason: SuspicionReason
    authorisation: Authorisation
    mode: ZoneMode
    occupied_since: datetime
    evidence: dict[str, bool | str | None]
    """What is known and what is missing: sensor, identify, card, check_in, plate."""
    look: bool = True
    camera_ids: tuple[str, ...] = ()
    lon: float = 0.0
    lat: float = 0.0
    address: str = ""
    personal: bool = False
    simulated: bool = False


@event
class BayDefined(Word):
    """A bay was created, changed or retired; `bay` is the whole new version."""

    bay: Bay


@event
class ZoneDefined(Word):
    """A zone was created or changed."""

    zone: Zone


@event
class RuleDefined(Word):
    """A rule was created, changed or (with `removed`) taken away."""

    rule: Rule
    removed: bool = False


@event
class DeviceDefined(Word):
    """A device was created, enrolled, assigned, changed or revoked; keys are not in it."""

    device: Device


@event
class DeviceAlarmed(Word):
    """Something about a device wants a person: repeated doubts, silence, low battery."""

    device_id: str | None
    bay_id: str | None
    reason: Literal["repeated_doubts", "silent", "battery_low", "signal_weak", "replay", "clock"]
    detail: str = ""


@event
class CardSuspected(Word):
    """A card was seen where it can hardly have been: a person should look at it; nothing follows by itself (D12).

    `two_bays`: both stays go on, and the car of the earlier one was still there when the later one had begun, or could
    not have come so quickly. `travel`: `metres` in a straight line within `seconds` since the other stay ended are
    faster than the municipality's setting allows.
    """

    credential: str | None
    """The card's keyed match; scrubbed from the journal as a stay's subject is."""
    reason: Literal["two_bays", "travel"]
    bay_id: str
    other_bay_id: str
    at: datetime
    metres: int
    seconds: int
