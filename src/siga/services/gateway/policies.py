"""The doors' rules as pure functions: paths, body sizes, security headers, CORS, proxies, same origin."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from siga.services.gateway.asgi import Header

KIB, MIB = 1024, 1024 * 1024
JSON_BYTES = MIB
PHOTO_BYTES = 8 * MIB
FORM_BYTES = PHOTO_BYTES + 64 * KIB
IMPORT_BYTES = 64 * MIB

_BAD_PATH = re.compile(rb"%2f|%5c|%00|%0[ad]|\\|[\x00-\x20\x7f]|//", re.I)
_DOTS = frozenset({b".", b".."})
_API_CSP = b"default-src 'none'; frame-ancestors 'none'; sandbox"
"""Of whatever is no page: opened by itself, a photo or a file has an origin of its own and runs nothing."""
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link, X-Request-ID, Retry-After"),
]
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"Accept, If-None-Match, X-Request-ID, traceparent"),
    (b"access-control-max-age", b"86400"),
]


@lru_cache(maxsize=4096)
def path_fault(raw_path: bytes) -> str | None:
    """Why this path (as sent) is refused, None when it is fine: what two readers could read in two ways is refused."""
    if not raw_path.startswith(b"/"):
        return "The path must begin with a slash."
    if _BAD_PATH.search(raw_path):
        return "The path holds an encoded slash, a double slash, a backslash or a control character."
    if any(part in _DOTS for part in raw_path.lower().replace(b"%2e", b".").split(b"/")):
        return "The path holds a `.` or `..` segment."
    return None


def users_body_limit_bytes(method: str, path: str) -> int:
    """How much a request at the users' door may carry: imports 64 MiB, photos and forms of pages 8 MiB, JSON 1 MiB."""
    segments = path.strip("/").split("/")
    if method == "POST" and segments[-1] in ("import", "batch"):
        return IMPORT_BYTES
    if segments[0] != "api":
        return FORM_BYTES
    return PHOTO_BYTES if segments[-1] in ("photo", "photos") else JSON_BYTES


def sensors_body_limit_bytes(method: str, path: str) -> int:
    """How much a request at the sensors' door may carry: photos 8 MiB, reports 1 MiB, messages of network servers
    256 KiB (they list every gateway that heard a frame), all else 64 KiB."""
    if method == "PUT" and path.startswith("/sensors/v1/photos/"):
        return PHOTO_BYTES
    if path.startswith("/sensors/v1/lns/"):
        return 256 * KIB
    return MIB if path == "/sensors/v1/reports" else 64 * KIB


def open_to_all(method: str, path: str) -> bool:
    """Whether any web page may read this answer (CORS `*`, without credentials): public bays and the reference."""
    if method not in ("GET", "HEAD", "OPTIONS"):
        return False
    return path in ("/api/v1/bays", "/api/openapi.json") or path.startswith("/api/v1/bays/")


def cors_headers(method: str, path: str) -> list[Header]:
    """The CORS headers of an answer; none where only our own pages may read."""
    if not open_to_all(method, path):
        return []
    return _CORS + _PREFLIGHT if method == "OPTIONS" else _CORS


@lru_cache
def security_headers(*, https: bool, shared: bool) -> tuple[Header, ...]:
    """The headers every answer carries unless it has its own of that name; `shared` = other sites may read it.

    OWASP ASVS 5.0 V3.4: HSTS (under TLS only), nosniff, referrer, permissions, CSP, framing.
    """
    found = [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"permissions-policy", b"geolocation=(self), camera=(self), microphone=(), payment=(), usb=()"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"cross-origin" if shared else b"same-origin"),
        (b"content-security-policy", _API_CSP),
    ]
    if https:
        found.append((b"strict-transport-security", b"max-age=31536000"))
    return tuple(found)


def completed(headers: Iterable[Header], extra: Iterable[Header]) -> list[Header]:
    """`headers` with those of `extra` whose name is not there yet; a request's id is the door's alone to tell."""
    kept = [(bytes(key).lower(), bytes(value)) for key, value in headers]
    names = dict(kept)
    if b"x-request-id" in names:
        kept = [one for one in kept if one[0] != b"x-request-id"]
    return kept + [one for one in extra if one[0] not in names]


def cache_rule(headers: Iterable[Header]) -> list[Header]:
    """API answers are not kept by caches; those with an ETag may be kept and asked again."""
    has_tag = any(key == b"etag" for key, _ in headers)
    return [(b"cache-control", b"no-cache" if has_tag else b"no-store")]


def same_origin(fetch_site: str | None, origin: str | None, host: str | None) -> bool:
    """Whether a request that changes something comes from our own pages or from no page at all.

    Browsers say it in `Sec-Fetch-Site`, older ones in `Origin`; programs say neither. Schemes are not compared,
    since a proxy in front may have ended TLS.
    """
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    if origin is None:
        return True
    return bool(host) and urlsplit(origin).netloc.lower() == (host or "").lower()


@lru_cache(maxsize=10_000)
def rate_subject(address: str) -> str:
    """Whom an address stands for in rate limits: itself for IPv4, its /64 for IPv6, since one house owns that."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(ip_network(f"{address}/64", strict=False))


@lru_cache(maxsize=10_000)
def is_loopback(address: str) -> bool:
    """Whether the address is this very machine."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


class Proxies:
    """The reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; nobody else's are."""

    def __init__(self, trusted: Iterable[IPv4Network | IPv6Network]) -> None:
        self._trusted = tuple(trusted)

    @classmethod
    def parse(cls, option: str | Iterable[str] | None) -> Proxies:
        """From the start option: addresses or networks, comma-separated or as a list. ValueError for anything else."""
        words = option.split(",") if isinstance(option, str) else (option or ())
        return cls(ip_network(word.strip(), strict=False) for word in words if word.strip())

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._trusted)

    def trusts(self, address: str) -> bool:
        """Whether that address is one of our proxies."""
        if not self._trusted:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted if network.version == parsed.version)

    def origin(
        self, peer: str, scheme: str, forwarded_for: str | None, forwarded_proto: str | None
    ) -> tuple[str, bool]:
        """The client's address and whether it came by HTTPS, told by trusted proxies, else by the connection itself.

        Of `X-Forwarded-For` the rightmost address counts that is no proxy of ours: what stands further left may be
        invented by the client.
        """
        if not self.trusts(peer):
            return peer, scheme == "https"
        client = peer
        for hop in reversed([part.strip() for part in (forwarded_for or "").split(",") if part.strip()]):
            client = hop
            if not self.trusts(hop):
                break
        proto = (forwarded_proto or "").split(",")[-1].strip().lower() or scheme
        return client, proto == "https"
