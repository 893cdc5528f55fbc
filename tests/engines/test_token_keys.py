"""The keys of access tokens: published, changed under load without a refused request, ended at once if given away."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from siga.contract.users import TokenKeysChanged
from siga.kit.access import AccessKeys
from siga.kit.clock import HandClock, utc_now
from siga.kit.problem import Unauthenticated
from siga.services.gateway.access_keys import KnownAccessKeys
from siga.services.users.service.token_keys import SIGNS
from siga.system import Config, System
from support import run
from users_house import NOW, PASSWORD, House, house, setup_body, slug

JWKS, ROTATE = "/api/v1/auth/jwks", "/api/v1/auth/jwks/rotate"


async def published(users: House) -> list[str]:
    return [key["kid"] for key in (await users.guest.get(JWKS)).json()["keys"]]


def platform(users: House):  # type: ignore[no-untyped-def]
    return users.staff("platform", municipality_id="")


def test_keys_are_kept_sealed_and_the_same_after_a_restart(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            [kid] = await published(users)
            token = (await users.tokens())["access_token"]
        async with house(tmp_path, database_url) as users:
            assert await published(users) == [kid]
            assert users.system.system.keys.verify_access(token).user_id == users.admin_id

    run(walk())


def test_an_older_key_verifies_until_its_last_token_has_ended(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            keys = users.system.system.keys
            token = (await users.tokens())["access_token"]
            assert (await users.admin.post(ROTATE)).status_code == 403
            rotated = await platform(users).post(ROTATE)
            assert [key["kid"] for key in rotated.json()["keys"]] == await published(users)
            assert len(await published(users)) == 2
            assert keys.verify_access(token).user_id == users.admin_id
            assert keys.verify_access((await users.tokens())["access_token"]).user_id == users.admin_id
            users.clock.forward(331)
            await sweep(users, 1)
            with pytest.raises(Unauthenticated):
                keys.verify_access(token)
            told = await users.facts("TokenKeysChanged")
            assert told[-1] == TokenKeysChanged(kid=(await published(users))[0])

    run(walk())


async def sweep(users: House, count: int) -> None:
    """Wait until so many keys are published."""
    for _ in range(500):
        if len(await published(users)) == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(await published(users))


@pytest.fixture(autouse=True)
def _sweeps_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siga.services.users.build._SWEEP_S", 0.05)


def test_a_key_that_was_given_away_ends_at_once(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            token = (await users.tokens())["access_token"]
            long_ago = users.system.as_person(
                "users", "platform", municipality_id="", confirmed_at=NOW - timedelta(minutes=6)
            )
            assert slug(await long_ago.post(ROTATE)) == "step-up"
            assert (await platform(users).post(ROTATE, {"compromised": True})).status_code == 200
            assert len(await published(users)) == 1
            with pytest.raises(Unauthenticated):
                users.system.system.keys.verify_access(token)

    run(walk())


def test_a_key_is_changed_by_itself_after_ninety_days(tmp_path: Path) -> None:
    async def walk() -> None:
        clock = HandClock(NOW)
        async with house(tmp_path, clock=clock) as users:
            [first] = await published(users)
            clock.forward(SIGNS.total_seconds())
            await sweep(users, 2)
            assert (await published(users))[1] == first

    run(walk())


def test_another_processs_gateway_refuses_no_token_of_a_new_key_and_asks_once_a_second_at_most(tmp_path: Path) -> None:
    """The gateway knows only what it fetched; keys change under it while tokens of all of them come and go."""

    async def walk() -> None:
        async with house(tmp_path) as users:
            elsewhere = KnownAccessKeys(users.system.system._peers_of("gateway", users.system.keys), AccessKeys())
            asked = 0
            fetch = elsewhere._peers["users"].get

            async def counted(*args: object, **values: object) -> object:
                nonlocal asked
                asked += 1
                return await fetch(*args, **values)  # type: ignore[arg-type]

            elsewhere._peers["users"].get = counted  # type: ignore[method-assign,assignment]
            verified, ending = 0, time.monotonic() + 2.5
            tokens = [(await users.tokens())["access_token"]]

            async def rotate() -> None:
                while time.monotonic() < ending:
                    await platform(users).post(ROTATE)
                    tokens.append((await users.tokens())["access_token"])
                    await asyncio.sleep(0.3)

            async def verify() -> None:
                nonlocal verified
                while time.monotonic() < ending:
                    for token in tokens[-4:]:
                        assert (await elsewhere.verify(token)).user_id == users.admin_id
                        verified += 1
                        await asyncio.sleep(0.001)

            async def nonsense() -> None:
                made_up = AccessKeys()
                from siga.contract.auth import Principal
                from siga.kit.access import new_key

                while time.monotonic() < ending:
                    made_up.sign_with(new_key("made-up"))
                    with pytest.raises(Unauthenticated):
                        await elsewhere.verify(made_up.sign(Principal(user_id="x", session_id="y")))

            await asyncio.gather(rotate(), *(verify() for _ in range(8)), *(nonsense() for _ in range(4)))
            assert verified > 200
            assert asked <= 6

    run(walk())


def test_keys_change_under_load_through_the_whole_of_siga_without_one_failed_request(tmp_path: Path) -> None:
    async def walk() -> tuple[int, set[int]]:
        options = {"public_url": "http://localhost", "tls": False, "loopback": True, "trusted_proxy": ()}
        system = System(Config(data=tmp_path, options=options, clock=utc_now, log_to_stderr="critical"))
        await system.start()
        try:
            transport = httpx.ASGITransport(system.services["gateway"].app, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=30) as client:
                code = system.services["users"].extra["setup_code"]
                assert (await client.post("/api/v1/auth/setup", json=setup_body(code))).status_code == 201
                body = {"email": "ana@town.example", "password": PASSWORD}
                pair = (await client.post("/api/v1/auth/token", json=body)).json()
                seen: set[int] = set()
                answered, done = 0, asyncio.Event()

                async def ask() -> None:
                    nonlocal answered
                    while not done.is_set():
                        bearer = {"authorization": f"Bearer {pair['access_token']}"}
                        seen.add((await client.get("/api/v1/auth/me", headers=bearer)).status_code)
                        answered += 1

                asking = [asyncio.create_task(ask()) for _ in range(4)]
                for _ in range(5):
                    bearer = {"authorization": f"Bearer {pair['access_token']}"}
                    seen.add((await client.post(ROTATE, headers=bearer, json={})).status_code)
                    await asyncio.sleep(0.1)
                    body = {"refresh_token": pair["refresh_token"]}
                    pair = (await client.post("/api/v1/auth/refresh", json=body)).json()
                done.set()
                await asyncio.gather(*asking)
                return answered, seen
        finally:
            await system.stop()

    answered, seen = run(walk())
    assert answered > 20
    assert seen == {200}
