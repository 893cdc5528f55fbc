"""Tables of devices' keys besides the one in use: those not used yet, and the public keys a device ever had."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from siga.kit.columns import Instant
from siga.services.parking.tables import metadata

# A key that was given and never used. `floor`: nonces up to it are spent (decimal; empty = none is).
waiting_keys = Table(
    "waiting_keys", metadata,
    Column("device_id", String(60), primary_key=True),
    Column("key_no", Integer, nullable=False),
    Column("key_kind", String(10), nullable=False),
    Column("sealed_key", Text, nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("older_ends_at", Instant, nullable=False),
    Column("floor", String(20), nullable=False),
)  # fmt: skip

# A device may come back to a public key it had: its envelopes of then must not count again.
public_keys = Table(
    "public_keys", metadata,
    Column("device_id", String(60), primary_key=True),
    Column("key_hash", String(64), primary_key=True),
    Column("key_no", Integer, nullable=False),
    Column("floor", String(20), nullable=False),
)  # fmt: skip
