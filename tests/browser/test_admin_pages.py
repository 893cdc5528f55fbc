"""The administration in a real browser: how it looks on phone and desk, without JavaScript, live logs, codes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from looks import check
from playwright.sync_api import Page, expect

Opener = Callable[..., Page]
_PHONE, _DESK = {"width": 412, "height": 839}, {"width": 1440, "height": 900}
_LISTS = ("bays", "zones", "rules", "devices", "people", "accreditations")
_PLAIN = (
    "", "/bays/new", "/rules/new", "/imports", "/devices/new", "/people/invite", "/accreditations/new", "/reports",
    "/statistics", "/statistics?by=hour", "/claims", "/claims?queue=dismissed", "/integrations", "/alarms", "/settings",
    "/settings?scope=system", "/settings/parking.grace_s",
    "/settings/revisions", "/queue", "/logs", "/logs/tail", "/town",
)  # fmt: skip


def _send(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("main").get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def _first_of_each_list(page: Page) -> list[str]:
    found = []
    for name in _LISTS:
        page.goto(f"/admin/{name}")
        found.append(page.locator(".rows tbody th a").first.get_attribute("href") or "")
    return found


@pytest.mark.parametrize(
    ("size", "colours"), [(_PHONE, "light"), (_PHONE, "dark"), (_DESK, "light"), (_DESK, "dark")]
)  # fmt: skip
def test_every_page_reflows_stands_out_and_has_targets_of_44_pixels(
    opened: Opener, size: dict[str, int], colours: str
) -> None:
    page = opened("/admin", role="Administration", color_scheme=colours, **size)
    ones = _first_of_each_list(page)
    for path in [*(f"/admin{path}" for path in _PLAIN), *(f"/admin/{name}" for name in _LISTS), *ones]:
        page.goto(path)
        check(page)


def test_a_page_is_narrow_enough_for_320_pixels_and_twice_the_text(opened: Opener) -> None:
    page = opened("/admin/bays", role="Administration", width=320, height=640)
    for path in ("/admin", "/admin/bays", "/admin/devices", "/admin/statistics", "/admin/settings", "/admin/rules/new"):
        page.goto(path)
        check(page)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_table_keeps_its_roles_where_its_rows_are_cards(opened: Opener) -> None:
    page = opened("/admin/bays", role="Administration")
    table = page.get_by_role("table", name="Plazas y su estado ahora")
    expect(table.get_by_role("columnheader")).to_have_count(6)
    expect(table.get_by_role("row").nth(1).get_by_role("cell")).to_have_count(5)
    expect(table.get_by_role("row").nth(1).get_by_role("rowheader")).to_have_count(1)


def test_without_javascript_a_file_becomes_bays(opened: Opener, tmp_path: Path) -> None:
    page = opened("/admin/imports", role="Administration", java_script_enabled=False)
    table = tmp_path / "bays.csv"
    table.write_text(
        "code;lat;lon;street\nB1;39,1961;-2,7361;Calle Mía 1\nB2;39,1962;-2,7362;Calle Mía 2\nB3;0;0;Nada\n"
    )
    page.locator("#bays_file").set_input_files(table)
    page.locator("#category").select_option("disabled")
    _send(page, "Ver qué haría")
    expect(page.get_by_text("Todavía no se ha cambiado nada.")).to_be_visible()
    expect(page.get_by_role("table", name=re.compile("Filas rechazadas"))).to_contain_text("La posición es 0, 0")
    check(page)
    _send(page, "Importar 2 plazas")
    expect(page.get_by_role("heading", level=1)).to_have_text("Importado")
    page.goto("/admin/bays?q=calle+mia")
    expect(page.get_by_role("rowheader")).to_have_count(2)


def test_without_javascript_a_setting_is_in_force_everywhere_and_a_bad_one_is_said(opened: Opener) -> None:
    page = opened("/admin/settings/drivers.doubts_per_hour", role="Administration", java_script_enabled=False)
    page.get_by_label("Valor nuevo").fill("0")
    _send(page, "Guardar y poner en vigor")
    expect(page.get_by_role("alert")).to_contain_text("Ese valor no se puede poner.")
    check(page)
    page.get_by_label("Valor nuevo").fill("7")
    _send(page, "Guardar y poner en vigor")
    expect(page.get_by_role("status")).to_have_text(re.compile(r"En vigor en 9 de 9"))
    page.goto("/admin/settings/revisions")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Dudas por persona y hora")


def test_a_device_is_made_and_its_code_copied(opened: Opener) -> None:
    page = opened("/admin/devices/new", role="Administration", **_DESK)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Nombre").fill("De prueba")
    _send(page, "Crear y ver el código")
    code = page.locator("#the-code").inner_text()
    assert re.fullmatch(r"[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}", code)
    page.get_by_role("button", name="Copiar").click()
    expect(page.get_by_role("button", name="Copiado")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == code
    page.get_by_role("link", name="Ver el dispositivo").click()
    assert code not in page.content()


def test_a_card_by_a_wedge_reader_shows_both_byte_orders(opened: Opener) -> None:
    page = opened("/admin/accreditations", role="Administration")
    page.locator(".rows tbody th a").first.click()
    page.get_by_text("Añadir una tarjeta").click()
    page.get_by_label("Número de la tarjeta").fill("2850617917")
    page.keyboard.press("Enter")  # as the reader does
    expect(page.get_by_role("heading", level=1)).to_have_text("Compruebe la tarjeta")
    uid = f"{2850617917:08X}"
    turned = bytes.fromhex(uid)[::-1].hex().upper()
    expect(page.get_by_role("table")).to_contain_text(uid)
    page.get_by_label(turned).check()
    check(page)
    _send(page, "Guardar la tarjeta")
    expect(page.get_by_role("status")).to_contain_text("Tarjeta añadida")
    expect(page.get_by_text(f"…{turned[-4:]}").first).to_be_visible()


def test_what_cannot_be_undone_is_asked_first(opened: Opener) -> None:
    page = opened("/admin/bays", role="Administration")
    page.locator(".rows tbody th a").last.click()
    bay = page.url
    page.get_by_role("link", name="Retirar la plaza").click()
    expect(page.get_by_text("No se puede deshacer")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Cancelar").click()
    assert page.url == bay


def test_the_log_tail_goes_on_by_itself_and_can_be_paused(opened: Opener) -> None:
    page = opened("/admin/logs/tail?level=debug", role="Administration", **_DESK)
    expect(page.get_by_text("En directo", exact=True).last).to_be_visible()
    page.request.get("/admin/bays/there-is-no-such-bay")
    rows = page.locator(".logs tbody tr", has_text="page_refused")
    expect(rows.first).to_contain_text("not-found")
    request = rows.first.get_by_role("link")
    page.get_by_role("button", name="Parar").click()
    request.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Registros")
    expect(page.locator(".logs tbody tr").first).to_be_visible()


def test_the_menu_opens_on_a_phone_and_says_where_one_is(opened: Opener) -> None:
    page = opened("/admin/devices", role="Administration")
    expect(page.get_by_role("link", name="Ajustes")).to_have_count(0)
    page.get_by_text("Menú").click()
    expect(page.locator(".menu-top a[aria-current=page]")).to_have_text("Dispositivos")
    page.get_by_role("link", name="Ajustes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ajustes")


def test_the_police_are_told_where_they_work_and_drivers_that_it_is_not_theirs(opened: Opener) -> None:
    for role in ("Police", "Driver"):
        page = opened("/admin", role=role)
        expect(page.get_by_role("heading", level=1)).to_have_text("Esta parte es del personal del ayuntamiento")
        check(page)


def test_english_is_english_throughout(opened: Opener) -> None:
    page = opened("/admin?lang=en", role="Administration", locale="en-GB", **_DESK)
    spanish: list[Any] = []
    for path in _PLAIN:
        page.goto(f"/admin{path}")
        text = page.get_by_role("main").inner_text()
        spanish += [
            (path, word) for word in re.findall(r"\b(?:Guardar|Mostrar|Ninguna?|Plazas|hace|válida|desde)\b", text)
        ]
        check(page, "en")
    assert not spanish
