"""LoRaWAN sensors that are heard and belong to no bay: put on one, dismissed, listed again."""

from __future__ import annotations

from typing import Any, get_args

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.lorawan import CODECS, Claim, ClaimState, Codec
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled, seg
from siga.services.gateway.pages.admin.lookups import Options, bay_of_code, worded
from siga.services.gateway.pages.admin.words import Claims
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.web import Page, Web

_API = "/api/v1/devices/claims"
_FIELDS = ("bay", "codec", "label", "period_s")
_STATES: tuple[str, ...] = get_args(ClaimState)
_PAGE = 50


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of the claim queue."""
    return [desk_router("claims", [table, one, put, dismiss, restore])]


@get("/admin/claims")
async def table(desk: Desk, queue: str = "waiting", cursor: str = "") -> Page:
    """Those that wait, or those that were dismissed."""
    queue = queue if queue in _STATES else "waiting"
    found = await desk.visitor.get(
        "parking", _API, Claims, municipality_id=desk.municipality_id, queue=queue, limit=_PAGE, cursor=cursor or None
    )
    return desk.page(
        "claims.html", claims=found.claims, next=found.next, first=not cursor, queue=queue,
        queues=worded(desk, _STATES, "admin.claims"), models={one.claim_id: _model(one) for one in found.claims},
    )  # fmt: skip


@get("/admin/claims/{claim_id:str}")
async def one(desk: Desk, claim_id: str) -> Page:
    """One of them, with the form that puts it on a bay."""
    claim = await _claim(desk, claim_id)
    codec = codec_of(claim.model, claim.firmware)
    return _page(desk, claim, filled({"codec": codec.codec_id if codec else "", "label": claim.device_name}))


@post("/admin/claims/{claim_id:str}")
async def put(desk: Desk, claim_id: str) -> Page:
    """Put it on a bay."""
    form, claim = await desk.visitor.form(), await _claim(desk, claim_id)
    body, faults = await _told(desk, form)
    if not faults:
        try:
            await desk.visitor.post("parking", f"{_API}/{seg(claim_id)}/claim", body, dict[str, Any])
            return desk.done("/admin/claims", "claimed")
        except Problem as problem:
            faults = desk.refused(problem, _FIELDS)
    return _page(desk, claim, form, faults)


@post("/admin/claims/{claim_id:str}/dismiss")
async def dismiss(desk: Desk, claim_id: str) -> Page:
    """Take it off the list."""
    await desk.visitor.form()
    await desk.visitor.post("parking", f"{_API}/{seg(claim_id)}/dismiss", {}, Claim)
    return desk.done("/admin/claims", "dismissed")


@post("/admin/claims/{claim_id:str}/restore")
async def restore(desk: Desk, claim_id: str) -> Page:
    """Put it back on the list."""
    await desk.visitor.form()
    await desk.visitor.post("parking", f"{_API}/{seg(claim_id)}/restore", {}, Claim)
    return desk.done("/admin/claims", "restored")


def codec_of(model: str | None, firmware: str | None) -> Codec | None:
    """The codec of a model and firmware; None when there is none."""
    found = (codec for codec in CODECS.values() if (codec.model, codec.firmware) == (model, firmware))
    return next(found, None)


def codec_options() -> Options:
    """The sensors whose payloads SIGA can read, to choose from."""
    return [(codec.codec_id, codec.name) for codec in CODECS.values()]


async def _told(desk: Desk, form: Form) -> tuple[dict[str, Any], Faults]:
    """The form as Parking is told it, and what is wrong with it."""
    faults, codec = Faults(), CODECS.get(form.text("codec"))
    code = form.text("bay")
    bay = await bay_of_code(desk, code) if code else None
    if bay is None:
        faults.add("bay", desk.t("admin.fault.bay"))
    if codec is None:
        faults.add("codec", desk.t("admin.fault.codec"))
    if bay is None or codec is None:
        return {}, faults
    return {
        "bay_id": bay.bay_id, "model": codec.model, "firmware": codec.firmware, "label": form.text("label")[:120],
    }, faults  # fmt: skip


async def _claim(desk: Desk, claim_id: str) -> Claim:
    claim = await desk.visitor.get("parking", f"{_API}/{seg(claim_id)}", Claim)
    if claim.municipality_id != desk.municipality_id:
        raise NotFound("There is no such device in this municipality.")
    return claim


def _model(claim: Claim) -> str:
    codec = codec_of(claim.model, claim.firmware)
    return codec.name if codec else ""


def _page(desk: Desk, claim: Claim, form: Form, faults: Faults | None = None) -> Page:
    readings = [(CODECS[name].name, said) for name, said in claim.readings.items() if name in CODECS]
    return desk.page(
        "claim.html", claim=claim, form=form, faults=faults, model=_model(claim), readings=readings,
        codecs=[("", desk.t("admin.claim.codec_choose")), *codec_options()],
    )  # fmt: skip
