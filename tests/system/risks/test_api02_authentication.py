"""OWASP API2:2023, broken authentication: forged, borrowed, spent and guessed credentials are worth nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import msgspec
import pytest

from permission_world import PASS, Stage, World

pytestmark = pytest.mark.xdist_group("risks")


ME = "/api/v1/auth/me"
LIST = "/api/v1/users"


def part(value: Any) -> str:
    """A part of a JWT."""
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def unpacked(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT."""
    head, claims = (base64.urlsafe_b64decode(one + "==") for one in token.split(".")[:2])
    return msgspec.json.decode(head), msgspec.json.decode(claims)


def test_tokens_that_say_how_they_want_to_be_read_are_not_believed(siga: Stage) -> None:
    async def work(world: World) -> None:
        token = world.token("administrator", world.towns[0])
        head, claims = unpacked(token)
        seal = token.split(".")[2]
        trusted = world.system.system.config.data / "keys" / "trusted.json"
        public = msgspec.json.decode(trusted.read_bytes())["keys"]
        users_key = next(key for key in public if key["kid"] == "users")
        forged = [f"{part({**head, 'alg': alg})}.{part(claims)}." for alg in ("none", "None", "NONE", "")]
        for secret in (trusted.read_bytes(), users_key["x"].encode(), base64.urlsafe_b64decode(users_key["x"] + "=="),
                       b"", b"secret"):  # fmt: skip
            signed = f"{part({**head, 'alg': 'HS256'})}.{part(claims)}"
            digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
            forged.append(f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}")
        heads = ({"kid": "gateway"}, {"kid": "../../users"}, {"typ": "JWT"}, {"jku": "http://127.0.0.1/k"},
                 {"jwk": users_key}, {"crit": ["x"], "x": 1})  # fmt: skip
        forged += [f"{part({**head, **more})}.{part(claims)}.{seal}" for more in heads]
        changes = ({"exp": claims["exp"] + 10_000}, {"sub": "somebody"}, {"aud": "parking"}, {"iss": "gateway"})
        forged += [f"{part(head)}.{part({**claims, **change})}.{seal}" for change in changes]
        forged += [token[:-1], token + "A", token.replace(".", "", 1), token.upper(), "a.b.c", "....", "é" * 9]
        forged.append("x" * 9000)
        for one in forged:
            answer = await world.users.ask("GET", LIST, token=one)
            assert answer.status == 401, (one[:80], answer.status)
        assert (await world.users.ask("GET", LIST, token=token)).status == 200

    siga.attack(work)


def test_credentials_count_in_their_place_alone(siga: Stage) -> None:
    async def work(world: World) -> None:
        token = world.token("administrator", world.towns[0])
        for query in (f"access_token={token}", f"token={token}", f"authorization=Bearer%20{token}"):
            assert (await world.users.ask("GET", LIST, query=query)).status == 401
        for headers in ({"cookie": f"siga-plain={token}"}, {"cookie": f"__Host-siga={token}"}, {"x-auth": token},
                        {"authorization": f"Basic {token}"}, {"authorization": token}):  # fmt: skip
            assert (await world.users.ask("GET", LIST, headers=headers)).status == 401, headers
        refused = await world.users.ask("GET", LIST, token=world.system.keys.service_token("gateway", "users"))
        assert refused.status == 401, "a service's own token opens nothing at the door"

    siga.attack(work)


def test_a_refresh_token_is_good_once_and_its_thief_loses_everything(siga: Stage) -> None:
    async def work(world: World) -> None:
        sign_in = {"email": "driver@road.example", "password": PASS}
        first = await world.must("POST", "/api/v1/auth/token", sign_in)
        second = await world.must("POST", "/api/v1/auth/refresh", {"refresh_token": first["refresh_token"]})
        stolen = await world.users.ask("POST", "/api/v1/auth/refresh", {"refresh_token": first["refresh_token"]})
        assert stolen.status == 401
        after = await world.users.ask("POST", "/api/v1/auth/refresh", {"refresh_token": second["refresh_token"]})
        assert after.status == 401, "the whole family ends with the theft"

        async def ended() -> bool:
            return (await world.users.ask("GET", ME, token=second["access_token"])).status == 401

        for _ in range(100):
            if await ended():
                break
        assert await ended()

    siga.attack(work)


def test_an_answer_does_not_tell_whether_there_is_such_an_account(siga: Stage) -> None:
    async def work(world: World) -> None:
        told = []
        for email in ("driver@road.example", "nobody@road.example"):
            answer = await world.users.ask("POST", "/api/v1/auth/token", {"email": email, "password": "wrong one here"})
            body = answer.json()
            told.append((answer.status, {k: v for k, v in body.items() if k != "instance"}))
        assert told[0] == told[1]
        assert told[0][0] == 401

    siga.attack(work)


def test_guessing_passwords_is_stopped_before_they_are_hashed(siga: Stage) -> None:
    async def work(world: World) -> None:
        answers = [
            await world.users.ask("POST", "/api/v1/auth/token",
                                  {"email": "target@road.example", "password": f"guess number {n} of mine"})
            for n in range(40)
        ]  # fmt: skip
        statuses = [one.status for one in answers]
        assert 429 in statuses
        assert set(statuses) <= {401, 429}
        late = answers[statuses.index(429)]
        assert int(late.headers["retry-after"]) > 0

    siga.attack(work)


@pytest.mark.parametrize("password", ["short", "password1234", "12345678901234"])
def test_weak_and_known_passwords_are_not_taken(siga: Stage, password: str) -> None:
    async def work(world: World) -> None:
        asked = {"email": f"weak{len(password)}@road.example", "password": password, "name": "Débil"}
        assert (await world.users.ask("POST", "/api/v1/auth/register", asked)).status in (422, 429)

    siga.attack(work)
