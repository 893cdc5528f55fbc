"""My stay: check in by an accreditation or a declared card, see the limit, end it, keep the receipt (D8, D11, D13)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accreditations import OwnAccreditation, OwnAccreditations
from siga.contract.drivers import CheckInAsk, CheckInList, CheckInView, CurrentCheckIn, GuestCheckInAsk
from siga.contract.history import Receipt
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.driver.bays import Seen, see
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form, faults_of
from siga.services.gateway.pages.towns import zone_of
from siga.services.gateway.pages.web import Page, Visitor, Web

_DECLARED = ("issuer", "card_number", "expires_on", "plate")
_KNOWN_REFUSALS = frozenset({"no-accreditation", "already-checked-in", "bay-closed", "invalid", "too-many", "conflict"})


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """Begin, show, end, receipt."""
    return [*_begin(web), *_after(web)]


def _begin(web: Web) -> list[ControllerRouterHandler]:
    @get("/bays/{bay_id:str}/check-in")
    async def ask(visitor: Visitor, bay_id: str, declare: str = "") -> Page:
        """The form to check in: with a card of one's own, or one that is declared."""
        seen = await see(visitor, bay_id)
        return _form_page(seen, await _own(visitor, seen), NO_FORM, Faults(), declare=declare == "1")

    @post("/bays/{bay_id:str}/check-in")
    async def check_in(visitor: Visitor, bay_id: str) -> Page:
        """Check in."""
        form = await visitor.form()
        declare = form.text("how") == "declare"
        seen = await see(visitor, bay_id)
        faults = _missing(seen, form) if declare else Faults()
        if not faults:
            faults = await _tried(visitor, bay_id, form, declare=declare)
        if faults:
            return _form_page(seen, await _own(visitor, seen), form, faults, declare=declare)
        return visitor.go("/check-in?told=begun")

    return [ask, check_in]


async def _tried(visitor: Visitor, bay_id: str, form: Form, *, declare: bool) -> Faults:
    """Check in; what was refused, as faults of the form."""
    try:
        if declare:
            await visitor.post("drivers", "/api/v1/check-ins/guest", _declared(bay_id, form), CheckInView)
        else:
            ask = CheckInAsk(bay_id=bay_id, accreditation_id=form.text("accreditation_id") or None)
            await visitor.post("drivers", "/api/v1/check-ins", ask, CheckInView)
    except Problem as problem:
        if problem.slug not in _KNOWN_REFUSALS:
            raise
        return faults_of(problem, visitor.t, "stay", _DECLARED)
    return Faults()


def _declared(bay_id: str, form: Form) -> GuestCheckInAsk:
    expires_on = form.day("expires_on")
    assert expires_on is not None  # _missing has looked
    return GuestCheckInAsk(
        bay_id=bay_id, issuer=form.text("issuer")[:80], card_number=form.text("card_number")[:40],
        expires_on=expires_on, plate=form.text("plate")[:20],
    )  # fmt: skip


def _missing(seen: Seen, form: Form) -> Faults:
    """What is missing in a declaration, before anything is asked."""
    faults, t = Faults(), seen.visitor.t
    for name in _DECLARED:
        if not form.text(name):
            faults.add(name, t(f"stay.missing.{name}"))
    if form.text("expires_on") and form.day("expires_on") is None:
        faults.add("expires_on", t("stay.fault.expires_on"))
    if len("".join(c for c in form.text("plate") if c.isalnum())) < 2:
        faults.add("plate", t("stay.fault.plate"))
    return faults


async def _own(visitor: Visitor, seen: Seen) -> list[OwnAccreditation]:
    """The visitor's valid accreditations for this kind of bay."""
    if not visitor.signed_in:
        return []
    mine = await visitor.get("users", "/api/v1/accreditations/mine", OwnAccreditations)
    today = seen.visitor.t.now.astimezone(seen.visitor.t.zone).date()
    return [
        one for one in mine.accreditations
        if one.category == seen.bay.category and one.status == "valid" and one.valid_from <= today <= one.valid_to
    ]  # fmt: skip


