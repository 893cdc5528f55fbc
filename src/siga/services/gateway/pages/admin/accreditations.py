"""Accreditations: the list, the search by number, card or plate, giving one with its letter (D11)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, get_args

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accreditations import (
    AccreditationAsk,
    AccreditationIssued,
    AccreditationPage,
    AccreditationSearch,
    PlateAsk,
)
from siga.contract.parking import CATEGORIES
from siga.contract.settings import RENEWAL_WARNING_DAYS
from siga.contract.users import AccreditationStatus
from siga.kit.problem import Problem
from siga.services.gateway.pages.admin import accreditation, accreditation_lists, card_alarms, cards
from siga.services.gateway.pages.admin.accreditation import KINDS, LETTER_LANGUAGES
from siga.services.gateway.pages.admin.countries import country_options
from siga.services.gateway.pages.admin.desk import Desk, desk_router, filled
from siga.services.gateway.pages.admin.lookups import category_options, hinted, worded
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form
from siga.services.gateway.pages.web import Page, Web
from siga.services.gateway.policies import IMPORT_BYTES, KIB

_STATUSES: tuple[str, ...] = get_args(AccreditationStatus)
_FIELDS = (
    "holder", "issuer", "issuer_country", "language", "number", "category", "valid_from", "valid_to", "plate", "what",
    "value",
)  # fmt: skip
_SEARCHES = ("number", "end", "holder", "card", "plate")
_PAGE = 50
_MOST_FOUND = 100


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of accreditations."""
    lists = [*accreditation_lists.HANDLERS, *accreditation_lists.import_steps(), *card_alarms.HANDLERS]
    every = [table, search, ask_give, give, *lists, *accreditation.HANDLERS, *cards.HANDLERS]
    return [desk_router("accreditations", every, request_max_body_size=IMPORT_BYTES + 64 * KIB)]


@get("/admin/accreditations")
async def table(desk: Desk, status: str = "", category: str = "", ending: str = "", cursor: str = "") -> Page:
    """The list, without names."""
    soon: dict[str, Any] = {"expiring": True} if ending == "1" else {}
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
    try:
        found = await _found(desk, what, value)
    except Problem as problem:
        desk.refused(problem, _FIELDS)
        wrong = what if what in _SEARCHES else "number"
        return await _refound(desk, form, Faults({"value": desk.t(f"admin.fault.value_{wrong}")}))
    return _list(desk, found, form=form, searched=True)


async def _found(desk: Desk, what: str, value: str) -> AccreditationPage:
    """Those that fit; a card is looked for in its other byte order too."""
    where = desk.municipality_id
    if what == "end":
        return await desk.visitor.get(
            "users", "/api/v1/accreditations", AccreditationPage, municipality_id=where, number_ends_with=value[-3:],
            limit=_MOST_FOUND,
        )  # fmt: skip
    ask = AccreditationSearch(
        number=value if what not in ("holder", "card", "plate") else None, plate=value if what == "plate" else None,
        holder=value if what == "holder" else None, card=cards.card_of(value) if what == "card" else None,
        municipality_id=where,
    )  # fmt: skip
    found = await desk.visitor.post("users", "/api/v1/accreditations/search", ask, AccreditationPage)
    if what == "card" and not found.accreditations:
        turned = AccreditationSearch(card=cards.card_of(value, turned=True), municipality_id=where)
        found = await desk.visitor.post("users", "/api/v1/accreditations/search", turned, AccreditationPage)
    return found


def warning_days(desk: Desk) -> int:
    """How many days before its end an accreditation is to be renewed, by the municipality's setting."""
    return desk.visitor.web.ctx.settings.int_of(RENEWAL_WARNING_DAYS, desk.municipality_id)


async def _refound(desk: Desk, form: Form, faults: Faults) -> Page:
    page = await desk.visitor.get(
        "users", "/api/v1/accreditations", AccreditationPage, municipality_id=desk.municipality_id, limit=_PAGE
    )
    return _list(desk, page, form=form, faults=faults)


def _list(desk: Desk, page: AccreditationPage, *, status: str = "", category: str = "", ending: str = "",
          form: Form = NO_FORM, faults: Faults | None = None, searched: bool = False,
          first: bool = True) -> Page:  # fmt: skip
    everything = [("", desk.t("admin.all"))]
    today, days = today_of(desk), warning_days(desk)
    return desk.page(
        "accreditations.html", accreditations=page.accreditations, next=page.next, in_status=status, category=category,
        ending=ending == "1", form=form, faults=faults, searched=searched, first=first, today=today,
        soon=today + timedelta(days=days), days=days,
        statuses=everything + worded(desk, _STATUSES, "admin.status"), categories=everything + category_options(desk),
        searches=worded(desk, _SEARCHES, "admin.search"),
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
        "issuer_country": desk.town.country if desk.town else "ES",
        "language": desk.t.lang,
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
    if form.text("kind") == "collective" and not form.text("plate"):
        faults.add("plate", t("admin.problem.collective-needs-plate"))
    return faults


def _told(desk: Desk, form: Form) -> AccreditationAsk:
    plate, kind = form.text("plate")[:60], form.text("kind")
    language = next((one for one in LETTER_LANGUAGES if one == form.text("language")), None)
    return AccreditationAsk(
        category=form.text("category") if form.text("category") in CATEGORIES else "other",  # type: ignore[arg-type]
        issuer=form.text("issuer")[:120], number=form.text("number")[:60], holder=form.text("holder")[:120],
        valid_from=form.day("valid_from") or date.max, valid_to=form.day("valid_to") or date.max,
        kind=kind if kind in KINDS else "personal", municipality_id=desk.here(form),
        issuer_country=form.text("issuer_country")[:2] or None, language=language,
        plates=[PlateAsk(plate=plate)] if plate else [],
    )  # fmt: skip


def _give_page(desk: Desk, form: Form, faults: Faults | None = None) -> Page:
    return desk.page(
        "accreditation_new.html", form=form, faults=faults, categories=category_options(desk),
        kinds=hinted(desk, KINDS, "admin.kind"), countries=country_options(desk, form.text("issuer_country")[:2]),
        languages=worded(desk, LETTER_LANGUAGES, "admin.letter_in"),
    )  # fmt: skip


def today_of(desk: Desk) -> date:
    """The day it is in the municipality."""
    return desk.t.now.astimezone(desk.t.zone).date()
