"""Words of LoRaWAN: network servers that are let in, what their messages say, sensors nobody has claimed yet."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from siga.contract.base import Ask, Word
from siga.contract.events import event

ServerKind = Literal["chirpstack", "ttn"]
ReadingKind = Literal["status", "heartbeat", "startup", "tag", "info", "debug"]
UplinkOutcome = Literal["applied", "repeated", "late", "quarantined", "rejected", "held", "heard", "ignored"]
ClaimState = Literal["waiting", "dismissed"]


class Codec(Word):
    """A payload format SIGA can read, pinned to a sensor's model and firmware: the same bytes of another firmware may
    mean the opposite. `period_s` is how often such a sensor speaks at least, by its maker's settings."""

    codec_id: str
    maker: str
    model: str
    firmware: str
    name: str
    period_s: int
    hints: tuple[str, ...] = ()
    """Words, lower case without punctuation, by which network servers' catalogues and profiles name the model."""


CODECS: dict[str, Codec] = {
    codec.codec_id: codec
    for codec in (
        Codec(
            codec_id="bosch-tps110-0.29.2", maker="Bosch", model="tps110", firmware="0.29.2",
            name="Bosch TPS110 / TPL110 (0.29.2)", period_s=86400, hints=("tps110", "tpl110"),
        ),
        Codec(
            codec_id="bosch-tps110-0.23", maker="Bosch", model="tps110", firmware="0.23",
            name="Bosch TPS110 / TPL110 (0.23)", period_s=86400, hints=("tps110", "tpl110"),
        ),
        Codec(
            codec_id="nwave-nps310-1.13", maker="Nwave", model="nps310", firmware="1.13",
            name="Nwave NPS-3.10 (1.13)", period_s=10800, hints=("nps310",),
        ),
        Codec(
            codec_id="nwave-nps405-2.4.9", maker="Nwave", model="nps405", firmware="2.4.9",
            name="Nwave NPS-4.5 (2.4.9)", period_s=10800, hints=("nps405", "nps45"),
        ),
    )
}  # fmt: skip
"""All of them by id; the functions that read them are the sensors' door's (`gateway/sensors/lns/codecs`)."""


# --- integrations ----------------------------------------------------------------------------------------------------


class Integration(Word):
    """A network server that may hand in a municipality's uplinks. Its secret is nowhere in it."""

    integration_id: str
    municipality_id: str
    kind: ServerKind
    name: str
    enabled: bool = True
    created_at: datetime | None = None
    rotated_at: datetime | None = None
    old_secret_until: datetime | None = None
    """Until when the secret before the present one opens too."""
    heard_at: datetime | None = None
    messages: int = 0
    """How many messages it handed in, and how many of those were uplinks not heard before."""
    uplinks: int = 0


class IntegrationKey(Word):
    """What the sensors' door must know of the integration whose secret was shown. `until`: an old secret's end."""

    integration_id: str
    municipality_id: str
    kind: ServerKind
    secret_hash: str
    until: datetime | None = None


class SecretQuestion(Ask):
    """Whose secret this is: its SHA-256 in lower-case hex."""

    secret_hash: str


@event
class IntegrationDefined(Word):
    """A network server was let in, changed, given a new secret or shut out."""

    integration_id: str
    kind: ServerKind
    name: str
    enabled: bool


# --- what a network server tells -------------------------------------------------------------------------------------


class Reading(Word, omit_defaults=True):
    """What a codec read in one frame. A tag's number is gone, its HMAC under the municipality's match key stands
    instead."""

    kind: ReadingKind
    occupied: bool | None = None
    """None: the frame does not say."""
    previous_duration_s: int | None = None
    previous_error_s: int = 0
    battery_mv: int | None = None
    temperature_c: float | None = None
    credential: str | None = None
    firmware: str | None = None
    reset_cause: str | None = None


class Uplink(Ask):
    """One frame of one device, whichever gateways and servers heard it. What each codec makes of it stands beside it,
    since only Parking knows which one the device is pinned to."""

    dev_eui: str
    """16 hexadecimal digits, lower case."""
    server: ServerKind
    session: str
    """What tells this session of the device from its others, as the server names it."""
    dev_addr: str
    f_cnt: int
    f_port: int | None
    observed_at: datetime | None
    """When the network heard it."""
    fingerprint: str
    """Two frames with the same counter and the same fingerprint say the same."""
    readings: dict[str, Reading]
    faults: dict[str, str]
    """By codec: why it cannot read the frame."""
    payload_hex: str | None = None
    """None where the bytes hold a tag's number."""
    rssi_dbm: float | None = None
    snr_db: float | None = None
    gateways: int = 0
    simulated: bool = False
    device_name: str = ""
    model_hint: str = ""
    firmware_hint: str = ""


class Joined(Ask):
    """A device joined the network anew: its counter begins again."""

    dev_eui: str
    server: ServerKind
    session: str
    dev_addr: str
    at: datetime | None


class BatteryTold(Ask):
    """What a device answered to the network's own question for its status (LoRaWAN DevStatusAns)."""

    dev_eui: str
    at: datetime | None
    battery_pct: float | None


class ServerMessage(Ask):
    """One message of an integration; with none of the three it only says that the server is there."""

    integration_id: str
    received_at: datetime
    uplink: Uplink | None = None
    joined: Joined | None = None
    battery: BatteryTold | None = None


class UplinkAck(Word, omit_defaults=True):
    """What became of a message, told after the commit."""

    outcome: UplinkOutcome
    bay_id: str | None = None
    detail: str | None = None


# --- devices nobody has claimed --------------------------------------------------------------------------------------


class Claim(Word):
    """A LoRaWAN device that was heard and belongs to no bay yet."""

    claim_id: str
    municipality_id: str
    dev_eui: str
    state: ClaimState
    first_heard_at: datetime
    last_heard_at: datetime
    frames: int
    """How often it was heard; `held` of them are kept to be applied once it is claimed."""
    held: int = 0
    device_name: str = ""
    model: str | None = None
    """A guess, from what the network server says of it."""
    firmware: str | None = None
    f_port: int | None = None
    payload_hex: str | None = None
    readings: dict[str, Reading] = {}
    """By codec id: what each codec makes of its last frame."""
    rssi_dbm: float | None = None
    snr_db: float | None = None
    simulated: bool = False


class LorawanDevice(Word):
    """How a device is known to network servers, and by which codec its frames are read."""

    device_id: str
    municipality_id: str
    dev_eui: str
    codec_id: str
    f_cnt: int | None = None
    """The highest counter of its present session."""
    claimed_at: datetime | None = None


class DeviceHealth(Word):
    """How a device is: what it told of itself and how well it is heard. What was never told is absent."""

    device_id: str
    heard_at: datetime | None = None
    battery_pct: float | None = None
    battery_mv: int | None = None
    temperature_c: float | None = None
    rssi_dbm: float | None = None
    snr_db: float | None = None
    gaps: int = 0
    """How many of its reports or frames never came."""
    last_sequence: int | None = None
    firmware: str | None = None
    faults: int = 0
    """How many of its frames could not be read, and why the last one could not."""
    last_fault: str | None = None
    last_fault_at: datetime | None = None
    battery_low: bool = False
    signal_weak: bool = False
    lorawan: LorawanDevice | None = None
