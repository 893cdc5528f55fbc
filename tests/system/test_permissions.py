"""Role x operation x municipality x zone over a running SIGA with two real towns: the table of permissions is true."""

from __future__ import annotations

import base64
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from permission_asks import Ask, Document, ask_for, operations, things_of
from permission_world import Answer, Town, World, two_towns
from siga.contract.auth import ACTIONS, ROLES, Grant, Principal
from siga.contract.policy import RULES, Rule
from siga.contract.policy_fields import GUARDED
from support import run

REFUSED = (401, 403, 404)
STREAMS = ("GET /api/v1/live", "GET /api/v1/logs/tail")
_NARROWED = ("police", "installer")
_LAST = ("revoke", "DELETE ", "rotate", "resolve", "claim", "retire", "suspend", "/code")
"""What allowed calls end: they come last."""

_ROW_BY_ROW = frozenset({"POST /api/v1/devices/batch"})
"""Each row is judged by itself and refused in the answer; `test_parking_device_import.py` shows it for zones."""

_MAY_BE_ABSENT = frozenset({
    "GET /api/v1/check-ins/{check_in_id}/receipt", "DELETE /api/v1/check-ins/{check_in_id}",
    "POST /api/v1/check-ins/{check_in_id}/end", "DELETE /api/v1/auth/sessions/{session_id}",
    "DELETE /api/v1/favourites/{favourite_id}", "POST /api/v1/images/jobs/{job_id}/retry",
    "POST /api/v1/logs/alarms/{alarm_id}/acknowledge", "POST /api/v1/users/asks/{link_id}",
    "DELETE /api/v1/auth/factors/passkeys/{passkey_id}",
})  # fmt: skip
"""There is no such thing in these towns: 404 is an answer to those who may, too."""


class Walk:
    """Counts what was tried and keeps what was wrong."""

    def __init__(self, world: World, document: Document) -> None:
        self.world, self.document = world, document
        self.tried: Counter[str] = Counter()
        self.wrong: list[str] = []

    async def ask(self, ask: Ask, token: str | None, kind: str) -> Answer:
        """One request, counted."""
        self.tried[kind] += 1
        answer = await self.world.users.ask(ask.method, ask.path, token=token, **ask.options())
        if answer.status >= 500:
            self.wrong.append(f"{kind}: {ask.operation} → {answer.status} {answer.body[:300]!r}")
        return answer

    def expect(self, fits: bool, kind: str, who: str, ask: Ask, answer: Answer) -> None:
        """Keep it if it does not fit."""
        if not fits:
            self.wrong.append(f"{kind}: {who} {ask.operation} → {answer.status} {answer.body[:200]!r}")


async def document_of(world: World) -> Document:
    """The OpenAPI document as anyone gets it."""
    return dict((await world.users.ask("GET", "/api/openapi.json")).json())


def staffed() -> Iterator[Rule]:
    """The operations that are a matter of roles."""
    return (rule for rule in RULES.values() if rule.door == "staff")


async def _refusals(walk: Walk) -> None:
    """Nobody without the action gets anywhere, signed in or not; what is another town's is not there."""
    world, (alba, brezo) = walk.world, walk.world.towns
    for rule in staffed():
        for town, other in ((alba, brezo), (brezo, alba)):
            ask = ask_for(walk.document, rule.operation, things_of(town))
            answer = await walk.ask(ask, None, "guest")
            walk.expect(answer.status == 401, "guest", "nobody", ask, answer)
            for role in ROLES:
                if role not in rule.roles:
                    answer = await walk.ask(ask, world.token(role, town), "role")
                    walk.expect(answer.status in REFUSED and answer.slug != "", "role", role, ask, answer)
                elif role not in ("driver", "platform"):
                    answer = await walk.ask(ask, world.token(role, other), "town")
                    walk.expect(_stays_out(rule, answer, town), "town", f"{role} of {other.name}", ask, answer)


def _stays_out(rule: Rule, answer: Answer, town: Town) -> bool:
    if rule.reach == "thing":
        return answer.status == 404
    if rule.reach == "named":
        return answer.status in (403, 404, 422)
    private = town.secret if rule.reach == "system" else _private(town)
    return answer.status not in (401, 403) and not any(word.encode() in answer.body for word in private.values())


def _private(town: Town) -> dict[str, str]:
    """Ids and secrets of a town by which no other is to be answered."""
    harmless = ("municipality", "municipality_id", "role", "key", "lon", "lat", "revision", "zone_id", "bay_id",
                "spare_bay_id", "rule_id")  # fmt: skip
    every = {**town.things, **town.by_zone[0], **town.secret}
    return {name: str(value) for name, value in every.items() if name not in harmless}


async def _zones(walk: Walk) -> None:
    """A grant that is narrowed to a zone opens that zone's things and no other's."""
    for town in walk.world.towns:
        for rule in staffed():
            for role in set(_NARROWED) & rule.roles if rule.zoned else ():
                token = walk.world.token(role, town, zone_ids=(town.zones[0],))
                if rule.operation in _ROW_BY_ROW:
                    continue
                ask = ask_for(walk.document, rule.operation, things_of(town, 1))
                answer = await walk.ask(ask, token, "zone")
                if rule.reach == "list":
                    hidden = [v for k, v in town.by_zone[1].items() if k != "zone_id"]
                    fits = answer.status == 200 and not any(v.encode() in answer.body for v in hidden)
                else:
                    fits = answer.status in (403, 404)
                walk.expect(fits, "zone", f"{role} of zone 0", ask, answer)


