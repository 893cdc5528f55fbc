"""What every page must be, measured in the browser: reflow, targets, names, headings; shared by the browser tests."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

_MEASURE = r"""() => {
  const shown = (e) => { const r = e.getBoundingClientRect(); const s = getComputedStyle(e);
    return r.width > 0 && r.height > 0 && s.visibility !== "hidden" && !e.closest(".unseen, .skip, [hidden]"); };
  const inline = (e) => e.tagName === "A" && getComputedStyle(e).display === "inline";
  const area = (e) => { const label = e.labels?.[0]; const r = (label && e.matches("[type=radio],[type=checkbox]")
    ? label.parentElement : e).getBoundingClientRect(); return Math.min(r.width, r.height); };
  const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const controls = [...document.querySelectorAll(kinds)]
    .filter(shown).filter((e) => !e.closest("svg"));
  const channels = (c) => c.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92
    : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const faint = (e) => { const s = getComputedStyle(e), size = parseFloat(s.fontSize);
    const [a, b] = [light(channels(s.color)), light(ground(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05) < (size >= 24 || (size >= 18.6 && s.fontWeight >= 700) ? 3 : 4.5); };
  const texts = [...document.querySelectorAll("body *")].filter((e) => !e.closest("svg, select, .changed"))
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).filter(shown);
  const past = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
  return {
    past: past.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)),
    faint: texts.filter(faint).map((e) => e.outerHTML.slice(0, 120)),
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
    assert not found["faint"], f"{where}: words that do not stand out: {found['faint']}"
    assert found["jumps"] == 0, f"{where} skips a level of headings"
