"""OWASP API4:2023, unrestricted resource consumption: what is too large, deep, many or clever is refused."""

from __future__ import annotations

import gzip
import io
import struct
import time
import zlib

import pytest

from permission_world import Door, Stage, World
from siga.services.gateway.policies import IMPORT_BYTES, JSON_BYTES

pytestmark = pytest.mark.xdist_group("risks")


def test_bodies_beyond_the_limit_are_refused_whether_announced_or_not(siga: Stage) -> None:
    async def work(world: World) -> None:
        large = b'{"email":"' + b"a" * JSON_BYTES + b'"}'
        told = await world.users.ask("POST", "/api/v1/auth/register", content=large)
        assert told.status == 413
        silent = await world.users.ask(
            "POST", "/api/v1/auth/register", content=large, headers={"transfer-encoding": "chunked"}
        )
        assert silent.status == 413
        lying = await world.users.ask("POST", "/api/v1/auth/register", content=b"{}",
                                      headers={"content-length": str(IMPORT_BYTES * 2)})  # fmt: skip
        assert lying.status in (400, 413, 422)
        odd = await world.users.ask("POST", "/api/v1/auth/register", headers={"content-length": "1e9"})
        assert odd.status == 400

    siga.attack(work)


def test_compressed_bodies_are_not_blown_up(siga: Stage) -> None:
    async def work(world: World) -> None:
        bomb = gzip.compress(b'{"email":"' + b"a" * 20_000_000 + b'"}')
        began = time.monotonic()
        for coding in ("gzip", "deflate", "br", "gzip, gzip"):
            answer = await world.users.ask("POST", "/api/v1/auth/register", content=bomb, headers={
                "content-encoding": coding, "content-type": "application/json",
            })  # fmt: skip
            assert 400 <= answer.status < 500, coding
        assert time.monotonic() - began < 2

    siga.attack(work)


@pytest.mark.parametrize("path", ["/api/v1/auth/register", "/api/v1/reports", "/api/v1/doubts", "/api/v1/auth/token"])
def test_deep_and_strange_json_is_a_refusal_and_no_fault(siga: Stage, path: str) -> None:
    async def work(world: World) -> None:
        deep = b"[" * 100_000 + b"]" * 100_000
        objects = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
        numbers = b'{"bay_id":' + b"9" * 100_000 + b"}"
        for content in (deep, objects, numbers, b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe{}", b"\x00" * 100,
                        b'{"bay_id":1e999999}', b'{"bay_id":"\\ud800"}', b'{"bay_id":"a","bay_id":"b"}'):  # fmt: skip
            answer = await world.users.ask("POST", path, content=content, headers={"content-type": "application/json"})
            assert 400 <= answer.status < 500, (content[:20], answer.status)

    siga.attack(work)


def test_pages_are_never_larger_than_their_limit(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        names = ("users", "accreditations", "bays", "devices", "reports", "config/revisions")
        for name, role in {**dict.fromkeys(names, "administrator"), "cases": "police", "logs": "operator"}.items():
            path = f"/api/v1/{name}"
            for limit in (10**9, -1, 0, 10**30, "x", ""):
                answer = await world.users.ask("GET", path, token=world.token(role, town), query={"limit": limit})
                assert answer.status in (200, 400, 422), (path, limit, answer.status)
                if answer.status == 200 and path != "/api/v1/logs":
                    assert len(answer.body) < 2_000_000
            for cursor in ("x", "A" * 5000, "' OR 1=1 --", "\x00", "eyJhIjoxfQ"):
                answer = await world.users.ask("GET", path, token=world.token(role, town), query={"cursor": cursor})
                assert answer.status in (200, 400, 422), (path, cursor[:9], answer.status)

    siga.attack(work)


def test_patterns_and_long_words_take_no_time(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        admin, home = world.token("administrator", town), town.municipality_id
        began = time.monotonic()
        for hours in ("Mo-Fr " * 3_000, "08:00-" * 5_000, "(" * 5_000, "PH off;" * 3_000, "1" * 50_000):
            rule = {"municipality_id": home, "hours": hours}
            assert (await world.users.ask("POST", "/api/v1/rules", rule, token=admin)).status in (400, 422), hours[:9]
        for words in ("a " * 3_000, "%" * 9_000, "a" * 30_000, "(a+)+$" * 500):
            for path in ("/api/v1/addresses", "/api/v1/bays"):
                answer = await world.users.ask("GET", path, query={"q": words})
                assert answer.status in (200, 400, 414, 422), (path, words[:9], answer.status)
        emails = ("a" * 250 + "@x", "@" * 254, "a@" + "a." * 120 + "b", " " * 254)
        for email in emails:
            asked = {"email": email, "password": "a long enough pass phrase 7", "name": "X"}
            assert (await world.users.ask("POST", "/api/v1/auth/register", asked)).status in (201, 400, 422, 429)
        assert time.monotonic() - began < 10

    siga.attack(work)


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims that size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


def test_pictures_that_are_bombs_or_none_are_not_opened(siga: Stage) -> None:
    async def work(world: World) -> None:
        town = world.towns[0]
        police, case = world.token("police", town), town.by_zone[0]["case_id"]
        svg = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg>&e;</svg>'
        stranger = io.BytesIO(b"GIF89a" + b"\0" * 100).getvalue()
        began = time.monotonic()
        for content in (png_of(60_000, 60_000), png_of(2**31 - 1, 1), svg, stranger, b"", b"\xff\xd8\xff", b"MZ" * 999):
            answer = await world.users.ask(
                "POST", f"/api/v1/cases/{case}/photos", token=police, content=content,
                headers={"content-type": "image/png"},
            )  # fmt: skip
            assert 400 <= answer.status < 500, (content[:9], answer.status, answer.body[:200])
        assert time.monotonic() - began < 10

    siga.attack(work)


def test_one_address_cannot_take_the_door_for_itself(siga: Stage) -> None:
    async def work(world: World) -> None:
        platform = world.token("platform")
        key = "/api/v1/config/settings/gateway.requests_per_ip_min"
        await world.must("PUT", key, {"value": 60}, token=platform)
        try:
            flood = Door(world.system.system.services["gateway"].app, client="203.0.113.77")
            answers = [await flood.ask("GET", "/api/v1/zones") for _ in range(300)]
            refused = [one for one in answers if one.status == 429]
            assert len(refused) > 150
            assert int(refused[0].headers["retry-after"]) > 0
            other = Door(world.system.system.services["gateway"].app, client="203.0.113.78")
            assert (await other.ask("GET", "/api/v1/zones")).status == 200, "others are served meanwhile"
        finally:
            local = Door(world.system.system.services["gateway"].app, client="127.0.0.9")
            raised = await local.ask("PUT", key, {"value": 1_000_000}, token=platform)
            assert raised.status == 200

    siga.attack(work)
