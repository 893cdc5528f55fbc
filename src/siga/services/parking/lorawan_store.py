"""The SQL behind LoRaWAN: integrations, devices, sessions, frames."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from siga.contract.base import Word
from siga.contract.lorawan import ServerKind, Uplink
from siga.services.parking import tables_lorawan as t
from siga.services.parking.lorawan_order import Heard, Kept, Session

MOST_HELD = 64
"""So many frames of a device nobody has claimed are kept, the newest."""
_MOST_SESSIONS = 32


class IntegrationRow(Word):
    """An integration with what only Parking knows."""

    integration_id: str
    municipality_id: str
    kind: ServerKind
    name: str
    enabled: bool
    secret_hash: str
    old_hash: str | None
    old_until: datetime | None
    created_at: datetime
    rotated_at: datetime | None
    heard_at: datetime | None
    messages: int
    uplinks: int


class DeviceRow(Word):
    """A device that was claimed."""

    municipality_id: str
    dev_eui: str
    device_id: str
    codec_id: str
    claimed_at: datetime


class FrameRow(Word):
    """A frame that is kept to be read again."""

    epoch: int
    f_cnt: int
    received_at: datetime
    uplink: Uplink


# --- integrations ----------------------------------------------------------------------------------------------------


def integration(conn: Connection, integration_id: str) -> IntegrationRow | None:
    """One integration."""
    found = conn.execute(select(t.integrations).where(t.integrations.c.integration_id == integration_id))
    row = found.mappings().first()
    return None if row is None else IntegrationRow(**row)


def integrations(conn: Connection, municipality_ids: Sequence[str]) -> list[IntegrationRow]:
    """All of these municipalities, by name."""
    c = t.integrations.c
    query = select(t.integrations).where(c.municipality_id.in_(municipality_ids)).order_by(c.name, c.integration_id)
    return [IntegrationRow(**row) for row in conn.execute(query).mappings()]


def integration_of_secret(conn: Connection, secret_hash: str) -> IntegrationRow | None:
    """The integration that has, or had before, the secret of this SHA-256."""
    c = t.integrations.c
    query = select(t.integrations).where(or_(c.secret_hash == secret_hash, c.old_hash == secret_hash))
    row = conn.execute(query).mappings().first()
    return None if row is None else IntegrationRow(**row)


def add_integration(conn: Connection, row: IntegrationRow) -> None:
    """Keep a new one."""
    conn.execute(insert(t.integrations).values(msgspec.structs.asdict(row)))


def change_integration(conn: Connection, integration_id: str, **values: Any) -> None:
    """Change some columns."""
    conn.execute(update(t.integrations).where(t.integrations.c.integration_id == integration_id).values(values))


def count_messages(conn: Connection, integration_id: str, at: datetime, messages: int, uplinks: int) -> None:
    """So many more messages came, so many of them uplinks that were new."""
    c = t.integrations.c
    values = {"heard_at": at, "messages": c.messages + messages, "uplinks": c.uplinks + uplinks}
    conn.execute(update(t.integrations).where(c.integration_id == integration_id).values(values))


# --- devices ---------------------------------------------------------------------------------------------------------


def device(conn: Connection, municipality_id: str, dev_eui: str) -> DeviceRow | None:
    """The device that was claimed under this DevEUI."""
    c = t.devices.c
    query = select(t.devices).where(c.municipality_id == municipality_id, c.dev_eui == dev_eui)
    row = conn.execute(query).mappings().first()
    return None if row is None else DeviceRow(**row)


def device_of_id(conn: Connection, device_id: str) -> DeviceRow | None:
    """The same by the device's id; None for devices that are not LoRaWAN."""
    row = conn.execute(select(t.devices).where(t.devices.c.device_id == device_id)).mappings().first()
    return None if row is None else DeviceRow(**row)


def put_device(conn: Connection, row: DeviceRow) -> None:
    """Claim a DevEUI, or claim it anew."""
    c = t.devices.c
    conn.execute(delete(t.devices).where(c.municipality_id == row.municipality_id, c.dev_eui == row.dev_eui))
    conn.execute(insert(t.devices).values(msgspec.structs.asdict(row)))


def pin(conn: Connection, device_id: str, codec_id: str) -> None:
    """From now on the device's frames are read by this codec."""
    conn.execute(update(t.devices).where(t.devices.c.device_id == device_id).values(codec_id=codec_id))


# --- sessions and frames ---------------------------------------------------------------------------------------------


def sessions(conn: Connection, municipality_id: str, dev_eui: str) -> list[Session]:
    """The device's sessions, oldest first."""
    c = t.sessions.c
    query = (
        select(c.server, c.session, c.epoch, c.dev_addr, c.began_at, c.top_f_cnt, c.top_at)
        .where(c.municipality_id == municipality_id, c.dev_eui == dev_eui)
        .order_by(c.epoch)
    )
    return [Session(**row) for row in conn.execute(query).mappings()]


