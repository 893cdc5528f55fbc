"""The doors' rules: paths, sizes, headers, CORS, proxies, same origin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.services.gateway import policies
from siga.services.gateway.policies import MIB, Proxies


@pytest.mark.parametrize("path", [b"/", b"/b/elche/1042", b"/api/v1/bays/nearest", b"/b/a.b/..c", b"/static/x-1.2.js"])
def test_plain_paths_pass(path: bytes) -> None:
    assert policies.path_fault(path) is None


@pytest.mark.parametrize(
    "path",
    [
        b"", b"bays", b"/a%2Fb", b"/a%2fb", b"/a%5Cb", b"/a\\b", b"/../internal", b"/a/%2e%2E/internal", b"/a/./b",
        b"/%2e", b"//internal/v1", b"/a%00", b"/a%0d%0ab", b"/a b", b"/a\x7f",
    ],
)  # fmt: skip
def test_paths_that_could_mean_two_things_are_refused(path: bytes) -> None:
    assert policies.path_fault(path) is not None


def test_bodies_are_limited_by_what_they_are_for() -> None:
    assert policies.users_body_limit_bytes("POST", "/api/v1/doubts") == MIB
    assert policies.users_body_limit_bytes("PUT", "/api/v1/reports/1/photo") == 8 * MIB
    assert policies.users_body_limit_bytes("POST", "/api/v1/bays/import") == 64 * MIB
    assert policies.users_body_limit_bytes("POST", "/report") == policies.FORM_BYTES
    assert policies.sensors_body_limit_bytes("POST", "/sensors/v1/reports") == MIB
    assert policies.sensors_body_limit_bytes("PUT", "/sensors/v1/photos/1") == 8 * MIB
    assert policies.sensors_body_limit_bytes("POST", "/sensors/v1/hello") == 64 * 1024


def test_other_sites_may_read_public_bays_and_the_reference_and_nothing_else() -> None:
    assert policies.cors_headers("GET", "/api/v1/bays/nearest")
    assert policies.cors_headers("GET", "/api/openapi.json")
    for method, path in [
        ("GET", "/api/v1/cases"), ("POST", "/api/v1/bays"), ("PATCH", "/api/v1/bays/1"), ("GET", "/api/v1/baysx"),
        ("GET", "/api/v1/auth/session"), ("GET", "/"), ("GET", "/api/v1/live"),
    ]:  # fmt: skip
        assert policies.cors_headers(method, path) == []


def test_cors_never_allows_credentials() -> None:
    names = {key for key, _ in policies.cors_headers("OPTIONS", "/api/v1/bays")}
    assert b"access-control-allow-credentials" not in names


def test_hsts_is_told_under_tls_only() -> None:
    secure = dict(policies.security_headers(https=True, shared=False))
    plain = dict(policies.security_headers(https=False, shared=False))
    assert b"strict-transport-security" in secure
    assert b"strict-transport-security" not in plain
    assert plain[b"permissions-policy"].startswith(b"geolocation=(self)")


def test_an_answer_keeps_the_headers_it_has() -> None:
    extra = policies.security_headers(https=False, shared=False)
    headers = policies.completed([(b"Content-Security-Policy", b"script-src 'nonce-1'")], extra)
    assert [value for key, value in headers if key == b"content-security-policy"] == [b"script-src 'nonce-1'"]


@pytest.mark.parametrize(
    ("site", "origin", "fine"),
    [
        ("same-origin", None, True), ("none", None, True), ("cross-site", None, False), ("same-site", None, False),
        (None, "https://siga.example", True), (None, "https://evil.example", False), (None, "null", False),
        (None, None, True), ("cross-site", "https://siga.example", False),
    ],
)  # fmt: skip
def test_changes_come_from_our_own_pages_or_from_programs(site: str | None, origin: str | None, fine: bool) -> None:
    assert policies.same_origin(site, origin, "siga.example") is fine


def test_forwarded_addresses_are_believed_from_trusted_proxies_only() -> None:
    trusting, nobody = Proxies.parse("10.0.0.1, 192.168.0.0/16"), Proxies.parse(None)
    assert trusting.origin("10.0.0.1", "http", "203.0.113.9", "https") == ("203.0.113.9", True)
    assert trusting.origin("203.0.113.7", "http", "1.2.3.4", "https") == ("203.0.113.7", False)
    assert nobody.origin("10.0.0.1", "http", "1.2.3.4", "https") == ("10.0.0.1", False)


def test_what_the_client_invents_left_of_our_proxies_is_not_believed() -> None:
    proxies = Proxies.parse(["10.0.0.0/8"])
    assert proxies.origin("10.0.0.1", "http", "9.9.9.9, 203.0.113.9, 10.0.0.2", None)[0] == "203.0.113.9"


def test_a_proxy_option_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError):
        Proxies.parse("proxy.example")


def test_a_house_with_ipv6_counts_as_one() -> None:
    assert policies.rate_subject("2001:db8::1") == policies.rate_subject("2001:db8::2")
    assert policies.rate_subject("2001:db8::1") != policies.rate_subject("2001:db8:0:1::1")
    assert policies.rate_subject("::ffff:203.0.113.9") == "203.0.113.9"


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_forwarded_header_makes_the_door_fall_over(forwarded: str, address: str) -> None:
    Proxies.parse("10.0.0.1").origin("10.0.0.1", "http", forwarded, forwarded)
    policies.rate_subject(address)
    policies.is_loopback(address)
