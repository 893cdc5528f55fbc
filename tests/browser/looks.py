"""What every page must be, measured in the browser: reflow, targets, names, headings; shared by the browser tests."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

_MEASURE = """() => {
  const shown = (e) => { const r = e.getBoundingClientRect(); const s = getComputedStyle(e);
    return r.width > 0 && r.height > 0 && s.visibility !== "hidden" && !e.closest(".unseen, .skip, [hidden]"); };
  const inline = (e) => e.tagName === "A" && getComputedStyle(e).display === "inline";
  const area = (e) => { const label = e.labels?.[0]; const r = (label && e.matches("[type=radio],[type=checkbox]")
    ? label.parentElement : e).getBoundingClientRect(); return Math.min(r.width, r.height); };
  const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const controls = [...document.querySelectorAll(kinds)]
    .filter(shown).filter((e) => !e.closest("svg"));
  return {
    wide: document.documentElement.scrollWidth - innerWidth,
    h1: document.querySelectorAll("h1").length,
    lang: document.documentElement.lang,
    title: document.title,
    small: controls.filter((e) => !inline(e) && area(e) < 44).map((e) => e.outerHTML.slice(0, 120)),
    jumps: [...document.querySelectorAll("h1, h2, h3, h4")].map((e) => Number(e.tagName[1]))
      .filter((level, i, all) => i > 0 && level > all[i - 1] + 1).length,
  };
}"""


def measure(page: Page) -> dict[str, Any]:
    """Measures of the page as it is now."""
    found: dict[str, Any] = page.evaluate(_MEASURE)
    return found


def check(page: Page, lang: str = "es") -> None:
    """Assert what must hold on every page."""
    found = measure(page)
    where = page.url
    assert found["wide"] <= 0, f"{where} scrolls sideways by {found['wide']} px"
    assert found["h1"] == 1, f"{where} has {found['h1']} first headings"
    assert found["lang"] == lang
    assert found["title"].endswith("SIGA")
    assert not found["small"], f"{where}: targets below 44 px: {found['small']}"
    assert found["jumps"] == 0, f"{where} skips a level of headings"
