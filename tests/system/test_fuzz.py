"""Every operation with what its schema allows and what it does not, alone and in chains: no fault, nothing undeclared.

schemathesis makes the cases; they go to the doors of a started SIGA with two towns. `make fuzz` runs the long form.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from permission_asks import things_of
from permission_world import Answer, Door, Stage, Town, World, two_towns
from siga.contract.policy import RULES, Rule
from siga.kit.problem import problem_kinds

pytestmark = pytest.mark.xdist_group("fuzz")

LONG = bool(os.environ.get("SIGA_LONG"))
EXAMPLES = 75 if LONG else 4
CHAINS, STEPS = (150, 25) if LONG else (8, 8)
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
_SHUT = (400, 401, 404, 405, 413)
"""How who may not come in is sent away: at the door already, where the path itself is bad or leads nowhere."""
_BASE = "https://siga.example"
_CLIENTS = itertools.count(1)


@pytest.fixture(scope="module")
def siga(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A SIGA that only the fuzzer uses."""
    with asyncio.Runner() as runner:
        entered = two_towns(tmp_path_factory.mktemp("fuzz"))
        world = runner.run(entered.__aenter__())
        try:
            yield Stage(runner, world)
        finally:
            runner.run(entered.__aexit__(None, None, None))


class Fuzzer:
    """Sends cases as somebody who may, checks what comes, and tries the same as those who may not."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self.world = stage, stage.world
        self.town, self.other = stage.world.towns
        self.sent: Counter[str] = Counter()
        self.wrong: dict[str, str] = {}
        self._random = Random(4)
        self._slugs = {(kind.slug, kind.status) for kind in problem_kinds()}
        document = stage.attack(_document)
        self.schema = schemathesis.openapi.from_dict(document)
        self.operations = [one.ok() for one in self.schema.get_all_operations() if isinstance(one, Ok)]

    def rule_of(self, case: Any) -> Rule:
        """What the table of permissions says of the case's operation."""
        return RULES[f"{case.operation.method.upper()} {case.operation.path}"]

    def try_out(self, case: Any) -> Response:
        """One case by somebody who may, and now and then by all who may not."""
        self._about_real_things(case)
        rule = self.rule_of(case)
        response = self.send(case, self.token(rule, self.town), "allowed")
        self.check(case, response, rule)
        if rule.door in ("staff", "signed_in") and self._random.random() < 0.2:
            self.intrude(case, rule)
        return response

    def _about_real_things(self, case: Any) -> None:
        """Half of the cases are about things that there are."""
        things = things_of(self.town, self._random.randrange(2))
        for name in case.path_parameters or {}:
            if name in things and self._random.random() < 0.5:
                case.path_parameters[name] = str(things[name])

    def token(self, rule: Rule, town: Town) -> str | None:
        """An access token of somebody who may; None where nobody signs in, or devices do."""
        if rule.door == "device" or (rule.door == "anyone" and self._random.random() < 0.5):
            return None
        role = self._random.choice(sorted(rule.roles)) if rule.roles else "driver"
        return self.world.token(role, town, user_id=self.world.driver_id if role == "driver" else "")

    def send(self, case: Any, token: str | None, kind: str) -> Response:
        """One request, from an address that nobody had before."""
        self.sent[kind] += 1
        made = requests.Request(**_plain(case.as_transport_kwargs(base_url=_BASE))).prepare()
        gateway = self.world.system.system.services["gateway"]
        app = gateway.extra["sensors"] if case.operation.path.startswith("/sensors/") else gateway.app
        number = next(_CLIENTS)
        door = Door(app, client=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", scheme="https")
        headers = {k: v for k, v in made.headers.items() if k.lower() not in ("authorization", "cookie", "host")}
        began, body = time.monotonic(), made.body or b""
        url = urlsplit(str(made.url))
        answer: Answer = self._stage.attack(
            lambda _: door.raw(
                str(made.method), url.path, url.query, headers, body.encode() if isinstance(body, str) else body, token
            )
        )
        return Response(
            answer.status, {k: [v] for k, v in answer.headers.items()}, answer.body, made, time.monotonic() - began,
            verify=False, encoding="utf-8",
        )  # fmt: skip

    def check(self, case: Any, response: Response, rule: Rule) -> None:
        """The answer is one that the reference declares, and a refusal one of our kinds."""
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as fault:
            self.note(rule, "undeclared", case, response, str(fault))
        self.sent["throttled"] += response.status_code == 429
        if response.status_code >= 500:
            self.note(rule, "fault", case, response, "")
        if response.status_code < 400:
            if str(response.status_code) not in case.operation.definition.raw["responses"]:
                self.note(rule, "undeclared success", case, response, "")
            return
        body = _json(response)
        known = (str(body.get("type", "")).removeprefix("/problems/"), response.status_code) in self._slugs
        if not known or body.get("status") != response.status_code or b"Traceback" in response.content:
            self.note(rule, "no problem of ours", case, response, "")

    def intrude(self, case: Any, rule: Rule) -> None:
        """Nobody, somebody whose token is over, and somebody of another town ask the same."""
        role = next(iter(sorted(rule.roles)), "driver")
        expired = self.world.token(role, self.town, lives_s=-10)
        for token, who in ((None, "nobody"), (expired, "expired")):
            response = self.send(case, token, "intruder")
            if response.status_code not in _SHUT:
                self.note(rule, f"bypass by {who}", case, response, "")
        if rule.reach == "thing" and role not in ("platform", "driver"):
            response = self.send(case, self.world.token(role, self.other), "intruder")
            mine = set(map(str, (case.path_parameters or {}).values())) & set(map(str, things_of(self.town).values()))
            if response.status_code < 400 and mine - {"police", "operator", self.town.things["key"]}:
                self.note(rule, "bypass by another town", case, response, "")

    def note(self, rule: Rule, what: str, case: Any, response: Response, why: str) -> None:
        """Keep the first of a kind."""
        key = f"{rule.operation}: {what} ({response.status_code})"
        self.wrong.setdefault(key, f"{case.as_curl_command()[:600]}\n  {response.content[:300]!r}\n  {why[:700]}")

    def told(self, began: float, of: str) -> None:
        """The size of what was done; fails if anything was wrong."""
        print(f"\nfuzz, {of}: {sum(self.sent.values())} cases {dict(self.sent)} over {len(self.operations)} operations "
              f"in {time.monotonic() - began:.1f} s; {len(self.wrong)} wrong")  # fmt: skip
        assert self.sent["throttled"] < sum(self.sent.values()) / 20, "the throttles kept the cases out"
        assert not self.wrong, "\n\n".join(f"{key}\n  {text}" for key, text in self.wrong.items())


async def _document(world: World) -> dict[str, Any]:
    return dict((await world.users.ask("GET", "/api/openapi.json")).json())


def _plain(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in kwargs.items() if k in ("method", "url", "headers", "params", "json", "data", "cookies")}


def _json(response: Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def settings(examples: int, **more: Any) -> hypothesis.settings:
    """So many cases, the same ones each time in the short form."""
    return hypothesis.settings(
        max_examples=examples, database=None, deadline=None, derandomize=not LONG, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), **more,
    )  # fmt: skip


def _all_cases(fuzzer: Fuzzer, operation: Any, mode: GenerationMode, examples: int) -> None:
    @settings(examples)
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        fuzzer.try_out(case)

    try:
        one()
    except (hypothesis.errors.Unsatisfiable, hypothesis.errors.InvalidArgument):
        return  # nothing that it could be asked is against its schema


def test_no_case_of_any_operation_brings_a_fault_or_an_answer_that_is_not_declared(siga: Stage) -> None:
    fuzzer, began = Fuzzer(siga), time.monotonic()
    for operation in fuzzer.operations:
        _all_cases(fuzzer, operation, GenerationMode.POSITIVE, EXAMPLES)
        _all_cases(fuzzer, operation, GenerationMode.NEGATIVE, EXAMPLES // 2)
    assert sum(fuzzer.sent.values()) > (20_000 if LONG else 1_000)
    fuzzer.told(began, "alone")


def test_chains_in_which_one_answer_feeds_the_next_ask_bring_none_either(siga: Stage) -> None:
    fuzzer, began = Fuzzer(siga), time.monotonic()
    machine = fuzzer.schema.as_state_machine()

    class Chained(machine):  # type: ignore[valid-type,misc]
        """Each step goes to our doors and through our checks."""

        def step(self, input: Any) -> Any:  # noqa: A002 its name there
            """One step of a chain; its answer feeds the next."""
            from schemathesis.generation.stateful.state_machine import StepOutput

            return StepOutput(fuzzer.try_out(input.case), input.case)

    wanted, rounds = (2_000 if LONG else 20), 0
    while rounds == 0 or (sum(fuzzer.sent.values()) < wanted and rounds < 50):
        rounds += 1
        with contextlib.suppress(hypothesis.errors.Flaky):  # SIGA remembers the chains before: a replay goes elsewhere
            Chained.run(settings=settings(CHAINS, stateful_step_count=STEPS))
    assert sum(fuzzer.sent.values()) > (2_000 if LONG else 20)
    fuzzer.told(began, "in chains")
