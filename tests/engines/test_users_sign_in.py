"""Signing in: sessions of pages, tokens of apps, throttling, and what ends them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from siga.contract.auth import Grant, Principal
from siga.contract.users import SessionEnded
from siga.kit.problem import Unauthenticated
from siga.services.users.hashing import Hasher
from siga.services.users.model.hashes import HashResult
from support import MUNICIPALITY, run
from users_house import ADMIN, PASSWORD, House, house, slug


def test_a_wrong_password_and_an_unknown_address_are_refused_alike(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            wrong, unknown = await users.sign_in(password="not this one"), await users.sign_in("nobody@town.example")
            assert wrong.status_code == unknown.status_code == 401
            assert wrong.json() == unknown.json()
            assert slug(wrong) == "sign-in-failed"
            assert (await users.sign_in(f" {ADMIN.upper()} ")).status_code == 201

    run(walk())


def test_an_unknown_address_costs_as_much_time_as_a_known_one(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            took: dict[str, list[float]] = {ADMIN: [], "nobody@town.example": []}
            for _ in range(4):
                for email, times in took.items():
                    began = time.perf_counter()
                    await users.sign_in(email, "not this one")
                    times.append(time.perf_counter() - began)
            assert min(took["nobody@town.example"]) > 0.5 * min(took[ADMIN])

    run(walk())


@pytest.mark.parametrize("email", [ADMIN, "nobody@town.example"])
def test_five_failures_make_an_account_wait_even_for_the_right_password(
    tmp_path: Path, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            for n in range(5):
                assert (await users.sign_in(email, "not this one", f"192.0.2.{n}")).status_code == 401
            with monkeypatch.context() as patch:
                patch.delattr(Hasher, "verify")  # whoever must wait costs no hashing
                refused = await users.sign_in(email, PASSWORD, "192.0.2.9")
            assert (refused.status_code, slug(refused), refused.headers["retry-after"]) == (429, "too-many", "30")
            users.clock.forward(30)
            assert (await users.sign_in(email, "not this one")).status_code == 401
            assert (await users.sign_in(email, PASSWORD)).headers["retry-after"] == "60"
            users.clock.forward(60)
            assert (await users.sign_in(email, PASSWORD)).status_code == (201 if email == ADMIN else 401)

    run(walk())


def test_thirty_failures_from_one_address_make_it_wait_whatever_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no(*_: object) -> HashResult:
        return HashResult(fits=False)

    monkeypatch.setattr(Hasher, "verify", no)

    async def walk() -> None:
        async with house(tmp_path) as users:
            for n in range(30):
                assert (await users.sign_in(f"p{n}@town.example", address="192.0.2.1")).status_code == 401
            assert slug(await users.sign_in(address="192.0.2.1")) == "too-many"
            assert (await users.sign_in(address="192.0.2.2")).status_code == 401

    run(walk())


def test_failures_are_remembered_over_a_restart_and_forgotten_after_a_success(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            for _ in range(4):
                await users.sign_in(password="not this one")
            assert (await users.sign_in()).status_code == 201
            for _ in range(5):
                await users.sign_in(password="not this one")
        async with house(tmp_path, database_url, clock=users.clock) as users:
            assert (await users.sign_in()).status_code == 429

    run(walk())


async def _session_of(users: House, role: str) -> str:
    email = f"{role}@town.example"
    if role == "driver":
        await users.register(email)
    else:
        await users.use((await users.invite(email, role))["code"])
    return str((await users.sign_in(email)).json()["token"])


@pytest.mark.parametrize(("role", "idle_min"), [("police", 15), ("operator", 30)])
def test_a_session_of_staff_slides_ends_when_unused_and_after_ten_hours(
    tmp_path: Path, role: str, idle_min: int
) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            token = await _session_of(users, role)
            for _ in range(600 // (idle_min - 1)):
                users.clock.forward((idle_min - 1) * 60)
                assert (await users.resolve(token)).status_code == 200
            users.clock.forward((idle_min - 1) * 60)
            assert slug(await users.resolve(token)) == "session-over"
            token = (await users.sign_in(f"{role}@town.example")).json()["token"]
            users.clock.forward(idle_min * 60)
            assert slug(await users.resolve(token)) == "session-over"
            assert len(await users.facts("SessionEnded")) == 2

    run(walk())


def test_a_drivers_session_lasts_thirty_days_and_survives_a_restart(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            token = await _session_of(users, "driver")
            first = (await users.resolve(token)).json()
        users.clock.forward(29 * 86400)
        async with house(tmp_path, clock=users.clock) as users:
            assert (await users.resolve(token)).json() == first
            assert first["csrf"]
            users.clock.forward(86400)
            assert slug(await users.resolve(token)) == "session-over"

    run(walk())


def test_signing_out_ends_the_session_at_once_and_tells_gateways(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            opened = (await users.sign_in()).json()
            for _ in range(2):
                ended = await users.gateway.post("/internal/v1/sessions/end", {"token": opened["token"]})
                assert ended.status_code == 204
            assert slug(await users.resolve(opened["token"])) == "session-over"
            facts = await users.facts("SessionEnded")
            assert facts == [SessionEnded(session_id=opened["principal"]["session_id"], user_id=users.admin_id)]
            refused = await users.service("drivers").post("/internal/v1/sessions/resolve", {"token": opened["token"]})
            assert (refused.status_code, slug(refused)) == (403, "forbidden")

    run(walk())


def test_a_refresh_token_is_good_once_and_its_copy_ends_the_family(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            first = await users.tokens()
            second = await users.guest.post("/api/v1/auth/refresh", {"refresh_token": first["refresh_token"]})
            assert second.status_code == 200
            assert users.system.system.keys.verify_access(second.json()["access_token"]).user_id == users.admin_id
            reused = await users.guest.post("/api/v1/auth/refresh", {"refresh_token": first["refresh_token"]})
            assert (reused.status_code, slug(reused)) == (401, "refresh-reused")
            after = {"refresh_token": second.json()["refresh_token"]}
            assert slug(await users.guest.post("/api/v1/auth/refresh", after)) == "refresh-failed"
            assert len(await users.facts("SessionEnded")) == 1

    run(walk())


def test_tokens_of_apps_end_by_age_by_sign_out_and_by_a_new_password(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            user_id = await users.register()
            out, old, kept = [await users.tokens("eva@mail.example") for _ in range(3)]
            gone = await users.guest.post("/api/v1/auth/logout", {"refresh_token": out["refresh_token"]})
            assert gone.status_code == 204
            principal = users.system.system.keys.verify_access(kept["access_token"])
            eva = users.system.as_person("users", "driver", municipality_id="", user_id=user_id)
            change = {"current_password": "not this one", "new_password": "four other unrelated words"}
            assert slug(await eva.ask("PUT", "/api/v1/auth/password", change)) == "sign-in-failed"
            change["current_password"] = PASSWORD
            assert (await eva.ask("PUT", "/api/v1/auth/password", change)).status_code == 204
            for pair in (out, old, kept):
                refused = await users.guest.post("/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]})
                assert slug(refused) == "refresh-failed"
            assert principal.session_id in {fact.session_id for fact in await users.facts("SessionEnded")}
            fresh = await users.tokens("eva@mail.example", "four other unrelated words")
            users.clock.forward(30 * 86400)
            late = await users.guest.post("/api/v1/auth/refresh", {"refresh_token": fresh["refresh_token"]})
            assert slug(late) == "refresh-failed"

    run(walk())


def test_a_person_sees_and_ends_own_sessions_only(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            user_id = await users.register()
            await users.tokens("eva@mail.example")
            token = (await users.sign_in("eva@mail.example")).json()["token"]
            admins = (await users.sign_in()).json()["principal"]["session_id"]
            eva = users.staff(user_id=user_id)
            listed = (await eva.get("/api/v1/auth/sessions")).json()["sessions"]
            assert {one["kind"] for one in listed} == {"page", "app"}
            page = next(one["session_id"] for one in listed if one["kind"] == "page")
            assert (await eva.ask("DELETE", f"/api/v1/auth/sessions/{admins}")).status_code == 404
            assert (await eva.ask("DELETE", f"/api/v1/auth/sessions/{page}")).status_code == 204
            assert slug(await users.resolve(token)) == "session-over"
            assert slug(await users.guest.get("/api/v1/auth/sessions")) == "unauthenticated"

    run(walk())


def test_a_person_knows_and_changes_own_name_and_language(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            eva = users.staff(user_id=await users.register())
            changed = (await eva.ask("PATCH", "/api/v1/auth/me", {"language": "en", "name": " Eva María "})).json()
            assert (changed["name"], changed["language"], changed["email"]) == ("Eva María", "en", "eva@mail.example")
            assert changed["grants"] == [{"role": "driver", "municipality_id": "", "zone_ids": []}]
            assert slug(await users.guest.get("/api/v1/auth/me")) == "unauthenticated"
            misspelt = await eva.ask("PATCH", "/api/v1/auth/me", {"nmae": "x"})
            assert (misspelt.status_code, slug(misspelt)) == (422, "invalid")

    run(walk())


def test_an_address_has_one_account_and_a_password_must_be_good(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            await users.register("eva@mail.example")
            again = {"email": "EVA@mail.example", "password": PASSWORD, "name": "Other"}
            assert slug(await users.guest.post("/api/v1/auth/register", again)) == "email-taken"
            bad = {"email": "no address", "password": PASSWORD, "name": "Other"}
            assert slug(await users.guest.post("/api/v1/auth/register", bad)) == "email-form"
            weak = {"email": "valentina@mail.example", "password": "my valentina", "name": "Other"}
            assert slug(await users.guest.post("/api/v1/auth/register", weak)) == "weak-password"

    run(walk())


async def _until(users: House, endings: int) -> list[SessionEnded]:
    for _ in range(200):
        if len(facts := await users.facts("SessionEnded")) >= endings:
            return facts
        await asyncio.sleep(0.02)
    raise AssertionError("nothing ended")


def test_what_time_has_ended_is_told_without_anybody_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siga.services.users.build._SWEEP_S", 0.02)

    async def walk() -> None:
        async with house(tmp_path) as users:
            police = await _session_of(users, "police")
            driver = (await users.resolve(await _session_of(users, "driver"))).json()["user_id"]
            admin = (await users.sign_in()).json()["principal"]["session_id"]
            users.clock.forward(16 * 60)
            await _until(users, endings=1)
            assert slug(await users.resolve(police)) == "session-over"
            users.clock.forward(15 * 60)
            ended = await _until(users, endings=2)
            assert ended[1].session_id == admin
            assert driver not in {fact.user_id for fact in ended}

    run(walk())


def test_an_apps_token_is_no_internal_token_and_the_other_way_round(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            keys = users.system.system.keys
            access = (await users.tokens())["access_token"]
            with pytest.raises(Unauthenticated):
                keys.verify(access, "siga")
            grants = (Grant(role="police", municipality_id=MUNICIPALITY),)
            internal = keys.caller_token("users", "person", Principal(user_id="u", session_id="s", grants=grants))
            for other in (internal, access[:-4] + "AAAA", "", "a.b.c"):
                with pytest.raises(Unauthenticated):
                    keys.verify_access(other)
            assert keys.verify_access(access).grants[0].role in ("administrator", "platform")

    run(walk())
