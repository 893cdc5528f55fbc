"""Texts in each language, and a way to render any page of ours without a server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pages_made_up import NOW, OURS, texts

from siga.services.gateway.pages.i18n import LANGUAGES, Texts
from siga.services.gateway.pages.web import Web


@pytest.fixture(params=LANGUAGES)
def t(request: pytest.FixtureRequest) -> Texts:
    """The texts in each language."""
    return texts(request.param)


@pytest.fixture
def es() -> Texts:
    """The Spanish texts."""
    return texts("es")


@pytest.fixture(scope="session")
def render() -> Callable[..., str]:
    """Render a template with the given values, as `Visitor.page` would, for a guest."""
    ctx = SimpleNamespace(options={}, peers=None, clock=lambda: NOW)
    web = Web(ctx, SimpleNamespace(), OURS)  # type: ignore[arg-type]

    def rendered(template: str, t: Texts, **values: Any) -> str:
        visitor = SimpleNamespace(
            signed_in=False, urged=False, name="", may=lambda *_: False,
            sections=lambda: [("bays", "/"), ("reports", "/reports")],
            link=lambda *_, **__: "/?lang=en", request=SimpleNamespace(method="GET"),
        )  # fmt: skip
        given = {"here": "bays", "own_path": None, "csrf": "token", "visitor": visitor, **values}
        return web.render(template, t=t, **given)

    return rendered
