"""Bays in places with packed states, devices found by what they are, reports that tell how long the last state was."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

from siga.kit.revisions import POSITION, rebuild


class _Mark(msgspec.Struct):
    check_in_id: str
    kind: str
    at: datetime
    accreditation_id: str | None = None


class _Judgement(msgspec.Struct):
    authorisation: str
    by: str


class _Stay(msgspec.Struct):
    stay_id: str
    started_at: datetime
    authorisation: str = "pending"
    authorised_by: str | None = None
    accreditation_id: str | None = None
    credential: str | None = None
    judged: _Judgement | None = None
    suspected: tuple[str, ...] = ()


class _State(msgspec.Struct):
    """A bay's state as first released, in the order in which it is packed from now on."""

    bay_id: str
    assignment: int = 0
    order: tuple[int, int, int] | None = None
    told: bool | None = None
    silent: bool = False
    observed_at: datetime | None = None
    changed_at: datetime | None = None
    heard_at: datetime | None = None
    doubted_at: datetime | None = None
    stay: _Stay | None = None
    check_in: _Mark | None = None
    card: str | None = None
    card_at: datetime | None = None
    sequence: int = 0


_read, _pack = msgspec.json.Decoder(_State).decode, msgspec.msgpack.Encoder().encode


def upgrade() -> None:
    """Bays and devices are made anew; reports get columns; bays that changed without an event get a table."""
    periods = _periods()
    places = iter(range(1 << 62))
    rebuild(
        "bays", "bay_id", _make_bays, lambda row: _bay(row, next(places), periods.get(row["bay_id"])),
        indexes=("ix_bays_zone_id",),
    )  # fmt: skip
    rebuild("devices", "device_id", _make_devices, _device, indexes=("ix_devices_municipality_id",))
    op.create_index("ix_bays_zone_id", "bays", ["zone_id"])
    op.create_index("ix_devices_municipality_id", "devices", ["municipality_id"])
    op.create_index("ix_devices_listed_under", "devices", ["listed_under"])
    op.add_column("reports", sa.Column("previous_duration_s", sa.Integer(), nullable=True))
    op.add_column("reports", sa.Column("previous_error_s", sa.Integer(), nullable=True))
    op.add_column("reports", sa.Column("simulated", sa.Boolean(), server_default="0", nullable=False))
    op.create_table(
        "quiet_changes",
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("position", POSITION, nullable=False),
        sa.PrimaryKeyConstraint("bay_id"),
    )


def _periods() -> dict[str, int]:
    """How often the sensor that watches each bay speaks, seconds."""
    query = sa.text(
        "SELECT a.bay_id, d.device FROM assignments a JOIN devices d ON d.device_id = a.device_id "
        "WHERE a.ended_at IS NULL ORDER BY a.assignment"
    )
    devices = ((bay_id, msgspec.json.decode(device)) for bay_id, device in op.get_bind().execute(query))
    return {bay_id: device["period_s"] for bay_id, device in devices if device["kind"] == "bay_sensor"}


def _make_bays() -> sa.Table:
    return op.create_table(
        "bays",
        sa.Column("bay_id", sa.String(36), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("zone_id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("folded_code", sa.String(60), nullable=False),
        sa.Column("folded_address", sa.Text(), server_default="", nullable=False),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("bay", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("period_s", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("bay_id"),
        sa.UniqueConstraint("municipality_id", "external_id"),
        sa.UniqueConstraint("municipality_id", "folded_code"),
        sa.UniqueConstraint("place"),
    )


def _make_devices() -> sa.Table:
    return op.create_table(
        "devices",
        sa.Column("device_id", sa.String(60), nullable=False),
        sa.Column("municipality_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("listed_under", sa.String(60), nullable=True),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=True),
        sa.Column("code_hash", sa.String(64), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("nonce_top", POSITION, nullable=False),
        sa.Column("nonce_bits", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device_id"),
        sa.UniqueConstraint("code_hash"),
        sa.UniqueConstraint("municipality_id", "external_id"),
    )


def _bay(row: dict[str, Any], place: int, period_s: int | None) -> dict[str, Any]:
    told = msgspec.json.decode(row["bay"])
    return {
        **row, "folded_code": row["code"].upper(), "folded_address": _folded(told.get("address", "")),
        "state": _packed(row["state"]), "place": place, "period_s": period_s,
    }  # fmt: skip


def _packed(text: str) -> bytes:
    """A state as MessagePack: arrays in the order of the members, without the bay's id."""
    state = _read(text)
    state.bay_id = ""
    return _pack(_array(state))


def _array(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return [_array(member) for member in msgspec.structs.astuple(value)]
    return value


def _device(row: dict[str, Any]) -> dict[str, Any]:
    told = msgspec.json.decode(row["device"])
    return {**row, "kind": told["kind"], "listed_under": told.get("listed_under"), "external_id": None}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())
