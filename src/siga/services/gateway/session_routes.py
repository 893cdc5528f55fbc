"""`/api/v1/auth/session`: who am I, sign in, sign out; what pages and apps in a browser use."""

from __future__ import annotations

from typing import Literal

import msgspec

from siga.contract.accounts import SignInAsk
from siga.contract.auth import Grant, Principal
from siga.contract.base import Word
from siga.kit.problem import Invalid, Malformed, MethodNotAllowed
from siga.services.gateway.asgi import Receive, Scope, Send, read_body, send_bytes, send_json
from siga.services.gateway.sessions import SignIn, Who, need_csrf, need_own_page

_MOST_BYTES = 16 * 1024


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
        ask = _decoded(await read_body(receive, _MOST_BYTES))
        opened = await self._sign_in.sign_in(scope, ask)
        await send_json(send, shown(opened.principal), status=201, headers=[opened.cookie])

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


def _decoded(body: bytes) -> SignInAsk:
    try:
        return msgspec.json.decode(body, type=SignInAsk)
    except msgspec.ValidationError as fault:
        raise Invalid(str(fault)) from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Malformed("The body is not JSON.") from fault
