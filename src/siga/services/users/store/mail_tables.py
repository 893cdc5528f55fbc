"""The tables of mail and of links: letters wait sealed until they are sent, of links there are only hashes."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from siga.kit.columns import Instant
from siga.services.users.store.tables import metadata

letters = Table(
    "letters",
    metadata,
    Column("letter_id", String(36), primary_key=True),
    Column("user_id", String(36), nullable=False, index=True),
    Column("letter_sealed", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False, index=True),
    Column("ends_at", Instant, nullable=False),
)

links = Table(
    "account_links",
    metadata,
    Column("link_id", String(36), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("user_id", String(36), nullable=False, index=True),
    Column("group_id", String(36), nullable=False),
    Column("email_match", String(64), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("asked_sealed", LargeBinary),
    Column("by_hand", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("opened_at", Instant),
    Column("used_at", Instant),
    Column("ends_at", Instant, nullable=False, index=True),
    Index("account_links_by_address", "email_match", "created_at"),
)

token_keys = Table(
    "token_keys",
    metadata,
    Column("kid", String(36), primary_key=True),
    Column("key_sealed", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ends_at", Instant),
)
