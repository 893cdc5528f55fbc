"""The first run of the users service, and what a restart finds."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest

from siga.kit.clock import HandClock
from siga.services.users.model.problems import MasterKeyLost
from support import run
from users_house import ADMIN, NOW, PASSWORD, house, setup_body, slug


def _code(system: object) -> str | None:
    return system.system.services["users"].extra["setup_code"]  # type: ignore[attr-defined,no-any-return]


def test_the_first_account_is_made_once_and_may_then_sign_in(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url, set_up=False) as users:
            assert (await users.guest.get("/api/v1/auth/setup")).json() == {"needed": True}
            code = _code(users.system)
            assert code is not None
            body = setup_body(code.lower().replace("-", " "))
            first, second = await asyncio.gather(
                users.guest.post("/api/v1/auth/setup", body), users.guest.post("/api/v1/auth/setup", body)
            )
            assert sorted([first.status_code, second.status_code]) == [201, 409]
            done = first if first.status_code == 201 else second
            assert done.json()["municipality"]["slug"] == "villanueva-del-rio"
            assert slug(await users.guest.post("/api/v1/auth/setup", body)) == "setup-over"
            assert (await users.guest.get("/api/v1/auth/setup")).json() == {"needed": False}
            principal = (await users.sign_in()).json()["principal"]
            assert {g["role"] for g in principal["grants"]} == {"administrator", "platform"}

    run(walk())


def test_a_wrong_or_old_code_or_a_weak_password_sets_nothing_up(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path, set_up=False) as users:
            code = _code(users.system)
            assert code is not None
            assert slug(await users.guest.post("/api/v1/auth/setup", setup_body("K7QF-2MXN-84TD"))) == "wrong-code"
            weak = await users.guest.post("/api/v1/auth/setup", setup_body(code, password="password123"))
            assert (weak.status_code, slug(weak)) == (422, "weak-password")
            town = {"name": "X", "time_zone": "Mars/Olympus"}
            assert slug(await users.guest.post("/api/v1/auth/setup", setup_body(code, municipality=town))) == "invalid"
            users.clock.forward(24 * 3600)
            assert slug(await users.guest.post("/api/v1/auth/setup", setup_body(code))) == "wrong-code"
            assert (await users.guest.get("/api/v1/auth/setup")).json() == {"needed": True}
            assert (await users.events()).events == []

    run(walk())


def test_each_start_makes_another_code_until_there_is_an_account(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url, set_up=False) as users:
            first = _code(users.system)
        async with house(tmp_path, database_url, set_up=False) as users:
            second = _code(users.system)
            assert first is not None
            assert second is not None
            assert slug(await users.guest.post("/api/v1/auth/setup", setup_body(first))) == "wrong-code"
            assert (await users.guest.post("/api/v1/auth/setup", setup_body(second))).status_code == 201
        async with house(tmp_path, database_url) as users:
            assert _code(users.system) is None
            assert (await users.sign_in()).status_code == 201
            steps = (await users.admin.get(f"/api/v1/municipalities/{users.municipality_id}/setup")).json()["steps"]
            assert {s["step"]: s["done"] for s in steps} == {
                "municipality": True, "contact": True, "position": True, "staff": False,
            }  # fmt: skip

    run(walk())


def test_a_store_whose_master_key_is_gone_or_another_one_does_not_start(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path):
            pass
        key = tmp_path / "users" / "master.key"
        assert key.stat().st_mode & 0o777 == 0o600
        kept = key.read_bytes()
        for wrong in (None, sha256(b"of another house").digest(), b"short"):
            key.unlink()
            if wrong is not None:
                key.write_bytes(wrong)
            with pytest.raises((MasterKeyLost, OSError)):  # one that is gone is missed before Users looks for it
                async with house(tmp_path, set_up=False):
                    pass
            key.write_bytes(kept)
        async with house(tmp_path) as users:
            key_of = f"/internal/v1/match-keys/{users.municipality_id}"
            assert (await users.gateway.get(key_of)).status_code == 200

    run(walk())


def test_nobody_but_the_person_learns_a_password_token_or_code_from_the_disk(tmp_path: Path) -> None:
    async def walk() -> list[str]:
        async with house(tmp_path, clock=HandClock(NOW)) as users:
            token = (await users.sign_in(ADMIN)).json()["token"]
            pair = await users.tokens()
            invited, issued = await users.invite(), await users.give()
            return [PASSWORD, token, pair["refresh_token"], invited["code"], issued["claim_code"]]

    secrets = run(walk())
    kept = b"".join(path.read_bytes() for path in (tmp_path / "users").rglob("*") if path.is_file())
    assert [secret for secret in secrets if secret.encode() in kept] == []
