"""An office to try the administration's pages in: every service behind the users' door, and browsers of its staff."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from siga.services.gateway.pages.admin.sections import SECTIONS
from siga.system import BUILD_ORDER, System
from support import running

PASSWORD = "azul-marino-tostado-42"
CODE = re.compile(r'class="big-code"[^>]*>([A-Z0-9-]+)<')


class Clerk:
    """A browser of a member of staff, as far as forms go: keeps cookies, sends back the token of the page."""

    def __init__(self, system: System) -> None:
        door = httpx.ASGITransport(system.services["gateway"].app, client=("127.0.0.1", 1))
        self.http = httpx.AsyncClient(transport=door, base_url="http://siga.test", follow_redirects=True, timeout=30)
        self._csrf = ""

    async def page(self, path: str, status: int = 200) -> str:
        """The words of a page."""
        return self._seen(await self.http.get(path), status)

    async def send(self, path: str, status: int = 200, upload: tuple[str, bytes] | None = None, **fields: Any) -> str:
        """Send a form as the last page would; the words of the page that follows."""
        values = {"csrf": self._csrf, **fields}
        files = {upload[0]: ("a file", upload[1])} if upload else None
        return self._seen(await self.http.post(path, data=values, files=files), status)

    def _seen(self, answer: httpx.Response, status: int) -> str:
        assert answer.status_code == status, answer.text[-3000:]
        found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
        self._csrf = found[1] if found else self._csrf
        return unescape(answer.text)

    async def sign_in(self, email: str) -> None:
        """Open a session."""
        await self.page("/sign-in")
        await self.send("/sign-in", email=email, password=PASSWORD)


@asynccontextmanager
async def office(data: Path) -> AsyncIterator[tuple[Clerk, System]]:
    """A fresh SIGA whose first account, Ana, administers Soria and the platform."""
    async with running(*BUILD_ORDER, data=data, loopback=True) as here:
        code = here.system.services["users"].extra["setup_code"]
        clerk = Clerk(here.system)
        body = {"code": code, "email": "ana@soria.example", "name": "Ana Ruiz", "password": PASSWORD,
                "municipality": {"name": "Soria"}}  # fmt: skip
        assert (await clerk.http.post("/api/v1/auth/setup", json=body)).status_code == 201
        await clerk.sign_in("ana@soria.example")
        yield clerk, here.system
        await clerk.http.aclose()


async def colleague(boss: Clerk, system: System, role: str) -> Clerk:
    """Somebody with one role, invited by the boss, signed in."""
    await boss.page("/admin/people/invite")
    email = f"{role}@soria.example"
    invited = await boss.send("/admin/people/invite", name=role.title(), email=email, roles=role, language="es")
    found = CODE.search(invited)
    assert found, "the code is shown, this once"
    clerk = Clerk(system)
    await clerk.page("/invitation")
    await clerk.send("/invitation", code=found[1], password=PASSWORD)
    await clerk.sign_in(email)
    return clerk


def link(html: str, start: str, words: str = "") -> str:
    """The first link of a page that begins so, with these words in it."""
    found = re.search(rf'href="({re.escape(start)}[^"]*)"[^>]*>[^<]*{re.escape(words)}', html)
    assert found, f"no link to {start} with {words!r}"
    return found[1]


def menu(html: str) -> set[str]:
    """The sections that a page's menu offers."""
    paths = {one.path: one.name for one in SECTIONS}
    return {paths[href] for href in re.findall(r'<li><a href="(/admin[^"?]*)"', html) if href in paths}


BAYS = (
    "code;lat;lon;street;zone\n" + "".join(f"C-{n};41,76{n:02d};-2,46{n:02d};Calle Real {n};Centro\n" for n in range(5))
    + "C-9;0;0;Nada;Centro\n"
).encode()  # fmt: skip


async def with_bays(clerk: Clerk) -> str:
    """Import five bays; the page of the first."""
    await clerk.page("/admin/imports")
    preview = await clerk.send("/admin/imports/bays/import", upload=("bays_file", BAYS), category="disabled")
    assert "Importar 5 plazas" in preview
    assert "La posición es 0, 0" in preview
    done = await clerk.send("/admin/imports/bays/confirm", file=held(preview, "file"))
    assert "Importado" in done
    return link(await clerk.page("/admin/bays"), "/admin/bays/0")


def held(html: str, name: str) -> str:
    """What a field holds."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', html)
    assert found, name
    return found[1]
