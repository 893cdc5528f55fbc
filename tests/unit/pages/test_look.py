"""The tokens' contrasts (WCAG 2.2, 1.4.3 and 1.4.11) in light and dark, from the style sheet itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from siga.services.gateway import pages

CSS = (Path(pages.__file__).parent / "static" / "siga.css").read_text()
_DARK = CSS.index("@media (prefers-color-scheme: dark)")
_MORE = CSS.index("@media (prefers-contrast: more)")


def _tokens(css: str) -> dict[str, str]:
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", css))
    return {
        name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:]) for name, value in found.items()
    }


LIGHT = _tokens(CSS[:_DARK])
DARK = {**LIGHT, **_tokens(CSS[_DARK:_MORE])}


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT = [
    ("ink", "bg"), ("ink", "surface"), ("ink", "sunk"), ("ink", "land"), ("ink-2", "bg"), ("ink-2", "surface"),
    ("ink-2", "land"), ("ink-2", "sunk"), ("primary", "bg"), ("primary", "surface"), ("primary", "primary-dim"),
    ("on-primary", "primary"), ("on-bar", "bar"), ("misuse", "bg"), ("misuse", "surface"), ("free", "surface"),
    ("free", "bg"), ("soon", "surface"), ("taken", "surface"), ("nosignal", "surface"), ("ink", "primary-dim"),
    ("ink-2", "primary-dim"), ("surface", "free"),
]  # fmt: skip
SHAPES = [
    ("control", "surface"), ("control", "bg"), ("free", "land"), ("taken", "land"), ("soon", "land"),
    ("misuse", "land"),
    ("nosignal", "land"), ("focus", "focus-edge"), ("focus-edge", "bg"),
]  # fmt: skip


@pytest.mark.parametrize(("tokens", "scheme"), [(LIGHT, "light"), (DARK, "dark")])
def test_words_stand_out_by_at_least_4_5(tokens: dict[str, str], scheme: str) -> None:
    low = {pair: round(contrast(tokens[pair[0]], tokens[pair[1]]), 2) for pair in TEXT}
    assert not {pair: ratio for pair, ratio in low.items() if ratio < 4.5}, scheme


@pytest.mark.parametrize(("tokens", "scheme"), [(LIGHT, "light"), (DARK, "dark")])
def test_shapes_and_edges_stand_out_by_at_least_3(tokens: dict[str, str], scheme: str) -> None:
    pairs = [
        pair for pair in SHAPES if not (scheme == "dark" and pair == ("focus-edge", "bg"))
    ]  # there the ring itself does
    low = {pair: round(contrast(tokens[pair[0]], tokens[pair[1]]), 2) for pair in pairs}
    assert not {pair: ratio for pair, ratio in low.items() if ratio < 3}, scheme


def test_the_colours_are_those_of_the_papers() -> None:
    """apps.md §4.1, spot-checked: one wrong digit changes a ratio that was measured."""
    assert (LIGHT["primary"], LIGHT["bar"], LIGHT["free"], LIGHT["misuse"]) == (
        "#0b4f8a",
        "#0b3d6b",
        "#0a6b4a",
        "#b3261e",
    )
    assert (DARK["primary"], DARK["bg"], DARK["free"], DARK["misuse"]) == ("#7cb8f2", "#0e1419", "#5fd3a2", "#ff8a80")


def test_people_who_ask_for_less_motion_or_other_colours_get_them() -> None:
    for wish in ("prefers-reduced-motion", "prefers-contrast: more", "forced-colors: active", "@media print"):
        assert wish in CSS
    assert all("prefers-reduced-motion: no-preference" in CSS[: at.start()] for at in re.finditer(r"animation:", CSS))
