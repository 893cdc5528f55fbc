"""Passkeys in a real browser with a virtual authenticator: made, used alone and as the second factor."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from looks import check
from playwright.sync_api import Page

Opener = Callable[..., Page]


def _authenticator(page: Page) -> Any:
    """A phone that has its own screen lock, as Chromium's developer tools make one."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    made = tools.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    return tools, made["authenticatorId"]


def _driver(opened: Opener, url: str, email: str) -> Page:
    """A new driver on the very machine, by a name: browsers do no passkeys at an IP address."""
    page = opened("/help")
    page.goto(f"{url}/register")
    page.locator("#name").fill("Eva")
    page.locator("#email").fill(email)
    page.locator("#password").fill("azul-marino-tostado-42")
    page.locator("main button.button-primary").click()
    page.wait_for_url(lambda at: "/register" not in at)
    return page


def _with_passkey(page: Page, url: str) -> Any:
    tools = _authenticator(page)
    page.goto(f"{url}/account/factors")
    check(page)
    page.get_by_role("button", name="Añadir una llave de acceso").click()
    page.locator("#name").fill("Móvil")
    check(page)
    page.get_by_role("button", name="Crear la llave").click()
    page.locator("ul.codes").wait_for()
    check(page)
    assert page.locator("ul.codes li").count() == 10
    page.get_by_role("link", name="Ya los he guardado").click()
    assert page.locator(".card", has_text="Móvil").count() == 1
    return tools


def _sign_out(page: Page, url: str) -> None:
    page.goto(f"{url}/account")
    page.get_by_role("button", name="Salir de mi cuenta").click()
    page.wait_for_url(lambda at: not at.endswith("/account"))


def test_a_passkey_is_made_and_opens_the_account_alone(opened: Opener, started: Any) -> None:
    url = f"http://localhost:{started.port}"
    page = _driver(opened, url, "eva.sola@mail.example")
    tools, authenticator = _with_passkey(page, url)
    _sign_out(page, url)
    page.goto(f"{url}/sign-in")
    check(page)
    page.get_by_role("button", name="Entrar con una llave de acceso").click()
    page.wait_for_url(lambda at: "/sign-in" not in at)
    page.goto(f"{url}/account")
    page.get_by_text("eva.sola@mail.example").wait_for()
    kept = tools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert [one["rpId"] for one in kept] == ["localhost"]
    assert kept[0]["signCount"] >= 1


def test_after_the_password_the_passkey_is_the_second_step(opened: Opener, started: Any) -> None:
    url = f"http://localhost:{started.port}"
    page = _driver(opened, url, "eva.doble@mail.example")
    tools, authenticator = _with_passkey(page, url)
    _sign_out(page, url)
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.goto(f"{url}/sign-in")
    page.locator("#email").fill("eva.doble@mail.example")
    page.locator("#password").fill("azul-marino-tostado-42")
    page.locator("main button.button-primary").click()
    page.get_by_role("button", name="Usar mi llave").click()
    page.get_by_text("No ha respondido ninguna llave").wait_for()
    check(page)
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
    page.get_by_role("button", name="Usar mi llave").click()
    page.wait_for_url(lambda at: "/sign-in" not in at)
    page.goto(f"{url}/account/factors")
    page.locator(".card", has_text="Usada").wait_for()
