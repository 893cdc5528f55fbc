"""The tables of Users. Cards, plates and holders' names are sealed; tokens and codes are only there as hashes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

from siga.contract.auth import Grant
from siga.kit.columns import Day, Instant, Json
from siga.kit.journal import Journal

metadata = MetaData()
journal = Journal("users", metadata)

people = Table(
    "people",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("language", String(10), nullable=False),
    Column("password_hash", Text),
    Column("created_at", Instant, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("municipality_id", String(36), primary_key=True),
    Column("zone_ids", Json(tuple[str, ...]), nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("given_by", String(80), nullable=False),
    Index("grants_by_municipality", "municipality_id", "role"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("municipality_id", String(36), primary_key=True),
    Column("code_match", String(64), nullable=False, unique=True),
    Column("grants", Json(tuple[Grant, ...]), nullable=False),
    Column("name", Text, nullable=False),
    Column("resets", Integer, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index("invitations_by_municipality", "municipality_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", String(36), primary_key=True),
    Column("user_id", String(36), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("token_hash", String(64), unique=True),
    Column("user_agent", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, index=True),
    Column("confirmed_at", Instant),
    Column("must_enrol", Integer, nullable=False, server_default="0"),
    Column("locked", Integer, nullable=False, server_default="0"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("session_id", String(36), nullable=False, index=True),
    Column("used_at", Instant),
)

failures = Table(
    "sign_in_failures",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("times_us", Json(tuple[int, ...]), nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("ends_at", Instant),
)

totp = Table(
    "totp",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("added_at", Instant, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("code_match", String(64), primary_key=True),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("passkey_id", String(36), primary_key=True),
    Column("user_id", String(36), nullable=False, index=True),
    Column("credential_match", String(64), nullable=False, unique=True),
    Column("credential_id", LargeBinary, nullable=False),
    Column("rp_id", String(253), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("synced", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("used_at", Instant),
)

tickets = Table(
    "tickets",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("purpose", String(20), nullable=False),
    Column("user_id", String(36)),
    Column("session_id", String(36)),
    Column("sealed", LargeBinary, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
)

graces = Table(
    "second_factor_graces",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("given_at", Instant, nullable=False),
)

municipalities = Table(
    "municipalities",
    metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("slug", String(40), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("time_zone", String(60), nullable=False),
    Column("languages", Json(tuple[str, ...]), nullable=False),
    Column("country", String(2), nullable=False),
    Column("contact", Text, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("match_key_sealed", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
)

_NOT_REVOKED = text("status <> 'revoked'")

accreditations = Table(
    "accreditations",
    metadata,
    Column("accreditation_id", String(36), primary_key=True),
    Column("municipality_id", String(36), nullable=False),
    Column("category", String(20), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("number_match", String(64), nullable=False),
    Column("number_ends_with", String(3), nullable=False),
    Column("holder_sealed", LargeBinary, nullable=False),
    Column("valid_from", Day, nullable=False),
    Column("valid_to", Day, nullable=False),
    Column("status", String(20), nullable=False),
    Column("status_reason", String(20)),
    Column("claim_match", String(64), unique=True),
    Column("claimed_by", String(36), index=True),
    Column("created_at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Column("issuer_country", String(2), nullable=False, server_default=""),
    Column("language", String(10), nullable=False, server_default="es"),
    Column("holder_words", Integer, nullable=False, server_default="0"),
    Column("warned_for", Day),
    Index("accreditations_by_municipality", "municipality_id", "accreditation_id"),
    Index("accreditations_by_end", "municipality_id", "valid_to"),
    Index(
        "one_accreditation_a_number", "municipality_id", "number_match", "issuer", "issuer_country",
        unique=True, sqlite_where=_NOT_REVOKED, postgresql_where=_NOT_REVOKED,
    ),
)  # fmt: skip

credentials = Table(
    "credentials",
    metadata,
    Column("credential_id", String(36), primary_key=True),
    Column("municipality_id", String(36), nullable=False),
    Column("credential", String(64), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("accreditation_id", String(36), nullable=False, index=True),
    Column("value_sealed", LargeBinary, nullable=False),
    Column("ends_with", String(4), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("version", Integer, nullable=False),
    Column("revoked_reason", String(20)),
    Index("one_row_a_credential", "municipality_id", "credential", unique=True),
)
