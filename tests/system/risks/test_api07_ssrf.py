"""OWASP API7:2023, server side request forgery: SIGA calls nobody whom a request names."""

from __future__ import annotations

import ast
import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import siga
from lorawan_street import chirpstack_up, ttn_up
from permission_asks import ask_for, operations, things_of
from permission_world import Stage, World
from siga.contract.policy import RULES

pytestmark = pytest.mark.xdist_group("risks")

SOURCE = Path(siga.__file__).parent
_CALLERS = frozenset({
    "kit/peers.py", "kit/child.py", "engines/remote_app.py", "engines/feed_http.py", "engines/server.py",
})  # fmt: skip
"""Where connections are made, to addresses from the start options alone; benchmarks, demo and command line aside."""


class Listener:
    """A server that somebody might be made to call; it notes who does."""

    def __init__(self) -> None:
        self.calls = 0
        self.port = 0

    async def __aenter__(self) -> Listener:
        async def called(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.calls += 1
            writer.close()

        self._server = await asyncio.start_server(called, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()


def lured(value: Any, url: str) -> Any:
    """The same value with every text in it a URL."""
    if isinstance(value, dict):
        return {key: lured(one, url) for key, one in value.items()}
    if isinstance(value, list):
        return [lured(one, url) for one in value]
    return url if isinstance(value, str) else value


def test_no_text_in_any_body_query_or_header_makes_siga_call_it(siga: Stage) -> None:
    async def work(world: World) -> None:
        document = (await world.users.ask("GET", "/api/openapi.json")).json()
        town, tried = world.towns[0], 0
        async with Listener() as listener:
            url = f"http://127.0.0.1:{listener.port}/x"
            names = (
                "referer",
                "origin",
                "x-forwarded-host",
                "forwarded",
                "x-original-url",
                "from",
                "x-callback",
                "link",
            )
            headers = dict.fromkeys(names, url)
            for name in operations(document):
                rule = RULES[name]
                if rule.door == "device" or name == "GET /api/v1/logs/tail" or name.startswith("DELETE"):
                    continue
                role = next(iter(sorted(rule.roles)), "driver")
                token = world.token(role, town, user_id=world.driver_id if role == "driver" else "")
                ask = ask_for(document, name, things_of(town))
                for key in ask.body if isinstance(ask.body, dict) else {"": None}:
                    body = {**ask.body, key: lured(ask.body[key], url)} if key else ask.body
                    query = {**ask.query, "q": url, "url": url, "callback": url}
                    options = {"query": query, "headers": headers, "content": ask.content}
                    await world.users.ask(ask.method, ask.path, body, token=token, **options)
                    tried += 1
            await asyncio.sleep(0.2)
            assert listener.calls == 0
        print(f"\nSSRF: {tried} lures, 0 calls")
        assert tried > 150

    siga.attack(work, 120)


def test_what_network_servers_say_makes_siga_call_nobody(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        secret = town.secret["keys and codes of devices and network servers"]
        async with Listener() as listener:
            url = f"http://127.0.0.1:{listener.port}/x"
            for path, frame in (("chirpstack", chirpstack_up(40, "0100", datetime.now(UTC))),
                                ("ttn", ttn_up(41, "0100", datetime.now(UTC)))):  # fmt: skip
                for body in (lured(frame, url), {**frame, "downlinks": {"push": url, "replace": url}}):
                    await world.sensors.ask(
                        "POST", f"/sensors/v1/lns/{path}", body, token=secret, query={"event": "up"},
                        headers={"x-downlink-push": url, "x-downlink-apikey": "k"},
                    )  # fmt: skip
            await asyncio.sleep(0.2)
            assert listener.calls == 0

    siga.attack(work)


def test_connections_are_made_in_few_places_and_to_no_address_from_outside() -> None:
    making = re.compile(r"^(httpx|urllib\.request|http\.client|aiohttp|requests|socket|ftplib|telnetlib)(\.|$)")
    found = set()
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE).as_posix()
        if name.startswith(("bench/", "demo/", "cli/", "operate/")):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(making.match(one) for one in modules):
                found.add(name)
    assert found <= _CALLERS, f"these can connect to somebody: {sorted(found - _CALLERS)}"


def test_no_body_has_a_field_for_an_address_to_be_called(siga: Stage) -> None:
    async def work(world: World) -> None:
        document = (await world.users.ask("GET", "/api/openapi.json")).json()
        schemas = document["components"]["schemas"]
        bodies = [one["requestBody"] for one in operations(document).values() if "requestBody" in one]
        waiting: set[str] = set(re.findall(r"schemas/(\w+)", repr(bodies)))
        seen: set[str] = set()
        while waiting:
            seen.add(name := waiting.pop())
            waiting |= set(re.findall(r"schemas/(\w+)", repr(schemas[name]))) - seen
        fields = {one for name in seen for one in schemas[name].get("properties", {})}
        assert len(fields) > 100
        assert {one for one in fields if re.search(r"(^|_)ur[il]|href|webhook|callback|endpoint|host", one)} == set()

    siga.attack(work)
