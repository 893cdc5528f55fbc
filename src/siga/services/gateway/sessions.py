"""Who is asking at the users' door: session cookie, access token or guest; signing in and out; CSRF.

What pages use: `SignIn` (`current`, `sign_in`, `sign_out`, `new_guest`, `guest_cookie`), `csrf_ok` and `on_behalf`.
"""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any, Literal, cast

import msgspec

from siga.contract.accounts import SessionAsk, SessionToken, SignInAsk
from siga.contract.auth import STAFF_ROLES, Principal
from siga.contract.factors import FactorProof, PasskeyAsk, SecondStep, SessionStep, StepAsk
from siga.kit.clock import Clock
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.kit.problem import Broken, Problem, Unauthenticated
from siga.kit.service import Context
from siga.services.gateway import cookies
from siga.services.gateway.access_keys import KnownAccessKeys
from siga.services.gateway.asgi import Header, Scope, header, origin_of, visit_of
from siga.services.gateway.guests import COOKIE_LASTS_S, Guest, Guests
from siga.services.gateway.policies import same_origin
from siga.services.gateway.session_cache import SessionCache

Who = Principal | Guest
_CALLER = "siga.caller"
_log = logger("gateway")


class HttpsNeeded(Problem):
    """Staff sign in over HTTPS only"""

    slug, status = "https-needed", 403


class CsrfFailed(Problem):
    """The request does not come from a page of ours"""

    slug, status = "csrf", 403


@dataclass(frozen=True, slots=True)
class Caller:
    """A recognised caller and by what; `stale_cookie`: a session cookie came that stands for nobody any more."""

    who: Who
    by: Literal["cookie", "bearer", "guest"]
    stale_cookie: bool = False

    @property
    def principal(self) -> Principal:
        """As whom other services know the caller."""
        return self.who.principal if isinstance(self.who, Guest) else self.who

    @property
    def kind(self) -> str:
        """`person` or `guest`, as internal tokens say it."""
        return "guest" if isinstance(self.who, Guest) else "person"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: whose it is, and the header that hands its cookie over."""

    principal: Principal
    cookie: Header


@dataclass(frozen=True, slots=True)
class HalfWay:
    """A second factor is still to be shown: which, and the header that hands the ticket's cookie over."""

    step: SecondStep
    cookie: Header


def is_staff(principal: Principal) -> bool:
    """Whether any of the person's roles is more than a driver's, or would be once a second factor is set up."""
    return principal.must_enrol or any(grant.role in STAFF_ROLES for grant in principal.grants)


def on_behalf(who: Who) -> dict[str, Any]:
    """The keyword arguments by which a `Peer` asks in this caller's name."""
    if isinstance(who, Guest):
        return {"on_behalf": who.principal, "as_kind": "guest"}
    return {"on_behalf": who, "as_kind": "person"}


def csrf_ok(who: Who, value: str | None) -> bool:
    """Whether a form's or header's CSRF token is this caller's own."""
    return bool(value) and bool(who.csrf) and hmac.compare_digest((value or "").encode(), who.csrf.encode())


