"""Handing a public request to the service that owns its prefix: raw ASGI, streaming, in the caller's name."""

from __future__ import annotations

from collections.abc import Mapping

from siga.contract.accounts import ADDRESS_HEADER
from siga.contract.factors import ORIGIN_HEADER
from siga.kit import tracing
from siga.kit.auth import Keyring
from siga.kit.problem import NotFound, Unavailable
from siga.kit.service import ASGI
from siga.services.gateway.asgi import Message, Receive, Scope, Send, origin_of, visit_of
from siga.services.gateway.routes import Owner, headers_back, headers_onward, owner_of
from siga.services.gateway.sessions import Caller, SignIn, need_csrf

_READS = ("GET", "HEAD")
_WITHOUT_CREDENTIALS = ("/api/v1/auth/token", "/api/v1/auth/refresh")
"""Here an app brings its credentials in the body; an old access token beside them must not stop it."""
_OWN_ACCOUNT = "/api/v1/auth/"
"""What is changed here may change what the session stands for: Users is asked again."""


class Forwarder:
    """An ASGI app for everything under `/api/v1/` that another service owns."""

    def __init__(self, apps: Mapping[str, ASGI], keys: Keyring, sign_in: SignIn) -> None:
        self._apps, self._keys, self._sign_in = apps, keys, sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the owner, recognise the caller, hand the request on and the answer back."""
        owner = owner_of(scope["path"])
        if owner is None:
            raise NotFound("There is nothing at this address; see /api/docs.")
        app = self._apps.get(owner.service)
        if app is None:
            raise Unavailable(f"The service '{owner.service}' does not run here.")
        caller = await self._caller(scope, owner)
        need_csrf(scope, caller)
        await app(self._onward(scope, owner, caller), receive, self._back(scope, caller, send))
        if scope["path"].startswith(_OWN_ACCOUNT) and scope["method"] not in _READS:
            self._sign_in.ask_anew(scope)

    async def _caller(self, scope: Scope, owner: Owner) -> Caller:
        if scope["path"] in _WITHOUT_CREDENTIALS:
            return self._sign_in.guest(scope)
        try:
            return await self._sign_in.caller(scope)
        except Unavailable:
            if owner.open_reads and scope["method"] in _READS:
                return self._sign_in.guest(scope)
            raise

    def _onward(self, scope: Scope, owner: Owner, caller: Caller) -> Scope:
        visit = visit_of(scope)
        token = self._keys.caller_token(owner.service, caller.kind, caller.principal)
        headers = [
            *headers_onward(scope["headers"]),
            (b"authorization", b"Bearer " + token.encode()),
            (b"x-request-id", visit.request_id.encode()),
            (b"traceparent", (tracing.traceparent.get() or "").encode()),
            (ADDRESS_HEADER.encode(), visit.client.encode()),
            (ORIGIN_HEADER.encode(), origin_of(scope).encode("latin-1")),
        ]
        return {
            "type": "http", "asgi": scope["asgi"], "http_version": scope["http_version"], "method": scope["method"],
            "scheme": "https" if visit.https else "http", "path": scope["path"], "raw_path": scope["raw_path"],
            "query_string": scope["query_string"], "root_path": "", "headers": headers, "client": scope.get("client"),
            "server": scope.get("server"), "state": {}, "extensions": {},
        }  # fmt: skip

    def _back(self, scope: Scope, caller: Caller, send: Send) -> Send:
        async def back(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = headers_back(message.get("headers", []))
                if caller.stale_cookie:
                    headers.append(self._sign_in.drop_cookie(scope))
                message = {**message, "headers": headers}
            await send(message)

        return back
