"""LoRaWAN network servers: let in by a secret that is shown once, renamed, given a new one, shut out."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.lorawan import Integration, ServerKind
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled, seg
from siga.services.gateway.pages.admin.words import Integrations, IntegrationSecret
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.web import Page, Web

_API = "/api/v1/devices/integrations"
_FIELDS = ("name", "kind")
KINDS: dict[ServerKind, str] = {"chirpstack": "ChirpStack v4", "ttn": "The Things Stack v3 (TTN)"}
"""Network servers by the names that their makers give them, in every language."""
_STEPS = (1, 2, 3)
_OVERLAP_H = 24


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of network servers."""
    return [desk_router("integrations", [table, make, one, change, switch, ask_rotate, rotate])]


@get("/admin/integrations")
async def table(desk: Desk) -> Page:
    """All of them, and the form for a new one."""
    return await _table(desk, filled({"kind": "chirpstack"}))


@post("/admin/integrations")
async def make(desk: Desk) -> Page:
    """Let one in and show its secret, this once."""
    form = await desk.visitor.form()
    faults = _read(desk, form)
    if not faults:
        kind = form.text("kind") if form.text("kind") in KINDS else "chirpstack"
        body = {"municipality_id": desk.here(form), "kind": kind, "name": form.text("name")[:120]}
        try:
            made = await desk.visitor.post("parking", _API, body, IntegrationSecret)
            return _secret_page(desk, made)
        except Problem as problem:
            faults = desk.refused(problem, _FIELDS)
    return await _table(desk, form, faults)


@get("/admin/integrations/{integration_id:str}")
async def one(desk: Desk, integration_id: str) -> Page:
    """One of them, with the form to rename it."""
    found = await _integration(desk, integration_id)
    return _page(desk, found, filled({"name": found.name}))


@post("/admin/integrations/{integration_id:str}")
async def change(desk: Desk, integration_id: str) -> Page:
    """Rename it."""
    form, found = await desk.visitor.form(), await _integration(desk, integration_id)
    faults = _read(desk, form)
    if faults:
        return _page(desk, found, form, faults)
    await _put(desk, integration_id, {"name": form.text("name")[:120]})
    return desk.done(f"/admin/integrations/{seg(integration_id)}", "saved")


@post("/admin/integrations/{integration_id:str}/switch")
async def switch(desk: Desk, integration_id: str) -> Page:
    """Shut it out, or let it in again."""
    form = await desk.visitor.form()
    await _put(desk, integration_id, {"enabled": form.text("enabled") == "1"})
    return desk.done(f"/admin/integrations/{seg(integration_id)}", "switched")


@get("/admin/integrations/{integration_id:str}/rotate")
async def ask_rotate(desk: Desk, integration_id: str) -> Page:
    """Ask before it is given a new secret."""
    path = f"/admin/integrations/{seg(integration_id)}"
    return desk.confirm("admin.integration_rotate", f"{path}/rotate", path)


@post("/admin/integrations/{integration_id:str}/rotate")
async def rotate(desk: Desk, integration_id: str) -> Page:
    """Give it a new secret and show it, this once."""
    await desk.visitor.form()
    path = f"{_API}/{seg(integration_id)}/rotate"
    made = await desk.visitor.post("parking", path, {"overlap_h": _OVERLAP_H}, IntegrationSecret)
    return _secret_page(desk, made)


async def _integration(desk: Desk, integration_id: str) -> Integration:
    found = await desk.visitor.get("parking", f"{_API}/{seg(integration_id)}", Integration)
    if found.municipality_id != desk.municipality_id:
        raise NotFound("There is no such integration in this municipality.")
    return found


async def _put(desk: Desk, integration_id: str, body: dict[str, object]) -> None:
    await desk.visitor.post("parking", f"{_API}/{seg(integration_id)}", body, Integration, method="PATCH")


def _read(desk: Desk, form: Form) -> Faults:
    return Faults() if form.text("name") else Faults({"name": desk.t("admin.fault.name")})


def _secret_page(desk: Desk, made: IntegrationSecret) -> Page:
    """The secret, big, with what to type into that kind of server; it is nowhere to be had again."""
    kind = made.integration.kind
    return desk.page(
        "integration_secret.html", one=made.integration, secret=made.secret, path=f"/sensors/v1/lns/{kind}",
        steps=[desk.t(f"admin.integration.{kind}.{step}") for step in _STEPS],
    )  # fmt: skip


def _page(desk: Desk, found: Integration, form: Form, faults: Faults | None = None) -> Page:
    return desk.page(
        "integration.html", one=found, form=form, faults=faults, kind=KINDS[found.kind]
    )  # fmt: skip


async def _table(desk: Desk, form: Form, faults: Faults | None = None) -> Page:
    found = await desk.visitor.get("parking", _API, Integrations, municipality_id=desk.municipality_id)
    return desk.page(
        "integrations.html", integrations=found.integrations, form=form, faults=faults,
        kinds=list(KINDS.items()), names=KINDS,
    )  # fmt: skip
