"""What the demo's pages share: the accounts of this folder, the stage, and asking services as one of its people."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from siga.contract.accounts import SessionAsk, SessionOpened
from siga.contract.auth import Principal
from siga.contract.base import Word
from siga.contract.settings import GRACE_S
from siga.kit.problem import Unavailable
from siga.kit.service import Context
from siga.services.gateway.pages.demo.stage import Stage
from siga.services.gateway.sessions import SignIn, on_behalf

_KEPT_S = 1800.0
T = TypeVar("T")


class Account(Word):
    """One of the demo's accounts."""

    title: str
    role: str
    name: str
    email: str
    password: str
    start: str


class Known(Word):
    """What demo.json says."""

    complete: bool = False
    municipality_id: str = ""
    accounts: list[Account] = []


class Backstage:
    """One per gateway. `ctx.options["demo"]`: {"accounts": path of demo.json, "token": the simulator's}."""

    def __init__(self, ctx: Context, sign_in: SignIn) -> None:
        demo = ctx.options["demo"]
        self.ctx, self.sign_in, self.token = ctx, sign_in, str(demo["token"])
        self._file = Path(demo["accounts"])
        self._people: dict[str, tuple[float, Principal]] = {}
        self.stage = Stage(ctx.data / "demo-seen.json", self.grace_s)
        if self.known().complete:
            self.stage.note("restart")

    def known(self) -> Known:
        """The accounts and the town, as far as the town stands."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Known)
        except (OSError, msgspec.DecodeError):
            return Known()

    def account(self, role: str) -> Account:
        """The account of a role; Unavailable while the town is being made."""
        found = next((account for account in self.known().accounts if account.role == role), None)
        if found is None:
            raise Unavailable("The demo town is still being made: try again in some seconds.")
        return found

    async def ask(self, role: str, service: str, method: str, path: str, kind: type[T], *, params: Any = None,
                  content: bytes | None = None, content_type: str = "application/json",
                  timeout_s: float = 30.0) -> T:  # fmt: skip
        """Ask a service as the demo's own person of that role."""
        answer = await self.ctx.peers[service].request(
            method, path, params=params, content=content, content_type=content_type, timeout_s=timeout_s,
            **on_behalf(await self._person(role)),
        )  # fmt: skip
        return msgspec.json.decode(answer.content, type=kind)

    async def _person(self, role: str) -> Principal:
        at_s, person = self._people.get(role, (0.0, None))
        if person is None or time.monotonic() - at_s > _KEPT_S:
            account = self.account(role)
            ask = SessionAsk(email=account.email, password=account.password, address="127.0.0.1", user_agent="demo")
            opened = await self.ctx.peers["users"].post("/internal/v1/sessions", ask, SessionOpened)
            person = opened.principal
            self._people[role] = (time.monotonic(), person)
        return person

    def grace_s(self) -> int:
        """The grace time in force in the town, seconds."""
        return self.ctx.settings.int_of(GRACE_S, self.known().municipality_id)
