"""The driver's pages in a real browser against a running town: with and without JavaScript, live, by keyboard."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from looks import check, measure
from playwright.sync_api import Page, expect

from siga.services.gateway.pages.ages import length

Opener = Callable[..., Page]
_PLACES = ("/", "/?any=1&category=all&limit=30", "/?q=zzzz", "/help", "/sign-in", "/register", "/invitation", "/setup",
           "/reports", "/check-in", "/b/villaserena/NOPE", "/nothing-here")  # fmt: skip


def _first_bay(page: Page) -> str:
    """The address of the first listed bay's own page."""
    return page.locator(".bay h3 a").first.get_attribute("href") or ""


def _send(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def test_without_javascript_a_bay_is_found_doubted_and_reported(opened: Opener) -> None:
    page = opened("/", java_script_enabled=False)
    page.get_by_label("¿Cerca de dónde?").fill("Mayor")
    _send(page, "Buscar")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Mayor")
    expect(page.locator("article").first).to_contain_text("el sensor habló hace")
    page.goto(_first_bay(page))
    _send(page, "No está libre")
    expect(page.get_by_role("heading", name="Gracias por avisar")).to_be_visible()
    _send(page, "Denunciar uso")
    expect(page.get_by_text("No discuta. Aviso enviado.")).to_be_visible()
    code = page.locator(".big-code").inner_text()
    report = page.get_by_role("link", name="la dirección de este aviso").get_attribute("href") or ""
    assert code not in report
    page.goto("/reports")
    expect(page.locator(".card")).to_have_count(1)
    elsewhere = opened(report, java_script_enabled=False)
    elsewhere.get_by_label("Código del aviso").fill("WRONG-CODE")
    _send(elsewhere, "Ver el aviso")
    expect(elsewhere.get_by_role("alert")).to_contain_text("No hay ningún aviso con ese código")
    elsewhere.get_by_label("Código del aviso").fill(code.lower())
    _send(elsewhere, "Ver el aviso")
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Uso indebido")


def test_no_match_is_said_and_the_town_stays_useful(opened: Opener) -> None:
    page = opened("/?q=zzzz", java_script_enabled=False)
    expect(page.get_by_role("heading", name="No se encuentra «zzzz»")).to_be_visible()
    assert page.locator("article.bay").count() == 10


def test_an_open_list_changes_by_itself_when_a_bay_does(opened: Opener) -> None:
    page = opened("/?any=1&category=all&limit=60")
    expect(page.locator("[data-live-state]").first).to_have_text("En directo")
    states = "() => [...document.querySelectorAll('article[data-bay]')].map((e) => e.dataset.bay + e.dataset.occupancy)"
    before = page.evaluate(states)
    page.evaluate("() => { window.untouched = true; }")
    page.wait_for_function(f"before => ({states})().join() !== before.join()", arg=before, timeout=20_000)
    assert page.evaluate("window.untouched"), "without loading the page anew"


def test_what_comes_live_takes_neither_focus_nor_an_opened_choice_away(opened: Opener) -> None:
    page = opened("/")
    page.route("**/api/v1/live**", lambda route: route.abort())
    page.reload()
    first, second = page.locator("article[data-bay]").nth(0), page.locator("article[data-bay]").nth(1)
    first.locator("summary").click()
    second.get_by_role("button").first.focus()
    page.evaluate(
        """async () => { const names = performance.getEntriesByType("resource").map((e) => e.name);
        const { put } = await import(names.find((n) => n.includes("/listing-")));
        const part = new DOMParser().parseFromString(document.documentElement.outerHTML, "text/html");
        const cards = part.querySelectorAll("article[data-bay]");
        cards[0].querySelector("[data-state]").textContent = "Ocupada";
        cards[2].querySelector("[data-state]").textContent = "Ocupada";
        put(part.getElementById("results").outerHTML, "data-bay"); }"""
    )
    expect(first.locator("details")).to_have_attribute("open", "")
    expect(second.get_by_role("button").first).to_be_focused()
    expect(page.locator("article[data-bay]").nth(2).locator("[data-state]")).to_have_text("Ocupada")


def test_ages_tick_while_the_page_is_open(opened: Opener) -> None:
    page = opened("/")
    page.evaluate(
        """() => { const one = document.createElement("time"); one.dataset.age = ""; one.id = "probe";
        one.dateTime = new Date(Date.now() - 58_000).toISOString(); document.querySelector("main").append(one); }"""
    )
    expect(page.locator("#probe")).to_have_text(re.compile(r"^5[89]\ss$"))
    expect(page.locator("#probe")).to_have_text(re.compile(r"^1\smin$"))


def test_the_script_says_ages_in_the_same_words_as_the_server(opened: Opener) -> None:
    page = opened("/")
    address = page.evaluate("performance.getEntriesByType('resource').map(e => e.name).find(n => n.includes('/ages-'))")
    seconds = [0, 1, 59, 60, 61, 3599, 3600, 7200, 172799, 172800, 10**6]
    said = page.evaluate(
        "async ([address, all]) => { const m = await import(address); return all.map((s) => m.lengthOf(s)); }",
        [address, seconds],
    )
    words = {"s": "s", "min": "min", "h": "h", "days": "días"}
    assert said == [[length(s).number, words[length(s).unit]] for s in seconds]


def test_a_lost_connection_is_said_with_its_time_and_comes_back(opened: Opener) -> None:
    page = opened("/")
    state = page.locator("[data-live-state]").first
    expect(state).to_have_text("En directo")
    page.context.set_offline(True)
    page.evaluate("() => window.dispatchEvent(new Event('pagehide'))")  # ends the stream as a dead network would
    page.evaluate("() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(state).to_contain_text("Sin conexión desde las")
    expect(page.locator("[data-picture-line]").first).to_be_visible()
    page.context.set_offline(False)
    expect(state).to_have_text("En directo", timeout=15_000)


def test_my_position_is_asked_for_only_on_request(opened: Opener) -> None:
    page = opened("/", geolocation={"longitude": -2.74, "latitude": 39.197}, permissions=["geolocation"])
    assert "lon=" not in page.url
    page.get_by_role("button", name="Usar mi posición").click()
    page.wait_for_url(re.compile(r"lon=-2\.74000&lat=39\.19700"))
    expect(page.get_by_role("heading", level=2).first).to_contain_text("cerca de su posición")


def test_a_guest_checks_in_and_out(opened: Opener) -> None:
    page = opened("/")
    page.goto(_first_bay(page))
    page.get_by_role("link", name="He aparcado aquí").click()
    _send(page, "Confirmar que he aparcado")
    alert = page.get_by_role("alert")
    expect(alert).to_be_focused()
    alert.get_by_role("link", name="Escriba la matrícula").click()
    expect(page.get_by_label("Matrícula")).to_be_focused()
    page.get_by_label("Quién dio la tarjeta").fill("Ayuntamiento de Soria")
    page.get_by_label("Número de la tarjeta").fill("A-1234")
    page.get_by_label("Caduca el").fill("2020-01-01")
    page.get_by_label("Matrícula").fill("1234 BCD")
    _send(page, "Confirmar que he aparcado")
    expect(page.get_by_role("alert")).to_contain_text("la tarjeta tiene que estar en vigor")
    page.get_by_label("Caduca el").fill("2035-01-01")
    _send(page, "Confirmar que he aparcado")
    expect(page.get_by_text("Consta su declaración")).to_be_visible()
    _send(page, "Terminar mi estancia")
    expect(page.get_by_role("heading", level=1)).to_have_text("Estancia terminada")
    page.goto("/check-in")
    page.get_by_role("link", name=re.compile("^Valorar la plaza")).click()
    for name in ("De sobra", "Muy bien"):
        for choice in page.get_by_label(name).all():
            choice.check()
    _send(page, "Enviar")
    expect(page.get_by_role("heading", name="Gracias por su valoración")).to_be_visible()


def test_a_driver_keeps_a_bay_and_finds_it_again(opened: Opener) -> None:
    page = opened("/", role="Driver")
    page.goto(_first_bay(page))
    title = page.get_by_role("heading", level=1).inner_text()
    _send(page, "Guardar en favoritas")
    page.get_by_role("link", name="Ver mis favoritas").click()
    expect(page.get_by_role("heading", level=2, name=title).first).to_be_visible()
    _send(page, "Quitar")
    check(page)


def test_the_keyboard_alone_is_enough(opened: Opener) -> None:
    page = opened("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Saltar al contenido")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("¿Cerca de dónde?")).to_be_focused()
    page.keyboard.type("Noria")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=Noria"))
    summary = page.locator(".way summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Google Maps").first).to_be_visible()
    outline = summary.evaluate("e => getComputedStyle(e).outlineColor")
    assert outline == "rgb(255, 191, 0)"


