"""OWASP API8:2023, security misconfiguration: headers, CSP, methods, CORS, cookies and errors that tell nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from permission_world import PASS, Answer, Door, Stage, World
from siga.services.gateway.policies import open_to_all

pytestmark = pytest.mark.xdist_group("risks")

_TRACE = re.compile(rb"Traceback|\.py\b|line \d+, in |sqlalchemy|litestar|msgspec|sqlite|psycopg|/home/|/usr/", re.I)
_CSP_NEEDS = {"default-src": ["'none'"], "base-uri": ["'none'"], "frame-ancestors": ["'none'"]}


def pages_of(world: World) -> list[str]:
    """All pages that can be opened by GET without a value in the path."""
    door: Any = world.system.system.services["gateway"].app
    app = door._app._pages
    while not hasattr(app, "routes"):
        app = app.framework
    return sorted(
        route.path for route in app.routes if "GET" in route.methods and "{" not in route.path_format
    )  # fmt: skip


def policy_of(answer: Answer) -> dict[str, list[str]]:
    """A CSP as directive → sources."""
    parts = (one.split() for one in answer.headers["content-security-policy"].split(";"))
    return {words[0]: words[1:] for words in parts if words}


def check_headers(answer: Answer, where: str) -> None:
    """OWASP ASVS 5.0 V3.4 and V4.1: what every answer carries."""
    assert answer.headers["x-content-type-options"] == "nosniff", where
    assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer"), where
    assert "permissions-policy" in answer.headers, where
    assert answer.headers["cross-origin-opener-policy"] == "same-origin", where
    assert "server" not in answer.headers, where
    assert "x-powered-by" not in answer.headers, where
    policy = policy_of(answer)
    for directive, sources in _CSP_NEEDS.items():
        if directive == "base-uri" and "text/html" not in answer.headers.get("content-type", ""):
            continue
        assert policy.get(directive) == sources, f"{where}: {policy}"
    for directive, sources in policy.items():
        for source in sources:
            loose = source in ("'unsafe-inline'", "'unsafe-eval'", "*", "data:", "blob:", "http:", "https:")
            assert not loose, f"{where}: {directive} {source}"


def test_every_page_carries_a_strict_policy_and_every_header(siga: Stage) -> None:
    async def work(world: World) -> None:
        pages = pages_of(world)
        town = world.towns[0]
        who = [None, *(world.token(role, town) for role in ("administrator", "police", "operator"))]
        seen = 0
        for page in pages:
            for token in who:
                answer = await world.users.ask("GET", page, token=token)
                assert answer.status < 500, f"{page}: {answer.status} {answer.body[:300]!r}"
                check_headers(answer, page)
                if "text/html" in answer.headers.get("content-type", ""):
                    seen += 1
                    assert b"<script>" not in answer.body, page
                    assert not re.search(rb"<[^>]+\son[a-z]+=", answer.body), page
                    assert b' style="' not in answer.body, page
        print(f"\npages: {seen} of {len(pages)} addresses")
        assert seen > 20

    siga.attack(work, 120)


def test_every_kind_of_answer_carries_every_header(siga: Stage) -> None:
    async def work(world: World) -> None:
        admin = world.token("administrator", world.towns[0])
        for method, path in (("GET", "/api/v1/bays"), ("GET", "/api/v1/nothing"), ("GET", "/healthz"),
                             ("POST", "/api/v1/auth/token"), ("GET", "/api/openapi.json"), ("GET", "/api/docs"),
                             ("TRACE", "/"), ("OPTIONS", "/api/v1/bays"), ("GET", "/problems/not-found"),
                             ("GET", "/api/v1/users")):  # fmt: skip
            check_headers(await world.users.ask(method, path, token=admin), f"{method} {path}")
        private = await world.users.ask("GET", "/api/v1/users", token=admin)
        assert private.headers["cache-control"] == "no-store"

    siga.attack(work)


def test_refusals_and_faults_tell_nothing_of_the_inside(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        asks: list[tuple[str, str, Any]] = [
            ("GET", "/api/v1/bays/'; DROP TABLE bays; --", None), ("GET", "/api/v1/bays/nearest?lon=x&lat=y", None),
            ("POST", "/api/v1/auth/token", {"email": 5}), ("POST", "/api/v1/auth/token", [1]),
            ("GET", "/api/v1/config/settings/nothing.there", None), ("GET", "/api/v1/cases/x/photos/../../x", None),
            ("PUT", "/api/v1/config/settings/parking.grace_s", {"value": {"a": 1}}),
            ("POST", "/api/v1/config/revisions/99999999999999999999/roll-back", {}),
            ("GET", "/api/v1/logs?from=yesterday", None), ("GET", "/api/v1/logs?cursor=AAAA", None),
            ("DELETE", "/api/v1/users/%F0%9F%92%A9", None), ("GET", "/static/../../etc/passwd", None),
            ("GET", "/static/nothing.js", None), ("GET", "/problems/nothing", None),
        ]  # fmt: skip
        for method, target, body in asks:
            path, _, query = target.partition("?")
            for role in ("administrator", "operator"):
                answer = await world.users.ask(method, path, body, query=query, token=world.token(role, town))
                assert 400 <= answer.status < 500, f"{method} {target} → {answer.status}"
                assert not _TRACE.search(answer.body), f"{method} {target}: {answer.body[:400]!r}"

    siga.attack(work)


def test_other_sites_may_read_what_is_public_and_nothing_else(siga: Stage) -> None:
    async def work(world: World) -> None:
        evil = {"origin": "https://evil.example", "access-control-request-method": "GET"}
        admin = world.token("administrator", world.towns[0])
        document = (await world.users.ask("GET", "/api/openapi.json")).json()
        for path in [one for one in document["paths"] if "{" not in one] + ["/", "/login", "/account"]:
            for method in ("GET", "OPTIONS"):
                if path == "/api/v1/logs/tail":
                    continue
                answer = await world.users.ask(method, path, headers=evil, token=admin)
                allowed = answer.headers.get("access-control-allow-origin")
                assert allowed in (None, "*"), path
                assert (allowed == "*") <= open_to_all(method, path), path
                assert "access-control-allow-credentials" not in answer.headers, path

    siga.attack(work)


def test_changes_by_cookie_need_our_own_page_and_its_token(siga: Stage) -> None:
    async def work(world: World) -> None:
        sign_in = {"email": "driver@road.example", "password": PASS}
        opened = await world.users.ask("POST", "/api/v1/auth/session", sign_in)
        if opened.status == 429:
            pytest.fail("the sign-in was throttled by another attack")
        cookie = opened.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=" in cookie
        mine = {"cookie": cookie.split(";")[0]}
        csrf = opened.json()["csrf"]
        place = {"label": "Casa", "lon": 1.0, "lat": 1.0}
        for headers in ({}, {"x-csrf-token": "x"}, {"x-csrf-token": csrf, "sec-fetch-site": "cross-site"},
                        {"x-csrf-token": csrf, "origin": "https://evil.example"}):  # fmt: skip
            answer = await world.users.ask("POST", "/api/v1/favourites", place, headers={**mine, **headers})
            assert (answer.status, answer.slug) == (403, "csrf"), headers
        right = {**mine, "x-csrf-token": csrf, "sec-fetch-site": "same-origin"}
        assert (await world.users.ask("POST", "/api/v1/favourites", place, headers=right)).status == 201

    siga.attack(work)


def test_staff_are_not_let_in_over_an_open_line_and_secure_lines_get_secure_cookies(siga: Stage) -> None:
    async def work(world: World) -> None:
        app = world.system.system.services["gateway"].app
        admin = world.token("administrator", world.towns[0])
        far = await Door(app, client="203.0.113.5").ask("GET", "/api/v1/users", token=admin)
        assert (far.status, far.slug) == (403, "https-needed")
        secure = Door(app, client="203.0.113.5", scheme="https")
        answer = await secure.ask("GET", "/api/v1/users", token=admin)
        assert answer.status == 200
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
        signed = await secure.ask("POST", "/api/v1/auth/session", {"email": "driver@road.example", "password": PASS})
        assert signed.status == 201
        assert "__Host-siga=" in signed.headers["set-cookie"]
        assert "Secure" in signed.headers["set-cookie"]

    siga.attack(work)
