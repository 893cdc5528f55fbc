"""Logs: a search by service, level, text, trace and time; all records of one request; the latest, live."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import get
from litestar.types import ControllerRouterHandler

from siga.contract.auth import SERVICES
from siga.contract.operations import LEVELS, LogPage, LogRecord
from siga.kit.problem import Problem
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled
from siga.services.gateway.pages.admin.instants import instant_of
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.web import Page, Web

_PAGE, _LATEST = 100, 60
_NAMES = ("service", "level", "text", "trace", "request", "from_at", "to_at")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of logs."""
    return [desk_router("logs", [search, tail])]


@dataclass(frozen=True)
class RecordWords:
    """A log record as its row says it; `trace` is the trace's id, by which all its records are found."""

    record: LogRecord
    when: str
    trace: str
    fields: list[tuple[str, str]]


def record_words(record: LogRecord, t: Texts) -> RecordWords:
    """A record in words, its time to the second, with the day unless it is today."""
    local, today = record.at.astimezone(t.zone), t.now.astimezone(t.zone).date()
    when = f"{local:%H:%M:%S}" if local.date() == today else f"{local:%Y-%m-%d %H:%M:%S}"
    trace = record.traceparent.split("-")[1] if record.traceparent and record.traceparent.count("-") == 3 else ""
    fields = [
        (name, value if isinstance(value, str) else json.dumps(value))
        for name, value in record.fields.items()
        if value is not None
    ]
    return RecordWords(record, when, trace, fields)


@get("/admin/logs")
async def search(desk: Desk, cursor: str = "") -> Page:
    """The search with what it found."""
    form = filled(desk.asked(_NAMES))
    faults, params = _read(desk, form)
    records, following = [], None
    if not faults:
        try:
            found = await desk.visitor.get(
                "logs", "/api/v1/logs", LogPage, limit=_PAGE, cursor=cursor or None, **params
            )
            records, following = [record_words(one, desk.t) for one in found.records], found.next
        except Problem as problem:
            faults = desk.refused(problem, _NAMES)
    kept = urlencode({name: form.text(name) for name in _NAMES if form.text(name)})
    return desk.page(
        "logs.html", records=records, next=following, form=form, faults=faults, kept=kept, first=not cursor,
        services=[("", desk.t("admin.all")), *((name, name) for name in SERVICES)],
        levels=[("", desk.t("admin.all")), *((name, desk.t(f"admin.level.{name}")) for name in LEVELS)],
    )  # fmt: skip


def _read(desk: Desk, form: Form) -> tuple[Faults, dict[str, Any]]:
    t, faults = desk.t, Faults()
    instants = {name: instant_of(form.text(name), t.zone) for name in ("from_at", "to_at")}
    for name, instant in instants.items():
        if form.text(name) and instant is None:
            faults.add(name, t("admin.fault.instant"))
    params = {
        "service": form.text("service") if form.text("service") in SERVICES else None,
        "level": form.text("level") if form.text("level") in LEVELS else None, "text": form.text("text")[:200] or None,
        "trace": form.text("trace")[:60] or None, "request_id": form.text("request")[:64] or None,
        "from": instants["from_at"].isoformat() if instants["from_at"] else None,
        "to": instants["to_at"].isoformat() if instants["to_at"] else None,
    }  # fmt: skip
    return faults, params


@get("/admin/logs/tail")
async def tail(desk: Desk, service: str = "", level: str = "info") -> Page:
    """The latest records; with JavaScript new ones come by themselves."""
    service, level = service if service in SERVICES else "", level if level in LEVELS else "info"
    found = await desk.visitor.get("logs", "/api/v1/logs", LogPage, limit=_LATEST, service=service or None, level=level)
    return desk.page(
        "tail.html", records=[record_words(one, desk.t) for one in found.records], service=service, level=level,
        services=[("", desk.t("admin.all")), *((name, name) for name in SERVICES)],
        levels=[(name, desk.t(f"admin.level.{name}")) for name in LEVELS],
        stream="/api/v1/logs/tail?" + urlencode({"level": level, **({"service": service} if service else {})}),
    )  # fmt: skip
