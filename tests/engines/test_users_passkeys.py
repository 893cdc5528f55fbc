"""Passkeys at the API: made and used by an authenticator in software, and every way of cheating with one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from factors_house import Person, in_house, second, signed_in
from siga.contract.factors import ORIGIN_HEADER
from software_key import SoftwareKey
from users_house import PASSWORD, House, slug

ORIGIN = "https://siga.town.example"
_PATH = "/api/v1/auth/factors/passkeys"


async def at_origin(person: Person, path: str, origin: str = ORIGIN) -> httpx.Response:
    """POST as the gateway forwards it for a browser at that origin."""
    return await (await person.caller()).ask("POST", path, {}, headers={ORIGIN_HEADER: origin})


async def enrolled(person: Person, key: SoftwareKey, name: str = "Phone") -> httpx.Response:
    """The person makes a passkey."""
    begun = (await at_origin(person, _PATH, key.origin)).json()
    ask = {"ticket": begun["ticket"], "name": name, "passkey": key.make(begun["options"])}
    return await person.post(f"{_PATH}/confirm", ask)


async def password_given(users: House, origin: str = ORIGIN) -> dict[str, Any]:
    """What is asked for after Ana's password, in a browser at that origin."""
    body = {"email": "ana@town.example", "password": PASSWORD, "address": "192.0.2.1", "origin": origin}
    return dict((await users.gateway.post("/internal/v1/sessions", body)).json()["step"])


async def alone(users: House, origin: str = ORIGIN) -> dict[str, Any]:
    """What is asked for without any password."""
    return dict((await users.gateway.post("/internal/v1/sessions/passkey", {"origin": origin})).json())


def test_a_passkey_is_a_second_factor_and_a_first_one(tmp_path: Path, database_url: str | None) -> None:
    async def walk(users: House) -> None:
        ana, key = await signed_in(users), SoftwareKey(ORIGIN)
        assert len((await enrolled(ana, key)).json()["codes"]) == 10
        step = await password_given(users)
        assert step["ways"] == ["passkey", "recovery"]
        assert step["passkey"]["userVerification"] == "required"
        assert len(step["passkey"]["allowCredentials"]) == 1
        assert (await second(users, step["ticket"], passkey=key.sign(step["passkey"]))).status_code == 201
        bare = await alone(users)
        assert not bare["passkey"].get("allowCredentials"), "the browser offers what it has"
        opened = await second(users, bare["ticket"], passkey=key.sign(bare["passkey"]))
        assert opened.status_code == 201
        assert opened.json()["principal"]["user_id"] == users.admin_id
        assert slug(await second(users, bare["ticket"], passkey=key.sign(bare["passkey"]))) == "ticket-over"
        listed = (await (await ana.caller()).get("/api/v1/auth/factors")).json()["passkeys"]
        assert [(one["name"], one["used_at"] is not None) for one in listed] == [("Phone", True)]

    in_house(tmp_path, walk, database_url)


def _other_origin(key: SoftwareKey) -> None:
    key.origin = "https://siga.town.example.evil.example"


def _not_verified(key: SoftwareKey) -> None:
    key.verifies = False


def _copied(key: SoftwareKey) -> None:
    key.count = 0


def _another_key(key: SoftwareKey) -> None:
    key.key = SoftwareKey(ORIGIN).key


def _unknown(key: SoftwareKey) -> None:
    key.credential_id = hashlib.sha256(b"unknown").digest()


@pytest.mark.parametrize("cheat", [_other_origin, _not_verified, _copied, _another_key, _unknown])
def test_a_signature_that_is_not_quite_right_opens_nothing(
    tmp_path: Path, cheat: Callable[[SoftwareKey], None]
) -> None:
    async def walk(users: House) -> None:
        key = SoftwareKey(ORIGIN)
        await enrolled(await signed_in(users), key)
        step = await alone(users)
        assert (await second(users, step["ticket"], passkey=key.sign(step["passkey"]))).status_code == 201
        step = await alone(users)
        cheat(key)
        assert slug(await second(users, step["ticket"], passkey=key.sign(step["passkey"]))) == "factor-failed"

    in_house(tmp_path, walk)


