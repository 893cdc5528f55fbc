"""The police's pages in a real browser: a case through an officer's hands, without JavaScript too; news come live."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from looks import check, measure
from playwright.sync_api import Page, expect

Opener = Callable[..., Page]


def _send(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("main").get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def _bays(page: Page) -> list[dict[str, Any]]:
    """Occupied bays as staff see them, in zones where cases are opened."""
    found: list[dict[str, Any]] = page.request.get("/api/v1/bays?limit=1000&occupancy=occupied").json()["bays"]
    return [bay for bay in found if bay.get("zone_mode") == "enforcing" and bay["life"] == "in_service"]


def _open_case(page: Page) -> str:
    """Open a case about some vehicle that has none; the address of its page."""
    for bay in _bays(page):
        page.goto("/police")
        page.get_by_label("Código de la plaza").fill(bay["code"].lower())
        _send(page, "Abrir")
        if "/police/cases/" in page.url:
            return page.url.split("?")[0]
        expect(page.get_by_role("alert")).to_contain_text(re.compile("no se puede abrir", re.IGNORECASE))
    pytest.fail("no vehicle stands anywhere without a case")


def test_the_queue_is_for_the_police_and_leads_back_after_signing_in(opened: Opener) -> None:
    page = opened("/police?show=mine")
    expect(page.get_by_role("heading", level=1)).to_have_text("Entrar")
    assert page.locator("input[name=next]").first.get_attribute("value") == "/police?show=mine"
    driver = opened("/police", role="Driver")
    expect(driver.get_by_role("heading", level=1)).to_have_text("No tiene permiso")


def test_without_javascript_an_officer_takes_a_case_to_its_end(opened: Opener) -> None:
    page = opened("/police", role="Police", java_script_enabled=False)
    case = _open_case(page)
    expect(page.get_by_text("Caso abierto. Lo lleva usted.")).to_be_visible()
    _send(page, re.compile("^Salir hacia allí"))
    expect(page.get_by_text("un agente está en camino")).to_be_visible()
    _send(page, re.compile("^Ya estoy allí"))
    page.get_by_label("Tenía autorización").check()
    _send(page, "Cerrar")
    expect(page.get_by_role("alert")).to_contain_text("Escriba el motivo de «Tenía autorización».")
    page.get_by_label("Motivo o nota").fill("Tarjeta en el parabrisas.")
    _send(page, "Cerrar")
    expect(page.get_by_text("Caso cerrado.")).to_be_visible()
    _send(page, re.compile("^Deshacer el cierre"))
    expect(page.get_by_text("Cierre deshecho.")).to_be_visible()
    page.goto(case)
    page.get_by_label("Falsa alarma").check()
    page.get_by_label("Motivo o nota").fill("Prueba.")
    _send(page, "Cerrar")
    expect(page.locator(".case-state .pill")).to_have_text("Cerrado: Falsa alarma")
    expect(page.locator(".steps li")).not_to_have_count(0)
    check(page)


def test_a_stale_page_is_told_who_holds_the_case_and_how_it_is_now(opened: Opener) -> None:
    here = opened("/police", role="Police", java_script_enabled=False)
    case = _open_case(here)
    there = opened(case, role="Police", java_script_enabled=False)
    _send(there, re.compile("^Salir hacia allí"))
    _send(here, re.compile("^Salir hacia allí"))  # the same step again is no conflict
    expect(here.get_by_text("un agente está en camino")).to_be_visible()
    _send(there, re.compile("^Ya estoy allí"))
    here.get_by_label("Advertido").check()
    _send(here, "Cerrar")
    expect(here.get_by_role("heading", name="No se ha hecho")).to_be_visible()
    expect(here.locator(".notice-bad")).to_contain_text("ahora está en «En el sitio» (Lo lleva usted")


def test_a_corrected_plate_keeps_its_trace(opened: Opener) -> None:
    page = opened("/police", role="Police", java_script_enabled=False)
    _open_case(page)
    page.locator("summary", has_text=re.compile("matrícula")).click()
    page.locator("#plate").fill("9")
    _send(page, "Guardar")
    expect(page.get_by_role("alert")).to_contain_text("2 a 15 letras")
    page.locator("#plate").fill("9999 bbb")
    _send(page, "Guardar")
    expect(page.locator(".plate")).to_have_text("9999 BBB")
    expect(page.locator(".plate-box")).to_contain_text("Escrita por un agente.")


def test_a_code_that_is_nowhere_is_said_at_its_field(opened: Opener) -> None:
    page = opened("/police", role="Police")
    page.get_by_label("Código de la plaza").fill("NOPE-1")
    _send(page, "Abrir")
    expect(page.get_by_role("alert")).to_contain_text("No hay ninguna plaza NOPE-1 donde usted trabaja.")


def test_duty_is_begun_and_ended(opened: Opener) -> None:
    page = opened("/police", role="Police", java_script_enabled=False)
    if page.get_by_role("button", name="Terminar el servicio").count():
        _send(page, "Terminar el servicio")
    _send(page, "Entrar de servicio")
    expect(page.locator(".duty")).to_contain_text("De servicio en")


def test_news_come_by_themselves_with_sound_text_and_title(opened: Opener) -> None:
    page = opened("/police", role="Police")
    expect(page.locator("[data-live-state]")).to_have_text("En directo")
    known = set(page.locator("[data-case]").evaluate_all("all => all.map((e) => e.dataset.case)"))
    driver = opened("/")
    for bay in _bays(page)[:6]:
        driver.goto(f"/b/villaserena/{bay['code']}")
        if driver.get_by_role("button", name="Denunciar uso").count():
            driver.get_by_role("button", name="Denunciar uso").click()
            driver.wait_for_load_state()
    page.wait_for_function(
        "known => [...document.querySelectorAll('[data-case]')].some((e) => !known.includes(e.dataset.case))",
        arg=list(known), timeout=20_000,
    )  # fmt: skip
    assert int(page.evaluate("document.documentElement.dataset.beeps ?? 0")) > 0
    expect(page.locator("[data-announce]")).to_contain_text("Caso nuevo")
    expect(page).to_have_title(re.compile(r"^\(\d+\) Cola de casos"))


def test_the_sound_is_silenced_and_stays_so(opened: Opener) -> None:
    page = opened("/police", role="Police")
    page.get_by_role("button", name="Sonido activado").click()
    expect(page.get_by_role("button", name="Sonido silenciado")).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.get_by_role("button", name="Sonido silenciado")).to_be_visible()


@pytest.mark.parametrize("width", [320, 412, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_is_in_order(opened: Opener, width: int, scheme: str) -> None:
    page = opened("/police", role="Police", width=width, color_scheme=scheme)
    paths = ["/police", "/police?show=mine", "/police?show=withdrawn", "/police?show=resolved", "/account"]
    if page.locator(".case-title a").count():
        paths.append(page.locator(".case-title a").first.get_attribute("href") or "/police")
    for path in paths:
        page.goto(path)
        check(page)
    page.goto("/police")
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    found = measure(page)
    assert width < 412 or found["wide"] <= 0, found["past"]
