"""The SQL behind an import of devices: what it names, looked up by keys, and many new devices at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, insert, select

from siga.contract.parking import Device, Life
from siga.services.parking import tables as t
from siga.services.parking.sql import parts


class NamedBay(NamedTuple):
    """A bay that a file names."""

    bay_id: str
    life: Life


def devices_by_external(conn: Connection, municipality_id: str, external_ids: Sequence[str]) -> dict[str, Device]:
    """The municipality's devices that its inventory calls so."""
    d = t.devices.c
    found: dict[str, Device] = {}
    for lot in parts(external_ids):
        query = select(d.external_id, d.device).where(d.municipality_id == municipality_id, d.external_id.in_(lot))
        found.update((external_id, device) for external_id, device in conn.execute(query))
    return found


def devices_by_id(conn: Connection, municipality_id: str, device_ids: Sequence[str]) -> set[str]:
    """Those of these ids that are devices of the municipality."""
    d = t.devices.c
    found: set[str] = set()
    for lot in parts(device_ids):
        query = select(d.device_id).where(d.device_id.in_(lot), d.municipality_id == municipality_id)
        found.update(conn.scalars(query))
    return found


def bays_by_code(conn: Connection, municipality_id: str, codes: Sequence[str]) -> dict[str, NamedBay]:
    """The municipality's bays by their upper-case codes."""
    return _bays(conn, municipality_id, t.bays.c.folded_code, codes)


def bays_by_external(conn: Connection, municipality_id: str, external_ids: Sequence[str]) -> dict[str, NamedBay]:
    """The municipality's bays by the ids they were imported under."""
    return _bays(conn, municipality_id, t.bays.c.external_id, external_ids)


def _bays(
    conn: Connection, municipality_id: str, name: ColumnElement[str], wanted: Sequence[str]
) -> dict[str, NamedBay]:
    b = t.bays.c
    found: dict[str, NamedBay] = {}
    for lot in parts(wanted):
        query = select(name, b.bay_id, b.bay).where(b.municipality_id == municipality_id, name.in_(lot))
        found.update((key, NamedBay(bay_id, bay.life)) for key, bay_id, bay in conn.execute(query))
    return found


def insert_devices(conn: Connection, pairs: Sequence[tuple[Device, str | None]]) -> None:
    """Keep new devices with the hashes of their enrolment codes, where they have one."""
    rows = [
        {
            "device_id": device.device_id, "municipality_id": device.municipality_id, "kind": device.kind,
            "listed_under": device.listed_under, "external_id": device.external_id, "device": device,
            "code_hash": code_hash,
        }
        for device, code_hash in pairs
    ]  # fmt: skip
    if rows:
        conn.execute(insert(t.devices), rows)