async def _allowed(walk: Walk) -> None:
    """Who may, can: no role is shut out of what the table gives it, and is told only what its role may be told."""
    world = walk.world
    rules = sorted(staffed(), key=lambda r: (any(word in r.operation for word in _LAST), "GET" not in r.operation))
    for rule in rules:
        for town in world.towns:
            for role in sorted(rule.roles):
                user_id = world.driver_id if role == "driver" else ""
                things = things_of(town)
                if role == "platform" or (role == "operator" and "settings.change_system" in rule.actions):
                    things |= {"municipality_id": ""}
                ask = ask_for(walk.document, rule.operation, things)
                if role == "platform" and rule.reach == "list":
                    ask.query.pop("municipality_id", None)
                answer = await walk.ask(ask, world.token(role, town, user_id=user_id), "allowed")
                absent = answer.status == 404 and (rule.operation in _MAY_BE_ABSENT or "GET" not in rule.operation)
                fits = answer.status not in (401, 403, 404, 405) or absent
                walk.expect(fits, "allowed", role, ask, answer)
                _told(walk, role, ask, answer)


def _told(walk: Walk, role: str, ask: Ask, answer: Answer) -> None:
    """No answer tells a role what `GUARDED` keeps from it."""
    for town in walk.world.towns:
        for guarded in GUARDED:
            word = town.secret.get(guarded.what)
            if word and role not in guarded.roles and word.encode() in answer.body:
                walk.wrong.append(f"told: {role} {ask.operation} tells {guarded.what}")
        blind = role not in ACTIONS["map.read_personal"]
        if blind and town.secret["personal bay"].encode() in answer.body:
            walk.wrong.append(f"told: {role} {ask.operation} tells of a personal bay")


async def _open_to_all(walk: Walk) -> None:
    """What needs no sign-in, and what is one's own: no fault, and nothing that is guarded."""
    for town in walk.world.towns:
        for rule in (one for one in RULES.values() if one.door in ("anyone", "signed_in")):
            if rule.operation not in operations(walk.document):
                continue
            ask = ask_for(walk.document, rule.operation, things_of(town))
            answer = await walk.ask(ask, None, "open")
            if rule.door == "signed_in":
                walk.expect(answer.status == 401, "open", "nobody", ask, answer)
            _told(walk, "guest", ask, answer)
            for role in ("driver", "installer", "operator", "auditor"):
                answer = await walk.ask(ask, walk.world.token(role, town), "own")
                walk.expect(answer.slug != "forbidden", "own", role, ask, answer)
                _told(walk, role, ask, answer)


def bad_tokens(world: World, role: str, town: Town) -> dict[str, str]:
    """Tokens that somebody with this role would love to be taken."""
    good = world.token(role, town)
    head, payload, seal = good.split(".")
    claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["grants"] = [{"role": "administrator", "municipality_id": town.municipality_id, "zone_ids": []}]
    claims["sub"] = "somebody-else"
    forged = base64.urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"users","typ":"at+jwt"}').rstrip(b"=").decode()
    grants = (Grant(role=role, municipality_id=town.municipality_id),)  # type: ignore[arg-type]
    principal = Principal(user_id="x", session_id="s", grants=grants)
    return {
        "expired": world.token(role, town, lives_s=-5), "tampered": f"{head}.{forged}.{seal}",
        "unsigned": f"{none}.{forged}.", "other seal": f"{head}.{payload}.{seal[:-4]}AAAA",
        "for a service": world.system.keys.caller_token("users", "person", principal),
        "of a service": world.system.keys.service_token("gateway", "parking"), "no token": "x",
    }  # fmt: skip


async def _bad_tokens(walk: Walk) -> None:
    """A token that is not in order opens nothing, not even what its bearer may do."""
    town = walk.world.towns[0]
    for rule in RULES.values():
        if rule.door in ("staff", "signed_in"):
            role = next(iter(sorted(rule.roles)), "driver")
            ask = ask_for(walk.document, rule.operation, things_of(town))
            for what, token in bad_tokens(walk.world, role, town).items():
                answer = await walk.ask(ask, token, "token")
                walk.expect(answer.status == 401, "token", what, ask, answer)


@asynccontextmanager
async def walking(tmp_path: Path) -> AsyncIterator[Walk]:
    """A walk through the started world."""
    async with two_towns(tmp_path) as world:
        yield Walk(world, await document_of(world))


def test_the_table_of_permissions_is_what_a_running_siga_does(tmp_path: Path) -> None:
    async def work() -> None:
        async with walking(tmp_path) as walk:
            began = time.monotonic()
            await _refusals(walk)
            await _zones(walk)
            await _bad_tokens(walk)
            await _open_to_all(walk)
            await _allowed(walk)
            sizes: dict[str, Any] = dict(walk.tried)
            print(f"\npermissions: {sum(sizes.values())} requests {sizes} over {len(RULES)} operations, "
                  f"{len(ROLES)} roles, 2 towns, 2 zones in {time.monotonic() - began:.1f} s; "
                  f"{len(walk.wrong)} wrong")  # fmt: skip
            assert not walk.wrong, "\n".join(walk.wrong[:60])
            assert sum(sizes.values()) > 2_000

    run(work(), 300)
