"""A room: one subject's pages with their texts, templates and static files, as `app.py` puts them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from litestar.types import ControllerRouterHandler

from siga.services.gateway.pages.i18n import Catalogue

if TYPE_CHECKING:
    from siga.services.gateway.pages.web import Web


@dataclass(frozen=True, kw_only=True)
class Room:
    """Pages of one subject. `name` is the folder of its templates and the first part of its texts' keys."""

    name: str
    handlers: Callable[[Web], Sequence[ControllerRouterHandler]]
    texts: Catalogue
    folder: Path | None = None
    """Holds `templates/` and `static/` of its own; None for rooms whose files lie among everybody's."""
