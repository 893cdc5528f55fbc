"""Accreditations: the list, the search by number, card or plate, giving one with its letter (D11)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accreditations import (
    AccreditationAsk,
    AccreditationIssued,
    AccreditationKind,
    AccreditationPage,
    AccreditationSearch,
    PlateAsk,
)
from siga.contract.parking import CATEGORIES
from siga.contract.users import AccreditationStatus
from siga.kit.problem import Problem
from siga.services.gateway.pages.admin import accreditation, cards
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled
from siga.services.gateway.pages.admin.lookups import category_options, hinted, worded
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form
from siga.services.gateway.pages.web import Page, Web

KINDS: tuple[AccreditationKind, ...] = get_args(AccreditationKind)
_STATUSES: tuple[str, ...] = get_args(AccreditationStatus)
_FIELDS = ("holder", "issuer", "number", "category", "valid_from", "valid_to", "plate", "what", "value")
_PAGE = 50
ENDING_WITHIN = timedelta(days=30)


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of accreditations."""
    own = [table, search, ask_give, give]
    return [desk_router("accreditations", [*own, *accreditation.HANDLERS, *cards.HANDLERS])]


@get("/admin/accreditations")
async def table(desk: Desk, status: str = "", category: str = "", ending: str = "", cursor: str = "") -> Page:
    """The list, without names."""
    today = today_of(desk)
    soon = {"ends_from": today, "ends_to": today + ENDING_WITHIN} if ending == "1" else {}
    page = await desk.visitor.get(
        "users", "/api/v1/accreditations", AccreditationPage, municipality_id=desk.municipality_id, limit=_PAGE,
        status=status if status in _STATUSES else None, category=category if category in CATEGORIES else None,
        cursor=cursor or None, **soon,
    )  # fmt: skip
    return _list(desk, page, status=status, category=category, ending=ending, first=not cursor)


@post("/admin/accreditations/search")
async def search(desk: Desk) -> Page:
    """Find by number, card or plate: values travel in the form, never in an address."""
    form = await desk.visitor.form()
    what, value = form.text("what"), form.text("value")[:60]
    if not value:
        return await _refound(desk, form, Faults({"value": desk.t("admin.fault.value")}))
    ask = AccreditationSearch(
        number=value if what == "number" else None, plate=value if what == "plate" else None,
        card=cards.card_of(value) if what == "card" else None, municipality_id=desk.municipality_id,
    )  # fmt: skip
    try:
        found = await desk.visitor.post("users", "/api/v1/accreditations/search", ask, AccreditationPage)
        if what == "card" and not found.accreditations:
            turned = AccreditationSearch(card=cards.card_of(value, turned=True), municipality_id=desk.municipality_id)
            found = await desk.visitor.post("users", "/api/v1/accreditations/search", turned, AccreditationPage)
    except Problem as problem:
        desk.refused(problem, _FIELDS)
        return await _refound(desk, form, Faults({"value": desk.t(f"admin.fault.value_{what or 'number'}")}))
    return _list(desk, found, form=form, searched=True)


async def _refound(desk: Desk, form: Form, faults: Faults) -> Page:
    page = await desk.visitor.get(
        "users", "/api/v1/accreditations", AccreditationPage, municipality_id=desk.municipality_id, limit=_PAGE
    )
    return _list(desk, page, form=form, faults=faults)


def _list(desk: Desk, page: AccreditationPage, *, status: str = "", category: str = "", ending: str = "",
          form: Form = NO_FORM, faults: Faults | None = None, searched: bool = False,
          first: bool = True) -> Page:  # fmt: skip
    everything = [("", desk.t("admin.all"))]
    today = today_of(desk)
    return desk.page(
        "accreditations.html", accreditations=page.accreditations, next=page.next, in_status=status, category=category,
        ending=ending == "1", form=form, faults=faults, searched=searched, first=first, today=today,
        soon=today + ENDING_WITHIN,
        statuses=everything + worded(desk, _STATUSES, "admin.status"), categories=everything + category_options(desk),
        searches=worded(desk, ("number", "card", "plate"), "admin.search"),
    )  # fmt: skip


@get("/admin/accreditations/new")
async def ask_give(desk: Desk) -> Page:
    """The form for a new accreditation."""
    today = today_of(desk)
    town = desk.town.name if desk.town else ""
    start = {
        "category": "disabled",
        "kind": "personal",
        "issuer": town,
        "valid_from": today,
        "valid_to": today.replace(year=today.year + 5, day=min(today.day, 28)),
    }
    return _give_page(desk, filled(start))


@post("/admin/accreditations/new")
async def give(desk: Desk) -> Page:
    """Give an accreditation and show the holder's letter with the claim code, this once."""
    form = await desk.visitor.form()
    faults = _read(desk, form)
    if not faults:
        try:
            ask = _told(desk, form)
            issued = await desk.visitor.post("users", "/api/v1/accreditations", ask, AccreditationIssued)
            return accreditation.letter(desk, issued.accreditation, issued.claim_code)
        except Problem as problem:
            faults = desk.refused(problem, _FIELDS)
    return _give_page(desk, form, faults)


def _read(desk: Desk, form: Form) -> Faults:
    t = desk.t
    faults = Faults({name: t(f"admin.fault.{name}") for name in ("holder", "issuer", "number") if not form.text(name)})
    first, last = form.day("valid_from"), form.day("valid_to")
    for name, day in (("valid_from", first), ("valid_to", last)):
        if day is None:
            faults.add(name, t("admin.fault.day"))
    if first and last and last < first:
        faults.add("valid_to", t("admin.fault.valid_to"))
    return faults


def _told(desk: Desk, form: Form) -> AccreditationAsk:
    plate, kind = form.text("plate")[:60], form.text("kind")
    return AccreditationAsk(
        category=form.text("category") if form.text("category") in CATEGORIES else "other",  # type: ignore[arg-type]
        issuer=form.text("issuer")[:120], number=form.text("number")[:60], holder=form.text("holder")[:120],
        valid_from=form.day("valid_from") or date.max, valid_to=form.day("valid_to") or date.max,
        kind=kind if kind in KINDS else "personal", municipality_id=desk.here(form),
        plates=[PlateAsk(plate=plate)] if plate else [],
    )  # fmt: skip


def _give_page(desk: Desk, form: Form, faults: Faults | None = None) -> Page:
    return desk.page(
        "accreditation_new.html", form=form, faults=faults, categories=category_options(desk),
        kinds=hinted(desk, KINDS, "admin.kind"),
    )  # fmt: skip


def today_of(desk: Desk) -> date:
    """The day it is in the municipality."""
    return desk.t.now.astimezone(desk.t.zone).date()
