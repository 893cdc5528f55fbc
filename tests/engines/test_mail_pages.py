"""The pages of mail through the whole of SIGA, with a real SMTP server and without one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from admin_office import CODE, PASSWORD, Clerk, colleague, office
from mail_server import MailServer, code_in, mail_server
from siga.system import BUILD_ORDER, System
from support import run, running

ANA, EVA, NEW = "ana@soria.example", "eva@mail.example", "verde-botella-antiguo-73"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siga.services.users.service.mail._LOOK_S", 0.02)


@asynccontextmanager
async def town_with_mail(data: Path) -> AsyncIterator[tuple[Clerk, System, MailServer]]:
    """A SIGA that sends mail, and a visitor's browser."""
    async with mail_server() as server:
        settings = {"loopback": True, "public_url": "http://siga.test"}
        async with running(*BUILD_ORDER, data=data, mail=server.door(), **settings) as here:
            visitor = Clerk(here.system)
            body = {"code": here.system.services["users"].extra["setup_code"], "email": ANA, "name": "Ana Ruiz",
                    "password": PASSWORD, "municipality": {"name": "Soria"}}  # fmt: skip
            assert (await visitor.http.post("/api/v1/auth/setup", json=body)).status_code == 201
            yield visitor, here.system, server
            await visitor.http.aclose()


async def code_for(server: MailServer, address: str, count: int = 1) -> str:
    for _ in range(500):
        if len(server.to(address)) >= count:
            return code_in(server.to(address)[-1])
        await asyncio.sleep(0.02)
    raise AssertionError(f"no letter to {address}")


def test_a_driver_registers_proves_the_address_forgets_the_password_and_moves(tmp_path: Path) -> None:
    async def check() -> None:
        async with town_with_mail(tmp_path) as (eva, _, server):
            await eva.page("/register")
            sent = await eva.send("/register", name="Eva", email=EVA, password=PASSWORD)
            assert "Mire su correo" in sent
            code = await code_for(server, EVA)
            form = await eva.page("/verify")
            assert "fragment" in form
            assert "No es la contraseña" in await eva.send("/verify", 422, code=code, password="otra cosa distinta")
            await eva.send("/verify", code=code, password=PASSWORD)
            assert EVA in await eva.page("/account")
            await eva.page("/account/email")
            wrong = await eva.send("/account/email", 422, email="eva@otro.example", current_password="no es esta")
            assert "No es su contraseña" in wrong or "contraseña" in wrong
            assert "Mire los dos correos" in await eva.send(
                "/account/email", email="eva@otro.example", current_password=PASSWORD
            )
            new, old = await code_for(server, "eva@otro.example"), await code_for(server, EVA, 2)
            await eva.page("/confirm-email")
            assert "Falta el otro mensaje" in await eva.send("/confirm-email", code=new)
            await eva.page("/confirm-email")
            assert "Dirección cambiada" in await eva.send("/confirm-email", code=old)
            await eva.page("/forgot")
            assert "Mire su correo" in await eva.send("/forgot", email="eva@otro.example")
            code = await code_for(server, "eva@otro.example", 2)
            await eva.page("/reset")
            assert "fácil de adivinar" in await eva.send("/reset", 422, code=code, password="12345678")
            assert "Contraseña cambiada" in await eva.send("/reset", code=code, password=NEW)
            await eva.page("/reset")
            assert "El enlace ya se usó" in await eva.send("/reset", 422, code=code, password=PASSWORD)
            await eva.page("/sign-in")
            await eva.send("/sign-in", email="eva@otro.example", password=NEW)
            assert "eva@otro.example" in await eva.page("/account")

    run(check())


def test_an_invitation_goes_by_mail_too_and_its_link_fills_the_form(tmp_path: Path) -> None:
    async def check() -> None:
        async with town_with_mail(tmp_path) as (ana, system, server):
            await ana.sign_in(ANA)
            await ana.page("/admin/people/invite")
            shown = await ana.send(
                "/admin/people/invite", name="Pol", email="pol@soria.example", roles="police", language="en"
            )
            assert "También se lo hemos enviado por correo" in shown
            found = CODE.search(shown)
            assert found
            assert await code_for(server, "pol@soria.example") == found[1]
            assert server.to("pol@soria.example")[0]["Subject"] == "Invitation to work with SIGA"
            pol = Clerk(system)
            assert "fragment" in await pol.page("/invitation")
            await pol.send("/invitation", code=found[1], password=PASSWORD)

    run(check())


def test_without_mail_the_administration_hands_the_link_over(tmp_path: Path) -> None:
    async def check() -> None:
        async with office(tmp_path) as (ana, system):
            await colleague(ana, system, "installer")
            pol = Clerk(system)
            await pol.page("/forgot")
            said = await pol.send("/forgot", email="installer@soria.example")
            assert "Pida el enlace a la administración" in said
            assert said == await pol.send("/forgot", email="nobody@soria.example")
            await ana.page("/admin/people")
            asks = await ana.page("/admin/people/asks")
            assert "installer@soria.example" in asks
            path = re.search(r'action="(/admin/people/asks/[^"]+)"', asks)
            assert path
            shown = await ana.send(path[1])
            code = re.search(r"/reset#([0-9a-f]{64})", shown)
            assert code
            assert "Nadie espera un enlace" in await ana.page("/admin/people/asks")
            await pol.page("/reset")
            assert "Contraseña cambiada" in await pol.send("/reset", code=code[1], password=NEW)
            await pol.page("/account/email", 200)

    run(check())
