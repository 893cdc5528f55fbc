"""Devices kept and put upon bays, inside a transaction: what their desk and an import of many have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection

from siga.contract.parking import Device, DeviceDefined
from siga.kit.problem import FieldFault, Invalid, NotFound
from siga.services.parking import model, store, store_devices
from siga.services.parking.nonces import NonceWindow
from siga.services.parking.overlay import Overlay
from siga.services.parking.store_devices import Assignment, DeviceRow


def row_of(conn: Connection, device_id: str) -> DeviceRow:
    """The device, or NotFound."""
    known = store_devices.known_one(conn, device_id)
    if known is None:
        raise NotFound("There is no such device.")
    return known.row


def new_row(device: Device) -> DeviceRow:
    """What the store holds of a device that was never enrolled."""
    return DeviceRow(device=device, sealed_key=None, epoch=0, nonces=NonceWindow())


def keep(conn: Connection, overlay: Overlay, device: Device, row: DeviceRow) -> None:
    """Keep a new version of a device, and tell it."""
    store_devices.put_device(conn, device)
    note(overlay, device, row)


def note(overlay: Overlay, device: Device, row: DeviceRow) -> None:
    """Tell a version of a device that is in the store."""
    overlay.devices[device.device_id] = msgspec.structs.replace(row, device=device)
    overlay.cameras_changed |= device.kind == "camera"
    overlay.keys_changed = True
    overlay.tell(DeviceDefined(device=device), device.municipality_id, device.device_id)


def assign(conn: Connection, overlay: Overlay, devices: Sequence[Device]) -> None:
    """From now on each device is on the bays that it names: other assignments of it end, and a bay's sensor gives way.

    Invalid when a bay is not of the device's municipality. The devices themselves are kept already.
    """
    known = store_devices.known(conn, [device.device_id for device in devices])
    fresh: list[tuple[Device, str]] = []
    gone: dict[int, Assignment] = {}
    for device in devices:
        mine = known.get(device.device_id)
        current = [a for a in mine.assignments if a.ended_at is None] if mine else []
        gone.update((a.assignment, a) for a in current if a.bay_id not in device.bay_ids)
        there = {a.bay_id for a in current}
        fresh += [(device, bay_id) for bay_id in device.bay_ids if bay_id not in there]
    _check(overlay, fresh)
    watched = [bay_id for device, bay_id in fresh if device.kind == "bay_sensor"]
    # A swap ends the other sensor's.
    gone.update((a.assignment, a) for a in store_devices.open_assignments_of(conn, watched))
    _end(conn, overlay, list(gone.values()))
    _begin(conn, overlay, fresh)


def _check(overlay: Overlay, fresh: Iterable[tuple[Device, str]]) -> None:
    for device, bay_id in fresh:
        bay = overlay.bay(bay_id)
        if bay is None or bay.municipality_id != device.municipality_id or bay.life == "retired":
            raise Invalid(
                "A device watches bays of its own municipality.",
                errors=[FieldFault("/bay_ids", f"no such bay: {bay_id}")],
            )


def _begin(conn: Connection, overlay: Overlay, fresh: Sequence[tuple[Device, str]]) -> None:
    number = store_devices.next_assignment(conn)
    made = [
        Assignment(
            assignment=number + n, device_id=device.device_id, bay_id=bay_id, started_at=overlay.now, ended_at=None
        )
        for n, (device, bay_id) in enumerate(fresh)
    ]
    store_devices.start_assignments(conn, made)
    overlay.assigned.update(device.device_id for device, _ in fresh)
    sensors = [(device, a) for (device, _), a in zip(fresh, made, strict=True) if device.kind == "bay_sensor"]
    watch(conn, overlay, {a.bay_id: device.period_s for device, a in sensors})
    for _, assignment in sensors:
        _reset(overlay, assignment)


def _end(conn: Connection, overlay: Overlay, gone: Sequence[Assignment]) -> None:
    store_devices.end_assignments(conn, [a.assignment for a in gone], overlay.now)
    for a in gone:
        overlay.assigned.add(a.device_id)
        row = overlay.devices.get(a.device_id) or row_of(conn, a.device_id)
        if a.bay_id in row.device.bay_ids:
            left = tuple(b for b in row.device.bay_ids if b != a.bay_id)
            keep(conn, overlay, msgspec.structs.replace(row.device, bay_ids=left), row)
        if row.device.kind == "bay_sensor":
            watch(conn, overlay, {a.bay_id: None})
            _reset(overlay, a)


def watch(conn: Connection, overlay: Overlay, periods: dict[str, int | None]) -> None:
    """From now on sensors of these periods (seconds) watch the bays, or none does."""
    store.put_periods(conn, periods)
    overlay.periods.update((bay_id, period_s or 0) for bay_id, period_s in periods.items())


def _reset(overlay: Overlay, assignment: Assignment) -> None:
    bay = overlay.bay(assignment.bay_id)
    if bay is not None:
        state = model.reassigned(overlay.state(assignment.bay_id), assignment.assignment)
        overlay.settle(bay, state, "device", told=True)