class SignIn:
    """Recognises callers and opens and ends their sessions."""

    def __init__(self, peers: Peers, keys: Any, guests: Guests, clock: Clock) -> None:
        self._peers, self._guests, self._clock = peers, guests, clock
        self.access = KnownAccessKeys(peers, keys.access)
        self.cache = SessionCache(self._resolve, time.monotonic, lambda: clock().timestamp())

    @classmethod
    def of(cls, ctx: Context) -> SignIn:
        """As a gateway's context says."""
        return cls(ctx.peers, ctx.keys, Guests.open(ctx.data / "guest.key"), ctx.clock)

    async def current(self, scope: Scope) -> Who:
        """Who is asking. Unauthenticated for a bad access token, HttpsNeeded for staff on an open line."""
        return (await self.caller(scope)).who

    async def caller(self, scope: Scope) -> Caller:
        """As `current`, with what they were recognised by; found out once per request."""
        known = scope.get(_CALLER)
        if known is None:
            known = scope[_CALLER] = await self._recognise(scope)
        return cast("Caller", known)

    def guest(self, scope: Scope) -> Caller:
        """The caller as a guest, whatever session they bring: for reads that anyone may make."""
        visit = visit_of(scope)
        value = cookies.read_cookie("guest", header(scope, b"cookie"), visit.https)
        known = self._guests.from_cookie(value)
        return Caller(known or self._guests.from_address(visit.client, self._clock().date()), "guest")

    async def sign_in(self, scope: Scope, ask: SignInAsk) -> SignedIn | HalfWay:
        """Open a session by e-mail and password; raises what Users refuses with, HttpsNeeded for staff.

        Whoever has a second factor is half way then, unless its code came along.
        """
        question = SessionAsk(
            email=ask.email, password=ask.password, address=visit_of(scope).client, user_agent=_agent(scope),
            origin=origin_of(scope),
        )  # fmt: skip
        opened = await self._peers["users"].post("/internal/v1/sessions", question, SessionStep)
        if opened.step is None:
            return await self._signed_in(scope, opened)
        if ask.code is not None:
            return await self.go_on(scope, FactorProof(ticket=opened.step.ticket, code=ask.code))
        return self._half_way(scope, opened.step)

    async def begin_passkey(self, scope: Scope) -> HalfWay:
        """Begin to sign in by a passkey alone."""
        ask = PasskeyAsk(origin=origin_of(scope))
        return self._half_way(scope, await self._peers["users"].post("/internal/v1/sessions/passkey", ask, SecondStep))

    async def step(self, scope: Scope) -> SecondStep | None:
        """What is still to be shown by the ticket of the cookie; None when there is none or its time is over."""
        ticket = cookies.read_cookie("step", header(scope, b"cookie"), visit_of(scope).https)
        if ticket is None:
            return None
        try:
            return await self._peers["users"].post(
                "/internal/v1/sessions/second/look", StepAsk(ticket=ticket), SecondStep
            )
        except Problem as problem:
            if problem.slug == "ticket-over":
                return None
            raise

    async def go_on(self, scope: Scope, proof: FactorProof) -> SignedIn:
        """Open the session for which the second factor was missing; raises what Users refuses with, HttpsNeeded."""
        question = StepAsk(
            ticket=proof.ticket, code=proof.code, passkey=proof.passkey, address=visit_of(scope).client,
            user_agent=_agent(scope),
        )  # fmt: skip
        opened = await self._peers["users"].post("/internal/v1/sessions/second", question, SessionStep)
        return await self._signed_in(scope, opened)

    def drop_step(self, scope: Scope) -> Header:
        """The header that takes the ticket's cookie away."""
        return cookies.set_cookie("step", "", visit_of(scope).https, max_age_s=0)

    def ask_anew(self, scope: Scope) -> None:
        """Something about the caller's session may have changed: ask Users at its next use."""
        token = cookies.read_cookie("session", header(scope, b"cookie"), visit_of(scope).https)
        if token:
            self.cache.forget(token)

    def _half_way(self, scope: Scope, step: SecondStep) -> HalfWay:
        lasts_s = max(0, int((step.ends_at - self._clock()).total_seconds()))
        return HalfWay(step, cookies.set_cookie("step", step.ticket, visit_of(scope).https, lasts_s))

    async def _signed_in(self, scope: Scope, opened: SessionStep) -> SignedIn:
        principal, token, ends_at = opened.principal, opened.token, opened.ends_at
        if principal is None or token is None or ends_at is None:
            raise Broken("Users opened no session.")
        try:
            _need_safe_line(scope, principal)
        except HttpsNeeded:
            _log.warning("staff_sign_in_refused", why="open line", user_id=principal.user_id)
            await self._end(token)
            raise
        # A driver's browser may keep the cookie; staff's forgets it when it closes.
        lasts_s = None if is_staff(principal) else max(0, int((ends_at - self._clock()).total_seconds()))
        return SignedIn(principal, cookies.set_cookie("session", token, visit_of(scope).https, lasts_s))

    async def sign_out(self, scope: Scope) -> list[Header]:
        """End the session of the cookie, if any; the headers that take the cookie away."""
        visit = visit_of(scope)
        token = cookies.read_cookie("session", header(scope, b"cookie"), visit.https)
        if token:
            await self._end(token)
        return [cookies.set_cookie("session", "", visit.https, max_age_s=0)]

    def drop_cookie(self, scope: Scope) -> Header:
        """The header that takes a dead session's cookie away."""
        return cookies.set_cookie("session", "", visit_of(scope).https, max_age_s=0)

    def new_guest(self) -> Guest:
        """A guest with an id of their own; pages hand it over by `guest_cookie`."""
        return self._guests.new()

    def guest_cookie(self, scope: Scope, guest: Guest) -> Header:
        """The header by which a browser keeps being this guest."""
        value = self._guests.cookie_value(guest)
        return cookies.set_cookie("guest", value, visit_of(scope).https, COOKIE_LASTS_S)

    async def _recognise(self, scope: Scope) -> Caller:
        authorisation = header(scope, b"authorization")
        caller = await self._bearer(authorisation) if authorisation else await self._cookie(scope)
        if isinstance(caller.who, Principal):
            _need_safe_line(scope, caller.who)
        return caller

    async def _bearer(self, authorisation: str) -> Caller:
        scheme, _, token = authorisation.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send the access token as `Authorization: Bearer …`.")
        principal = await self.access.verify(token)
        if self.cache.ended(principal) or self.cache.outdated(principal, _issued_s(token)):
            raise Unauthenticated("The access token is no longer valid: refresh it.")
        return Caller(principal, "bearer")

    async def _cookie(self, scope: Scope) -> Caller:
        token = cookies.read_cookie("session", header(scope, b"cookie"), visit_of(scope).https)
        principal = await self.cache.principal(token) if token else None
        if principal:
            return Caller(principal, "cookie")
        guest = self.guest(scope)
        return Caller(guest.who, "guest", stale_cookie=token is not None)

    async def _resolve(self, token: str) -> Principal | None:
        try:
            return await self._peers["users"].post(
                "/internal/v1/sessions/resolve", SessionToken(token=token), Principal
            )
        except Problem as problem:
            if problem.status == 401:
                return None
            raise

    async def _end(self, token: str) -> None:
        self.cache.forget(token)
        await self._peers["users"].post("/internal/v1/sessions/end", SessionToken(token=token), type(None))
        self.cache.forget(token)