def put_session(conn: Connection, municipality_id: str, dev_eui: str, known: Sequence[Session], one: Session) -> None:
    """Keep a session; the oldest of too many are forgotten."""
    c, values = t.sessions.c, msgspec.structs.asdict(one)
    mine = and_(c.municipality_id == municipality_id, c.dev_eui == dev_eui)
    key = and_(mine, c.server == one.server, c.session == one.session, c.epoch == one.epoch)
    if not conn.execute(update(t.sessions).where(key).values(values)).rowcount:
        conn.execute(insert(t.sessions).values(municipality_id=municipality_id, dev_eui=dev_eui, **values))
        if len(known) >= _MOST_SESSIONS:
            conn.execute(delete(t.sessions).where(mine, c.epoch <= known[len(known) - _MOST_SESSIONS].epoch))


def kept(conn: Connection, municipality_id: str, dev_eui: str, f_cnt: int) -> list[Kept]:
    """The device's frames of this counter that were taken, of all epochs."""
    c = t.frames.c
    query = select(c.server, c.epoch, c.fingerprint, c.observed_at.label("at")).where(
        c.municipality_id == municipality_id, c.dev_eui == dev_eui, c.f_cnt == f_cnt
    )
    return [Kept(**row) for row in conn.execute(query).mappings()]


def add_frame(conn: Connection, municipality_id: str, dev_eui: str, epoch: int, frame: Heard, *,
              received_at: datetime, outcome: str, held: Uplink | None) -> None:  # fmt: skip
    """Take a frame that was not taken before."""
    conn.execute(
        insert(t.frames).values(
            municipality_id=municipality_id, dev_eui=dev_eui, epoch=epoch, f_cnt=frame.f_cnt, server=frame.server,
            fingerprint=frame.fingerprint, observed_at=frame.at, received_at=received_at, outcome=outcome, held=held,
        )
    )  # fmt: skip


def settle_frame(conn: Connection, row: DeviceRow, frame: FrameRow, outcome: str, held: Uplink | None) -> None:
    """What became of a frame that was held."""
    c = t.frames.c
    key = and_(c.municipality_id == row.municipality_id, c.dev_eui == row.dev_eui, c.epoch == frame.epoch,
               c.f_cnt == frame.f_cnt)  # fmt: skip
    conn.execute(update(t.frames).where(key).values(outcome=outcome, held=held))


def held_frames(conn: Connection, municipality_id: str, dev_eui: str) -> list[FrameRow]:
    """The frames that are kept to be read again, in order."""
    c = t.frames.c
    query = (
        select(c.epoch, c.f_cnt, c.received_at, c.held.label("uplink"))
        .where(c.municipality_id == municipality_id, c.dev_eui == dev_eui, c.held.is_not(None))
        .order_by(c.epoch, c.f_cnt)
    )
    return [FrameRow(**row) for row in conn.execute(query).mappings()]


def gap_change(conn: Connection, municipality_id: str, dev_eui: str, epoch: int, f_cnt: int) -> int:
    """By how many the counters that are missing between an epoch's frames grow with this new one."""
    c = t.frames.c
    mine = and_(c.municipality_id == municipality_id, c.dev_eui == dev_eui, c.epoch == epoch)
    below = conn.scalar(select(func.max(c.f_cnt)).where(mine, c.f_cnt < f_cnt))
    above = conn.scalar(select(func.min(c.f_cnt)).where(mine, c.f_cnt > f_cnt))
    if below is not None and above is not None:
        return -1
    if below is not None:
        return f_cnt - int(below) - 1
    return 0 if above is None else int(above) - f_cnt - 1


def trim_held(conn: Connection, municipality_id: str, dev_eui: str) -> None:
    """Forget all but the newest frames of a device nobody has claimed."""
    c = t.frames.c
    mine = and_(c.municipality_id == municipality_id, c.dev_eui == dev_eui)
    query = select(c.epoch, c.f_cnt).where(mine).order_by(c.epoch.desc(), c.f_cnt.desc()).offset(MOST_HELD).limit(1)
    oldest = conn.execute(query).first()
    if oldest is not None:
        past = or_(c.epoch < oldest.epoch, and_(c.epoch == oldest.epoch, c.f_cnt <= oldest.f_cnt))
        conn.execute(delete(t.frames).where(mine, past))


def drop_frames(conn: Connection, municipality_id: str, dev_eui: str) -> None:
    """Forget all frames of a device nobody has claimed."""
    c = t.frames.c
    conn.execute(delete(t.frames).where(c.municipality_id == municipality_id, c.dev_eui == dev_eui))
