"""Where no mail is sent, a forgotten password is helped by people: each link shown once, to whom may show it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from siga.kit.clock import HandClock
from support import OTHER_MUNICIPALITY, run
from users_house import ADMIN, NOW, PASSWORD, House, house, slug

NEW = "four other unrelated words"
ASKS = "/api/v1/users/asks"


async def forgot(users: House, email: str) -> None:
    answer = await users.guest.post("/api/v1/auth/forgot", {"email": email})
    assert (answer.status_code, answer.json()) == (202, {"by": "administration"})


async def waiting(users: House, *roles: str, **values: str) -> list[str]:
    """Whom somebody with these roles may help."""
    answer = await users.staff(*roles, **values).get(ASKS)
    assert answer.status_code == 200, answer.text
    return [one["email"] for one in answer.json()["asks"]]


async def reset(users: House, link: str, password: str = NEW) -> int:
    code = link.partition("#")[2]
    return (await users.guest.post("/api/v1/auth/reset", {"code": code, "password": password})).status_code


def test_staff_are_helped_by_their_administrator_once_and_drivers_by_who_runs_siga(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            await users.use((await users.invite())["code"])
            await users.register("eva@mail.example")
            for email in ("pol@town.example", "pol@town.example", "eva@mail.example", "nobody@town.example"):
                await forgot(users, email)
            assert await waiting(users, "administrator") == ["pol@town.example"]
            assert await waiting(users, "administrator", municipality_id=OTHER_MUNICIPALITY) == []
            assert await waiting(users, "platform", municipality_id="") == ["eva@mail.example"]
            assert (await users.staff("police").get(ASKS)).status_code == 403
            assert (await users.guest.get(ASKS)).status_code == 401
            asked = (await users.admin.get(ASKS)).json()["asks"][0]
            neighbour = users.staff("administrator", municipality_id=OTHER_MUNICIPALITY)
            assert (await neighbour.post(f"{ASKS}/{asked['link_id']}")).status_code == 404
            shown = await users.admin.post(f"{ASKS}/{asked['link_id']}")
            link = shown.json()["link"]
            assert link.startswith("https://parking.example/reset#")
            assert (await users.admin.post(f"{ASKS}/{asked['link_id']}")).status_code == 404
            assert await waiting(users, "administrator") == []
            assert await reset(users, link, "too short") == 422
            assert await reset(users, link) == 204
            assert await reset(users, link) == 403
            assert (await users.sign_in("pol@town.example", NEW)).status_code == 201

    run(walk())


def test_a_link_is_only_shown_to_a_helper_who_has_just_shown_who_they_are(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            await users.use((await users.invite())["code"])
            await forgot(users, "pol@town.example")
            asked = (await users.admin.get(ASKS)).json()["asks"][0]
            long_ago = NOW - timedelta(minutes=6)
            stale = users.system.as_person(
                "users", "administrator", municipality_id=users.municipality_id, user_id=users.admin_id,
                confirmed_at=long_ago,
            )  # fmt: skip
            assert slug(await stale.post(f"{ASKS}/{asked['link_id']}")) == "step-up"

    run(walk())


def test_who_runs_siga_gets_the_link_at_the_console_of_the_next_start_and_nowhere_else(tmp_path: Path) -> None:
    async def walk() -> None:
        clock = HandClock(NOW)
        async with house(tmp_path, clock=clock) as users:
            assert users.system.system.services["users"].extra["recovery_links"] == []
            await forgot(users, ADMIN)
            assert await waiting(users, "administrator") == []
            assert await waiting(users, "platform", municipality_id="") == []
        async with house(tmp_path, clock=clock) as users:
            [link] = users.system.system.services["users"].extra["recovery_links"]
            clock.forward(29 * 60)
            assert await reset(users, link) == 204
            assert (await users.sign_in(ADMIN, NEW)).status_code == 201
        async with house(tmp_path, clock=clock) as users:
            assert users.system.system.services["users"].extra["recovery_links"] == []

    run(walk())


def test_nobody_may_wait_for_ever_and_no_address_changes_without_mail(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            user_id = await users.register("eva@mail.example")
            await forgot(users, "eva@mail.example")
            users.clock.forward(7 * 86400)
            assert await waiting(users, "platform", municipality_id="") == []
            eva = users.system.as_person("users", "driver", municipality_id="", user_id=user_id)
            ask = {"email": "eva@another.example", "current_password": PASSWORD}
            assert slug(await eva.post("/api/v1/auth/email", ask)) == "no-mail"

    run(walk())
