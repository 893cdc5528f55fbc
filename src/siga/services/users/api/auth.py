"""Signing in and up: tokens of apps, one's own account and sessions, invitations, the first run."""

from __future__ import annotations

from litestar import delete, get, patch, post, put

from siga.contract.accounts import (
    InvitationUse,
    Me,
    MeChange,
    PasswordChange,
    RefreshAsk,
    SessionList,
    SetupAsk,
    SetupDone,
    SetupState,
    SignInAsk,
    SignOutAsk,
    TokenPair,
)
from siga.contract.auth import Claims
from siga.services.users.api.common import AnyRequest, address_of, not_a_service, person_of
from siga.services.users.service.accounts import Accounts
from siga.services.users.service.sessions import Sessions
from siga.services.users.service.setup import Setup
from siga.services.users.service.tokens import Tokens

_TAGS = ["Signing in"]


@post("/api/v1/auth/token", status_code=200, tags=_TAGS)
async def token(caller: Claims, request: AnyRequest, data: SignInAsk, tokens: Tokens) -> TokenPair:
    """Sign in as an app: an access token of 5 minutes and a refresh token that is good once.

    Who has a second factor is refused with `second-factor` until its `code` comes along.
    """
    not_a_service(caller)
    agent = request.headers.get("user-agent", "")
    return await tokens.issue(data, address_of(request, caller), agent)


@post("/api/v1/auth/refresh", status_code=200, tags=_TAGS)
async def refresh(caller: Claims, data: RefreshAsk, tokens: Tokens) -> TokenPair:
    """Get the next pair of tokens. The refresh token is spent; using it again ends the whole session."""
    not_a_service(caller)
    return await tokens.refresh(data.refresh_token)


@post("/api/v1/auth/logout", status_code=204, tags=_TAGS)
async def logout(caller: Claims, tokens: Tokens, data: SignOutAsk | None = None) -> None:
    """End the session of a refresh token, or the one that asks. No fault when it has ended."""
    not_a_service(caller)
    user_id = caller.sub if caller.kind == "person" else None
    await tokens.sign_out(user_id, caller.session_id, data.refresh_token if data else None)


@get("/api/v1/auth/me", tags=_TAGS)
async def me(caller: Claims, accounts: Accounts) -> Me:
    """Who is signed in, with the roles."""
    return await accounts.me(person_of(caller), caller.session_id)


@patch("/api/v1/auth/me", tags=_TAGS)
async def change_me(caller: Claims, data: MeChange, accounts: Accounts) -> Me:
    """Change one's own name or language."""
    return await accounts.change_me(person_of(caller), caller.session_id, data)


@put("/api/v1/auth/password", status_code=204, tags=_TAGS)
async def change_password(caller: Claims, request: AnyRequest, data: PasswordChange, accounts: Accounts) -> None:
    """Change one's own password, given the old one. All other sessions end."""
    user_id = person_of(caller)
    await accounts.change_password(user_id, caller.session_id, data, address_of(request, caller))


@get("/api/v1/auth/sessions", tags=_TAGS)
async def own_sessions(caller: Claims, sessions: Sessions) -> SessionList:
    """One's own open sessions, in pages and in apps."""
    return await sessions.own(person_of(caller), caller.session_id)


@delete("/api/v1/auth/sessions/{session_id:str}", tags=_TAGS)
async def end_session(caller: Claims, session_id: str, sessions: Sessions) -> None:
    """End one of one's own sessions, e.g. on a phone that was lost."""
    await sessions.end_own(person_of(caller), session_id)


@post("/api/v1/auth/invitation", status_code=200, tags=_TAGS)
async def use_invitation(caller: Claims, request: AnyRequest, data: InvitationUse, accounts: Accounts) -> Me:
    """Take the roles of an invitation, with a new password or with the one the account has already."""
    not_a_service(caller)
    return await accounts.use_invitation(data, address_of(request, caller))


@get("/api/v1/auth/setup", tags=_TAGS)
async def setup_state(caller: Claims, setup: Setup) -> SetupState:
    """Whether SIGA still waits for its first account."""
    return await setup.state()


@post("/api/v1/auth/setup", tags=_TAGS)
async def finish_setup(caller: Claims, request: AnyRequest, data: SetupAsk, setup: Setup) -> SetupDone:
    """Make the first account and its municipality, by the code that the start of SIGA printed. Once."""
    not_a_service(caller)
    return await setup.finish(data, address_of(request, caller))


HANDLERS = [
    token, refresh, logout, me, change_me, change_password, own_sessions, end_session, use_invitation,
    setup_state, finish_setup,
]  # fmt: skip
