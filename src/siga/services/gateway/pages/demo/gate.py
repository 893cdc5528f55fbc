"""Who may see the demo's pages: a browser on this very machine that calls it by a name of this machine."""

from __future__ import annotations

from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from siga.kit.problem import NotFound
from siga.services.gateway.asgi import Scope, header, visit_of

NAMES = {"driver": "driver.localhost", "police": "police.localhost", "administrator": "admin.localhost"}
"""Each face has a name of its own, all of this machine (RFC 6761 §6.3): one browser keeps a sign-in apart for each."""


def only_here(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """NotFound for whoever is not on this machine, or came by another's name (a rebound one: DNS rebinding)."""
    scope = scope_of(connection)
    host = host_of(header(scope, b"host"))[0]
    if not visit_of(scope).local or not is_ours(host):
        raise NotFound("There is nothing at this address.")


def scope_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Scope:
    """The request as our own door knows it."""
    return cast("Scope", connection.scope)


def is_ours(host: str) -> bool:
    """Whether a host name always means this machine."""
    return host in ("127.0.0.1", "[::1]", "localhost") or host.endswith(".localhost")


def host_of(value: str | None) -> tuple[str, str]:
    """The name and the port (with its colon, empty where there is none) in a `Host` header."""
    text = (value or "").lower()
    if text.startswith("["):
        name, _, rest = text.partition("]")
        return name + "]", rest
    name, colon, port = text.partition(":")
    return name, colon + port


def own_name(role: str, agent: str | None) -> str | None:
    """The name under which a face keeps its own sign-in; None where the browser may not know such names.

    Chromium and Firefox take `*.localhost` for this machine by themselves; others ask the system, which may not.
    """
    known = "Firefox/" in (agent or "") or "Chrome/" in (agent or "")
    return NAMES.get(role) if known else None
