"""Words of second factors: one-time codes of an app (TOTP), recovery codes, passkeys, and confirming who one is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from siga.contract.auth import Principal
from siga.contract.base import Ask, Word
from siga.contract.events import event

FactorMode = Literal["off", "asked", "required"]
Way = Literal["totp", "recovery", "passkey"]
"""How a second factor is shown: the code of an app, a recovery code, a passkey."""

Ticket = Annotated[str, Meta(min_length=1, max_length=100)]
FactorCode = Annotated[str, Meta(min_length=1, max_length=40)]
PasskeyName = Annotated[str, Meta(min_length=1, max_length=60)]

ORIGIN_HEADER = "x-siga-origin"
"""The web origin a person came by (`https://host[:port]`), for passkeys; the gateway replaces what a client sent."""


class SecondStep(Word):
    """The password was right; a second factor is still to be shown, with this ticket, within some minutes."""

    ticket: str
    ways: tuple[Way, ...]
    ends_at: datetime
    passkey: dict[str, Any] | None = None
    """What to ask the browser for (`PublicKeyCredentialRequestOptionsJSON` of WebAuthn)."""
    next: Literal["second-factor"] = "second-factor"


class FactorProof(Ask):
    """A second factor: a code (of the app, else a recovery code), or what a passkey answered."""

    ticket: Ticket
    code: FactorCode | None = None
    passkey: dict[str, Any] | None = None
    """`AuthenticationResponseJSON` of WebAuthn."""


# --- between the gateway and Users -----------------------------------------------------------------------------------


class StepAsk(Ask):
    """Go on with a ticket: look at it, or show the factor. `address` and `user_agent` as in `SessionAsk`."""

    ticket: Ticket
    code: FactorCode | None = None
    passkey: dict[str, Any] | None = None
    address: str = ""
    user_agent: str = ""


class PasskeyAsk(Ask):
    """Begin to sign in by a passkey alone, at this origin."""

    origin: str


class SessionStep(Word):
    """What signing in led to: a session, or a second step before it. One of the two is there."""

    token: str | None = None
    """The session's token, told this once."""
    principal: Principal | None = None
    ends_at: datetime | None = None
    idle_s: int = 0
    step: SecondStep | None = None


# --- one's own factors -----------------------------------------------------------------------------------------------


class PasskeyView(Word):
    """One of a person's passkeys. `synced`: its maker keeps copies, so it is on several devices."""

    passkey_id: str
    name: str
    added_at: datetime
    used_at: datetime | None = None
    synced: bool = False


class Factors(Word):
    """A person's second factors, and whether the town asks for one."""

    mode: FactorMode
    totp_added_at: datetime | None = None
    passkeys: list[PasskeyView] = []
    recovery_codes_left: int = 0


class TotpStart(Word):
    """A new secret for an app that makes codes, told this once. It counts only once a code of it was sent back."""

    ticket: str
    secret: str
    """Base32, to type it in."""
    uri: str
    """`otpauth://totp/…`, what a QR holds."""


class TotpConfirm(Ask):
    """A code of the new secret: the app has it."""

    ticket: Ticket
    code: FactorCode


class PasskeyStart(Word):
    """What to ask the browser for (`PublicKeyCredentialCreationOptionsJSON` of WebAuthn)."""

    ticket: str
    options: dict[str, Any]


class PasskeyConfirm(Ask):
    """The new passkey (`RegistrationResponseJSON` of WebAuthn) and what its person calls it."""

    ticket: Ticket
    name: PasskeyName
    passkey: dict[str, Any]


class RecoveryCodes(Word):
    """Codes for when the phone is lost: each good once, all told this once. Empty when there are some already."""

    codes: list[str]


class ConfirmStart(Word):
    """How the person who asks can confirm who they are."""

    ticket: str
    ways: tuple[Way, ...]
    """Which second factors there are; a passkey alone is enough, a code comes with the password."""
    passkey: dict[str, Any] | None = None


class ConfirmAsk(Ask):
    """Confirm who one is: by a passkey, else by the password and, where there is a second factor, a code."""

    ticket: Ticket
    password: Annotated[str, Meta(max_length=1024)] | None = None
    code: FactorCode | None = None
    passkey: dict[str, Any] | None = None


# --- events ----------------------------------------------------------------------------------------------------------


@event
class FactorsChanged(Word):
    """A person's second factors changed: gateways ask again, and the person is to be told."""

    user_id: str
    what: Literal["added", "removed", "renewed", "used"]
    factor: Way


@event
class SessionLocked(Word):
    """A session's screen was left alone, or its person is back: gateways ask again."""

    session_id: str
    locked: bool


@event
class SessionConfirmed(Word):
    """The person of a session confirmed who they are: gateways ask again."""

    session_id: str