def _form_page(seen: Seen, own: list[OwnAccreditation], form: Form, faults: Faults, *, declare: bool) -> Page:
    return seen.visitor.page(
        "driver/check_in.html", status=422 if faults else 200, here="bays", card=seen.card, own=own, form=form,
        faults=faults, declare=declare or not own,
    )  # fmt: skip


def _after(web: Web) -> list[ControllerRouterHandler]:
    @get("/check-in")
    async def current(visitor: Visitor, told: str = "") -> Page:
        """The stay that is on, and those of the last seven days."""
        now = await visitor.get("drivers", "/api/v1/check-ins/current", CurrentCheckIn)
        lately = await visitor.get("drivers", "/api/v1/check-ins", CheckInList)
        if now.check_in is not None:
            visitor = visitor.at(zone_of(await web.towns.one(now.check_in.municipality_id)))
        ended = [one for one in lately.check_ins if one.ended_at is not None]
        return visitor.page(
            "driver/stay.html", here="stay", stay=now.check_in, ended=ended, told=told,
            left=_left(visitor, now.check_in), slugs={one.municipality_id: one.slug for one in await web.towns.all()},
        )  # fmt: skip

    @post("/check-in/end")
    async def end(visitor: Visitor) -> Page:
        """End the stay."""
        check_in_id = quote((await visitor.form()).text("check_in_id"), safe="")
        if not check_in_id:
            raise NotFound("No check-in was named.")
        await visitor.post("drivers", f"/api/v1/check-ins/{check_in_id}/end", None, CheckInView)
        return visitor.go(f"/check-ins/{check_in_id}/receipt?told=ended")

    @get("/check-ins/{check_in_id:str}/receipt")
    async def receipt(visitor: Visitor, check_in_id: str, told: str = "") -> Page:
        """The receipt, to be kept: SIGA forgets who parked."""
        kept, check_in = await _receipt(visitor, check_in_id)
        if check_in is not None:
            visitor = visitor.at(zone_of(await web.towns.one(check_in.municipality_id)))
        return visitor.page(
            "driver/receipt.html", here="stay", receipt=kept, check_in=check_in, check_in_id=check_in_id,
            told=told == "ended",
        )  # fmt: skip

    @get("/check-ins/{check_in_id:str}/receipt.txt")
    async def receipt_text(visitor: Visitor, check_in_id: str) -> Response[str]:
        """The receipt as a text file."""
        kept, _ = await _receipt(visitor, check_in_id)
        if kept is None:
            raise NotFound("There is no receipt for this check-in.")
        text = visitor.web.render("driver/receipt.txt", t=visitor.t, claims=kept.claims, receipt=kept.receipt)
        name = f"siga-{kept.claims.bay}-{kept.claims.started_at:%Y-%m-%d}.txt"
        safe = "".join(c if c.isascii() and (c.isalnum() or c in "-._") else "_" for c in name)
        headers = {"content-disposition": f'attachment; filename="{safe}"', "cache-control": "no-store"}
        return Response(text, media_type="text/plain; charset=utf-8", headers=headers)

    return [current, end, receipt, receipt_text]


async def _receipt(visitor: Visitor, check_in_id: str) -> tuple[Receipt | None, CheckInView | None]:
    """The receipt and the check-in it is about; no receipt while there is none (yet)."""
    lately = await visitor.get("drivers", "/api/v1/check-ins", CheckInList)
    check_in = next((one for one in lately.check_ins if one.check_in_id == check_in_id), None)
    if check_in is None:
        raise NotFound("There is no such check-in of yours.")
    path = f"/api/v1/check-ins/{quote(check_in_id, safe='')}/receipt"
    try:
        return await visitor.get("drivers", path, Receipt), check_in
    except Problem as problem:
        if problem.status not in (404, 409, 503):
            raise
        return None, check_in


def _left(visitor: Visitor, stay: CheckInView | None) -> timedelta | None:
    """The time left until the rule's limit; negative when it is over, None without a limit."""
    if stay is None or stay.leave_by is None:
        return None
    return stay.leave_by - visitor.t.now
