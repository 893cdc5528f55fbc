"""Many devices at once, as a town's inventory lists them: planned whole, refused row by row, again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection

from siga.contract.base import Ask, Word
from siga.contract.parking import Device
from siga.contract.settings import LISTED_MOST
from siga.kit.bay_files import RefusedRow
from siga.kit.device_files import DeviceDraft
from siga.kit.ids import new_code, new_id
from siga.kit.live_settings import LiveSettings
from siga.kit.problem import Invalid
from siga.ports import Database
from siga.services.parking import assigning, store_devices
from siga.services.parking import store_device_import as store
from siga.services.parking.device_desk import check, hash_of
from siga.services.parking.overlay import Overlay
from siga.services.parking.service import Parking

MOST = 5_000
"""Devices in one request: they are one transaction, and everybody else's changes wait for it."""
_STAY = ("label", "period_s", "has_clock", "resolution_id", "custody_body")
MayBay = Callable[[str], bool]
"""Whether the caller may put devices upon the bay of this id, or take them from it."""


class DeviceBatch(Ask):
    """Devices to be created or brought up to date, at most 5,000; `dry_run` only says what would happen."""

    municipality_id: str
    devices: list[DeviceDraft]
    dry_run: bool = False


class ImportedDevice(Word, omit_defaults=True):
    """A device of the batch. `code` enrols it and is shown this once; who is listed under another needs none."""

    external_id: str
    device_id: str
    code: str | None = None


class DeviceImportResult(Word):
    """What an import of devices did, or would do: counts, refused rows with reasons, the devices' ids and codes."""

    created: int
    updated: int
    unchanged: int
    refused: list[RefusedRow]
    devices: list[ImportedDevice] = []
    preview: list[DeviceDraft] = []
    dry_run: bool = False


class DeviceImport:
    """The use case. The caller was checked for the municipality; `may_bay` checks each bay."""

    def __init__(self, parking: Parking, database: Database, settings: LiveSettings) -> None:
        self._parking, self._database, self._settings = parking, database, settings

    async def take(self, batch: DeviceBatch, may_bay: MayBay) -> DeviceImportResult:
        """Create or bring up to date what the batch describes; what cannot be is refused and harms nothing else."""
        if len(batch.devices) > MOST and not batch.dry_run:
            raise Invalid(f"Send at most {MOST:,} devices at once; these are {len(batch.devices):,}.")
        most = self._settings.int_of(LISTED_MOST, batch.municipality_id)
        if batch.dry_run:
            plan = await self._database.read(lambda conn: planned(conn, batch, may_bay, most))
            told = []
        else:
            plan = await self._parking.commit(lambda conn, overlay: _carry_out(conn, overlay, batch, may_bay, most))
            told = [
                ImportedDevice(external_id=name, device_id=device_id, code=plan.codes.get(device_id))
                for name, device_id in plan.ids.items()
            ]
        return DeviceImportResult(
            created=len(plan.new), updated=len(plan.changed), unchanged=plan.unchanged, refused=plan.refused,
            devices=told, preview=batch.devices[:10], dry_run=batch.dry_run,
        )  # fmt: skip


def planned(conn: Connection, batch: DeviceBatch, may_bay: MayBay, most_listed: int) -> Plan:
    """What the batch would do to the store as it is."""
    plan = Plan(conn, batch, may_bay, most_listed)
    for draft in sorted(batch.devices, key=lambda draft: draft.listed_under is not None):  # who is listed under, first
        plan.take(draft)
    return plan


def _carry_out(conn: Connection, overlay: Overlay, batch: DeviceBatch, may_bay: MayBay, most_listed: int) -> Plan:
    plan = planned(conn, batch, may_bay, most_listed)
    hashes = {device_id: hash_of(code) for device_id, code in plan.codes.items()}
    store.insert_devices(conn, [(device, hashes.get(device.device_id)) for device in plan.new])
    for device in plan.new:
        assigning.note(overlay, device, assigning.new_row(device))
    for device in plan.changed:
        assigning.keep(conn, overlay, device, assigning.row_of(conn, device.device_id))
    assigning.assign(conn, overlay, [*plan.new, *plan.changed])
    watched = [d for d in plan.changed if d.kind == "bay_sensor"]
    assigning.watch(conn, overlay, {bay_id: d.period_s for d in watched for bay_id in d.bay_ids})
    return plan


