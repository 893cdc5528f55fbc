"""Which service answers what, and what it is told."""

from __future__ import annotations

import pytest

from siga.contract.auth import SERVICES
from siga.services.gateway.routes import OWNERS, headers_back, headers_onward, owner_of


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/v1/bays/nearest", "parking"), ("/api/v1/zones", "parking"), ("/api/v1/auth/token", "users"),
        ("/api/v1/history/statistics", "history"), ("/api/v1/cases", "enforcement"), ("/api/v1/doubts", "drivers"),
        ("/api/v1/config/settings", "config"), ("/api/v1/logs/tail", "logs"), ("/api/v1/images/jobs", "images"),
        ("/api/v1/push-subscriptions", "drivers"),
    ],
)  # fmt: skip
def test_each_prefix_has_its_owner(path: str, service: str) -> None:
    owner = owner_of(path)
    assert owner is not None
    assert owner.service == service


@pytest.mark.parametrize(
    "path", ["/api/v1/", "/api/v1/internal", "/api/v1/nothing/here", "/api/v2/bays", "/internal/v1/x"]
)
def test_what_is_not_in_the_table_has_no_owner(path: str) -> None:
    assert owner_of(path) is None


def test_every_owner_is_a_service() -> None:
    assert {owner.service for owner in OWNERS.values()} <= set(SERVICES) - {"gateway"}


def test_credentials_and_forged_headers_stay_outside() -> None:
    headers = [
        (b"authorization", b"Bearer x"), (b"cookie", b"a=b"), (b"x-forwarded-for", b"1.2.3.4"),
        (b"forwarded", b"for=1"), (b"x-siga-address", b"1.2.3.4"),
        (b"connection", b"keep-alive, x-secret"), (b"x-secret", b"1"), (b"te", b"x"),
        (b"x-request-id", b"12345678"), (b"accept", b"*/*"), (b"if-none-match", b'"1"'), (b"last-event-id", b"9"),
    ]  # fmt: skip
    assert [key for key, _ in headers_onward(headers)] == [b"accept", b"if-none-match", b"last-event-id"]


def test_services_set_no_cookies() -> None:
    headers = [(b"Set-Cookie", b"a=b"), (b"ETag", b'"1"'), (b"Transfer-Encoding", b"chunked"), (b"server", b"x")]
    assert headers_back(headers) == [(b"etag", b'"1"')]
