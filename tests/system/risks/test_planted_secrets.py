"""200 plates, UIDs, tokens, addresses and names go in by every door; none comes out in logs, metrics or problems."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import msgspec
import pytest

from lorawan_street import chirpstack_up
from permission_asks import ask_for, operations, things_of
from permission_world import Stage, World
from siga.bench.device import Device
from siga.contract.policy import RULES
from siga.kit import log

pytestmark = pytest.mark.xdist_group("risks")

HOW_MANY = 200
SECRET_FIELDS = frozenset({
    "password", "current_password", "new_password", "plate", "uid", "card_number", "code", "refresh_token", "holder",
    "email", "number", "claim_code", "ticket", "receipt",
})  # fmt: skip
FORMS = (
    "/login",
    "/register",
    "/account",
    "/setup",
    "/invitation",
    "/forgot",
    "/reset",
    "/report",
    "/admin/people/invite",
)


def made_up() -> list[str]:
    """Plates, UIDs, tokens, passwords, e-mail addresses and names that are nowhere else."""
    rng = Random(7)
    letters = "BCDFGHJKLMNPRSTVWXYZ"
    quarter = HOW_MANY // 5
    plates = [f"{rng.randrange(10**4):04d}{''.join(rng.choices(letters, k=3))}" for _ in range(quarter)]
    uids = [f"04{rng.getrandbits(48):012X}" for _ in range(quarter)]
    tokens = [secrets.token_urlsafe(32) for _ in range(quarter)]
    mails = [f"quintiliano{n}@retama{rng.getrandbits(32):x}.example" for n in range(quarter)]
    names = [f"Hermenegilda{rng.getrandbits(40):x}" for _ in range(quarter)]
    return [*plates, *uids, *tokens, *mails, *names]


class Planter:
    """Puts the secrets in, one after the other, and remembers what was told back."""

    def __init__(self, world: World, planted: list[str]) -> None:
        self.world, self.planted = world, planted
        self._next: Iterator[str] = itertools.cycle(planted)
        self.used: set[str] = set()
        self.told: list[str] = []

    def secret(self) -> str:
        """The next one."""
        found = next(self._next)
        self.used.add(found)
        return found

    def note(self, where: str, secret: str, answer: Any) -> None:
        """Whether a refusal tells it."""
        if "problem" in answer.headers.get("content-type", "") and secret.encode() in answer.body:
            self.told.append(f"{where}: {answer.body[:300]!r}")

    async def bodies(self) -> None:
        """Every field of every body of every operation."""
        document = (await self.world.users.ask("GET", "/api/openapi.json")).json()
        town = self.world.towns[0]
        for name in operations(document):
            rule, ask = RULES[name], ask_for(document, name, things_of(town))
            if rule.door == "device" or not isinstance(ask.body, dict):
                continue
            role = next(iter(sorted(rule.roles)), "driver")
            token = self.world.token(role, town, user_id=self.world.driver_id if role == "driver" else "")
            for field in [*ask.body, "unknown_field"]:
                secret = self.secret()
                body = {**ask.body, field: secret}
                answer = await self.world.users.ask(ask.method, ask.path, body, token=token, query=ask.query)
                if field in SECRET_FIELDS:
                    self.note(f"{name} {field}", secret, answer)

    async def headers_and_queries(self) -> None:
        """What clients bring along, at both doors."""
        for _ in range(40):
            for name in ("authorization", "cookie", "x-csrf-token", "x-follow-code", "user-agent", "referer", "origin",
                         "x-siga-secret", "x-forwarded-for"):  # fmt: skip
                secret = self.secret()
                value = {"authorization": f"Bearer {secret}", "cookie": f"siga-plain={secret}"}.get(name, secret)
                for door, path in ((self.world.users, "/api/v1/users"), (self.world.sensors, "/sensors/v1/lns/ttn")):
                    answer = await door.ask("POST", path, {}, headers={name: value}, query={"token": secret})
                    self.note(f"{path} {name}", secret, answer)

    async def pages(self) -> None:
        """Forms of pages, and links with a code in them."""
        for path in FORMS:
            for field in ("email", "password", "code", "plate", "name"):
                secret = self.secret()
                await self.world.users.ask(
                    "POST", path, content=f"{field}={secret}".encode(),
                    headers={"content-type": "application/x-www-form-urlencoded"},
                )  # fmt: skip
        for path in ("/setup/", "/invitation/", "/reset/", "/verify/", "/r/", "/b/alba/"):
            await self.world.users.ask("GET", path + self.secret())

    async def devices(self) -> None:
        """Reports with cards, right and wrong, and tags in LoRaWAN frames."""
        town = self.world.towns[1]
        admin = self.world.token("administrator", town)
        made = await self.world.must("POST", "/api/v1/devices", {
            "municipality_id": town.municipality_id, "kind": "bay_sensor", "bay_ids": [town.things["spare_bay_id"]],
        }, token=admin)  # fmt: skip
        app = self.world.system.system.services["gateway"].extra["sensors"]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            sensor = await Device.enrol(client, made["code"])
            for _ in range(60):
                secret = self.secret()
                acks = await sensor.send([sensor.report(True, credential_uid=secret)])
                assert secret not in msgspec.json.encode(acks).decode()
            for what in ("signature", "body"):
                secret = self.secret()
                header = sensor.signed("POST", "/sensors/v1/reports", "", b"x")
                await client.post("/sensors/v1/reports", content=secret.encode(), headers={
                    "authorization": header if what == "body" else f'SIGA-HMAC device="{secret}", signature="{secret}"',
                })  # fmt: skip
        for number, secret in enumerate(self.planted[40:60]):
            self.used.add(secret)
            frame = chirpstack_up(200 + number, secret, datetime.now(UTC), eui="70b3d57e05160099")
            frame["deviceInfo"]["deviceName"] = self.secret()
            key = town.secret["keys and codes of devices and network servers"]
            await self.world.sensors.ask("POST", "/sensors/v1/lns/chirpstack", frame, token=key, query={"event": "up"})


def test_what_is_secret_goes_in_and_never_comes_out(
    siga: Stage, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(log._Where, "stderr_level", 0)
    planted = made_up()

    async def work(world: World) -> Planter:
        planter = Planter(world, planted)
        await planter.bodies()
        await planter.headers_and_queries()
        await planter.pages()
        await planter.devices()
        await asyncio.sleep(1.5)
        return planter

    planter = siga.attack(work, 120)
    assert planter.used == set(planted)
    written = capfd.readouterr()
    data = siga.world.system.system.config.data
    logs = [*data.glob("logs/*"), *data.glob("log-spool*")]
    places = {"stderr": written.err.encode(), "stdout": written.out.encode()}
    places |= {one.name: one.read_bytes() for one in logs if one.is_file()}
    for name, path in (("metrics", "/metrics"), ("the log page", "/admin/logs"), ("alarms", "/api/v1/logs/alarms")):
        token = siga.world.token("operator", siga.world.towns[0])
        places[name] = siga.attack(lambda world, p=path, t=token: world.users.ask("GET", p, token=t)).body
    assert len(places["stderr"]) > 50_000, "what was done is told in the log"
    assert len(places["metrics"]) > 1_000
    hits = [
        f"{where}: {secret} … {text[max(0, text.upper().find(secret.upper().encode()) - 200) :][:400]!r}"
        for where, text in places.items()
        for secret in planted
        if secret.upper().encode() in text.upper()
    ]
    sizes = ", ".join(f"{where} {len(text):,} B" for where, text in places.items())
    print(f"\nplanted: {len(planted)} secrets; searched {sizes}; {len(hits)} hits, {len(planter.told)} problem texts")
    assert not hits, "\n".join(hits[:20])
    assert not planter.told, "\n".join(planter.told[:20])
