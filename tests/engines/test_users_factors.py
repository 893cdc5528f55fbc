"""Second factors: the app of codes, recovery codes, what a town demands, confirming who one is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from factors_house import code_of, in_house, second, signed_in, with_totp
from siga.contract.auth import Principal, may, municipalities_of
from siga.contract.factors import FactorsChanged, SessionConfirmed
from siga.contract.settings import STAFF_SECOND_FACTOR
from siga.contract.users import SessionEnded
from support import run
from users_house import ADMIN, PASSWORD, House, house, slug


def test_with_an_app_of_codes_a_password_opens_nothing_and_each_code_is_good_once(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk(users: House) -> None:
        secret, codes = await with_totp(users, await signed_in(users))
        assert len(set(codes)) == 10
        step = (await users.sign_in()).json()
        assert step["token"] is None
        assert step["principal"] is None
        assert step["step"]["ways"] == ["totp", "recovery"]
        ticket = step["step"]["ticket"]
        assert slug(await users.resolve(ticket)) == "session-over", "the ticket is no session"
        assert slug(await second(users, ticket, code="000000")) == "factor-failed"
        code = code_of(users, secret)
        opened = await second(users, ticket, code=code)
        assert opened.status_code == 201
        assert (await users.resolve(opened.json()["token"])).json()["second_factor"] is True
        assert slug(await second(users, ticket, code=code_of(users, secret, 1))) == "ticket-over"
        again = (await users.sign_in()).json()["step"]["ticket"]
        assert slug(await second(users, again, code=code)) == "factor-failed", "a used step is kept"
        assert (await second(users, again, code=code_of(users, secret, 1))).status_code == 201

    in_house(tmp_path, walk, database_url)


def test_a_used_code_and_the_factor_itself_survive_a_restart(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            secret, _ = await with_totp(users, await signed_in(users))
            code = code_of(users, secret)
            assert (await second(users, (await users.sign_in()).json()["step"]["ticket"], code=code)).status_code == 201
        async with house(tmp_path, clock=users.clock) as users:
            ticket = (await users.sign_in()).json()["step"]["ticket"]
            assert slug(await second(users, ticket, code=code)) == "factor-failed"

    run(walk())


def test_a_recovery_code_stands_in_once_and_never_for_the_password(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        _, codes = await with_totp(users, await signed_in(users))
        assert (await users.sign_in(password=codes[0])).status_code == 401
        ticket = (await users.sign_in()).json()["step"]["ticket"]
        assert (await second(users, ticket, code=codes[0].lower().replace("-", " "))).status_code == 201
        ticket = (await users.sign_in()).json()["step"]["ticket"]
        assert slug(await second(users, ticket, code=codes[0])) == "factor-failed"
        used = [fact for fact in await users.facts("FactorsChanged") if fact.what == "used"]
        assert used == [FactorsChanged(user_id=users.admin_id, what="used", factor="recovery")]
        assert (await second(users, ticket, code=codes[1])).status_code == 201

    in_house(tmp_path, walk)


def test_a_new_password_by_invitation_leaves_the_second_factor_in_place(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        await users.use((await users.invite())["code"])
        pol = await signed_in(users, "pol@town.example")
        await with_totp(users, pol)
        reset = (await users.admin.post(f"/api/v1/users/{pol.user_id}/invitation")).json()
        assert (await users.use(reset["code"], "four other unrelated words")).status_code == 200
        step = (await users.sign_in("pol@town.example", "four other unrelated words")).json()
        assert step["token"] is None
        assert step["step"] is not None

    in_house(tmp_path, walk)


def test_wrong_codes_are_throttled_like_passwords(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        secret, _ = await with_totp(users, await signed_in(users))
        for n in range(5):
            ticket = (await users.sign_in(address=f"192.0.2.{n}")).json()["step"]["ticket"]
            assert slug(await second(users, ticket, code="AAAA-BBBB-CCCC")) == "factor-failed"
        refused = await second(users, ticket, code=code_of(users, secret))
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        users.clock.forward(30)
        assert (await second(users, ticket, code=code_of(users, secret))).status_code == 201

    in_house(tmp_path, walk)


def test_a_ticket_ends_after_five_minutes_and_is_swept(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        secret, _ = await with_totp(users, await signed_in(users))
        ticket = (await users.sign_in()).json()["step"]["ticket"]
        users.clock.forward(300)
        assert slug(await second(users, ticket, code=code_of(users, secret))) == "ticket-over"

    in_house(tmp_path, walk)


def test_every_change_ends_the_other_sessions_and_is_told_without_a_word_about_the_person(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        elsewhere = await signed_in(users)
        here = await signed_in(users)
        await with_totp(users, here)
        assert (await users.resolve(elsewhere.token)).status_code == 401
        assert (await users.resolve(here.token)).status_code == 200
        ended = await users.facts("SessionEnded")
        assert SessionEnded(session_id=elsewhere.session_id, user_id=users.admin_id) in ended
        told = [event for event in (await users.events()).events if event.kind == "FactorsChanged"]
        assert [event.decoded() for event in told] == [
            FactorsChanged(user_id=users.admin_id, what="added", factor="totp")
        ]
        assert not any(ADMIN.encode() in bytes(event.data) for event in told)
        assert (await (await here.caller()).ask("DELETE", "/api/v1/auth/factors/totp")).status_code == 204
        assert (await users.sign_in()).json()["token"], "without a factor the password is enough again"

    in_house(tmp_path, walk)


def test_secrets_and_codes_are_nowhere_in_the_store_in_clear(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            secret, codes = await with_totp(users, await signed_in(users))
            ticket = (await users.sign_in()).json()["step"]["ticket"]
        stored = b"".join(path.read_bytes() for path in (tmp_path / "users").rglob("*") if path.is_file())
        assert stored
        assert not [one for one in (secret, ticket, *codes) if one.encode() in stored]

    run(walk())


def test_an_app_needs_the_code_too(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        secret, codes = await with_totp(users, await signed_in(users))
        body = {"email": ADMIN, "password": PASSWORD}
        assert slug(await users.guest.post("/api/v1/auth/token", body)) == "second-factor"
        wrong = await users.guest.post("/api/v1/auth/token", {**body, "code": "000000"})
        assert slug(wrong) == "factor-failed"
        for code in (code_of(users, secret), codes[0]):
            assert (await users.guest.post("/api/v1/auth/token", {**body, "code": code})).status_code == 200

    in_house(tmp_path, walk)


def _demand(users: House, mode: str) -> None:
    users.system.system.settings["users"].swap(1, {"": {STAFF_SECOND_FACTOR.key: mode}})


def test_where_it_is_demanded_there_is_one_sign_in_of_grace_and_then_only_setting_it_up(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        _demand(users, "required")
        first = (await users.sign_in()).json()["principal"]
        assert first["grants"]
        assert not first["must_enrol"]
        held = await signed_in(users)
        principal = (await users.resolve(held.token)).json()
        assert principal["must_enrol"]
        assert principal["grants"] == []
        assert (await (await held.caller()).get("/api/v1/users")).status_code == 403
        await with_totp(users, held)
        principal = (await users.resolve(held.token)).json()
        assert not principal["must_enrol"]
        assert len(principal["grants"]) == 2
        last = await (await held.caller()).ask("DELETE", "/api/v1/auth/factors/totp")
        assert slug(last) == "last-factor"
        await users.register()
        driver = (await users.sign_in("eva@mail.example")).json()["principal"]
        assert driver["grants"], "nothing is demanded of drivers"

    in_house(tmp_path, walk)


def test_sensitive_acts_need_a_confirmation_of_the_last_five_minutes(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        ana = await signed_in(users)
        body = {"email": "pol@town.example", "name": "Pol", "grants": [{"role": "police"}]}
        invited = (await ana.post("/api/v1/users", body)).json()
        await users.use(invited["code"])
        user_id = invited["person"]["user_id"]
        users.clock.forward(301)
        acts = [
            ("POST", "/api/v1/users", body), ("POST", f"/api/v1/users/{user_id}/invitation", {}),
            ("PUT", f"/api/v1/users/{user_id}/grants/auditor", {}),
            ("DELETE", f"/api/v1/users/{user_id}/grants/police", None),
            ("DELETE", f"/api/v1/users/{user_id}/factors", None),
            ("POST", "/api/v1/auth/factors/totp", {}), ("DELETE", "/api/v1/auth/factors/totp", None),
            ("POST", "/api/v1/auth/factors/passkeys", {}), ("DELETE", "/api/v1/auth/factors/passkeys/none", None),
            ("POST", "/api/v1/auth/factors/recovery-codes", {}),
        ]  # fmt: skip
        for method, path, sent in acts:
            assert slug(await (await ana.caller()).ask(method, path, sent)) == "step-up", path
        start = (await ana.post("/api/v1/auth/confirm/start")).json()
        assert start["ways"] == []
        wrong = await ana.post("/api/v1/auth/confirm", {"ticket": start["ticket"], "password": "not this one"})
        assert slug(wrong) == "sign-in-failed"
        right = {"ticket": start["ticket"], "password": PASSWORD}
        assert (await ana.post("/api/v1/auth/confirm", right)).status_code == 204
        assert slug(await ana.post("/api/v1/auth/confirm", right)) == "ticket-over"
        assert SessionConfirmed(session_id=ana.session_id) in await users.facts("SessionConfirmed")
        assert (await ana.post(f"/api/v1/users/{user_id}/invitation")).status_code == 201

    in_house(tmp_path, walk)


def test_who_has_a_second_factor_confirms_with_it_and_in_the_own_session_only(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        ana = await signed_in(users)
        secret, _ = await with_totp(users, ana)
        users.clock.forward(301)
        ticket = (await ana.post("/api/v1/auth/confirm/start")).json()["ticket"]
        alone = await ana.post("/api/v1/auth/confirm", {"ticket": ticket, "password": PASSWORD})
        assert slug(alone) == "factor-failed"
        pair = {"ticket": ticket, "password": PASSWORD, "code": code_of(users, secret)}
        await users.register()
        eva = await signed_in(users, "eva@mail.example")
        assert slug(await eva.post("/api/v1/auth/confirm", pair)) == "ticket-over"
        assert (await ana.post("/api/v1/auth/confirm", pair)).status_code == 204
        assert (await users.resolve(ana.token)).json()["confirmed_at"] == users.clock().isoformat().replace(
            "+00:00", "Z"
        )

    in_house(tmp_path, walk)


def test_an_administrator_ends_the_sessions_of_their_own_people_only(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        await users.use((await users.invite())["code"])
        pol = await signed_in(users, "pol@town.example")
        path = f"/api/v1/users/{pol.user_id}/sessions"
        stranger = users.staff("administrator", municipality_id="another-town")
        assert (await stranger.ask("DELETE", path)).status_code == 404
        assert (await users.staff("police").ask("DELETE", path)).status_code == 403
        assert (await users.resolve(pol.token)).status_code == 200
        assert (await users.admin.ask("DELETE", path)).status_code == 204
        assert (await users.resolve(pol.token)).status_code == 401
        driver_id = await users.register()
        assert (await users.admin.ask("DELETE", f"/api/v1/users/{driver_id}/sessions")).status_code == 404

    in_house(tmp_path, walk)


def test_an_administrator_frees_staff_who_lost_everything_but_nobody_who_also_drives(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        await users.use((await users.invite())["code"])
        pol = await signed_in(users, "pol@town.example")
        await with_totp(users, pol)
        path = f"/api/v1/users/{pol.user_id}/factors"
        assert (
            await users.staff("administrator", municipality_id="another-town").ask("DELETE", path)
        ).status_code == 404
        assert (await users.admin.ask("DELETE", path)).status_code == 204
        assert (await users.resolve(pol.token)).status_code == 401
        assert (await users.sign_in("pol@town.example")).json()["token"]
        await users.register()
        await users.use((await users.invite("eva@mail.example"))["code"])
        eva = await signed_in(users, "eva@mail.example")
        await with_totp(users, eva)
        refused = await users.admin.ask("DELETE", f"/api/v1/users/{eva.user_id}/factors")
        assert slug(refused) == "conflict"

    in_house(tmp_path, walk)


@pytest.mark.parametrize("late_s", [15 * 60, 14 * 60])
def test_a_new_secret_waits_fifteen_minutes_for_its_first_code(tmp_path: Path, late_s: int) -> None:
    async def walk(users: House) -> None:
        ana = await signed_in(users)
        begun = (await ana.post("/api/v1/auth/factors/totp")).json()
        users.clock.forward(late_s)
        ask = {"ticket": begun["ticket"], "code": code_of(users, begun["secret"])}
        done = await ana.post("/api/v1/auth/factors/totp/confirm", ask)
        assert done.status_code == (403 if late_s >= 900 else 200)

    in_house(tmp_path, walk)


def test_a_locked_session_keeps_the_counts_hides_the_cases_and_opens_again_by_the_password(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        await users.use((await users.invite())["code"])
        pol = await signed_in(users, "pol@town.example")
        await with_totp(users, pol)
        assert (await pol.post("/api/v1/auth/lock")).status_code == 204
        principal = msgspec.json.decode((await users.resolve(pol.token)).content, type=Principal)
        claims = users.system.keys.verify(users.system.keys.caller_token("users", "person", principal), "users")
        assert not may(claims, "cases.work")
        assert municipalities_of(claims, "cases.work") == ()
        assert may(claims, "cases.count")
        start = (await pol.post("/api/v1/auth/confirm/start")).json()
        wrong = await pol.post("/api/v1/auth/unlock", {"ticket": start["ticket"], "password": "not this one"})
        assert slug(wrong) == "sign-in-failed"
        before = (await users.resolve(pol.token)).json()["confirmed_at"]
        right = {"ticket": start["ticket"], "password": PASSWORD}
        assert (await pol.post("/api/v1/auth/unlock", right)).status_code == 204
        after = (await users.resolve(pol.token)).json()
        assert not after["locked"]
        assert after["confirmed_at"] == before, "a password alone confirms nothing where there is a second factor"
        told = [fact.locked for fact in await users.facts("SessionLocked")]
        assert told == [True, False]

    in_house(tmp_path, walk)
