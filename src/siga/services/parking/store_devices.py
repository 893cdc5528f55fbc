"""The SQL behind devices: their rows, keys and nonces, and to which bays they are and were assigned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from siga.contract.parking import Device
from siga.kit.bulk import insert_rows, update_rows
from siga.kit.columns import micros
from siga.services.parking import store_keys
from siga.services.parking import tables as t
from siga.services.parking.nonces import NonceWindow
from siga.services.parking.sql import parts, put
from siga.services.parking.store_keys import WaitingKey

_MOST_KEPT = 2**63 - 1


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A device with what only Parking and the door may know."""

    device: Device
    sealed_key: str | None
    epoch: int
    nonces: NonceWindow
    key_no: int = 0
    waiting: WaitingKey | None = None
    """The newer key that it was given and has not used."""


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A device on a bay for an interval; `assignment` grows, so a later one comes after."""

    assignment: int
    device_id: str
    bay_id: str
    started_at: datetime
    ended_at: datetime | None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A device with all assignments it ever had, oldest first."""

    row: DeviceRow
    assignments: tuple[Assignment, ...]


def cameras(conn: Connection) -> dict[str, tuple[str, ...]]:
    """The enabled cameras that see each bay."""
    d, a = t.devices.c, t.assignments.c
    query = (
        select(a.bay_id, d.device)
        .join(t.devices, d.device_id == a.device_id)
        .where(d.kind == "camera", a.ended_at.is_(None))
        .order_by(a.assignment)
    )
    found: dict[str, tuple[str, ...]] = {}
    for bay_id, device in conn.execute(query):
        if device.enabled and not device.revoked:
            found[bay_id] = (*found.get(bay_id, ()), device.device_id)
    return found


def known(conn: Connection, device_ids: Sequence[str]) -> dict[str, Known]:
    """Devices with their assignments, those that are there."""
    d, a = t.devices.c, t.assignments.c
    found: dict[str, Known] = {}
    for lot in parts(device_ids):
        of: dict[str, list[Assignment]] = {}
        for row in conn.execute(select(t.assignments).where(a.device_id.in_(lot)).order_by(a.assignment)).mappings():
            of.setdefault(row["device_id"], []).append(Assignment(**row))
        waiting = store_keys.waiting(conn, lot)
        for row in conn.execute(select(t.devices).where(d.device_id.in_(lot))).mappings():
            kept = _device_row(row, waiting.get(row["device_id"]))
            made = Known(row=kept, assignments=tuple(of.get(row["device_id"], ())))
            found[row["device_id"]] = made
    return found


def known_one(conn: Connection, device_id: str) -> Known | None:
    """A device with its assignments."""
    return known(conn, [device_id]).get(device_id)


def sensors_of(conn: Connection, bay_ids: Sequence[str]) -> dict[str, str]:
    """The sensor that watches each of these bays, where one does."""
    d, a = t.devices.c, t.assignments.c
    found: dict[str, str] = {}
    for lot in parts(bay_ids):
        query = (
            select(a.bay_id, a.device_id)
            .join(t.devices, d.device_id == a.device_id)
            .where(a.bay_id.in_(lot), a.ended_at.is_(None), d.kind == "bay_sensor")
            .order_by(a.assignment)
        )
        found.update((bay_id, device_id) for bay_id, device_id in conn.execute(query))
    return found


def open_assignments_of(conn: Connection, bay_ids: Sequence[str]) -> list[Assignment]:
    """The sensors' assignments to these bays that have not ended."""
    d, a = t.devices.c, t.assignments.c
    found: list[Assignment] = []
    for lot in parts(bay_ids):
        query = (
            select(t.assignments)
            .join(t.devices, d.device_id == a.device_id)
            .where(a.bay_id.in_(lot), a.ended_at.is_(None), d.kind == "bay_sensor")
        )
        found += [Assignment(**row) for row in conn.execute(query).mappings()]
    return found


def devices_page(conn: Connection, municipality_ids: Sequence[str], kind: str | None, after: str,
                 limit: int) -> list[Device]:  # fmt: skip
    """Devices of these municipalities by id, after one."""
    d = t.devices.c
    query = select(d.device).where(d.municipality_id.in_(municipality_ids), d.device_id > after)
    if kind is not None:
        query = query.where(d.kind == kind)
    return list(conn.scalars(query.order_by(d.device_id).limit(limit)))


def listed_under(conn: Connection, device_id: str) -> tuple[str, ...]:
    """The devices for which this one's key may report besides."""
    d = t.devices.c
    return tuple(conn.scalars(select(d.device_id).where(d.listed_under == device_id).order_by(d.device_id)))


def listed_counts(conn: Connection, device_ids: Sequence[str]) -> dict[str, int]:
    """How many devices are listed under each of these."""
    found = dict.fromkeys(device_ids, 0)
    d = t.devices.c
    for lot in parts(device_ids):
        query = select(d.listed_under, func.count()).where(d.listed_under.in_(lot)).group_by(d.listed_under)
        found.update((under, count) for under, count in conn.execute(query))
    return found


def _device_row(row: Any, waiting: WaitingKey | None) -> DeviceRow:
    return DeviceRow(
        device=row["device"], sealed_key=row["sealed_key"], epoch=row["epoch"],
        nonces=_window(row["nonce_top"], row["nonce_bits"]), key_no=row["key_no"], waiting=waiting,
    )  # fmt: skip


def put_device(conn: Connection, device: Device, **more: Any) -> None:
    """Keep a device; `more` may set sealed_key, key_no, code_hash, epoch."""
    put(conn, t.devices, "device_id", {
        "device_id": device.device_id, "municipality_id": device.municipality_id, "kind": device.kind,
        "listed_under": device.listed_under, "external_id": device.external_id, "device": device, **more,
    })  # fmt: skip


def device_of_code(conn: Connection, code_hash: str) -> Device | None:
    """The device that waits to be enrolled by this code."""
    found: Device | None = conn.scalar(select(t.devices.c.device).where(t.devices.c.code_hash == code_hash))
    return found


def put_nonces(conn: Connection, windows: Mapping[str, NonceWindow]) -> None:
    """Keep devices' nonce windows, in the transaction of what the nonces were spent for."""
    rows = [(*_kept(window), device_id) for device_id, window in windows.items()]
    update_rows(conn, t.devices, ["nonce_top", "nonce_bits"], "device_id", rows)


def _kept(window: NonceWindow) -> tuple[int, str]:
    """As the columns hold it. A nonce has 64 bits without a sign, a column 63: a higher top stands before the bits."""
    if window.top <= _MOST_KEPT:
        return window.top, f"{window.bits:x}"
    return _MOST_KEPT, f"{window.top:x}:{window.bits:x}"


def _window(top: int, bits: str) -> NonceWindow:
    high, _, low = bits.rpartition(":")
    return NonceWindow(top=int(high, 16) if high else top, bits=int(low, 16))


def next_assignment(conn: Connection) -> int:
    """The number of the next assignment."""
    return int(conn.scalar(select(func.max(t.assignments.c.assignment))) or 0) + 1


def start_assignments(conn: Connection, assignments: Sequence[Assignment]) -> None:
    """Begin assignments."""
    rows = [(a.assignment, a.device_id, a.bay_id, micros(a.started_at), None) for a in assignments]
    insert_rows(conn, t.assignments, rows)


def end_assignments(conn: Connection, numbers: Sequence[int], at: datetime) -> None:
    """End assignments."""
    if numbers:
        conn.execute(update(t.assignments).where(t.assignments.c.assignment.in_(numbers)).values(ended_at=at))
