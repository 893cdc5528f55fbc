"""Words of accounts: signing in, people and their roles, the first run, municipalities. Asked and answered by Users."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from siga.contract.auth import Grant, Principal, Role
from siga.contract.base import Ask, Word
from siga.contract.users import Municipality

Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
Email = Annotated[str, Meta(min_length=3, max_length=254)]
Password = Annotated[str, Meta(max_length=1024)]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Code = Annotated[str, Meta(min_length=1, max_length=40)]
Token = Annotated[str, Meta(min_length=1, max_length=4096)]
ZoneIds = Annotated[tuple[str, ...], Meta(max_length=500)]
SessionKind = Literal["page", "app"]

ADDRESS_HEADER = "x-siga-address"
"""The client's address as the gateway saw it, for Users' throttle; the gateway replaces what a client sent."""

# --- between the gateway and Users -----------------------------------------------------------------------------------


class SessionAsk(Ask):
    """Open a session for pages. `address` is the client's, for the throttle; `user_agent` for the person's own list."""

    email: Email
    password: Password
    user_agent: str = ""
    address: str = ""
    origin: str = ""
    """The web origin of the page, for passkeys."""


class SessionOpened(Word):
    """A new session. `token` is told this once and goes into the cookie; `ends_at` is its longest life."""

    token: str
    principal: Principal
    ends_at: datetime
    idle_s: int
    """It also ends after so many seconds without use."""


class SessionToken(Ask):
    """The token of a session, from the cookie."""

    token: Token


# --- signing in as an app --------------------------------------------------------------------------------------------


class RegisterAsk(Ask):
    """A driver makes an account of his own."""

    email: Email
    password: Password
    name: Name
    language: Language = "es"


class LinkUse(Ask):
    """The code of a link from a letter, with the password that was chosen, or with a new one."""

    code: Token
    password: Password


class CodeUse(Ask):
    """The code of a link from a letter."""

    code: Token


class ForgotAsk(Ask):
    """Somebody has forgotten the password of this address's account."""

    email: Email


class Asked(Word):
    """The wish was taken, whether or not there is such an account."""

    by: Literal["mail", "administration"]
    """Who brings the link: a letter, or people of the administration where SIGA sends no mail."""


class EmailChange(Ask):
    """Another e-mail address for one's own account."""

    email: Email
    current_password: Password


class EmailConfirmed(Word):
    """One of the two letters of a change of address was answered."""

    state: Literal["other_awaited", "changed"]


class SignInAsk(Ask):
    """E-mail and password; `code` is one of the second factor, where there is one."""

    email: Email
    password: Password
    code: Code | None = None


class TokenPair(Word):
    """A short access token (`Authorization: Bearer`) and the refresh token that gets the next pair, once."""

    access_token: str
    refresh_token: str
    expires_in: int
    """Seconds the access token lives."""
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 the name of a scheme


class PublicKey(Word):
    """A public key of access tokens as RFC 8037 writes it."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    alg: Literal["Ed25519"] = "Ed25519"
    use: Literal["sig"] = "sig"


class PublicKeys(Word):
    """The JWKS of access tokens (RFC 7517)."""

    keys: list[PublicKey]


class Rotation(Ask):
    """A new key for access tokens. `compromised`: tokens of the older ones are refused at once."""

    compromised: bool = False


class RefreshAsk(Ask):
    """The refresh token; it is spent by this."""

    refresh_token: Token


class SignOutAsk(Ask):
    """End the session that asks, or the one of this refresh token."""

    refresh_token: Token | None = None


class PasswordChange(Ask):
    """A new password, given with the old one; all other sessions end."""

    current_password: Password
    new_password: Password


class Me(Word):
    """Who asks, as Users knows the person."""

    user_id: str
    email: str
    name: str
    language: str
    grants: tuple[Grant, ...] = ()
    session_id: str = ""


class Registered(Me):
    """The new account, or word that a letter was sent to prove the address first (`user_id` is empty then)."""

    state: Literal["open", "mail_sent"] = "open"


class MeChange(Ask):
    """What a person may change about himself; what is absent stays."""

    name: Name | None = None
    language: Language | None = None


class SessionView(Word):
    """One of a person's own sessions."""

    session_id: str
    kind: SessionKind
    user_agent: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    current: bool


