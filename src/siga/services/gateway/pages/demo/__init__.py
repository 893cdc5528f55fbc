"""`/demo`: a town to try SIGA with: four doors, the street to play on, what to try. On loopback in demo mode only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from litestar import Router
from litestar.types import ControllerRouterHandler

from siga.kit.service import Context
from siga.services.gateway.pages.demo import figures, front, street, upload, wire
from siga.services.gateway.pages.demo.backstage import Backstage
from siga.services.gateway.pages.demo.gate import only_here
from siga.services.gateway.pages.demo.texts import TEXTS
from siga.services.gateway.pages.room import Room
from siga.services.gateway.pages.web import Web


def demo_room(ctx: Context) -> Room:
    """The room of the demo. Reads the start option `demo`: `accounts`, the path of demo.json, and `token`."""
    return Room(name="demo", handlers=_handlers_of(ctx), texts=TEXTS, folder=Path(__file__).parent)


def _handlers_of(ctx: Context) -> Callable[[Web], Sequence[ControllerRouterHandler]]:
    def handlers(web: Web) -> Sequence[ControllerRouterHandler]:
        stage = Backstage(ctx, web.sign_in)
        parts = (front, street, upload, figures, wire)
        found = [handler for part in parts for handler in part.handlers(stage)]
        return [Router(path="/", route_handlers=found, guards=[only_here])]

    return handlers
