"""Managing LoRaWAN devices: claimed, dismissed, pinned to a codec; and how well each is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from siga.contract.lorawan import (
    CODECS,
    Claim,
    ClaimState,
    Codec,
    DeviceHealth,
    LorawanDevice,
    Reading,
)
from siga.contract.parking import Device
from siga.kit.clock import Clock
from siga.kit.ids import new_id
from siga.kit.live_settings import LiveSettings
from siga.kit.problem import Conflict, FieldFault, Invalid, NotFound
from siga.ports import Database
from siga.services.parking import assigning, health, lorawan_claims, lorawan_store, store_devices
from siga.services.parking.device_desk import check
from siga.services.parking.entries import TOO_OLD, seen_at
from siga.services.parking.lorawan_apply import Turn
from siga.services.parking.lorawan_claims import ClaimRow
from siga.services.parking.lorawan_store import DeviceRow
from siga.services.parking.overlay import Overlay
from siga.services.parking.requests_lorawan import (
    ClaimAsk,
    Claimed,
    Pinning,
)
from siga.services.parking.service import Parking

_MOST_INTEGRATIONS = 50
_LONGEST_OVERLAP_H = 168
_LONGEST_NAME = 120


class UnknownCodec(Invalid):
    """SIGA cannot read payloads of that model and firmware"""

    slug = "unknown-codec"


class DeviceClaimed(Conflict):
    """This LoRaWAN device was claimed already"""

    slug = "device-claimed"


class ClaimDesk:
    """Use cases about LoRaWAN devices, claimed or not. Callers have checked who may do what."""

    def __init__(self, parking: Parking, database: Database, settings: LiveSettings, clock: Clock) -> None:
        self._parking, self._database, self._settings, self._clock = parking, database, settings, clock

    async def page(self, municipality_ids: Sequence[str], state: ClaimState, after: str | None,
                   limit: int) -> list[Claim]:  # fmt: skip
        """Devices nobody has claimed."""

        def read(conn: Connection) -> list[Claim]:
            rows = lorawan_claims.claims(conn, municipality_ids, state, after, limit)
            return [_shown(conn, row) for row in rows]

        return await self._database.read(read)

    async def one(self, claim_id: str) -> Claim:
        """One, or NotFound."""
        return await self._database.read(lambda conn: _shown(conn, _claim(conn, claim_id)))

    async def put_state(self, claim_id: str, state: ClaimState) -> Claim:
        """Dismiss a device, which stays so however often it is heard; or list it again."""

        def work(conn: Connection, _: Overlay) -> Claim:
            row = _claim(conn, claim_id)
            lorawan_claims.put_state(conn, claim_id, state)
            if state == "dismissed":
                lorawan_store.drop_frames(conn, row.municipality_id, row.dev_eui)
            return _shown(conn, msgspec.structs.replace(row, state=state))

        return await self._parking.commit(work)

    async def claim(self, claim_id: str, ask: ClaimAsk) -> Claimed:
        """Put a heard device upon a bay; what was held of it in the last seven days is applied in its order."""
        codec = codec_of(ask.model, ask.firmware)

        def work(conn: Connection, overlay: Overlay) -> Claimed:
            row = _claim(conn, claim_id)
            owner = lorawan_store.device(conn, row.municipality_id, row.dev_eui)
            if owner is not None and not assigning.row_of(conn, owner.device_id).device.revoked:
                raise DeviceClaimed("It is a device already: change that one.")
            device = Device(
                device_id=new_id(), municipality_id=row.municipality_id, kind="bay_sensor",
                label=ask.label[:_LONGEST_NAME], bay_ids=(ask.bay_id,), period_s=ask.period_s or codec.period_s,
                enrolled=True,
            )  # fmt: skip
            check(device)
            store_devices.put_device(conn, device)
            assigning.note(overlay, device, assigning.new_row(device))
            assigning.assign(conn, overlay, [device])
            mine = DeviceRow(
                municipality_id=row.municipality_id, dev_eui=row.dev_eui, device_id=device.device_id,
                codec_id=codec.codec_id, claimed_at=overlay.now,
            )  # fmt: skip
            lorawan_store.put_device(conn, mine)
            lorawan_claims.remove_claim(conn, claim_id)
            applied = self._read_held(conn, overlay, mine)
            return Claimed(device=device, lorawan=_lorawan(conn, mine), applied=applied)

        return await self._parking.commit(work)

    async def pin(self, device_id: str, ask: Pinning) -> LorawanDevice:
        """Read the device by another codec from now on, and the frames that the one before could not read."""
        codec = codec_of(ask.model, ask.firmware)

        def work(conn: Connection, overlay: Overlay) -> LorawanDevice:
            row = lorawan_store.device_of_id(conn, device_id)
            if row is None:
                raise NotFound("This device is not heard through a network server.")
            lorawan_store.pin(conn, device_id, codec.codec_id)
            row = msgspec.structs.replace(row, codec_id=codec.codec_id)
            self._read_held(conn, overlay, row)
            return _lorawan(conn, row)

        return await self._parking.commit(work)

    async def health(self, device: Device) -> DeviceHealth:
        """How the device is and how well it is heard."""

        def read(conn: Connection) -> tuple[dict[str, Any], LorawanDevice | None]:
            row = lorawan_store.device_of_id(conn, device.device_id)
            return health.health_of(conn, device.device_id), None if row is None else _lorawan(conn, row)

        told, lorawan = await self._database.read(read)
        heard = [at for at in (device.heard_at, told.get("heard_at")) if at is not None]
        pct = told.get("battery_pct")
        return DeviceHealth(
            device_id=device.device_id, heard_at=max(heard, default=None),
            battery_pct=device.battery_pct if pct is None else pct, battery_mv=told.get("battery_mv"),
            temperature_c=told.get("temperature_c"), rssi_dbm=told.get("rssi_dbm"), snr_db=told.get("snr_db"),
            gaps=told.get("gaps", 0), last_sequence=told.get("last_sequence"), firmware=told.get("firmware"),
            faults=told.get("faults", 0), last_fault=told.get("last_fault"),
            last_fault_at=told.get("last_fault_at"), battery_low=told.get("battery_alarmed", False),
            signal_weak=told.get("signal_alarmed", False), lorawan=lorawan,
        )  # fmt: skip

    def _read_held(self, conn: Connection, overlay: Overlay, row: DeviceRow) -> int:
        """Apply what is held of the device and not too old; how many frames."""
        owner = overlay.known(conn, row.device_id)
        if owner is None:
            return 0
        turn, applied = Turn(conn, overlay, self._settings, row, owner), 0
        for frame in lorawan_store.held_frames(conn, row.municipality_id, row.dev_eui):
            at = seen_at(frame.uplink.observed_at, frame.received_at)
            if overlay.now - at > TOO_OLD:
                lorawan_store.settle_frame(conn, row, frame, "quarantined", None)
                continue
            outcome = turn.take_held(frame, at).outcome
            applied += outcome in ("applied", "late", "heard")
        return applied


def codec_of(model: str, firmware: str) -> Codec:
    """The codec of a model and firmware; UnknownCodec when there is none."""
    for codec in CODECS.values():
        if (codec.model, codec.firmware) == (model, firmware):
            return codec
    known = ", ".join(f"{codec.model} {codec.firmware}" for codec in CODECS.values())
    raise UnknownCodec(
        "Choose the sensor's own model and firmware.", errors=[FieldFault("/model", f"must be one of: {known}")]
    )


def guessed(hint: str, firmware: str, readings: dict[str, Reading]) -> Codec | None:
    """The codec that a network server's words for a device point at; None when they name no model that is known.

    Never by the bytes alone: the same bytes may mean the opposite on another sensor.
    """
    words = "".join(c for c in hint.lower() if c.isalnum())
    fits = [codec for codec in CODECS.values() if any(word in words for word in codec.hints)]
    return max(
        fits, default=None,
        key=lambda codec: (bool(firmware) and firmware.startswith(codec.firmware), codec.codec_id in readings),
    )  # fmt: skip


def _shown(conn: Connection, row: ClaimRow) -> Claim:
    last = row.last
    codec = guessed(f"{last.model_hint} {last.device_name}", last.firmware_hint, last.readings)
    readings = {name: msgspec.structs.replace(one, credential=None) for name, one in last.readings.items()}
    return Claim(
        claim_id=row.claim_id, municipality_id=row.municipality_id, dev_eui=row.dev_eui, state=row.state,
        first_heard_at=row.first_heard_at, last_heard_at=row.last_heard_at, frames=row.frames,
        held=lorawan_claims.held_count(conn, row.municipality_id, row.dev_eui), device_name=last.device_name,
        model=codec.model if codec else None, firmware=codec.firmware if codec else None, f_port=last.f_port,
        payload_hex=last.payload_hex, readings=readings, rssi_dbm=last.rssi_dbm, snr_db=last.snr_db,
        simulated=last.simulated,
    )  # fmt: skip


def _lorawan(conn: Connection, row: DeviceRow) -> LorawanDevice:
    known = lorawan_store.sessions(conn, row.municipality_id, row.dev_eui)
    tops = [one.top_f_cnt for one in known if one.epoch == known[-1].epoch and one.top_f_cnt is not None]
    return LorawanDevice(
        device_id=row.device_id, municipality_id=row.municipality_id, dev_eui=row.dev_eui, codec_id=row.codec_id,
        f_cnt=max(tops, default=None), claimed_at=row.claimed_at,
    )  # fmt: skip


def _claim(conn: Connection, claim_id: str) -> ClaimRow:
    row = lorawan_claims.claim(conn, claim_id)
    if row is None:
        raise NotFound("There is no such device in the claim queue.")
    return row
