"""Second factors, pure: codes of an app (TOTP, RFC 6238), passkeys, recovery codes, tickets, what a town demands."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import pyotp

from siga.contract.auth import STAFF_ROLES, Grant
from siga.contract.factors import FactorMode, Way

STEP_S, DIGITS = 30, 6
DRIFT_STEPS = 1
"""A code of the step before or after is taken too: phones' clocks are not exact (RFC 6238, 5.2)."""
RECOVERY_CODES = 10
MOST_PASSKEYS = 20
TICKET_LIVES = timedelta(minutes=5)
ENROLMENT_LIVES = timedelta(minutes=15)
ISSUER = "SIGA"

Purpose = Literal["sign_in", "passkey", "confirm", "totp", "enrol"]
"""What a ticket is good for: the second step after a password, a sign-in by passkey alone, confirming, a new TOTP
secret, a new passkey."""

_STRICTNESS: tuple[FactorMode, ...] = ("off", "asked", "required")


class Totp(msgspec.Struct, frozen=True, kw_only=True):
    """A person's app of codes. `last_step` is the newest step whose code was used."""

    user_id: str
    secret_sealed: bytes
    last_step: int
    added_at: datetime


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A WebAuthn credential. `rp_id` is the host it was made at, the only one where it works."""

    passkey_id: str
    user_id: str
    credential_id: bytes
    rp_id: str
    public_key: bytes
    sign_count: int
    synced: bool
    name: str
    added_at: datetime
    used_at: datetime | None = None


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What a half-done act is carried on by. `sealed` holds what the act needs: a challenge, a new secret."""

    token_hash: str
    purpose: Purpose
    user_id: str | None
    session_id: str | None
    sealed: bytes
    ends_at: datetime


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket of passkeys holds, sealed: the random bytes a passkey signs, and where."""

    challenge: bytes
    origin: str = ""


class Held(msgspec.Struct, frozen=True):
    """Which second factors a person has."""

    totp: Totp | None
    passkeys: tuple[Passkey, ...]
    recovery_codes: int

    def __bool__(self) -> bool:
        return self.totp is not None or bool(self.passkeys)

    def ways(self) -> tuple[Way, ...]:
        """How the person can show one, the best first."""
        found: list[Way] = []
        if self.passkeys:
            found.append("passkey")
        if self.totp is not None:
            found.append("totp")
        if self.recovery_codes:
            found.append("recovery")
        return tuple(found)


def step_of(now: datetime) -> int:
    """The number of the 30 s step."""
    return int(now.timestamp()) // STEP_S


def fitting_step(secret: str, code: str, last_step: int, now: datetime) -> int | None:
    """The step whose code this is, None for no such step; steps up to the last used one are spent (ASVS 6.5.1)."""
    digits = "".join(c for c in code if c.isdigit())
    made, here = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S), step_of(now)
    for step in range(max(here - DRIFT_STEPS, last_step + 1), here + DRIFT_STEPS + 1):
        if hmac.compare_digest(made.generate_otp(step), digits):
            return step
    return None


def looks_like_totp(code: str) -> bool:
    """Whether a code is one of an app (6 digits, however spaced) rather than a recovery code."""
    plain = "".join(code.split())
    return len(plain) == DIGITS and plain.isdigit()


def otpauth_uri(secret: str, email: str) -> str:
    """What a QR for the app holds (Key URI Format)."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S).provisioning_uri(name=email, issuer_name=ISSUER)


def strictest(modes: Iterable[str]) -> FactorMode:
    """What somebody with roles in several towns must do: what the strictest of them says."""
    wanted = set(modes)
    return next((mode for mode in reversed(_STRICTNESS) if mode in wanted), "off")


def staff_places(grants: Iterable[Grant]) -> set[str]:
    """The municipalities ("" = the platform) where somebody is staff."""
    return {grant.municipality_id for grant in grants if grant.role in STAFF_ROLES}
