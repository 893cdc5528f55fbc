"""One accreditation: its holder, dates, status, claim code and letter; each change a form of its own."""

from __future__ import annotations

from typing import Any, get_args

from litestar import get, post

from siga.contract.accreditation_lists import CardAlarmPage
from siga.contract.accreditations import (
    Accreditation,
    AccreditationChange,
    AccreditationIssued,
    AccreditationKind,
    ClaimCode,
    EndReason,
    HolderLanguage,
    Renewal,
    Replacement,
    StatusAsk,
)
from siga.contract.parking import CATEGORIES
from siga.kit.problem import Problem
from siga.services.gateway.pages.admin.card_alarms import PATH as ALARMS_PATH
from siga.services.gateway.pages.admin.countries import country_options, country_words
from siga.services.gateway.pages.admin.desk import Desk, seg
from siga.services.gateway.pages.admin.lookups import category_options, worded
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.web import Page

_REASONS: tuple[EndReason, ...] = get_args(EndReason)
KINDS: tuple[AccreditationKind, ...] = get_args(AccreditationKind)
LETTER_LANGUAGES: tuple[HolderLanguage, ...] = get_args(HolderLanguage)
FIELDS = (
    "holder", "category", "kind", "issuer", "issuer_country", "language", "valid_from", "valid_to", "uid", "plate",
    "number", "reason",
)  # fmt: skip


@get("/admin/accreditations/{accreditation_id:str}")
async def one(desk: Desk, accreditation_id: str) -> Page:
    """The accreditation's page."""
    return await show(desk, accreditation_id)


@post("/admin/accreditations/{accreditation_id:str}/correct")
async def correct(desk: Desk, accreditation_id: str) -> Page:
    """Correct what it says."""
    form = await desk.visitor.form()
    missing = {name: desk.t(f"admin.fault.{name}") for name in ("holder", "issuer") if not form.text(name)}
    if missing:
        return await show(desk, accreditation_id, form, Faults(missing))
    ask = AccreditationChange(
        holder=form.text("holder")[:120], issuer=form.text("issuer")[:120],
        issuer_country=form.text("issuer_country")[:2] or None,
        category=_among(form, "category", CATEGORIES), kind=_among(form, "kind", KINDS),
        language=_among(form, "language", LETTER_LANGUAGES),
    )  # fmt: skip
    return await _act(desk, accreditation_id, "", ask, form, "saved", method="PATCH")


def _among(form: Form, name: str, values: tuple[Any, ...]) -> Any:
    return next((value for value in values if value == form.text(name)), None)


@get("/admin/accreditations/{accreditation_id:str}/replace")
async def ask_replace(desk: Desk, accreditation_id: str) -> Page:
    """Ask for the new document's number."""
    return await _replace_page(desk, accreditation_id, Form({}))


@post("/admin/accreditations/{accreditation_id:str}/replace")
async def replace(desk: Desk, accreditation_id: str) -> Page:
    """Note the document that takes the place of a lost one, and show its letter."""
    form = await desk.visitor.form()
    if not form.text("number"):
        faults = Faults({"number": desk.t("admin.fault.number")})
        return await _replace_page(desk, accreditation_id, form, faults)
    ask = Replacement(
        number=form.text("number")[:60], reason=reason_of(form), keep_cards=form.text("keep_cards") == "yes"
    )
    try:
        made = await desk.visitor.post("users", f"{api_path(accreditation_id)}/replace", ask, AccreditationIssued)
    except Problem as problem:
        return await _replace_page(desk, accreditation_id, form, desk.refused(problem, ("number", "reason")))
    return letter(desk, made.accreditation, made.claim_code)


async def _replace_page(desk: Desk, accreditation_id: str, form: Form, faults: Faults | None = None) -> Page:
    found = await accreditation_of(desk, accreditation_id)
    return desk.page(
        "accreditation_replace.html", one=found, form=form, faults=faults,
        reasons=worded(desk, ("lost", "stolen", "damaged", "other"), "admin.reason"),
    )  # fmt: skip


@post("/admin/accreditations/{accreditation_id:str}/renew")
async def renew(desk: Desk, accreditation_id: str) -> Page:
    """Give new dates."""
    form = await desk.visitor.form()
    last = form.day("valid_to")
    if last is None:
        return await show(desk, accreditation_id, form, Faults({"valid_to": desk.t("admin.fault.day")}))
    ask = Renewal(valid_to=last, valid_from=form.day("valid_from"))
    return await _act(desk, accreditation_id, "/renew", ask, form, "renewed")


@post("/admin/accreditations/{accreditation_id:str}/suspend")
async def suspend(desk: Desk, accreditation_id: str) -> Page:
    """Suspend it until it is resumed."""
    form = await desk.visitor.form()
    return await _act(desk, accreditation_id, "/suspend", StatusAsk(reason=reason_of(form)), form, "suspended")


@post("/admin/accreditations/{accreditation_id:str}/resume")
async def resume(desk: Desk, accreditation_id: str) -> Page:
    """Resume a suspended one."""
    form = await desk.visitor.form()
    return await _act(desk, accreditation_id, "/resume", {}, form, "resumed")


