"""One LoRaWAN frame inside a transaction: folded for the device that was claimed, or held for one that was not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from siga.contract.lorawan import BatteryTold, Reading, Uplink, UplinkAck
from siga.contract.parking import Bay, DeviceAlarmed, MatchedReport, ReportBatch
from siga.contract.settings import BATTERY_LOW_MV, BATTERY_LOW_PCT, WEAK_RSSI_DBM, WEAK_SNR_DB
from siga.kit.ids import new_id
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.services.parking import health, lorawan_claims, lorawan_health, lorawan_store, model, store_devices
from siga.services.parking.folding import fold_batch
from siga.services.parking.lorawan_claims import ClaimRow
from siga.services.parking.lorawan_health import Limits
from siga.services.parking.lorawan_order import Heard
from siga.services.parking.lorawan_store import DeviceRow, FrameRow
from siga.services.parking.model import BayState
from siga.services.parking.overlay import Overlay
from siga.services.parking.store_devices import Known

log = logger("parking")


class Turn:
    """What is done for one claimed device in one transaction."""

    def __init__(self, conn: Connection, overlay: Overlay, settings: LiveSettings, device: DeviceRow,
                 owner: Known) -> None:  # fmt: skip
        self._conn, self._overlay, self._settings = conn, overlay, settings
        self._device, self._owner = device, owner

    def take_new(self, uplink: Uplink, frame: Heard, epoch: int, received_at: datetime, *,
                 follows: bool = False) -> UplinkAck:  # fmt: skip
        """A frame that was not taken before; when it `follows` the last one, no counter is missing before it."""
        device = self._device
        if not uplink.simulated and not follows:
            missed = lorawan_store.gap_change(
                self._conn, device.municipality_id, device.dev_eui, epoch, frame.f_cnt
            )  # fmt: skip
            if missed:
                health.note_gap(self._conn, device.device_id, missed)
        ack = self.apply(uplink, frame.at, epoch, received_at)
        lorawan_store.add_frame(
            self._conn, device.municipality_id, device.dev_eui, epoch, frame, received_at=received_at,
            outcome=ack.outcome, held=uplink if self._fault(uplink) is not None else None,
        )  # fmt: skip
        return ack

    def take_held(self, held: FrameRow, at: datetime) -> UplinkAck:
        """A frame that was kept until the device was claimed, or until its codec could read it."""
        ack = self.apply(held.uplink, at, held.epoch, held.received_at)
        unread = held.uplink if self._fault(held.uplink) is not None else None
        lorawan_store.settle_frame(self._conn, self._device, held, ack.outcome, unread)
        return ack

    def apply(self, uplink: Uplink, at: datetime, epoch: int, received_at: datetime) -> UplinkAck:
        """What the frame says, as the device's codec reads it, for health and bay."""
        reading, fault = uplink.readings.get(self._device.codec_id), self._fault(uplink)
        if not uplink.simulated:
            self._note_health(uplink, reading, fault, epoch, received_at)
        if fault is not None:
            log.warning("frame_unreadable", device_id=self._device.device_id, f_port=uplink.f_port, why=fault)
            return UplinkAck(outcome="quarantined", detail=fault)
        if reading is not None and reading.occupied is not None:
            return self._report(uplink, reading, reading.occupied, epoch, received_at)
        return self._without_state(reading, at, received_at)

    def _fault(self, uplink: Uplink) -> str | None:
        """Why the device's codec cannot read the frame; None when it can, or when there is nothing to read."""
        codec_id = self._device.codec_id
        if codec_id in uplink.readings or not (uplink.readings or uplink.faults):
            return None
        return uplink.faults.get(codec_id, f"the sensors' door has no codec {codec_id}")

    def _report(self, uplink: Uplink, reading: Reading, occupied: bool, epoch: int,
                received_at: datetime) -> UplinkAck:  # fmt: skip
        report = MatchedReport(
            device_id=self._device.device_id, epoch=epoch, sequence=uplink.f_cnt, occupied=occupied,
            observed_at=uplink.observed_at, credential=reading.credential, temperature_c=reading.temperature_c,
            previous_duration_s=self._count(reading), previous_error_s=reading.previous_error_s,
            rssi_dbm=uplink.rssi_dbm, snr_db=uplink.snr_db, simulated=uplink.simulated,
        )  # fmt: skip
        batch = ReportBatch(
            device_id=f"lns:{self._device.dev_eui}", nonce=None, received_at=received_at, reports=[report],
            gaps_counted=True,
        )  # fmt: skip
        ack = fold_batch(self._conn, self._overlay, batch)[0]
        return UplinkAck(outcome=ack.status, bay_id=ack.bay_id, detail=ack.detail)

    def _count(self, reading: Reading) -> int | None:
        """The count of the state before; not of a tag that is read while the bay is known to be taken: the message
        tells of the same arrival once more, some seconds later, and is no sign of another car."""
        if reading.kind != "tag":
            return reading.previous_duration_s
        open_bays = [one.bay_id for one in self._owner.assignments if one.ended_at is None]
        taken = any(self._overlay.state(bay_id).told for bay_id in open_bays)
        return None if taken else reading.previous_duration_s

    def _without_state(self, reading: Reading | None, at: datetime, received_at: datetime) -> UplinkAck:
        """The sensor speaks without saying whether the bay is taken; a tag it names counts as read there then."""
        bay = self._bay_at(at)
        if bay is None:
            return UplinkAck(outcome="heard")
        state = self._overlay.state(bay.bay_id)
        if reading is not None and reading.credential is not None and _of_present(state, at):
            state = model.card_read(state, reading.credential, at)
        if state.heard_at is not None and not state.silent:
            state = msgspec.structs.replace(state, heard_at=max(state.heard_at, received_at))
        self._overlay.settle(bay, state, "report", heard=True)
        return UplinkAck(outcome="heard", bay_id=bay.bay_id)

    def _bay_at(self, at: datetime) -> Bay | None:
        """The bay the device was on at that instant."""
        on = [one for one in self._owner.assignments if one.ended_at is None or at < one.ended_at]
        begun = [one for one in on if one.started_at <= at] or on[:1]
        bay = self._overlay.bay(begun[-1].bay_id) if begun else None
        return None if bay is None or bay.life == "retired" else bay

    # --- health ------------------------------------------------------------------------------------------------------

    def take_battery(self, told: BatteryTold, received_at: datetime) -> None:
        """The battery as the device told it to the network."""
        before = health.health_of(self._conn, self._device.device_id)
        values: dict[str, Any] = {"heard_at": received_at}
        if told.battery_pct is not None:
            values["battery_pct"] = told.battery_pct
            self._keep_battery(round(told.battery_pct))
        self._keep_health(before, values)

    def _note_health(self, uplink: Uplink, reading: Reading | None, fault: str | None, epoch: int,
                     received_at: datetime) -> None:  # fmt: skip
        before = health.health_of(self._conn, self._device.device_id)
        values = lorawan_health.told_by_frame(before, uplink, reading, epoch, received_at)
        if fault is not None:
            values |= {"faults": before.get("faults", 0) + 1, "last_fault": fault, "last_fault_at": received_at}
        self._keep_health(before, values)

    def _keep_health(self, before: Mapping[str, Any], values: dict[str, Any]) -> None:
        where = self._device.municipality_id
        limits = Limits(
            battery_pct=self._settings.int_of(BATTERY_LOW_PCT, where),
            battery_mv=self._settings.int_of(BATTERY_LOW_MV, where),
            rssi_dbm=self._settings.int_of(WEAK_RSSI_DBM, where), snr_db=self._settings.int_of(WEAK_SNR_DB, where),
        )  # fmt: skip
        after = {**before, **values}
        now = lorawan_health.verdict(after, limits)
        values |= {"battery_alarmed": now.battery_low, "signal_alarmed": now.signal_weak}
        changed = {name: value for name, value in values.items() if before.get(name) != value}
        if changed:
            health.note_health(self._conn, self._device.device_id, **changed)
        if now.battery_low and not before.get("battery_alarmed"):
            self._alarm("battery_low", _battery_words(after))
        if now.signal_weak and not before.get("signal_alarmed"):
            self._alarm("signal_weak", _signal_words(after))

    def _alarm(self, reason: Any, detail: str) -> None:
        device_id = self._device.device_id
        bay_id = next((one.bay_id for one in self._owner.assignments if one.ended_at is None), None)
        alarm = DeviceAlarmed(device_id=device_id, bay_id=bay_id, reason=reason, detail=detail)
        self._overlay.tell(alarm, self._device.municipality_id, device_id)
        log.warning(reason, alarm=True, device_id=device_id, bay_id=bay_id, detail=detail)

    def _keep_battery(self, battery_pct: int) -> None:
        row = self._overlay.devices.get(self._device.device_id) or self._owner.row
        if row.device.battery_pct == battery_pct:
            return
        device = msgspec.structs.replace(row.device, battery_pct=battery_pct)
        self._overlay.devices[device.device_id] = msgspec.structs.replace(row, device=device)
        store_devices.put_device(self._conn, device)


