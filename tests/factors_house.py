"""People of the users service with second factors, speaking as the gateway would for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyotp

from siga.contract.auth import Principal
from support import Caller, run
from users_house import ADMIN, House, house


class Person:
    """Somebody who is signed in, as the gateway would speak for them."""

    def __init__(self, users: House, opened: dict[str, Any]) -> None:
        self.users, self.token = users, str(opened["token"])
        self.session_id, self.user_id = opened["principal"]["session_id"], opened["principal"]["user_id"]

    async def caller(self) -> Caller:
        """As the gateway speaks for them now."""
        principal = msgspec.json.decode((await self.users.resolve(self.token)).content, type=Principal)
        return self.users.system.as_principal("users", principal)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        """POST as the person."""
        return await (await self.caller()).post(path, {} if body is None else body)


def code_of(users: House, secret: str, steps: int = 0) -> str:
    """What the app shows now, or some steps away."""
    return pyotp.TOTP(secret).at(users.clock() + timedelta(seconds=30 * steps))


async def signed_in(users: House, email: str = ADMIN) -> Person:
    """Somebody signs in with a password alone."""
    answer = await users.sign_in(email)
    assert answer.status_code == 201, answer.text
    return Person(users, answer.json())


async def with_totp(users: House, person: Person) -> tuple[str, list[str]]:
    """The secret of the person's new app, and the recovery codes."""
    begun = (await person.post("/api/v1/auth/factors/totp")).json()
    ask = {"ticket": begun["ticket"], "code": code_of(users, begun["secret"])}
    done = await person.post("/api/v1/auth/factors/totp/confirm", ask)
    assert done.status_code == 200, done.text
    users.clock.forward(60)  # its code is spent
    return begun["secret"], done.json()["codes"]


async def second(users: House, ticket: str, **proof: Any) -> httpx.Response:
    """Show the second factor as the gateway does."""
    body = {"ticket": ticket, "address": "192.0.2.1", "user_agent": "a browser", **proof}
    return await users.gateway.post("/internal/v1/sessions/second", body)


def in_house(tmp_path: Path, walk: Callable[[House], Any], url: str | None = None) -> None:
    """Run a walk through a users service that is set up."""

    async def go() -> None:
        async with house(tmp_path, url) as users:
            await walk(users)

    run(go())
