"""`/api/v1/auth/session` and below: who am I, sign in (in one step or two), sign out; for apps in a browser."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from siga.contract.accounts import SignInAsk
from siga.contract.auth import Grant, Principal
from siga.contract.base import Ask, Word
from siga.contract.factors import FactorProof
from siga.kit.problem import Invalid, Malformed, MethodNotAllowed
from siga.services.gateway.asgi import Receive, Scope, Send, read_body, send_bytes, send_json
from siga.services.gateway.sessions import HalfWay, SignedIn, SignIn, Who, need_csrf, need_own_page

_MOST_BYTES = 32 * 1024
_A = TypeVar("_A", bound=Ask)


class SessionShown(Word):
    """Who the caller is. `csrf` goes back as the header X-CSRF-Token with every change made by cookie."""

    kind: Literal["person", "guest"]
    user_id: str
    csrf: str = ""
    display_name: str = ""
    language: str = ""
    grants: tuple[Grant, ...] = ()


class SessionRoutes:
    """The ASGI app of `/api/v1/auth/session`."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """By method: GET who, POST in, DELETE out."""
        if scope["method"] == "GET":
            await send_json(send, shown(await self._sign_in.current(scope)))
        elif scope["method"] == "POST":
            await self._open(scope, receive, send)
        elif scope["method"] == "DELETE":
            await self._close(scope, send)
        else:
            raise MethodNotAllowed("Use GET, POST or DELETE here.", headers={"allow": "GET, POST, DELETE"})

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        need_own_page(scope, self._sign_in.guest(scope))
        ask = _decoded(await read_body(receive, _MOST_BYTES), SignInAsk)
        await self._answer(send, await self._sign_in.sign_in(scope, ask))

    async def second(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/api/v1/auth/session/second`: show the second factor."""
        _need_post(scope)
        need_own_page(scope, self._sign_in.guest(scope))
        proof = _decoded(await read_body(receive, _MOST_BYTES), FactorProof)
        await self._answer(send, await self._sign_in.go_on(scope, proof))

    async def passkey(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/api/v1/auth/session/passkey`: begin to sign in by a passkey alone."""
        _need_post(scope)
        need_own_page(scope, self._sign_in.guest(scope))
        await self._answer(send, await self._sign_in.begin_passkey(scope))

    @staticmethod
    async def _answer(send: Send, outcome: SignedIn | HalfWay) -> None:
        if isinstance(outcome, HalfWay):
            await send_json(send, outcome.step)
        else:
            await send_json(send, shown(outcome.principal), status=201, headers=[outcome.cookie])

    async def _close(self, scope: Scope, send: Send) -> None:
        need_csrf(scope, await self._sign_in.caller(scope))
        headers = await self._sign_in.sign_out(scope)
        await send_bytes(send, b"", "application/json", status=204, headers=headers)


def shown(who: Who) -> SessionShown:
    """The caller as they may see themselves."""
    if not isinstance(who, Principal):
        return SessionShown(kind="guest", user_id=who.guest_id)
    return SessionShown(
        kind="person", user_id=who.user_id, csrf=who.csrf, display_name=who.display_name, language=who.language,
        grants=who.grants,
    )  # fmt: skip


def _need_post(scope: Scope) -> None:
    if scope["method"] != "POST":
        raise MethodNotAllowed("Use POST here.", headers={"allow": "POST"})


def _decoded(body: bytes, kind: type[_A]) -> _A:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as fault:
        raise Invalid(str(fault)) from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Malformed("The body is not JSON.") from fault