def _of_present(state: BayState, at: datetime) -> bool:
    """Whether a tag read at that instant can be of who stands there now or comes next; else it came late."""
    if state.changed_at is None:
        return True
    return at > state.changed_at if not state.told else at >= state.changed_at - model.EARLY_CHECK_IN


def hold(conn: Connection, municipality_id: str, epoch: int, frame: Heard, received_at: datetime,
         uplink: Uplink) -> UplinkAck:  # fmt: skip
    """A frame of a device nobody has claimed: listed, and kept for when somebody does; not of a dismissed one."""
    claim = lorawan_claims.claim_of(conn, municipality_id, uplink.dev_eui)
    if claim is None:
        claim = _first_heard(municipality_id, uplink, received_at)
        lorawan_claims.add_claim(conn, claim)
    else:
        lorawan_claims.heard_again(conn, claim, uplink, received_at)
    if claim.state == "dismissed":
        return UplinkAck(outcome="ignored", detail="This device was dismissed.")
    lorawan_store.add_frame(
        conn, municipality_id, uplink.dev_eui, epoch, frame, received_at=received_at, outcome="held", held=uplink
    )
    lorawan_store.trim_held(conn, municipality_id, uplink.dev_eui)
    return UplinkAck(outcome="held", detail="Nobody has claimed this device yet.")


def _first_heard(municipality_id: str, uplink: Uplink, at: datetime) -> ClaimRow:
    return ClaimRow(
        claim_id=new_id(), municipality_id=municipality_id, dev_eui=uplink.dev_eui, state="waiting",
        first_heard_at=at, last_heard_at=at, frames=1, last=uplink,
    )  # fmt: skip


def _battery_words(values: Mapping[str, Any]) -> str:
    said = [
        f"{values['battery_pct']:g} %" if values.get("battery_pct") is not None else "",
        f"{values['battery_mv']} mV" if values.get("battery_mv") is not None else "",
    ]
    return ", ".join(word for word in said if word)


def _signal_words(values: Mapping[str, Any]) -> str:
    said = [
        f"{values['mean_rssi_dbm']:.0f} dBm" if values.get("mean_rssi_dbm") is not None else "",
        f"{values['mean_snr_db']:.0f} dB" if values.get("mean_snr_db") is not None else "",
    ]
    return ", ".join(word for word in said if word)
