"""OWASP API1:2023, broken object level authorisation: ids of others in path, body and list open nothing."""

from __future__ import annotations

import pytest

from permission_world import Answer, Stage, World

pytestmark = pytest.mark.xdist_group("risks")


def absent(answer: Answer) -> None:
    """It is answered as if it were not there, and tells nothing."""
    assert answer.status in (404, 422), f"{answer.status} {answer.body[:300]!r}"
    assert answer.slug != ""


def test_things_nested_under_ones_own_cannot_be_another_towns(siga: Stage) -> None:
    async def work(world: World) -> None:
        mine, theirs = world.towns
        admin, police = world.token("administrator", mine), world.token("police", mine)
        own, other = mine.things["accreditation_id"], theirs.things["credential_id"]
        for kind in ("cards", "plates"):
            absent(await world.users.ask("DELETE", f"/api/v1/accreditations/{own}/{kind}/{other}", token=admin))
        photo = theirs.by_zone[0]["photo_id"]
        case = mine.by_zone[0]["case_id"]
        absent(await world.users.ask("GET", f"/api/v1/cases/{case}/photos/{photo}", token=police))
        second = mine.by_zone[1]["photo_id"]
        absent(await world.users.ask("GET", f"/api/v1/cases/{case}/photos/{second}", token=police))

    siga.attack(work)


def test_bodies_cannot_bring_in_another_towns_things(siga: Stage) -> None:
    async def work(world: World) -> None:
        mine, theirs = world.towns
        admin, police, home = world.token("administrator", mine), world.token("police", mine), mine.municipality_id
        bay, device = mine.by_zone[0]["bay_id"], mine.by_zone[0]["device_id"]
        their_bay, their_zone = theirs.by_zone[0]["bay_id"], theirs.zones[0]
        bodies = [
            ("POST", "/api/v1/devices", {"municipality_id": home, "kind": "bay_sensor", "bay_ids": [their_bay]}),
            ("PATCH", f"/api/v1/devices/{device}", {"bay_ids": [their_bay]}),
            ("PATCH", f"/api/v1/devices/{device}", {"listed_under": theirs.by_zone[0]["device_id"]}),
            ("PATCH", f"/api/v1/bays/{bay}", {"version": 1, "zone_id": their_zone}),
            ("POST", "/api/v1/bays", {"zone_id": their_zone, "code": "Z1", "category": "disabled", "lon": 0, "lat": 0}),
            ("POST", "/api/v1/rules", {"municipality_id": home, "zone_id": their_zone}),
            ("POST", "/api/v1/rules", {"municipality_id": home, "bay_id": their_bay}),
            ("PUT", f"/api/v1/rules/{mine.things['rule_id']}", {"municipality_id": theirs.municipality_id}),
            ("PUT", f"/api/v1/rules/{theirs.things['rule_id']}", {"municipality_id": home}),
            ("POST", f"/api/v1/devices/claims/{mine.things['claim_id']}/claim",
             {"bay_id": their_bay, "model": "nps405", "firmware": "2.4.9"}),
        ]  # fmt: skip
        for method, path, body in bodies:
            absent(await world.users.ask(method, path, body, token=admin))
        absent(await world.users.ask("POST", "/api/v1/cases", {"bay_id": their_bay}, token=police))
        line = b'{"bay_id":"%s","at":"2026-10-01T10:00:00Z","occupied":true,"sequence":1}\n' % their_bay.encode()
        told = await world.must("POST", "/api/v1/history/import", token=admin, content=line)
        assert (told["accepted"], told["refused_in_all"]) == (0, 1)

    siga.attack(work)


def test_an_administrator_gives_roles_in_no_other_town(siga: Stage) -> None:
    async def work(world: World) -> None:
        mine, theirs = world.towns
        admin = world.token("administrator", mine)
        grants = [{"role": "police", "municipality_id": theirs.municipality_id}]
        asked = {"email": "spy@else.example", "name": "Spy", "grants": grants}
        absent(await world.users.ask("POST", "/api/v1/users", asked, token=admin))
        mixed = {**asked, "grants": [{"role": "police", "municipality_id": mine.municipality_id}, *grants]}
        absent(await world.users.ask("POST", "/api/v1/users", mixed, token=admin))
        user, body = mine.things["user_id"], {"municipality_id": theirs.municipality_id}
        absent(await world.users.ask("PUT", f"/api/v1/users/{user}/grants/police", body, token=admin))
        theirs_user = theirs.things["user_id"]
        absent(await world.users.ask("PUT", f"/api/v1/users/{theirs_user}/grants/police", {}, token=admin))

    siga.attack(work)


def test_drivers_reach_only_what_is_their_own_or_what_they_hold_the_code_of(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        stranger = world.token("driver", user_id="somebody-else")
        report, code = town.things["report_id"], town.things["follow_code"]
        for headers in ({}, {"x-follow-code": "AAAA-BBBB-CCCC"}, {"x-follow-code": code[:-1]}, {"x-follow-code": ""}):
            absent(await world.users.ask("GET", f"/api/v1/reports/{report}", token=stranger, headers=headers))
        held = await world.users.ask("GET", f"/api/v1/reports/{report}", headers={"x-follow-code": code})
        assert held.status == 200
        mine = world.token("driver", user_id=world.driver_id)
        kept = await world.must("POST", "/api/v1/favourites", {"label": "Casa", "lon": 1.0, "lat": 1.0}, token=mine)
        absent(await world.users.ask("DELETE", f"/api/v1/favourites/{kept['favourite_id']}", token=stranger))
        assert len((await world.must("GET", "/api/v1/favourites", token=mine))["favourites"]) == 1
        bay = {"bay_id": town.by_zone[1]["bay_id"]}
        other = {**bay, "accreditation_id": town.things["accreditation_id"]}
        borrowed = await world.users.ask("POST", "/api/v1/check-ins", other, token=stranger)
        assert borrowed.status in (404, 409), "nobody checks in by an accreditation that they have not claimed"

    siga.attack(work)


@pytest.mark.parametrize("twist", [str.upper, lambda i: i + " ", lambda i: i[:-1] + "%", lambda i: i[:-1] + "_",
                                   lambda i: i.replace("-", ""), lambda i: f"{{{i}}}", lambda i: i + "/",
                                   lambda i: f"{i},{i}", lambda i: f"{i}' OR '1'='1"])  # fmt: skip
def test_ids_that_are_written_otherwise_find_nothing_of_others(siga: Stage, twist: object) -> None:
    async def work(world: World) -> None:
        theirs = world.towns[1]
        admin = world.token("administrator", world.towns[0])
        for prefix, thing in (("accreditations", "accreditation_id"), ("users", "user_id")):
            path = f"/api/v1/{prefix}/{twist(theirs.things[thing])}"  # type: ignore[operator]
            answer = await world.users.ask("GET", path, token=admin)
            assert answer.status in (400, 404, 422), path
            assert theirs.secret["the holder of an accreditation"].encode() not in answer.body

    siga.attack(work)
