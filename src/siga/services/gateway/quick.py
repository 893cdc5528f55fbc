"""The doors' quick way for public reads of bays where Parking runs in this process: every policy, nothing else.

It takes a plain GET of somebody who brings no credentials, asks Parking's express lane, and sends what it answers with
the headers every answer carries. Whatever is not plain goes the long way, which answers the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from siga.kit import metrics, tracing
from siga.kit.log import logger
from siga.kit.problem import TooMany
from siga.services.gateway import policies
from siga.services.gateway.asgi import Header, Message, Scope
from siga.services.gateway.policies import Proxies

Lane = Callable[[str, bytes, bytes | None, bytes | None], Any]
"""(path, query, Accept, If-None-Match) → (status, headers, body), or None for what is not plain."""

_log = logger("gateway")
_PREFIX = "/api/v1/bays"
_NOT_PLAIN = frozenset({
    b"authorization", b"content-length", b"transfer-encoding", b"range",
})  # fmt: skip
_SESSIONS = (b"__Host-siga=", b"siga-plain=")


class Quick:
    """`answer` serves a request or says that it goes the long way. `admit` raises when the address asks too often."""

    def __init__(self, door: str, lane: Lane, admit: Callable[[str], None], proxies: Proxies) -> None:
        self._lane, self._admit, self._proxies = lane, admit, proxies
        self._extra = {https: _extra_headers(https=https) for https in (False, True)}
        self._count = metrics.REQUESTS.labels
        self._door = door
        self._counters: dict[int, Any] = {}
        self._time = metrics.REQUEST_S.labels(door, _PREFIX).observe

    def answer(self, scope: Scope) -> tuple[Message, Message] | None:
        """What is to be sent, None when the request goes the long way."""
        began = time.perf_counter()
        path: str = scope["path"]
        if scope["method"] != "GET" or not path.startswith(_PREFIX):
            return None
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if not _is_plain(scope, path, headers):
            return None
        client, https = self._origin(scope, headers)
        found = self._asked(path, scope["query_string"], headers, client)
        if found is None:
            return None
        status, own, body = found
        given = headers.get(b"x-request-id")
        request_id = tracing.accept_request_id(given.decode("latin-1") if given else None)
        head = [*own, *self._extra[https], (b"x-request-id", request_id.encode())]
        self._counter(status).inc()
        self._time(time.perf_counter() - began)
        return (
            {"type": "http.response.start", "status": status, "headers": head},
            {"type": "http.response.body", "body": body, "more_body": False},
        )

    def _asked(self, path: str, query: bytes, headers: Mapping[bytes, bytes], client: str) -> Any:
        """What the lane answers; None also for an address that asks too often, and for a fault: the long way tells."""
        try:
            found = self._lane(path, query, headers.get(b"accept"), headers.get(b"if-none-match"))
            if found is not None:
                self._admit(client)
        except TooMany:
            return None
        except Exception as fault:
            _log.error("fault", route="quick", exc_info=fault)
            return None
        return found

    def _origin(self, scope: Scope, headers: Mapping[bytes, bytes]) -> tuple[str, bool]:
        """The client's address, and whether it came by HTTPS."""
        peer, scheme = str((scope.get("client") or ("",))[0]), scope.get("scheme", "http")
        if not self._proxies:
            return peer, scheme == "https"
        told = headers.get(b"x-forwarded-for"), headers.get(b"x-forwarded-proto")
        return self._proxies.origin(peer, scheme, *(one.decode("latin-1") if one is not None else None for one in told))

    def _counter(self, status: int) -> Any:
        found = self._counters.get(status)
        if found is None:
            found = self._counters[status] = self._count(self._door, _PREFIX, str(status))
        return found


def _is_plain(scope: Scope, path: str, headers: Mapping[bytes, bytes]) -> bool:
    # Two headers of one name are for the long way to judge.
    if not _NOT_PLAIN.isdisjoint(headers) or len(headers) != len(scope["headers"]):
        return False
    cookie = headers.get(b"cookie")
    if cookie is not None and any(name in cookie for name in _SESSIONS):
        return False
    raw_path: bytes = scope["raw_path"]
    # An encoded path could be read in two ways: the long way judges it.
    return raw_path == path.encode() and policies.path_fault(raw_path) is None


def _extra_headers(*, https: bool) -> list[Header]:
    """What every answer carries that brings its own cache rule."""
    shared = policies.cors_headers("GET", _PREFIX)
    return [*policies.security_headers(https=https, shared=True), *shared]
