"""Cookies of the users' door, pure: their names, attributes and reading.

Over HTTPS they carry the `__Host-` prefix (RFC 6265bis §4.1.3.2). Over plain HTTP, which is loopback or a start with
`--insecure-http`, browsers differ in whether they take that prefix (Chromium 156 does on loopback, earlier ones asked
for a cryptographic scheme, and nobody does off it), so there the same cookie goes by a plain name. Only the name that
belongs to the way a request came is ever read, so neither can stand in for the other.
"""

from __future__ import annotations

from typing import Literal

from siga.services.gateway.asgi import Header

Kind = Literal["session", "guest", "step"]
"""`step`: the ticket of a sign-in whose second factor is still to be shown."""

_NAMES: dict[tuple[Kind, bool], str] = {
    ("session", True): "__Host-siga",
    ("session", False): "siga-plain",
    ("guest", True): "__Host-siga-guest",
    ("guest", False): "siga-plain-guest",
    ("step", True): "__Host-siga-step",
    ("step", False): "siga-plain-step",
}
_LONGEST = 512


def cookie_name(kind: Kind, https: bool) -> str:
    """The cookie's name for this way of coming."""
    return _NAMES[kind, https]


def set_cookie(kind: Kind, value: str, https: bool, max_age_s: int | None = None) -> Header:
    """The `Set-Cookie` header: HttpOnly, SameSite=Lax, whole site, Secure over HTTPS; for the browser's session only
    unless an age is given."""
    parts = [f"{cookie_name(kind, https)}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if https:
        parts.append("Secure")
    if max_age_s is not None:
        parts.append(f"Max-Age={max_age_s}")
    return b"set-cookie", "; ".join(parts).encode()


def read_cookie(kind: Kind, header: str | None, https: bool) -> str | None:
    """The cookie's value in a `Cookie` header, None when it is absent or absurdly long."""
    name = cookie_name(kind, https)
    for pair in (header or "").split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value if 0 < len(value) <= _LONGEST else None
    return None
