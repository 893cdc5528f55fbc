"""OWASP API5:2023, broken function level authorisation: no other verb, spelling or path leads to a function."""

from __future__ import annotations

import pytest

from permission_asks import operations
from permission_world import Stage, World

pytestmark = pytest.mark.xdist_group("risks")

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def test_verbs_that_are_not_in_the_reference_do_nothing(siga: Stage) -> None:
    async def work(world: World) -> None:
        document = (await world.users.ask("GET", "/api/openapi.json")).json()
        known, tried = set(operations(document)), 0
        admin = world.token("administrator", world.towns[0])
        for path in document["paths"]:
            if not path.startswith("/api/"):
                continue
            concrete = path
            for name in ("municipality", "code", "role", "key", "revision"):
                concrete = concrete.replace("{" + name + "}", "1")
            concrete = "/".join("0190c0de-0000-7000-8000-0000000000ff" if "{" in p else p for p in concrete.split("/"))
            for verb in (*VERBS, "TRACE", "CONNECT", "PROPFIND", "get", "FOO"):
                if f"{verb} {path}" in known:
                    continue
                answer = await world.users.ask(verb, concrete, token=admin)
                tried += 1
                assert answer.status in (404, 405, 401, 403, 501, 400), f"{verb} {path} → {answer.status}"
        print(f"\nverbs: {tried} that nothing answers to")
        assert tried > 300

    siga.attack(work)


def test_a_harmless_verb_cannot_be_turned_into_another(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        driver, rule = world.token("driver", user_id=world.driver_id), town.things["rule_id"]
        verbs = [{f"x-{name}": "DELETE"} for name in ("http-method-override", "http-method", "method-override")]
        paths = [{f"x-{name}": "/internal/v1/zones"} for name in ("original-url", "rewrite-url", "forwarded-prefix")]
        for headers in (*verbs, *paths):
            await world.users.ask("GET", "/api/v1/rules", token=driver, headers=headers)
            await world.users.ask("POST", f"/api/v1/rules/{rule}", token=driver, headers=headers,
                                  query={"_method": "DELETE"})  # fmt: skip
        rules = await world.must("GET", "/api/v1/rules", query={"municipality_id": town.municipality_id})
        assert rule in {one["rule_id"] for one in rules["rules"]}

    siga.attack(work)


@pytest.mark.parametrize("path", [
    "/internal/v1/zones", "/internal/v1/events", "/internal/v1/sessions/resolve", "/internal/v1/match-keys/x",
    "/internal/v1/openapi/openapi.json", "/api/v1/../../internal/v1/zones", "/api/v1/bays/..%2f..%2finternal/v1/zones",
    "/api/v1/bays/%2e%2e/%2e%2e/internal/v1/zones", "//internal/v1/zones", "/api/v1//internal/v1/zones",
    "/api/v1/internal/v1/zones", "/INTERNAL/v1/zones", "/api/v1/bays;/internal/v1/zones", "/api/v1/bays%00/internal",
    "/api/v1/bays\\..\\internal", "/api/v1/devices/../../../internal/v1/devices/x/key", "/parking/internal/v1/zones",
])  # fmt: skip
def test_what_services_ask_each_other_cannot_be_asked_at_the_door(siga: Stage, path: str) -> None:
    async def work(world: World) -> None:
        for token in (None, world.token("platform"), world.token("administrator", world.towns[0])):
            for door in (world.users, world.sensors):
                for method in ("GET", "POST"):
                    answer = await door.ask(method, path, token=token)
                    assert answer.status in (400, 401, 403, 404, 405), f"{method} {path} → {answer.status}"
                    assert b"zone_id" not in answer.body

    siga.attack(work)


@pytest.mark.parametrize("spelling", [
    "/api/v1/users/", "/API/v1/users", "/api/V1/users", "/api/v1/Users", "/api/v1/users;x=1", "/api/v1/users%20",
    "/api/v1/users.json", "/api/v1/./users", "/api/v1/users%2f", "/api/v1/users?", "/api/v1/users#",
])  # fmt: skip
def test_other_spellings_of_a_path_open_it_to_nobody(siga: Stage, spelling: str) -> None:
    async def work(world: World) -> None:
        secret = world.towns[0].secret["e-mail"].encode()
        for token in (None, world.token("driver", user_id=world.driver_id), world.token("police", world.towns[0])):
            answer = await world.users.ask("GET", spelling, token=token)
            assert answer.status in (400, 401, 403, 404, 405), f"{spelling} → {answer.status}"
            assert secret not in answer.body

    siga.attack(work)


def test_the_sensors_door_serves_people_nothing_and_the_users_door_serves_devices_nothing(siga: Stage) -> None:
    async def work(world: World) -> None:
        admin = world.token("administrator", world.towns[0])
        for path in ("/api/v1/users", "/api/v1/bays", "/", "/metrics", "/api/openapi.json", "/admin"):
            assert (await world.sensors.ask("GET", path, token=admin)).status in (401, 404), path
        for method, path in (
            ("POST", "/sensors/v1/reports"),
            ("POST", "/sensors/v1/enrol"),
            ("GET", "/sensors/v1/tasks"),
        ):
            assert (await world.users.ask(method, path, token=admin)).status == 404, path

    siga.attack(work)


def test_the_last_administrator_cannot_be_taken_away(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        admin = world.token("administrator", town)
        people = (await world.must("GET", "/api/v1/users", token=admin, query={"role": "administrator"}))["people"]
        for person in people:
            path = f"/api/v1/users/{person['user_id']}/grants/administrator"
            last = await world.users.ask("DELETE", path, token=admin)
        assert last.status == 409
        left = (await world.must("GET", "/api/v1/users", token=admin, query={"role": "administrator"}))["people"]
        assert len(left) == 1

    siga.attack(work)