def _agent(scope: Scope) -> str:
    return (header(scope, b"user-agent") or "")[:300]


def need_own_page(scope: Scope, caller: Caller) -> None:
    """Refuse a change that a page of another site may have sent; access tokens need no such guard."""
    if caller.by == "bearer" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return
    site, origin = header(scope, b"sec-fetch-site"), header(scope, b"origin")
    if not same_origin(site, origin, header(scope, b"host")):
        raise CsrfFailed("Changes are taken only from SIGA's own pages, or with an access token.")


def need_csrf(scope: Scope, caller: Caller) -> None:
    """Refuse a change by session cookie without the session's CSRF token in `X-CSRF-Token`."""
    need_own_page(scope, caller)
    if caller.by != "cookie" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return
    if not csrf_ok(caller.who, header(scope, b"x-csrf-token")):
        raise CsrfFailed("Send the session's `csrf` value as the header X-CSRF-Token; reload the page to get it.")


def _need_safe_line(scope: Scope, principal: Principal) -> None:
    if is_staff(principal) and not visit_of(scope).safe:
        raise HttpsNeeded(
            "Staff cannot sign in over plain HTTP from another machine. Start SIGA with --tls-cert and --tls-key, "
            "or behind a proxy that speaks HTTPS and is named by --trusted-proxy."
        )


def _issued_s(token: str) -> float:
    payload = token.split(".")[1]
    claims = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return float(claims["iat"])