@get("/admin/accreditations/{accreditation_id:str}/revoke")
async def ask_revoke(desk: Desk, accreditation_id: str) -> Page:
    """Ask why, before it is revoked for good."""
    found = await accreditation_of(desk, accreditation_id)
    return desk.page("accreditation_revoke.html", one=found, reasons=worded(desk, _REASONS, "admin.reason"))


@post("/admin/accreditations/{accreditation_id:str}/revoke")
async def revoke(desk: Desk, accreditation_id: str) -> Page:
    """Revoke it for good."""
    form = await desk.visitor.form()
    return await _act(desk, accreditation_id, "/revoke", StatusAsk(reason=reason_of(form)), form, "acc_revoked")


@get("/admin/accreditations/{accreditation_id:str}/claim-code")
async def ask_code(desk: Desk, accreditation_id: str) -> Page:
    """Ask before a new claim code voids the old one."""
    path = f"/admin/accreditations/{seg(accreditation_id)}"
    return desk.confirm("admin.claim_code", f"{path}/claim-code", path)


@post("/admin/accreditations/{accreditation_id:str}/claim-code")
async def new_code(desk: Desk, accreditation_id: str) -> Page:
    """A new claim code on a new letter, shown this once."""
    await desk.visitor.form()
    found = await accreditation_of(desk, accreditation_id)
    try:
        made = await desk.visitor.post("users", f"{api_path(accreditation_id)}/claim-code", {}, ClaimCode)
    except Problem as problem:
        return await show(desk, accreditation_id, None, desk.refused(problem, ()))
    return letter(desk, found, made.claim_code)


HANDLERS = (
    one, correct, renew, ask_replace, replace, suspend, resume, ask_revoke, revoke, ask_code, new_code,
)  # fmt: skip


def letter(desk: Desk, found: Accreditation, code: str) -> Page:
    """The holder's letter, to be printed: the code stands here and nowhere else."""
    return desk.page("letter.html", letter=letter_values(desk, found, code), one=found)


def letter_values(desk: Desk, found: Accreditation, code: str) -> dict[str, Any]:
    """What a letter is made of: `l` are the texts in the holder's own language."""
    t, words = desk.t, desk.visitor.web.texts[found.language]
    return {
        "one": found, "code": code, "address": _address(desk), "today": t.now.astimezone(t.zone).date(),
        "l": Texts(found.language, words, t.now, t.zone),
    }  # fmt: skip


def _address(desk: Desk) -> str:
    """Where the holder goes to claim it, as people type it."""
    public = str(desk.visitor.web.ctx.options.get("public_url") or "")
    return f"{public.rstrip('/')}/accreditations" if public else ""


def api_path(accreditation_id: str) -> str:
    """Where Users keeps it."""
    return f"/api/v1/accreditations/{seg(accreditation_id)}"


async def accreditation_of(desk: Desk, accreditation_id: str) -> Accreditation:
    """The accreditation with its holder."""
    return await desk.visitor.get("users", api_path(accreditation_id), Accreditation)


async def show(desk: Desk, accreditation_id: str, form: Form | None = None, faults: Faults | None = None) -> Page:
    """Its page, with what was filled in where that was refused."""
    found = await accreditation_of(desk, accreditation_id)
    start: dict[str, list[str]] = {
        "holder": [found.holder], "category": [found.category], "kind": [found.kind], "issuer": [found.issuer],
        "issuer_country": [found.issuer_country], "language": [found.language],
        "valid_from": [found.valid_from.isoformat()], "valid_to": [found.valid_to.isoformat()],
    }  # fmt: skip
    filled_in = {**start, **form.fields} if form else start
    today = desk.t.now.astimezone(desk.t.zone).date()
    alarms = await desk.visitor.get(
        "users", ALARMS_PATH, CardAlarmPage, municipality_id=found.municipality_id, accreditation_id=accreditation_id
    )
    return desk.page(
        "accreditation.html", one=found, form=Form(filled_in), faults=faults, today=today, alarms=alarms.alarms,
        categories=category_options(desk), reasons=worded(desk, _REASONS, "admin.reason"),
        kinds=worded(desk, KINDS, "admin.kind"), countries=country_options(desk, found.issuer_country),
        country=country_words(desk, found.issuer_country),
        languages=worded(desk, LETTER_LANGUAGES, "admin.letter_in"),
    )  # fmt: skip


async def _act(desk: Desk, accreditation_id: str, act: str, ask: Any, form: Form, told: str, *,
               method: str = "POST") -> Page:  # fmt: skip
    try:
        await desk.visitor.post("users", f"{api_path(accreditation_id)}{act}", ask, Accreditation, method=method)
    except Problem as problem:
        return await show(desk, accreditation_id, form, desk.refused(problem, FIELDS))
    return desk.done(f"/admin/accreditations/{seg(accreditation_id)}", told)


def reason_of(form: Form) -> EndReason:
    """The reason that was chosen."""
    return next((reason for reason in _REASONS if reason == form.text("reason")), "other")
