"""Second factors on the pages, as a browser without scripts walks them; with one, the passkey's form is filled in."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyotp
import pytest

from admin_office import PASSWORD, Clerk, colleague, held, office
from siga.contract.settings import STAFF_SECOND_FACTOR
from siga.system import System
from software_key import SoftwareKey
from support import run

ANA = "ana@soria.example"
ORIGIN = "http://siga.test"


def _code(secret: str, ahead: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * ahead))


async def _with_app(clerk: Clerk) -> tuple[str, list[str]]:
    """Set up an app of codes by the pages: its secret and the recovery codes."""
    await clerk.page("/account/factors")
    begun = await clerk.send("/account/factors/totp")
    secret = held(begun, "secret")
    fields: dict[str, Any] = {name: held(begun, name) for name in ("ticket", "secret", "uri")}
    assert '<path d="M' in begun, "the key is a picture too"
    assert "Ese código no es el de ahora" in await clerk.send(
        "/account/factors/totp/confirm", 422, code="000000", **fields
    )
    done = await clerk.send("/account/factors/totp/confirm", code=_code(secret), **fields)
    return secret, re.findall(r"<li><code>([A-Z0-9-]+)</code>", done)


async def _again(system: System) -> Clerk:
    """Ana in another browser, her password given."""
    clerk = Clerk(system)
    await clerk.page("/sign-in?next=/admin/people")
    asked = await clerk.send("/sign-in", email=ANA, password=PASSWORD, next="/admin/people")
    assert "Un paso más" in asked
    return clerk


def _options(html: str) -> dict[str, Any]:
    found = re.search(r'data-options="(\{.*?\})"(?: data-auto)?>', html)
    assert found
    return dict(msgspec.json.decode(found[1]))


def test_an_app_of_codes_is_set_up_and_used_without_scripts(tmp_path: Path) -> None:
    async def walk() -> None:
        async with office(tmp_path) as (ana, system):
            assert "Proteja su cuenta" in await ana.page("/account")
            assert "Proteja su cuenta" in await ana.page("/admin")
            secret, codes = await _with_app(ana)
            assert len(codes) == 10
            assert "Le quedan 10" in await ana.page("/account/factors")
            assert "Proteja su cuenta" not in await ana.page("/admin")
            other = await _again(system)
            assert (await other.http.get("/admin", follow_redirects=False)).headers["location"].startswith("/sign-in")
            assert "Escriba el código" in await other.send("/sign-in/second", 422, code="", next="/admin/people")
            assert "El código o la llave no valen" in await other.send("/sign-in/second", 422, code="123123")
            people = await other.send("/sign-in/second", code=_code(secret, 1), next="/admin/people")
            assert "Personal" in people
            third = await _again(system)
            await third.send("/sign-in/second", code=codes[0].lower())
            assert "Le quedan 9" in await third.page("/account/factors")
            removed = await third.send("/account/factors/totp/remove")
            assert "Quitado" in removed
            assert (await ana.http.get("/account", follow_redirects=False)).status_code == 303, "other sessions ended"

    run(walk())


def test_the_second_page_without_a_ticket_goes_back_to_the_beginning(tmp_path: Path) -> None:
    async def walk() -> None:
        async with office(tmp_path) as (_, system):
            clerk = Clerk(system)
            assert "Con el correo y la contraseña" in await clerk.page("/sign-in/second?next=/admin")

    run(walk())


def test_a_sensitive_form_is_kept_while_one_confirms_and_sent_again_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def walk() -> None:
        async with office(tmp_path) as (ana, _):
            await ana.page("/admin/people/invite")
            with monkeypatch.context() as patch:
                patch.setattr("siga.contract.auth.FRESH_S", 2.0)
                await asyncio.sleep(2.1)
                sent: dict[str, Any] = {
                    "name": "Pol Gil",
                    "email": "pol@soria.example",
                    "roles": "police",
                    "language": "es",
                }
                asked = await ana.send("/admin/people/invite", 403, **sent)
                assert "Confirme que es usted" in asked
                fields: dict[str, Any] = {
                    name: held(asked, name)
                    for name in ("confirm_ticket", "confirm_to", "confirm_again", "name", "email", "roles", "language")
                }
                assert fields["name"] == "Pol Gil"
                wrong = await ana.send("/confirm", 422, confirm_password="not this one", **fields)
                assert "La contraseña de ahora no es esa" in wrong
                fields["confirm_ticket"] = held(wrong, "confirm_ticket")
                done = await ana.send("/confirm", confirm_password=PASSWORD, **fields)
                assert "big-code" in done, "the invitation was made, its form was sent once"
            assert "Pol Gil" in await ana.page("/admin/people")

    run(walk())


def test_confirming_never_leads_to_another_site(tmp_path: Path) -> None:
    async def walk() -> None:
        async with office(tmp_path) as (ana, _):
            asked = await ana.page("/confirm?next=https://evil.example/")
            assert held(asked, "confirm_to") == "/account"
            for to in ("//evil.example/", "https://evil.example/", "/\\evil.example"):
                answer = await ana.http.post(
                    "/confirm", follow_redirects=False,
                    data={"csrf": held(asked, "csrf"), "confirm_ticket": held(await ana.page("/confirm"),
                          "confirm_ticket"), "confirm_to": to, "confirm_again": "1", "confirm_password": PASSWORD},
                )  # fmt: skip
                assert (answer.status_code, answer.headers["location"]) == (307, "/account")

    run(walk())


def test_where_it_is_demanded_the_pages_lead_to_setting_it_up_and_then_open(tmp_path: Path) -> None:
    async def walk() -> None:
        async with office(tmp_path) as (ana, system):
            for name in ("users", "gateway"):
                system.settings[name].swap(1, {"": {STAFF_SECOND_FACTOR.key: "required"}})
            await colleague(ana, system, "auditor")  # the sign-in of grace
            clerk = Clerk(system)
            await clerk.page("/sign-in")
            landed = await clerk.send("/sign-in", email="auditor@soria.example", password=PASSWORD)
            assert "Antes de seguir, añada un segundo paso" in landed
            assert (await clerk.http.get("/admin")).status_code == 403
            await _with_app(clerk)
            assert (await clerk.http.get("/admin")).status_code == 200

    run(walk())


def test_passkeys_are_made_and_open_the_door_by_the_forms_that_the_script_fills_in(tmp_path: Path) -> None:
    async def walk() -> None:
        async with office(tmp_path) as (ana, system):
            key = SoftwareKey(ORIGIN)
            await ana.page("/account/factors")
            begun = await ana.send("/account/factors/passkeys")
            answer = msgspec.json.encode(key.make(_options(begun))).decode()
            made = await ana.send(
                "/account/factors/passkeys/confirm", ticket=held(begun, "ticket"), name="Llave", passkey=answer
            )
            assert len(re.findall(r"<li><code>", made)) == 10
            assert "Llave" in await ana.page("/account/factors")
            clerk = Clerk(system)
            await clerk.page("/sign-in")
            asked = await clerk.send("/sign-in/passkey", next="/admin/people")
            signed = msgspec.json.encode(key.sign(_options(asked))).decode()
            assert "Personal" in await clerk.send("/sign-in/second", passkey=signed, next="/admin/people")
            replayed = await clerk.http.post("/sign-in/second", data={"csrf": "x", "passkey": signed})
            assert replayed.status_code == 403

    run(walk())


def test_an_administrator_signs_a_colleague_out_and_frees_them_by_the_pages(tmp_path: Path) -> None:
    async def walk() -> None:
        async with office(tmp_path) as (ana, system):
            pol = await colleague(ana, system, "auditor")
            await _with_app(pol)
            people = await ana.page("/admin/people")
            found = re.search(r'href="(/admin/people/0[^"/]+)"[^>]*>Auditor', people)
            assert found
            await ana.page(f"{found[1]}/sessions")
            assert "Sesiones cerradas" in await ana.send(f"{found[1]}/sessions")
            assert (await pol.http.get("/account", follow_redirects=False)).status_code == 303
            await ana.page(f"{found[1]}/factors")
            assert "Segundo paso quitado" in await ana.send(f"{found[1]}/factors")
            assert "no tiene segundo paso" in await ana.send(f"{found[1]}/factors", 422)
            await pol.page("/sign-in")
            await pol.send("/sign-in", email="auditor@soria.example", password=PASSWORD)
            assert (await pol.http.get("/admin")).status_code == 200

    run(walk())


def test_an_app_in_a_browser_signs_in_in_two_steps_too(tmp_path: Path) -> None:
    async def walk() -> None:
        async with office(tmp_path) as (ana, system):
            secret, codes = await _with_app(ana)
            door = httpx.ASGITransport(system.services["gateway"].app, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=door, base_url=ORIGIN, timeout=30) as http:
                body = {"email": ANA, "password": PASSWORD}
                step = await http.post("/api/v1/auth/session", json=body)
                assert step.status_code == 200
                assert "set-cookie" not in step.headers
                assert step.json()["next"] == "second-factor"
                proof = {"ticket": step.json()["ticket"], "code": _code(secret, 1)}
                opened = await http.post("/api/v1/auth/session/second", json=proof)
                assert (opened.status_code, opened.json()["kind"]) == (201, "person")
                http.cookies.clear()
                at_once = await http.post("/api/v1/auth/session", json={**body, "code": codes[0]})
                assert at_once.status_code == 201

    run(walk())