class Plan:
    """What is to be done, row by row."""

    def __init__(self, conn: Connection, batch: DeviceBatch, may_bay: MayBay, most_listed: int) -> None:
        where, drafts = batch.municipality_id, batch.devices
        self._municipality_id, self._may_bay = where, may_bay
        under = {d.listed_under for d in drafts if d.listed_under is not None}
        names = {d.external_id for d in drafts} | under
        self._known = store.devices_by_external(conn, where, sorted(names))
        self._ids = store.devices_by_id(conn, where, sorted(under - self._known.keys()))
        codes = {code.upper() for d in drafts for code in d.bay_codes or ()}
        external = {name for d in drafts for name in d.bay_external_ids or ()}
        self._by_code = store.bays_by_code(conn, where, sorted(codes))
        self._by_external = store.bays_by_external(conn, where, sorted(external))
        self._roots = {name: d.device_id for name, d in self._known.items() if d.listed_under is None}
        self._most_listed = most_listed
        self._listed = store_devices.listed_counts(
            conn, [*(self._roots[name] for name in under if name in self._roots), *self._ids]
        )
        self._taken: dict[str, str] = {}
        self.new: list[Device] = []
        self.changed: list[Device] = []
        self.refused: list[RefusedRow] = []
        self.codes: dict[str, str] = {}
        """Enrolment codes by device id."""
        self.ids: dict[str, str] = {}
        """Device ids by external id, of all rows that were not refused."""
        self.unchanged = 0

    def take(self, draft: DeviceDraft) -> None:
        """Plan one device."""
        try:
            self._plan(draft)
        except _Refused as fault:
            row = RefusedRow(row=draft.row, reason=fault.reason, slug=fault.slug, excerpt=draft.external_id[:120])
            self.refused.append(row)

    def _plan(self, draft: DeviceDraft) -> None:
        name = draft.external_id
        if not 0 < len(name) <= 200:
            raise _Refused("id-missing", "Give the device an id of 1 to 200 characters.")
        if name in self.ids:
            raise _Refused("twice", f"The id '{name}' stands twice in this import.")
        before = self._known.get(name)
        if before is not None and draft.kind not in (None, before.kind):
            raise _Refused("other-kind", f"This device is a {before.kind}; a device cannot become another kind.")
        if before is not None and before.revoked:
            raise _Refused("revoked", "This device was revoked: give a new one another id.")
        for bay_id in before.bay_ids if before is not None else ():
            self._check_zone(bay_id)
        device = self._described(draft, before)
        self._claim(device, name)
        self.ids[name] = device.device_id
        if device.listed_under is None:
            self._roots[name] = device.device_id
        if before is None:
            self.new.append(device)
            if device.listed_under is None:
                self.codes[device.device_id] = new_code()
        elif device == before:
            self.unchanged += 1
        else:
            self.changed.append(device)

    def _described(self, draft: DeviceDraft, before: Device | None) -> Device:
        told: dict[str, Any] = {name: value for name in _STAY if (value := getattr(draft, name)) is not None}
        if draft.bay_codes is not None or draft.bay_external_ids is not None:
            bay_ids = self._bays(draft)
            if before is None or set(bay_ids) != set(before.bay_ids):
                told["bay_ids"] = bay_ids
        if draft.listed_under is not None:
            told["listed_under"] = self._listed_under(self._gateway(draft), before)
        if before is None:
            before = Device(
                device_id=new_id(), municipality_id=self._municipality_id,
                kind=draft.kind or "bay_sensor", external_id=draft.external_id,
            )  # fmt: skip
            device = msgspec.structs.replace(before, **told)
            if device.kind == "camera" and not (device.resolution_id and device.custody_body):
                device = msgspec.structs.replace(device, enabled=False)  # as one that is made singly
        else:
            device = msgspec.structs.replace(before, **told)
        try:
            check(device)
        except Invalid as fault:
            raise _Refused("invalid", f"{fault.detail} {fault.errors[0].reason}.") from fault
        return device

    def _bays(self, draft: DeviceDraft) -> tuple[str, ...]:
        found: dict[str, None] = {}
        wanted = [(code, self._by_code.get(code.upper())) for code in draft.bay_codes or ()]
        wanted += [(name, self._by_external.get(name)) for name in draft.bay_external_ids or ()]
        for name, bay in wanted:
            if bay is None or bay.life == "retired":
                raise _Refused("no-such-bay", f"There is no bay '{name}': import the bays first, or correct its code.")
            self._check_zone(bay.bay_id)
            found[bay.bay_id] = None
        return tuple(found)

    def _gateway(self, draft: DeviceDraft) -> str:
        name = draft.listed_under or ""
        if name in self._roots:
            return self._roots[name]
        if name in self._ids:
            return name
        raise _Refused("no-such-gateway", f"There is no device '{name}' with a key of its own to list this one under.")

    def _listed_under(self, device_id: str, before: Device | None) -> str:
        if before is None or before.listed_under != device_id:
            count = self._listed[device_id] = self._listed.get(device_id, 0) + 1
            if count > self._most_listed:
                most = self._most_listed
                raise _Refused("list-is-full", f"At most {most} devices may report by one key: list it under another.")
        return device_id

    def _check_zone(self, bay_id: str) -> None:
        if not self._may_bay(bay_id):
            raise _Refused("not-your-zone", "The device stands, or is to stand, in a zone that is not yours.")

    def _claim(self, device: Device, name: str) -> None:
        """A bay has one sensor: two rows that both want it are an error of the file."""
        if device.kind != "bay_sensor":
            return
        for bay_id in device.bay_ids:
            other = self._taken.setdefault(bay_id, name)
            if other != name:
                raise _Refused("bay-twice", f"The sensor '{other}' stands on this bay in the same import.")


class _Refused(Exception):
    """A row that cannot be taken."""

    def __init__(self, slug: str, reason: str) -> None:
        super().__init__(reason)
        self.slug, self.reason = slug, reason
