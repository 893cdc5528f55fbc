"""The administration's pages: what needs a person, bays, devices, people, privacy, accreditations, settings, logs."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from siga.services.gateway.pages import texts
from siga.services.gateway.pages.admin import (
    accreditations,
    alarms,
    audit,
    bays,
    claims,
    devices,
    imports,
    integrations,
    logs,
    people,
    privacy,
    queue,
    reports,
    rules,
    settings,
    start,
    statistics,
    town,
    zones,
)
from siga.services.gateway.pages.room import Room
from siga.services.gateway.pages.web import Web

_PARTS = (
    start, bays, zones, rules, imports, devices, claims, integrations, accreditations, reports, people, privacy,
    statistics, alarms, settings, queue, logs, audit, town,
)  # fmt: skip


def _handlers(web: Web) -> list[ControllerRouterHandler]:
    return [handler for part in _PARTS for handler in part.handlers(web)]


ROOM = Room(name="admin", handlers=_handlers, texts=texts.ADMIN)