def test_an_answer_to_another_challenge_is_refused(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        key = SoftwareKey(ORIGIN)
        await enrolled(await signed_in(users), key)
        first, other = await alone(users), await alone(users)
        assert slug(await second(users, other["ticket"], passkey=key.sign(first["passkey"]))) == "factor-failed"

    in_house(tmp_path, walk)


@pytest.mark.parametrize("garbage", [{}, {"rawId": "!!"}, {"rawId": "AAAA", "response": 7}])
def test_what_is_no_answer_at_all_is_refused(tmp_path: Path, garbage: dict[str, Any]) -> None:
    async def walk(users: House) -> None:
        await enrolled(await signed_in(users), SoftwareKey(ORIGIN))
        assert slug(await second(users, (await alone(users))["ticket"], passkey=garbage)) == "factor-failed"

    in_house(tmp_path, walk)


def test_somebody_elses_passkey_is_no_second_factor_of_mine(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        mine, theirs = SoftwareKey(ORIGIN), SoftwareKey(ORIGIN)
        await users.register()
        await enrolled(await signed_in(users), mine)
        await enrolled(await signed_in(users, "eva@mail.example"), theirs)
        step = await password_given(users)
        assert slug(await second(users, step["ticket"], passkey=theirs.sign(step["passkey"]))) == "factor-failed"

    in_house(tmp_path, walk)


def test_one_may_have_several_take_one_away_and_never_twice_the_same(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        ana, phone, usb = await signed_in(users), SoftwareKey(ORIGIN), SoftwareKey(ORIGIN)
        await enrolled(ana, phone)
        assert (await enrolled(ana, usb, "USB")).json()["codes"] == [], "the recovery codes stay"
        assert slug(await enrolled(ana, usb)) == "conflict"
        listed = (await (await ana.caller()).get("/api/v1/auth/factors")).json()["passkeys"]
        lost = next(one["passkey_id"] for one in listed if one["name"] == "Phone")
        assert (await (await ana.caller()).ask("DELETE", f"{_PATH}/{lost}")).status_code == 204
        step = await alone(users)
        assert slug(await second(users, step["ticket"], passkey=phone.sign(step["passkey"]))) == "factor-failed"
        assert (await second(users, step["ticket"], passkey=usb.sign(step["passkey"]))).status_code == 201
        await users.register()
        eva = await signed_in(users, "eva@mail.example")
        theirs = await (await eva.caller()).ask("DELETE", f"{_PATH}/{listed[1]['passkey_id']}")
        assert theirs.status_code == 404

    in_house(tmp_path, walk)


def test_a_passkey_alone_confirms_who_one_is(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        ana, key = await signed_in(users), SoftwareKey(ORIGIN)
        await enrolled(ana, key)
        users.clock.forward(301)
        assert slug(await at_origin(ana, _PATH)) == "step-up"
        start = (await at_origin(ana, "/api/v1/auth/confirm/start")).json()
        ask = {"ticket": start["ticket"], "passkey": key.sign(start["passkey"])}
        assert (await ana.post("/api/v1/auth/confirm", ask)).status_code == 204
        assert (await at_origin(ana, _PATH)).status_code == 200

    in_house(tmp_path, walk)


def test_by_a_bare_address_browsers_do_no_passkeys_and_the_recovery_codes_remain(tmp_path: Path) -> None:
    async def walk(users: House) -> None:
        ana = await signed_in(users)
        assert slug(await at_origin(ana, _PATH, "http://127.0.0.1:8080")) == "passkey-host"
        codes = (await enrolled(ana, SoftwareKey(ORIGIN))).json()["codes"]
        step = await password_given(users, "http://127.0.0.1:8080")
        assert (step["ways"], step["passkey"]) == (["recovery"], None)
        assert (await second(users, step["ticket"], code=codes[0])).status_code == 201

    in_house(tmp_path, walk)
