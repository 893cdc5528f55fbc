"""The users' door: what is refused at the door, who a request is passed on for, and what every answer carries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from gateway_world import person, world
from siga.contract.settings import REQUESTS_PER_IP_MIN
from siga.contract.users import GrantsChanged, SessionEnded
from support import run

ALL = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")]


def problem(answer: Any, status: int, slug: str) -> dict[str, Any]:
    """The body of a refusal of that kind."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{slug}"
    return body


def test_every_answer_carries_its_id_and_the_security_headers(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            for path in ("/healthz", "/api/v1/bays?bbox=0,0,1,1", "/api/v1/nothing", "/a%2fb", "/"):
                answer = await here.users_door.get(path, headers={"x-request-id": "my-request-1"})
                assert answer.headers["x-request-id"] == "my-request-1"
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert "content-security-policy" in answer.headers
                assert "strict-transport-security" not in answer.headers
            fresh = await here.users_door.get("/healthz", headers={"x-request-id": "bad id\t"})
            assert fresh.headers["x-request-id"] not in ("", "bad id\t")

    run(check())


def test_what_lies_behind_the_doors_cannot_be_reached(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            for path in (
                "/internal/v1/events",
                "/internal/v1/health",
                "/api/v1/internal/x",
                "/api/v2/bays",
                "/sensors/v1/hello",
            ):
                problem(await here.users_door.get(path), 404, "not-found")
            for path in ("/api/v1/bays/%2e%2e/%2e%2e/internal/v1/zones", "/api/v1/bays/..%2f..%2finternal"):
                problem(await here.users_door.get(path), 400, "malformed")
            for path in ("/internal/v1/events", "/api/v1/bays", "/"):
                problem(await here.sensors_door.get(path), 404, "not-found")

    run(check())


def test_a_request_is_passed_on_with_our_own_token_and_nothing_of_the_clients(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.known.sessions["t1"] = person("ana", "administrator")
            headers = {"cookie": "siga-plain=t1", "x-siga-address": "6.6.6.6", "x-forwarded-for": "7.7.7.7"}
            # An address header of an unknown proxy makes the line unsafe for staff; a driver may pass.
            here.known.sessions["t1"] = person("ana", "driver")
            answer = await here.users_door.get("/api/v1/users", headers=headers)
            assert answer.text == "ana"
            assert "set-cookie" not in answer.headers
            _, _, caller, seen = here.known.asked[-1]
            assert (caller.kind, caller.iss, caller.aud) == ("person", "gateway", "users")
            assert seen["x-siga-address"] == "127.0.0.1"
            assert "cookie" not in seen
            assert "x-forwarded-for" not in seen
            assert seen["x-request-id"] == answer.headers["x-request-id"]
            assert seen["traceparent"].startswith("00-")

    run(check())


def test_guests_are_known_by_their_cookie_or_by_their_address(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            for headers in ({}, {}, {"cookie": "siga-plain-guest=forged.seal"}):
                await here.users_door.get("/api/v1/users", headers=headers)
            subjects = {caller.sub for _, _, caller, _ in here.known.asked}
            assert len(subjects) == 1
            assert all(caller.kind == "guest" and not caller.grants for _, _, caller, _ in here.known.asked)

    run(check())


def test_cookies_that_come_one_by_one_and_proxies_that_add_lines_are_read_whole(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path, client="10.0.0.1", trusted_proxy="10.0.0.1") as here:
            here.known.sessions["t1"] = person("ana", "driver")
            headers = [
                ("cookie", "a=b"), ("cookie", "__Host-siga=t1"), ("x-forwarded-for", "1.2.3.4"),
                ("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https"),
            ]  # fmt: skip
            assert (await here.users_door.get("/api/v1/users", headers=headers)).text == "ana"
            assert here.known.asked[-1][3]["x-siga-address"] == "203.0.113.9"

    run(check())


def test_signing_in_sets_the_cookie_and_out_takes_it_away(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path, client="203.0.113.9", trusted_proxy="203.0.113.9") as here:
            https = dict(ALL)
            here.known.sessions["t1"] = person("ana", "administrator")
            wrong = {"email": "ana@x", "password": "wrong"}
            problem(
                await here.users_door.post("/api/v1/auth/session", json=wrong, headers=https), 401, "unauthenticated"
            )
            right = {"email": "ana@x", "password": "right"}
            answer = await here.users_door.post("/api/v1/auth/session", json=right, headers=https)
            assert answer.status_code == 201
            assert answer.json()["csrf"] == "csrf-ana"
            assert "t1" not in answer.text
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-siga=t1;")
            assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
            assert answer.headers["strict-transport-security"]
            https["cookie"] = "__Host-siga=t1"
            assert (await here.users_door.get("/api/v1/auth/session", headers=https)).json()["user_id"] == "ana"
            problem(await here.users_door.delete("/api/v1/auth/session", headers=https), 403, "csrf")
            gone = await here.users_door.delete("/api/v1/auth/session", headers={**https, "x-csrf-token": "csrf-ana"})
            assert gone.status_code == 204
            assert "Max-Age=0" in gone.headers["set-cookie"]
            after = await here.users_door.get("/api/v1/auth/session", headers=https)
            assert after.json()["kind"] == "guest"

    run(check())


def test_staff_do_not_sign_in_over_an_open_line(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path, client="203.0.113.9", loopback=False) as here:
            here.known.sessions |= {"t1": person("ana", "police"), "t2": person("leo", "driver")}
            ask = {"email": "ana@x", "password": "right"}
            body = problem(await here.users_door.post("/api/v1/auth/session", json=ask), 403, "https-needed")
            assert "--tls-cert" in body["detail"]
            assert "t1" not in here.known.sessions
            here.known.sessions["t1"] = person("ana", "police")
            problem(
                await here.users_door.get("/api/v1/users", headers={"cookie": "siga-plain=t1"}), 403, "https-needed"
            )
            token = here.keys.access_token(person("ana", "police"))
            bearer = {"authorization": f"Bearer {token}"}
            problem(await here.users_door.get("/api/v1/users", headers=bearer), 403, "https-needed")
            driver = await here.users_door.post("/api/v1/auth/session", json={"email": "leo@x", "password": "right"})
            assert driver.status_code == 201

    run(check())


def test_changes_by_cookie_need_the_csrf_token_and_our_own_page(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.known.sessions["t1"] = person("ana", "driver")
            cookie = {"cookie": "siga-plain=t1"}
            post = here.users_door.post
            problem(await post("/api/v1/bays", headers=cookie), 403, "csrf")
            problem(await post("/api/v1/bays", headers={**cookie, "x-csrf-token": "wrong"}), 403, "csrf")
            good = {**cookie, "x-csrf-token": "csrf-ana"}
            assert (await post("/api/v1/bays", headers=good)).status_code == 201
            problem(await post("/api/v1/bays", headers={**good, "sec-fetch-site": "cross-site"}), 403, "csrf")
            problem(await post("/api/v1/bays", headers={**good, "origin": "https://evil.test"}), 403, "csrf")
            problem(await post("/api/v1/bays", headers={"origin": "https://evil.test"}), 403, "csrf")
            problem(await post("/report", headers={"origin": "https://evil.test"}), 403, "csrf")
            bearer = {"authorization": f"Bearer {here.keys.access_token(person('ana', 'driver'))}"}
            assert (await post("/api/v1/bays", headers=bearer)).status_code == 201

    run(check())


def test_an_access_token_that_cannot_be_read_is_refused_but_does_not_stop_getting_a_new_one(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            for value in ("Bearer nonsense", "Basic YTpi", "Bearer"):
                problem(
                    await here.users_door.get("/api/v1/users", headers={"authorization": value}), 401, "unauthenticated"
                )
            answer = await here.users_door.post("/api/v1/auth/token", headers={"authorization": "Bearer nonsense"})
            assert answer.status_code == 201

    run(check())


def test_a_session_that_ends_is_forgotten_at_once(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            ana = here.known.sessions["t1"] = person("ana", "driver")
            cookie = {"cookie": "siga-plain=t1"}
            assert (await here.users_door.get("/api/v1/users", headers=cookie)).text == "ana"
            token = {"authorization": f"Bearer {here.keys.access_token(ana)}"}
            assert (await here.users_door.get("/api/v1/users", headers=token)).text == "ana"
            del here.known.sessions["t1"]
            await here.known.tell("users", SessionEnded(session_id=ana.session_id, user_id="ana"), "")
            await asyncio.sleep(0.1)
            answer = await here.users_door.get("/api/v1/users", headers=cookie)
            assert answer.text.startswith("guest:")
            assert "Max-Age=0" in answer.headers["set-cookie"]
            problem(await here.users_door.get("/api/v1/users", headers=token), 401, "unauthenticated")

    run(check())


def test_changed_roles_count_at_once(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.known.sessions["t1"] = person("ana", "police")
            cookie = {"cookie": "siga-plain=t1"}
            await here.users_door.get("/api/v1/users", headers=cookie)
            here.known.sessions["t1"] = person("ana", "driver")
            await here.known.tell("users", GrantsChanged(user_id="ana"), "")
            await asyncio.sleep(0.1)
            await here.users_door.get("/api/v1/users", headers=cookie)
            assert [grant.role for grant in here.known.asked[-1][2].grants] == ["driver"]

    run(check())


def test_bodies_are_limited_while_they_are_read(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            announced = await here.users_door.post("/api/v1/bays", content=b"x" * (1024 * 1024 + 1))
            problem(announced, 413, "too-large")

            async def dribble() -> AsyncIterator[bytes]:
                for _ in range(20):
                    yield b"x" * 65536

            problem(await here.users_door.post("/api/v1/bays", content=dribble()), 413, "too-large")
            fine = await here.users_door.post("/api/v1/bays", content=b"x" * 1024 * 1024)
            assert fine.json() == {"bytes": 1024 * 1024}

    run(check())


def test_too_many_requests_wait_as_the_live_setting_says(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            here.settings.swap(1, {"": {REQUESTS_PER_IP_MIN.key: 10}})
            answers = [await here.users_door.get("/api/v1/bays?bbox=0,0,1,1") for _ in range(12)]
            assert [one.status_code for one in answers].count(200) == 10
            refused = problem(answers[-1], 429, "too-many")
            assert 1 <= int(answers[-1].headers["retry-after"]) <= 6
            assert "Wait" in refused["detail"]
            assert (await here.users_door.get("/healthz")).status_code == 200
            here.settings.swap(2, {"": {REQUESTS_PER_IP_MIN.key: 1000}})
            await asyncio.sleep(0.1)
            assert (await here.users_door.get("/api/v1/bays?bbox=0,0,1,1")).status_code == 200

    run(check())


def test_any_site_may_read_public_bays_and_no_other_answer(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            origin = {"origin": "https://other.test"}
            bays = await here.users_door.get("/api/v1/bays?bbox=0,0,1,1", headers=origin)
            assert bays.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in bays.headers
            assert bays.headers["cross-origin-resource-policy"] == "cross-origin"
            people = await here.users_door.get("/api/v1/users", headers=origin)
            assert "access-control-allow-origin" not in people.headers
            preflight = await here.users_door.options("/api/v1/bays", headers=origin)
            assert preflight.status_code == 204
            assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"

    run(check())


def test_head_is_get_without_a_body(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            answer = await here.users_door.head("/api/v1/bays?bbox=0,0,1,1")
            assert answer.status_code == 200
            assert int(answer.headers["content-length"]) > 0
            assert answer.content == b""

    run(check())


def test_a_service_that_is_away_is_told_and_reads_of_bays_go_on_without_users(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path, without=("users",)) as here:
            cookie = {"cookie": "siga-plain=t1"}
            assert (await here.users_door.get("/api/v1/bays?bbox=0,0,1,1", headers=cookie)).status_code == 200
            away = await here.users_door.post("/api/v1/doubts", headers=cookie)
            assert away.status_code == 503
            assert away.headers["retry-after"]
            ready = await here.users_door.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["services"] == {
                "parking": "ready", "enforcement": "ready", "images": "ready", "users": "not ready"
            }  # fmt: skip
            assert (await here.users_door.get("/healthz")).status_code == 200

    run(check())


def test_ready_when_all_answer_and_metrics_for_this_machine_only(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            assert (await here.users_door.get("/readyz")).json()["ready"] is True
            metrics = await here.users_door.get("/metrics")
            assert "siga_requests_total" in metrics.text
            through_unknown_proxy = await here.users_door.get("/metrics", headers={"x-forwarded-for": "1.2.3.4"})
            problem(through_unknown_proxy, 404, "not-found")
        async with world(tmp_path, client="203.0.113.9") as far:
            problem(await far.users_door.get("/metrics"), 404, "not-found")
        async with world(tmp_path, client="203.0.113.9", public_metrics=True) as shown:
            assert (await shown.users_door.get("/metrics")).status_code == 200

    run(check())


def test_the_reference_holds_all_services_public_paths(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            document = (await here.users_door.get("/api/openapi.json")).json()
            assert document["openapi"].startswith("3.1")
            assert {"/api/v1/bays", "/api/v1/users", "/api/v1/live", "/sensors/v1/reports"} <= set(document["paths"])
            assert not [path for path in document["paths"] if "internal" in path]
            page = await here.users_door.get("/api/docs")
            assert "Bays in a box." in page.text
            assert "<script" not in page.text
            assert "style-src 'sha256-" in page.headers["content-security-policy"]

    run(check())


def test_a_problems_type_can_be_opened(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path) as here:
            page = await here.users_door.get("/problems/https-needed")
            assert page.status_code == 200
            assert "Staff sign in over HTTPS only" in page.text
            problem(await here.users_door.get("/problems/no-such"), 404, "not-found")

    run(check())


def test_the_sensors_routes_are_on_the_users_door_only_if_switched_on(tmp_path: Path) -> None:
    async def check() -> None:
        async with world(tmp_path, sensors_on_users_door=True) as here:
            problem(await here.users_door.post("/sensors/v1/hello"), 401, "signature")
            too_large = await here.users_door.post("/sensors/v1/hello", content=b"x" * 70_000)
            problem(too_large, 413, "too-large")

    run(check())
