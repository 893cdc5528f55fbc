"""Which service owns which public prefix: the one table of the users' door, pure."""

from __future__ import annotations

from typing import NamedTuple

API = "/api/v1/"


class Owner(NamedTuple):
    """The service behind a prefix; `open_reads`: anyone may read there, so a read goes on as a guest's when the
    session cannot be checked just now."""

    service: str
    open_reads: bool = False


OWNERS: dict[str, Owner] = {
    "bays": Owner("parking", True), "zones": Owner("parking", True), "rules": Owner("parking", True),
    "addresses": Owner("parking", True), "devices": Owner("parking"),
    "users": Owner("users"), "accreditations": Owner("users"), "auth": Owner("users"),
    "municipalities": Owner("users", True), "privacy": Owner("users", True),
    "history": Owner("history", True),
    "cases": Owner("enforcement"), "procedures": Owner("enforcement"), "duty": Owner("enforcement"),
    "images": Owner("images"),
    "trips": Owner("drivers"), "favourites": Owner("drivers"), "check-ins": Owner("drivers"),
    "ratings": Owner("drivers"), "reports": Owner("drivers"), "doubts": Owner("drivers"),
    "push-subscriptions": Owner("drivers"),
    "config": Owner("config"),
    "logs": Owner("logs"),
}  # fmt: skip
"""First segment after `/api/v1/` → owner. `live` and `auth/session` the gateway answers itself."""


def prefix_of(path: str) -> str | None:
    """The first segment after `/api/v1/`, None for another path."""
    if not path.startswith(API):
        return None
    return path[len(API) :].split("/", 1)[0]


def owner_of(path: str) -> Owner | None:
    """Who answers this path, None when nobody does."""
    prefix = prefix_of(path)
    return OWNERS.get(prefix) if prefix else None


_HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"trailer",
    b"transfer-encoding", b"upgrade",
})  # fmt: skip
_OURS = frozenset({b"authorization", b"cookie", b"forwarded", b"traceparent", b"x-request-id", b"x-csrf-token"})
_POSING = (b"x-siga-", b"x-forwarded-")
_NOT_BACK = frozenset({b"set-cookie", b"server", b"date"})


def headers_onward(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What a service is told of the client's headers: no hop-by-hop ones (RFC 9110 §7.6.1), no credentials, and none
    by which a client could pose as our own gateway or proxy."""
    named = {
        name.strip().lower() for key, value in headers if key == b"connection" for name in bytes(value).split(b",")
    }
    return [
        (key, value)
        for key, value in headers
        if not (key in _HOP_BY_HOP or key in _OURS or key in named or key.startswith(_POSING))
    ]


def headers_back(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What the client is told of a service's headers: no hop-by-hop ones, no cookies, which only the gateway sets."""
    lower = [(bytes(key).lower(), bytes(value)) for key, value in headers]
    return [one for one in lower if one[0] not in _HOP_BY_HOP and one[0] not in _NOT_BACK]
