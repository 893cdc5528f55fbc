"""OWASP API6:2023, unrestricted access to sensitive flows: nobody guesses codes or floods a town by the thousand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from permission_world import Door, Stage, World
from siga.kit.ids import new_code

pytestmark = pytest.mark.xdist_group("risks")


async def hammer(door: Door, times: int, method: str, path: str, body: Any, token: str | None = None) -> Counter[int]:
    """How often each status came of asking so many times; `body` is made anew for each."""
    return Counter([(await door.ask(method, path, body(n), token=token)).status for n in range(times)])


def from_address(world: World, number: int) -> Door:
    """The users' door as an attacker at an address of his own finds it."""
    return Door(world.system.system.services["gateway"].app, client=f"198.51.100.{number}")


@pytest.mark.parametrize(
    ("path", "field", "more"),
    [
        ("/api/v1/auth/invitation", "code", {"password": "a long enough pass phrase 7"}),
        ("/api/v1/auth/setup", "code", {
            "email": "x@x.example", "name": "X", "password": "a long enough pass phrase 7",
            "municipality": {"name": "X"}}),
    ],
)  # fmt: skip
def test_codes_of_the_administration_are_not_guessed(siga: Stage, path: str, field: str, more: dict[str, Any]) -> None:
    async def work(world: World) -> None:
        door = from_address(world, 10 + len(path))
        seen = await hammer(door, 60, "POST", path, lambda _: {field: new_code(), **more})
        assert set(seen) <= {401, 403, 404, 409, 410, 422, 429}, seen
        assert seen[429] > 0 or seen[409] == 60, seen

    siga.attack(work)


def test_claim_codes_are_not_guessed_from_one_account_nor_from_one_address(siga: Stage) -> None:
    async def work(world: World) -> None:
        one = world.token("driver", user_id=world.driver_id)
        seen = await hammer(
            from_address(world, 1), 60, "POST", "/api/v1/accreditations/claim", lambda _: {"code": new_code()}, one
        )
        assert set(seen) <= {403, 404, 409, 422, 429}, seen
        assert seen[429] >= 30, seen

    siga.attack(work)


def test_follow_codes_are_not_guessed(siga: Stage) -> None:
    async def work(world: World) -> None:
        report = world.towns[0].things["report_id"]
        door = from_address(world, 2)
        seen = Counter([
            (await door.ask("GET", f"/api/v1/reports/{report}", headers={"x-follow-code": new_code()})).status
            for _ in range(60)
        ])  # fmt: skip
        assert set(seen) <= {404, 429}, seen

    siga.attack(work)


@pytest.mark.parametrize(("path", "more"), [
    ("/api/v1/reports", {"kind": "misuse"}), ("/api/v1/reports", {"kind": "problem", "problem": "sign"}),
    ("/api/v1/doubts", {}),
])  # fmt: skip
def test_one_person_cannot_flood_the_town(siga: Stage, path: str, more: dict[str, str]) -> None:
    async def work(world: World) -> None:
        town = world.towns[1]
        bays = [zone["bay_id"] for zone in town.by_zone] + [town.things["spare_bay_id"]]
        door = from_address(world, 100 + len(path) + len(more))
        seen = await hammer(door, 60, "POST", path, lambda n: {"bay_id": bays[n % 3], **more})
        assert seen[429] > 0 or seen[200] >= 50, f"neither limited nor taken for the same: {seen}"
        assert seen[201] <= 20, seen

    siga.attack(work)


def test_accounts_are_not_made_by_the_hundred(siga: Stage) -> None:
    async def work(world: World) -> None:
        asked = {"password": "a long enough pass phrase 7", "name": "X"}
        door = from_address(world, 3)
        seen = await hammer(
            door, 70, "POST", "/api/v1/auth/register", lambda n: {**asked, "email": f"bot{n}@road.example"}
        )
        assert seen[429] > 0, seen

    siga.attack(work, 120)


def test_letters_are_not_sent_by_the_hundred(siga: Stage) -> None:
    async def work(world: World) -> None:
        door = from_address(world, 4)
        seen = await hammer(door, 60, "POST", "/api/v1/auth/forgot", lambda _: {"email": "driver@road.example"})
        assert set(seen) <= {200, 202, 429}, seen
        assert seen[429] > 0, seen

    siga.attack(work)


def test_enrolment_codes_are_not_guessed_at_the_sensors_door(siga: Stage) -> None:
    async def work(world: World) -> None:
        door = Door(world.system.system.services["gateway"].extra["sensors"], client="198.51.100.5")
        seen = await hammer(door, 700, "POST", "/sensors/v1/enrol", lambda _: {"code": new_code()})
        assert set(seen) <= {401, 403, 404, 422, 429}, seen
        assert seen[429] > 0, seen
        code = world.towns[0].by_zone[1]["enrol_code"]
        honest = Door(world.system.system.services["gateway"].extra["sensors"], client="198.51.100.6")
        first = await honest.ask("POST", "/sensors/v1/enrol", {"code": code})
        assert first.status == 200, "others may enrol meanwhile"
        again = await honest.ask("POST", "/sensors/v1/enrol", {"code": code})
        assert again.status in (401, 403, 404, 409), "a code is good once"

    siga.attack(work)
