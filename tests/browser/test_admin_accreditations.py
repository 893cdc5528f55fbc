"""Accreditations in a real browser: given, their letter, a card replaced, a list brought in, cards in doubt."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from looks import check
from playwright.sync_api import Page, expect

Opener = Callable[..., Page]


@pytest.mark.parametrize(("width", "colours"), [(412, "light"), (1440, "dark")])
def test_an_accreditation_is_given_and_its_card_replaced(opened: Opener, width: int, colours: str) -> None:
    page = opened("/admin/accreditations", role="Administration", color_scheme=colours, width=width)
    check(page)
    page.goto("/admin/accreditations/new")
    check(page)
    page.get_by_label("Titular").fill("John Smith")
    page.get_by_label("Número").first.fill(f"LX-{width}-77")
    page.get_by_label("País del emisor").select_option("PT")
    page.get_by_label("inglés").check()
    page.get_by_role("button", name="Dar y ver la carta").click()
    expect(page.locator("article.letter")).to_contain_text("Your parking accreditation")
    check(page)
    page.get_by_role("link", name="Seguir a la acreditación").click()
    check(page)
    page.get_by_text("Añadir una tarjeta").click()
    page.get_by_label("Número de la tarjeta").fill(f"04A2{width:04d}")
    page.get_by_role("button", name="Ver cómo queda").click()
    check(page)
    page.get_by_role("button", name="Guardar la tarjeta").click()
    check(page)
    page.get_by_role("link", name="Sustituir").click()
    check(page)
    page.goto("/admin/accreditations/card-alarms")
    check(page)


@pytest.mark.parametrize("width", [412, 1440])
def test_a_list_is_previewed_and_its_letters_are_made(opened: Opener, width: int) -> None:
    head, rest = "numero;titular;categoria;desde;hasta", "2026-01-01;2030-12-31"
    rows = f"{head}\nB-{width}-1;Ana Gil;disabled;{rest}\nB-{width}-2;Luis;x;{rest}\n"
    page = opened("/admin/accreditations/import", role="Administration", width=width)
    check(page)
    page.locator("input[type=file]").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    page.get_by_role("button", name="Ver qué haría").click()
    expect(page.get_by_text("Importar 1 acreditación")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Importar 1 acreditación").click()
    check(page)
    page.get_by_role("link", name="Imprimir cartas").click()
    check(page)
    page.get_by_role("button", name="Hacer 1 carta").click()
    expect(page.locator("article.letter")).to_have_count(1)
    check(page)
