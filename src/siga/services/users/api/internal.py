"""For other services: sessions for the gateway, read copies and look-ups without names for the rest."""

from __future__ import annotations

from litestar import get, post

from siga.contract.accounts import SessionAsk, SessionToken
from siga.contract.auth import Claims, Principal
from siga.contract.factors import PasskeyAsk, SecondStep, SessionStep, StepAsk
from siga.contract.users import (
    AccreditationBrief,
    CredentialAnswer,
    CredentialQuestion,
    CredentialSnapshot,
    MatchKey,
    Municipality,
)
from siga.kit.http import need_service
from siga.services.users.service.credentials import Credentials
from siga.services.users.service.municipalities import Municipalities
from siga.services.users.service.sessions import Sessions


@post("/internal/v1/sessions")
async def open_session(caller: Claims, data: SessionAsk, sessions: Sessions) -> SessionStep:
    """Open a session of pages with e-mail and password, or say which second factor is to be shown first."""
    need_service(caller, "gateway")
    return await sessions.open(data)


@post("/internal/v1/sessions/passkey")
async def open_by_passkey(caller: Claims, data: PasskeyAsk, sessions: Sessions) -> SecondStep:
    """Begin to sign in by a passkey alone."""
    need_service(caller, "gateway")
    return await sessions.open_by_passkey(data.origin)


@post("/internal/v1/sessions/second/look", status_code=200)
async def look_at_step(caller: Claims, data: StepAsk, sessions: Sessions) -> SecondStep:
    """What is still to be shown with a ticket."""
    need_service(caller, "gateway")
    return await sessions.look(data.ticket)


@post("/internal/v1/sessions/second")
async def go_on(caller: Claims, data: StepAsk, sessions: Sessions) -> SessionStep:
    """Open the session for which only the second factor, or the passkey, was missing."""
    need_service(caller, "gateway")
    return await sessions.go_on(data)


@post("/internal/v1/sessions/resolve", status_code=200)
async def resolve_session(caller: Claims, data: SessionToken, sessions: Sessions) -> Principal:
    """Whose session a token is; it counts as used."""
    need_service(caller, "gateway")
    return await sessions.resolve(data.token)


@post("/internal/v1/sessions/end", status_code=204)
async def end_session(caller: Claims, data: SessionToken, sessions: Sessions) -> None:
    """End the session of a token."""
    need_service(caller, "gateway")
    await sessions.end(data.token)


@get("/internal/v1/credentials")
async def snapshot(caller: Claims, credentials: Credentials) -> CredentialSnapshot:
    """Parking's whole read copy and the position from which to follow the events."""
    need_service(caller, "parking")
    return await credentials.snapshot()


@post("/internal/v1/credentials/lookup", status_code=200)
async def lookup(caller: Claims, data: CredentialQuestion, credentials: Credentials) -> CredentialAnswer:
    """Whether one of some cards or plates belongs to a valid accreditation."""
    need_service(caller, "enforcement", "drivers")
    return await credentials.lookup(data)


@get("/internal/v1/people/{user_id:str}/accreditations")
async def claimed_by(caller: Claims, user_id: str, credentials: Credentials) -> list[AccreditationBrief]:
    """What a person has claimed."""
    need_service(caller, "drivers")
    return await credentials.claimed_by(user_id)


@get("/internal/v1/match-keys/{municipality_id:str}")
async def match_key(caller: Claims, municipality_id: str, municipalities: Municipalities) -> MatchKey:
    """The key by which the sensors' door turns a UID into its match."""
    need_service(caller, "gateway")
    return await municipalities.match_key(municipality_id)


@get("/internal/v1/municipalities")
async def all_municipalities(caller: Claims, municipalities: Municipalities) -> list[Municipality]:
    """Every municipality."""
    need_service(caller)
    return await municipalities.all()


HANDLERS = [
    open_session, open_by_passkey, look_at_step, go_on, resolve_session, end_session, snapshot, lookup, claimed_by,
    match_key, all_municipalities,
]  # fmt: skip
