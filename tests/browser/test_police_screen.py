"""The police's screen left alone, in a real browser: it locks in all tabs, keeps its count and opens again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from looks import check
from playwright.sync_api import Page, expect

Opener = Callable[..., Page]


def test_nobody_touches_the_queue_and_it_locks_in_all_tabs_until_the_password(opened: Opener, started: Any) -> None:
    page = opened("/police", role="Police")
    other = page.context.new_page()
    other.goto("/police")
    page.bring_to_front()
    page.clock.install()
    page.goto("/police")
    page.clock.fast_forward(4 * 60_000)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Pantalla bloqueada")
    page.mouse.move(100, 300)
    page.mouse.move(120, 320)
    page.clock.fast_forward(4 * 60_000)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Pantalla bloqueada")
    page.clock.fast_forward(2 * 60_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Pantalla bloqueada")
    expect(other.get_by_role("heading", level=1)).to_have_text("Pantalla bloqueada")
    expect(page.locator(".lock-count")).to_contain_text("abierto")
    assert page.locator(".plate, .case-photo").count() == 0
    check(page)
    assert page.request.get("/api/v1/cases").status == 403
    page.get_by_label("Contraseña").fill(started.accounts["Police"][1])
    page.get_by_role("button", name="Desbloquear").click()
    expect(page.get_by_role("button", name="Bloquear la pantalla")).to_be_visible()
    check(page)
