"""Accounts' pages: sign in and out, register, invitations, one's own account, the first run, help."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from siga.services.gateway.pages import texts
from siga.services.gateway.pages.account import data, entering, factors, own, setup, steps
from siga.services.gateway.pages.room import Room
from siga.services.gateway.pages.web import Web


def _handlers(web: Web) -> list[ControllerRouterHandler]:
    return [
        *entering.handlers(web), *steps.handlers(web), *own.handlers(web), *factors.handlers(web),
        *data.handlers(web), *setup.handlers(web),
    ]  # fmt: skip


ROOM = Room(name="account", handlers=_handlers, texts=texts.ACCOUNT)
