"""OWASP API3:2023, broken object property level authorisation: no field too many goes in, none comes out."""

from __future__ import annotations

import pytest

from permission_asks import ask_for, operations, things_of
from permission_world import PASS, Stage, World
from siga.contract.policy import RULES

pytestmark = pytest.mark.xdist_group("risks")


def test_every_body_refuses_fields_it_does_not_know(siga: Stage) -> None:
    async def work(world: World) -> None:
        document = (await world.users.ask("GET", "/api/openapi.json")).json()
        town, tried = world.towns[0], 0
        for name in operations(document):
            rule = RULES[name]
            ask = ask_for(document, name, things_of(town))
            if rule.door == "device" or not isinstance(ask.body, dict):
                continue
            role = next(iter(sorted(rule.roles)), "driver")
            token = world.token(role, town, user_id=world.driver_id if role == "driver" else "")
            body = {**ask.body, "siga_smuggled_field": True}
            answer = await world.users.ask(ask.method, ask.path, body, token=token, query=ask.query)
            tried += 1
            assert answer.status in (400, 404, 422), f"{name} takes a field it does not know: {answer.status}"
        print(f"\nmass assignment: {tried} bodies")
        assert tried > 50

    siga.attack(work)


def test_nobody_makes_himself_more_than_he_is(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        grants = [{"role": "administrator", "municipality_id": town.municipality_id}]
        account = {"email": "climber@road.example", "password": PASS, "name": "Trepa"}
        for more in ({"grants": grants}, {"role": "administrator"}, {"user_id": town.things["user_id"]}):
            answer = await world.users.ask("POST", "/api/v1/auth/register", {**account, **more})
            assert answer.status in (400, 422), more
        driver = world.token("driver", user_id=world.driver_id)
        for more in ({"grants": grants}, {"email": "other@road.example"}, {"user_id": "x"}, {"session_id": "x"}):
            assert (await world.users.ask("PATCH", "/api/v1/auth/me", more, token=driver)).status in (400, 422), more
        me = await world.must("GET", "/api/v1/auth/me", token=driver)
        assert [one["role"] for one in me["grants"]] == ["driver"]

    siga.attack(work)


def test_roles_above_their_own_are_not_given_by_administrators(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        admin, user = world.token("administrator", town), town.things["user_id"]
        for role in ("platform", "driver", "owner", "administrator;platform"):
            asked = {"email": f"{role[:3]}@else.example", "name": "X",
                     "grants": [{"role": role, "municipality_id": town.municipality_id}]}  # fmt: skip
            assert (await world.users.ask("POST", "/api/v1/users", asked, token=admin)).status in (400, 403, 409, 422)
            put = await world.users.ask("PUT", f"/api/v1/users/{user}/grants/{role}", {}, token=admin)
            assert put.status in (400, 403, 404, 409, 422), role
        person = await world.must("GET", f"/api/v1/users/{user}", token=admin)
        assert {one["role"] for one in [*person["grants"], *person["invited"]]} == {"police"}

    siga.attack(work)


def test_what_the_server_alone_decides_is_not_taken_from_a_body(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        admin, home = world.token("administrator", town), town.municipality_id
        bay, device = town.by_zone[0]["bay_id"], town.by_zone[0]["device_id"]
        case, police = town.by_zone[0]["case_id"], world.token("police", town)
        for method, path, body, token in (
            ("PATCH", f"/api/v1/bays/{bay}", {"version": 1, "municipality_id": home}, admin),
            ("PATCH", f"/api/v1/bays/{bay}", {"version": 1, "occupancy": "free"}, admin),
            ("PATCH", f"/api/v1/devices/{device}", {"municipality_id": home}, admin),
            ("PATCH", f"/api/v1/devices/{device}", {"epoch": 99}, admin),
            ("PATCH", f"/api/v1/accreditations/{town.things['accreditation_id']}", {"status": "valid"}, admin),
            ("POST", "/api/v1/reports", {"bay_id": bay, "kind": "misuse", "status": "resolved"}, None),
            ("POST", f"/api/v1/cases/{case}/acknowledge", {"version": 1, "holder_id": "x"}, police),
            ("PUT", "/api/v1/config/settings/parking.grace_s", {"value": 1, "municipality_id": home, "revision": 1},
             admin),
        ):  # fmt: skip
            assert (await world.users.ask(method, path, body, token=token)).status in (400, 422), path

    siga.attack(work)


def test_installers_change_only_what_they_install(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        installer, bay = world.token("installer", town), town.by_zone[0]["bay_id"]
        before = await world.must("GET", f"/api/v1/bays/{bay}", token=installer)
        for field, value in (("code", "HACK"), ("category", "taxi"), ("zone_id", town.zones[1]),
                             ("personal_accreditation_id", town.things["accreditation_id"])):  # fmt: skip
            body = {"version": before["version"], field: value}
            assert (await world.users.ask("PATCH", f"/api/v1/bays/{bay}", body, token=installer)).status == 403, field

    siga.attack(work)


def test_the_public_is_told_nothing_of_who_parks_or_how(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        staff_only = {"authorisation", "stay_id", "device_ids", "camera_ids", "personal", "zone_mode", "version"}
        for token in (
            None,
            world.token("driver", user_id=world.driver_id),
            world.token("administrator", world.towns[1]),
        ):
            seen = await world.must("GET", f"/api/v1/bays/{town.by_zone[0]['bay_id']}", token=token)
            assert not staff_only & set(seen)
            personal = await world.users.ask("GET", f"/api/v1/bays/{town.things['personal_bay_id']}", token=token)
            assert personal.status == 404, "when a holder's own bay is taken tells when they are at home"
            box = await world.users.ask("GET", "/api/v1/bays", token=token, query={"limit": 1000})
            assert town.things["personal_bay_id"].encode() not in box.body
            code = await world.users.ask("GET", f"/api/v1/bays/by-code/alba/{town.name[0]}P", token=token)
            assert code.status == 404

    siga.attack(work)


def test_lists_tell_less_than_the_thing_itself(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        admin = world.token("administrator", town)
        listed = await world.users.ask("GET", "/api/v1/accreditations", token=admin)
        assert town.secret["the holder of an accreditation"].encode() not in listed.body
        assert town.secret["numbers of cards and plates of an accreditation"].encode() not in listed.body
        one = await world.users.ask("GET", f"/api/v1/accreditations/{town.things['accreditation_id']}", token=admin)
        assert town.secret["the holder of an accreditation"].encode() in one.body
        for secret in (b"password", b"hash", b"sealed", b"04A1B2C3D4E5F6"):
            assert secret not in one.body

    siga.attack(work)
