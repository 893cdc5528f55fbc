"""The SQL behind Parking: one text for SQLite and PostgreSQL, no rule in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select, update

from siga.contract.parking import Bay, Device, Rule, Zone
from siga.contract.users import AccreditationBrief, CredentialCopy, Municipality
from siga.services.parking import tables as t
from siga.services.parking.model import BayState
from siga.services.parking.nonces import NonceWindow


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A device with what only Parking and the door may know."""

    device: Device
    sealed_key: str | None
    epoch: int
    nonces: NonceWindow


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


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that memory holds, read at start."""

    zones: list[Zone]
    bays: list[tuple[Bay, BayState]]
    rules: list[Rule]
    devices: list[DeviceRow]
    assignments: list[Assignment]
    credentials: list[CredentialCopy]
    accreditations: list[AccreditationBrief]
    municipalities: list[Municipality]
    position: int


def load(conn: Connection) -> Loaded:
    """The whole picture as of the journal's head."""
    return Loaded(
        zones=list(conn.scalars(select(t.zones.c.zone))),
        bays=[(bay, state) for bay, state in conn.execute(select(t.bays.c.bay, t.bays.c.state))],
        rules=list(conn.scalars(select(t.rules.c.rule))),
        devices=[_device_row(r) for r in conn.execute(select(t.devices)).mappings()],
        assignments=[Assignment(**r) for r in conn.execute(select(t.assignments)).mappings()],
        credentials=list(conn.scalars(select(t.credentials.c.row))),
        accreditations=list(conn.scalars(select(t.accreditations.c.brief))),
        municipalities=list(conn.scalars(select(t.municipalities.c.municipality))),
        position=t.journal.head(conn),
    )


def _device_row(row: Any) -> DeviceRow:
    window = NonceWindow(top=row["nonce_top"], bits=int(row["nonce_bits"], 16))
    return DeviceRow(device=row["device"], sealed_key=row["sealed_key"], epoch=row["epoch"], nonces=window)


def put(conn: Connection, table: Table, key: str, values: dict[str, Any]) -> None:
    """Write one row whole: update it, or insert it when there is none."""
    rest = {name: value for name, value in values.items() if name != key}
    column = table.c[key]
    if not conn.execute(update(table).where(column == values[key]).values(rest)).rowcount:
        conn.execute(insert(table).values(values))


def put_zone(conn: Connection, zone: Zone) -> None:
    """Keep a zone."""
    put(conn, t.zones, "zone_id", {
        "zone_id": zone.zone_id, "municipality_id": zone.municipality_id, "name": zone.name, "zone": zone,
    })  # fmt: skip


def insert_bays(conn: Connection, pairs: Iterable[tuple[Bay, BayState]]) -> None:
    """Keep new bays with their first state."""
    rows = [{**_bay_values(bay), "bay_id": bay.bay_id, "state": state} for bay, state in pairs]
    if rows:
        conn.execute(insert(t.bays), rows)


def update_bays(conn: Connection, bays: Iterable[Bay]) -> None:
    """Keep new versions of bays; their state stays."""
    rows = [{**_bay_values(bay), "key": bay.bay_id} for bay in bays]
    if rows:
        conn.execute(update(t.bays).where(t.bays.c.bay_id == bindparam("key")), rows)


def _bay_values(bay: Bay) -> dict[str, Any]:
    return {
        "municipality_id": bay.municipality_id, "zone_id": bay.zone_id, "code": bay.code,
        "external_id": bay.external_id, "bay": bay,
    }  # fmt: skip


def update_states(conn: Connection, states: Iterable[BayState]) -> None:
    """Keep new states of bays."""
    rows = [{"key": state.bay_id, "state": state} for state in states]
    if rows:
        conn.execute(update(t.bays).where(t.bays.c.bay_id == bindparam("key")), rows)


def put_rule(conn: Connection, rule: Rule) -> None:
    """Keep a rule."""
    put(conn, t.rules, "rule_id", {"rule_id": rule.rule_id, "municipality_id": rule.municipality_id, "rule": rule})


def remove_rule(conn: Connection, rule_id: str) -> None:
    """Take a rule away."""
    conn.execute(delete(t.rules).where(t.rules.c.rule_id == rule_id))


