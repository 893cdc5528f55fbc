"""The users' door's router: what the gateway answers itself, what it hands on, what belongs to the pages."""

from __future__ import annotations

from collections.abc import Mapping

from siga.kit.problem import NotFound
from siga.kit.service import ASGI
from siga.services.gateway.asgi import App, Receive, Scope, Send
from siga.services.gateway.routes import API, OWNERS, prefix_of
from siga.services.gateway.sessions import SignIn, need_own_page

_ELSEWHERE = ("api", "internal", "sensors", "metrics")


class UsersDoor:
    """An ASGI app. `own`: exact path → app; `prefixes`: first segment → app of ours; the rest under `/api/v1/` goes to
    `forward`, everything else to `pages`."""

    def __init__(
        self, *, own: Mapping[str, App], prefixes: Mapping[str, App], forward: App, pages: ASGI, sign_in: SignIn
    ) -> None:
        self._own, self._prefixes = dict(own), dict(prefixes)
        self._forward, self._pages, self._sign_in = forward, pages, sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the app for the path and note the route for the metrics."""
        path = scope["path"]
        own = self._own.get(path)
        if own is not None:
            scope["siga.route"] = path
            await own(scope, receive, send)
            return
        first = path[1:].split("/", 1)[0]
        if path.startswith(API):
            prefix = prefix_of(path)
            scope["siga.route"] = f"{API}{prefix}" if prefix in OWNERS else "other"
            await self._forward(scope, receive, send)
        elif first in self._prefixes:
            scope["siga.route"] = f"/{first}"
            await self._prefixes[first](scope, receive, send)
        elif first in _ELSEWHERE:
            raise NotFound("There is nothing at this address; see /api/docs.")
        else:
            scope["siga.route"] = "pages"
            need_own_page(scope, self._sign_in.guest(scope))
            await self._pages(scope, receive, send)
