"""How a device is and how well it is heard: battery, signal, what it said last, and the reports that never came."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Connection, Float, Integer, String, Table, Text, insert, select, update

from siga.kit.columns import Instant, Position
from siga.services.parking.tables import metadata

# One row a device; what was never told is null. `mean_*` are smoothed, and `*_alarmed` say what a person was told of.
health = Table(
    "device_health", metadata,
    Column("device_id", String(60), primary_key=True),
    Column("heard_at", Instant),
    Column("battery_pct", Float),
    Column("battery_mv", Integer),
    Column("temperature_c", Float),
    Column("rssi_dbm", Float),
    Column("snr_db", Float),
    Column("mean_rssi_dbm", Float),
    Column("mean_snr_db", Float),
    Column("gaps", Integer, nullable=False, server_default="0"),
    Column("last_epoch", Position),
    Column("last_sequence", Position),
    Column("firmware", String(40)),
    Column("faults", Integer, nullable=False, server_default="0"),
    Column("last_fault", Text),
    Column("last_fault_at", Instant),
    Column("battery_alarmed", Boolean, nullable=False, server_default="0"),
    Column("signal_alarmed", Boolean, nullable=False, server_default="0"),
)  # fmt: skip


def note_health(conn: Connection, device_id: str, **values: Any) -> None:
    """Set these columns of the device's row, making it if there is none; the others stay."""
    if not conn.execute(update(health).where(health.c.device_id == device_id).values(values)).rowcount:
        conn.execute(insert(health).values(device_id=device_id, **values))


def note_gap(conn: Connection, device_id: str, missed: int) -> None:
    """Count `missed` more of the device's reports or frames as missing, fewer when negative."""
    mine = health.c.device_id == device_id
    if not conn.execute(update(health).where(mine).values(gaps=health.c.gaps + missed)).rowcount:
        conn.execute(insert(health).values(device_id=device_id, gaps=missed))


def missing(conn: Connection, device_id: str) -> int:
    """How many reports of the device are missing, over all its epochs."""
    return int(conn.scalar(select(health.c.gaps).where(health.c.device_id == device_id)) or 0)


def health_of(conn: Connection, device_id: str) -> dict[str, Any]:
    """The device's row by column; empty when nothing was ever noted of it."""
    row = conn.execute(select(health).where(health.c.device_id == device_id)).mappings().first()
    return {} if row is None else dict(row)