def test_the_language_is_changed_by_a_link_and_kept(opened: Opener) -> None:
    page = opened("/help")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Help")
    page.goto("/")
    check(page, lang="en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Find a reserved bay")


@pytest.mark.parametrize("width", [320, 412, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_is_in_order(opened: Opener, width: int, scheme: str) -> None:
    page = opened("/", width=width, color_scheme=scheme)
    own = _first_bay(page)
    acts = f"/bays/{page.locator('[data-bay]').first.get_attribute('data-bay')}"
    for path in (*_PLACES, own, f"{acts}/check-in", f"{acts}/problem", f"{acts}/rate"):
        page.goto(path)
        check(page)


@pytest.mark.parametrize("path", ["/", "/help", "/sign-in", "/check-in"])
def test_text_twice_as_large_does_not_scroll_sideways(opened: Opener, path: str) -> None:
    page = opened(path)
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    assert measure(page)["wide"] <= 0


def test_forced_colours_leave_every_mark_visible(opened: Opener) -> None:
    page = opened("/help", forced_colors="active")
    colours = page.locator(".mark").evaluate_all("all => all.map((e) => getComputedStyle(e).color)")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colours
    assert ground not in colours


def test_a_page_that_is_not_there_says_so_with_its_number(opened: Opener) -> None:
    page = opened("/nothing-here")
    expect(page.get_by_role("heading", level=1)).to_have_text("Aquí no hay nada")
    assert page.locator("code").inner_text()


def test_forced_colours_keep_the_words_of_the_main_button_apart_from_its_ground(opened: Opener) -> None:
    page = opened("/", forced_colors="active")
    colours = "e => { const s = getComputedStyle(e); return [s.color, s.backgroundColor]; }"
    words, ground = page.locator(".way summary").first.evaluate(colours)
    assert words != ground