def put_device(conn: Connection, device: Device, **more: Any) -> None:
    """Keep a device; `more` may set sealed_key, code_hash, epoch."""
    put(conn, t.devices, "device_id", {
        "device_id": device.device_id, "municipality_id": device.municipality_id, "device": device, **more,
    })  # fmt: skip


def device_of_code(conn: Connection, code_hash: str) -> Device | None:
    """The device that waits to be enrolled by this code."""
    found: Device | None = conn.scalar(select(t.devices.c.device).where(t.devices.c.code_hash == code_hash))
    return found


def put_nonces(conn: Connection, device_id: str, window: NonceWindow) -> None:
    """Keep a device's nonce window, in the transaction of what the nonce was spent for."""
    values = {"nonce_top": window.top, "nonce_bits": f"{window.bits:x}"}
    conn.execute(update(t.devices).where(t.devices.c.device_id == device_id).values(values))


def next_assignment(conn: Connection) -> int:
    """The number of the next assignment."""
    return int(conn.scalar(select(func.max(t.assignments.c.assignment))) or 0) + 1


def start_assignment(conn: Connection, assignment: Assignment) -> None:
    """Begin an assignment."""
    conn.execute(insert(t.assignments).values(msgspec.structs.asdict(assignment)))


def end_assignments(conn: Connection, numbers: Sequence[int], at: datetime) -> None:
    """End assignments."""
    if numbers:
        conn.execute(update(t.assignments).where(t.assignments.c.assignment.in_(numbers)).values(ended_at=at))


def add_doubt(conn: Connection, doubt_id: str, bay_id: str, by: str, at: datetime) -> bool:
    """Keep a doubt; False when it is already there."""
    if conn.scalar(select(t.doubts.c.doubt_id).where(t.doubts.c.doubt_id == doubt_id)):
        return False
    conn.execute(insert(t.doubts).values(doubt_id=doubt_id, bay_id=bay_id, by_whom=by, at=at))
    return True


def doubters_since(conn: Connection, bay_id: str, since: datetime) -> int:
    """How many different people doubted the bay since an instant."""
    mine = and_(t.doubts.c.bay_id == bay_id, t.doubts.c.at >= since)
    return int(conn.scalar(select(func.count(func.distinct(t.doubts.c.by_whom))).where(mine)) or 0)


def forget_doubts(conn: Connection, before: datetime) -> None:
    """Forget doubts older than an instant."""
    conn.execute(delete(t.doubts).where(t.doubts.c.at < before))


def put_credential(conn: Connection, row: CredentialCopy) -> None:
    """Keep a row of the read copy of Users' credentials."""
    put(conn, t.credentials, "credential", {"credential": row.credential, "row": row})


def put_accreditation(conn: Connection, brief: AccreditationBrief) -> None:
    """Keep a row of the read copy of Users' accreditations."""
    put(conn, t.accreditations, "accreditation_id", {"accreditation_id": brief.accreditation_id, "brief": brief})


def put_municipality(conn: Connection, municipality: Municipality) -> None:
    """Keep a row of the read copy of Users' municipalities."""
    key = municipality.municipality_id
    put(conn, t.municipalities, "municipality_id", {"municipality_id": key, "municipality": municipality})


def put_addresses(conn: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Keep addresses that are not there yet; how many were new."""
    ids = [row["address_id"] for row in rows]
    known: set[str] = set()
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        known.update(conn.scalars(select(t.addresses.c.address_id).where(t.addresses.c.address_id.in_(part))))
    fresh = {row["address_id"]: row for row in rows if row["address_id"] not in known}
    if fresh:
        conn.execute(insert(t.addresses), list(fresh.values()))
    return len(fresh)


def find_addresses(
    conn: Connection, words: Sequence[str], limit: int, municipality_id: str | None
) -> list[dict[str, Any]]:
    """Addresses whose folded text holds every word."""
    a = t.addresses
    query = select(a).where(*(a.c.folded.contains(word, autoescape=True) for word in words))
    if municipality_id:
        query = query.where(a.c.municipality_id == municipality_id)
    query = query.order_by(a.c.street, func.length(a.c.number), a.c.number).limit(limit)
    return [dict(row) for row in conn.execute(query).mappings()]