class SessionList(Word):
    """All open sessions of the person who asks, newest first."""

    sessions: list[SessionView]


class InvitationUse(Ask):
    """An invitation's code with a new password, or with the account's own if the person already has one."""

    code: Code
    password: Password
    name: Name | None = None


# --- people and roles ------------------------------------------------------------------------------------------------


class GrantAsk(Ask):
    """One role in one municipality; `zone_ids` narrows `police` and `installer` to zones."""

    role: Role
    municipality_id: str | None = None
    """None = the caller's only one."""
    zone_ids: ZoneIds = ()


class GrantChange(Ask):
    """Where a role is given; the role itself is in the path."""

    municipality_id: str | None = None
    zone_ids: ZoneIds = ()


class PersonAsk(Ask):
    """Invite a person of staff with these roles, all in one municipality."""

    email: Email
    name: Name
    grants: Annotated[list[GrantAsk], Meta(min_length=1, max_length=20)]
    language: Language = "es"


class Person(Word):
    """A person of staff as an administrator sees it: only the roles in that administrator's municipalities."""

    user_id: str
    email: str
    name: str
    language: str
    grants: tuple[Grant, ...] = ()
    invited: tuple[Grant, ...] = ()
    """Roles that wait for the invitation to be used."""
    invitation_ends_at: datetime | None = None


class PeoplePage(Word):
    """People of staff; `next` continues the list, None at the end."""

    people: list[Person]
    next: str | None = None


class Invited(Word):
    """A person was invited. `code` is told this once: hand it over in person or by a way you trust."""

    person: Person
    code: str
    ends_at: datetime
    mailed: bool = False
    """Whether a letter with it goes to the person as well."""


class HelpAsked(Word):
    """Somebody waits for the link to a new password, which people hand over where SIGA sends no mail."""

    link_id: str
    user_id: str
    name: str
    email: str
    asked_at: datetime
    ends_at: datetime


class HelpList(Word):
    """Everybody whom the caller may help, longest waiting first."""

    asks: list[HelpAsked]


class HelpLink(Word):
    """The link to a new password, told this once; good for 30 minutes and once."""

    link: str
    name: str
    ends_at: datetime


# --- first run and municipalities ------------------------------------------------------------------------------------


class MunicipalityAsk(Ask):
    """A new municipality. Without `slug` one is made of the name; it stands on metal signs and never changes (D22)."""

    name: Name
    slug: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)] | None = None
    time_zone: str = "Europe/Madrid"
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=8)] = ("es", "en")
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] = "ES"
    contact: Annotated[str, Meta(max_length=300)] = ""
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None


class MunicipalityChange(Ask):
    """What may change about a municipality; what is absent stays."""

    name: Name | None = None
    time_zone: str | None = None
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=8)] | None = None
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    contact: Annotated[str, Meta(max_length=300)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None


class AdministratorAsk(Ask):
    """The first administrator of a municipality, who gets an invitation."""

    email: Email
    name: Name
    language: Language = "es"


class MunicipalityFounding(Ask):
    """A new municipality and its first administrator."""

    municipality: MunicipalityAsk
    administrator: AdministratorAsk


class MunicipalityFounded(Word):
    """The new municipality and the invitation of its first administrator."""

    municipality: Municipality
    invitation: Invited


class MunicipalityPage(Word):
    """Municipalities; `next` continues the list, None at the end."""

    municipalities: list[Municipality]
    next: str | None = None


class SetupState(Word):
    """Whether SIGA still waits for its first account."""

    needed: bool


class SetupAsk(Ask):
    """The first account and its municipality, by the code that the start printed."""

    code: Code
    email: Email
    name: Name
    password: Password
    municipality: MunicipalityAsk
    language: Language = "es"


class SetupDone(Word):
    """The first account was made: sign in with it."""

    user_id: str
    municipality: Municipality


class SetupStep(Word):
    """One step of setting up a municipality. `hint` says what is missing, by language; empty when done."""

    step: Literal["municipality", "contact", "position", "staff"]
    done: bool
    hint: dict[str, str] = {}


class SetupChecklist(Word):
    """What Users knows of a municipality's first steps (D20); bays, addresses and settings are others' to know."""

    municipality_id: str
    steps: list[SetupStep]
