"""Accounts by mail, with a real SMTP server: registering, a new password, another address, invitations, waiting."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mail_server import MailServer, code_in, mail_server
from siga.kit import log as logging
from siga.services.users.hashing import Hasher
from support import run
from users_house import ADMIN, PASSWORD, House, house, slug

EVA, OTHER = "eva@mail.example", "eva@another.example"
NEW = "four other unrelated words"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siga.services.users.service.mail._LOOK_S", 0.02)


async def came(server: MailServer, address: str, count: int = 1) -> str:
    """The code of the newest letter to an address, once there are so many."""
    for _ in range(500):
        if len(server.to(address)) >= count:
            letter = server.to(address)[-1]
            return code_in(letter) if "#" in str(letter.get_content()) else ""
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(server.to(address))} letters, not {count}")


async def drained(users: House) -> None:
    """Nothing waits to be sent."""
    from siga.services.users.store.mail import due_letters

    db = users.system.system.services["users"].database
    assert db is not None
    for _ in range(500):
        if not await db.read(lambda conn: due_letters(conn, users.clock(), 10)):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("letters wait")


async def register(users: House, email: str = EVA, password: str = PASSWORD) -> int:
    body = {"email": email, "password": password, "name": "Buy at http://evil.example"}
    answer = await users.guest.post("/api/v1/auth/register", body)
    assert {**answer.json(), "email": "", "name": ""} == {
        "user_id": "", "email": "", "name": "", "language": "es", "grants": [], "session_id": "", "state": "mail_sent",
    }  # fmt: skip
    return answer.status_code


async def with_account(users: House, server: MailServer) -> None:
    """Eva has proved her address."""
    assert await register(users) == 202
    used = {"code": await came(server, EVA), "password": PASSWORD}
    assert (await users.guest.post("/api/v1/auth/verify", used)).status_code == 200


def test_an_account_opens_when_its_address_is_proved_with_the_password_that_was_chosen(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with mail_server() as server, house(tmp_path, database_url, mail=server.door()) as users:
            assert await register(users) == 202
            code = await came(server, EVA)
            letter = str(server.letters[0].get_content())
            assert f"https://parking.example/verify#{code}" in letter
            assert "evil" not in letter
            assert len(code) == 64
            assert (await users.sign_in(EVA)).status_code == 401
            wrong = await users.guest.post("/api/v1/auth/verify", {"code": code, "password": "not this one"})
            assert slug(wrong) == "sign-in-failed"
            opened = await users.guest.post("/api/v1/auth/verify", {"code": code, "password": PASSWORD})
            assert [grant["role"] for grant in opened.json()["grants"]] == ["driver"]
            again = await users.guest.post("/api/v1/auth/verify", {"code": code, "password": PASSWORD})
            assert (again.status_code, slug(again)) == (403, "link-over")
            assert (await users.sign_in(EVA)).status_code == 201

    run(walk())


def test_registering_tells_nobody_whether_an_address_has_an_account(tmp_path: Path) -> None:
    async def walk() -> None:
        async with mail_server() as server, house(tmp_path, mail=server.door()) as users:
            assert await register(users, ADMIN, "some other words of mine") == await register(users, EVA) == 202
            await came(server, EVA)
            await came(server, ADMIN)
            assert "/sign-in" in str(server.to(ADMIN)[0].get_content())
            assert "#" not in str(server.to(ADMIN)[0].get_content())
            assert (await users.sign_in(ADMIN, "some other words of mine")).status_code == 401

    run(walk())


def test_no_address_gets_more_than_three_letters_an_hour_whoever_asks(tmp_path: Path) -> None:
    async def walk() -> None:
        async with mail_server() as server, house(tmp_path, mail=server.door()) as users:
            for _ in range(5):
                assert await register(users) == 202
            await came(server, EVA, 3)
            await drained(users)
            assert len(server.letters) == 3
            users.clock.forward(3601)
            assert await register(users) == 202
            await came(server, EVA, 4)

    run(walk())


def test_a_new_password_by_mail_ends_all_sessions_and_opens_none(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with mail_server() as server, house(tmp_path, database_url, mail=server.door()) as users:
            await with_account(users, server)
            token, pair = (await users.sign_in(EVA)).json()["token"], await users.tokens(EVA)
            known = await users.guest.post("/api/v1/auth/forgot", {"email": f" {EVA.upper()} "})
            unknown = await users.guest.post("/api/v1/auth/forgot", {"email": "nobody@mail.example"})
            assert known.status_code == unknown.status_code == 202
            assert known.content == unknown.content
            code = await came(server, EVA, 2)
            weak = await users.guest.post("/api/v1/auth/reset", {"code": code, "password": "12345678"})
            assert slug(weak) == "weak-password"
            done = await users.guest.post("/api/v1/auth/reset", {"code": code, "password": NEW})
            assert (done.status_code, done.content) == (204, b"")
            assert slug(await users.resolve(token)) == "session-over"
            refused = await users.guest.post("/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]})
            assert slug(refused) == "refresh-failed"
            assert (await users.sign_in(EVA)).status_code == 401
            assert (await users.sign_in(EVA, NEW)).status_code == 201
            again = await users.guest.post("/api/v1/auth/reset", {"code": code, "password": PASSWORD})
            assert slug(again) == "link-over"
            await came(server, EVA, 3)
            assert not any("nobody" in to for envelope in server.envelopes for to in envelope)

    run(walk())


def test_a_link_to_a_new_password_is_good_for_half_an_hour_after_it_was_sent(tmp_path: Path) -> None:
    async def walk() -> None:
        async with mail_server() as server, house(tmp_path, mail=server.door()) as users:
            await server.stop()
            await users.guest.post("/api/v1/auth/forgot", {"email": ADMIN})
            for _ in range(3):
                users.clock.forward(3600)
                await asyncio.sleep(0.05)
            await server.start()
            users.clock.forward(900)
            code = await came(server, ADMIN)
            await drained(users)
            users.clock.forward(30 * 60)
            late = await users.guest.post("/api/v1/auth/reset", {"code": code, "password": NEW})
            assert slug(late) == "link-over"
            await users.guest.post("/api/v1/auth/forgot", {"email": ADMIN})
            code = await came(server, ADMIN, 2)
            await drained(users)
            users.clock.forward(29 * 60)
            in_time = await users.guest.post("/api/v1/auth/reset", {"code": code, "password": NEW})
            assert in_time.status_code == 204

    run(walk())


def test_letters_wait_for_a_server_that_is_away_also_across_a_restart(tmp_path: Path) -> None:
    async def walk() -> None:
        async with mail_server() as server:
            await server.stop()
            async with house(tmp_path, mail=server.door()) as users:
                assert await register(users) == 202
                invited = await users.invite("pol@town.example")
                assert invited["mailed"] is True
            await server.start()
            async with house(tmp_path, mail=server.door()) as users:
                users.clock.forward(3600)
                await came(server, EVA)
                assert await came(server, "pol@town.example") == invited["code"]
                await drained(users)
                assert len(server.letters) == 2
                assert (await users.use(invited["code"])).status_code == 200

    run(walk())


def test_an_address_that_the_server_refuses_is_given_up_and_one_put_off_is_tried_again(tmp_path: Path) -> None:
    async def walk() -> None:
        refuses = {EVA: "550 no", OTHER: "451 later"}
        async with mail_server(refuses=refuses) as server, house(tmp_path, mail=server.door()) as users:
            await register(users, EVA)
            await register(users, OTHER)
            await drained(users)
            refuses.clear()
            users.clock.forward(60)
            await came(server, OTHER)
            await drained(users)
            assert server.to(EVA) == []

    run(walk())


def test_an_address_changes_when_both_mailboxes_have_confirmed(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with mail_server() as server, house(tmp_path, database_url, mail=server.door()) as users:
            await with_account(users, server)
            opened = (await users.sign_in(EVA)).json()
            eva = users.system.as_person("users", "driver", user_id=opened["principal"]["user_id"])
            wrong = await eva.post("/api/v1/auth/email", {"email": OTHER, "current_password": "not this one"})
            assert slug(wrong) == "sign-in-failed"
            asked = await eva.post("/api/v1/auth/email", {"email": OTHER, "current_password": PASSWORD})
            assert asked.status_code == 202
            new, old = await came(server, OTHER), await came(server, EVA, 2)
            confirm = "/api/v1/auth/email/confirm"
            assert (await users.guest.post(confirm, {"code": new})).json() == {"state": "other_awaited"}
            assert (await users.guest.post(confirm, {"code": new})).status_code == 403
            assert (await users.sign_in(OTHER)).status_code == 401
            assert (await users.guest.post(confirm, {"code": old})).json() == {"state": "changed"}
            assert slug(await users.resolve(opened["token"])) == "session-over"
            assert (await users.sign_in(OTHER)).status_code == 201
            assert (await users.sign_in(EVA)).status_code == 401
            await came(server, EVA, 3)

    run(walk())


def test_a_change_to_somebody_elses_address_looks_the_same_and_never_happens(tmp_path: Path) -> None:
    async def walk() -> None:
        async with mail_server() as server, house(tmp_path, mail=server.door()) as users:
            await with_account(users, server)
            user_id = (await users.sign_in(EVA)).json()["principal"]["user_id"]
            eva = users.system.as_person("users", "driver", user_id=user_id)
            asked = await eva.post("/api/v1/auth/email", {"email": ADMIN, "current_password": PASSWORD})
            assert (asked.status_code, asked.json()) == (202, {"by": "mail"})
            assert await came(server, ADMIN) == ""
            old = await came(server, EVA, 2)
            done = await users.guest.post("/api/v1/auth/email/confirm", {"code": old})
            assert done.json() == {"state": "other_awaited"}
            assert (await users.sign_in()).status_code == 201

    run(walk())


def test_neither_codes_nor_addresses_are_kept_in_clear_or_logged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def walk() -> list[bytes]:
        refuses = {OTHER: f"451 {OTHER} later"}
        async with mail_server(refuses=refuses) as server, house(tmp_path, mail=server.door()) as users:
            logging.configure(process="test", sink=None, stderr_level="debug")
            await register(users)
            await register(users, OTHER)
            code = await came(server, EVA)
            await users.guest.post("/api/v1/auth/reset", {"code": code, "password": NEW})
            await drained(users)
            return [code.encode(), EVA.encode(), OTHER.encode()]

    secrets = run(walk())
    kept = b"".join(path.read_bytes() for path in (tmp_path / "users").glob("users.db*"))
    said = "".join(capfd.readouterr()).encode()
    assert b"letter_taken" in said
    assert b"letter_later" in said
    for secret in secrets:
        assert secret not in kept
        assert secret not in said


def test_a_crowd_at_the_hasher_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            answers = await asyncio.gather(*(users.sign_in(ADMIN, f"wrong {n}", f"192.0.2.{n}") for n in range(40)))
            crowded = [one for one in answers if one.status_code == 429]
            assert crowded
            assert {one.headers["retry-after"] for one in crowded} <= {"3", "30"}
            monkeypatch.delattr(Hasher, "verify")
            monkeypatch.setattr("siga.services.users.hashing.MAX_WAITING", -1)
            full = await users.sign_in("nobody@town.example", PASSWORD, "192.0.2.99")
            assert (full.status_code, full.headers["retry-after"]) == (429, "3")

    run(walk())
