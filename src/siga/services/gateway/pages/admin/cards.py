"""Cards and plates of an accreditation: typed or by a keyboard-wedge reader, both byte orders shown first."""

from __future__ import annotations

import re

from litestar import get, post

from siga.contract.accreditations import (
    CardAdded,
    CardAsk,
    CardEnd,
    CardReplacement,
    EndReason,
    Plate,
    PlateAsk,
    UidForms,
)
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.admin.accreditation import FIELDS, accreditation_of, api_path, reason_of, show
from siga.services.gateway.pages.admin.desk import Desk, seg
from siga.services.gateway.pages.admin.lookups import worded
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form
from siga.services.gateway.pages.web import Page

_REASONS: tuple[EndReason, ...] = ("lost", "stolen", "damaged", "misuse", "error", "other")
_HEX_LENGTHS = (8, 14, 20)
"""Hex digits of a UID of 4, 7 or 10 bytes (ISO/IEC 14443-3)."""


def card_of(text: str, form: str = "", *, turned: bool = False) -> CardAsk:
    """A card as it was typed: `form` is `hex` or `decimal`; without, it is told from the text itself.

    Text of digits alone is hex when it has a UID's number of hex digits and begins with zero or stands in pairs;
    else decimal, as keyboard-wedge readers type it.
    """
    return CardAsk(uid=text, form="decimal" if (form or _guessed(text)) == "decimal" else "hex", reversed=turned)


def _guessed(text: str) -> str:
    plain = re.sub(r"[\s:.\-]", "", text)
    if not plain.isdigit():
        return "hex"
    paired = plain != text
    return "hex" if len(plain) in _HEX_LENGTHS and (paired or plain.startswith("0")) else "decimal"


@post("/admin/accreditations/{accreditation_id:str}/card")
async def see_card(desk: Desk, accreditation_id: str) -> Page:
    """Show what was typed in every form in which readers show it, and ask which it is."""
    form = await desk.visitor.form()
    if not form.text("uid"):
        return await _typed_again(desk, accreditation_id, form, Faults({"uid": desk.t("admin.fault.uid")}))
    card = card_of(form.text("uid")[:60], form.text("form"))
    try:
        forms = await desk.visitor.post("users", "/api/v1/accreditations/uid-forms", card, UidForms)
    except Problem as problem:
        return await _typed_again(desk, accreditation_id, form, desk.refused(problem, FIELDS))
    found = await accreditation_of(desk, accreditation_id)
    return desk.page(
        "card.html", one=found, uid=forms, kind="tag" if form.text("kind") == "tag" else "card", read=card.form,
        instead_of=form.text("instead_of"), reason=reason_of(form),
    )  # fmt: skip


@post("/admin/accreditations/{accreditation_id:str}/cards")
async def add_card(desk: Desk, accreditation_id: str) -> Page:
    """Keep the card, with its bytes in the order in which the bays' readers show them; it may take another's place."""
    form = await desk.visitor.form()
    card = CardReplacement(
        uid=form.text("uid")[:60], form="hex", reversed=form.text("order") == "reversed",
        kind="tag" if form.text("kind") == "tag" else "card", reason=reason_of(form),
    )  # fmt: skip
    old = form.text("instead_of")
    path = f"{api_path(accreditation_id)}/cards"
    try:
        if old:
            await desk.visitor.post("users", f"{path}/{seg(old)}/replace", card, CardAdded)
        else:
            ask = CardAsk(uid=card.uid, form=card.form, reversed=card.reversed, kind=card.kind)
            await desk.visitor.post("users", path, ask, CardAdded)
    except Problem as problem:
        return await _typed_again(desk, accreditation_id, form, desk.refused(problem, FIELDS))
    return desk.done(_path(accreditation_id), "card_replaced" if old else "card_added")


async def _typed_again(desk: Desk, accreditation_id: str, form: Form, faults: Faults) -> Page:
    """The form the card was typed into, with what is wrong: a replacement stays one."""
    old = form.text("instead_of")
    if old:
        return await _card_page(desk, "card_replace.html", accreditation_id, old, form, faults)
    return await show(desk, accreditation_id, form, faults)


@post("/admin/accreditations/{accreditation_id:str}/plates")
async def add_plate(desk: Desk, accreditation_id: str) -> Page:
    """Add a plate."""
    form: Form = await desk.visitor.form()
    if not form.text("plate"):
        return await show(desk, accreditation_id, form, Faults({"plate": desk.t("admin.fault.plate")}))
    try:
        ask = PlateAsk(plate=form.text("plate")[:60])
        await desk.visitor.post("users", f"{api_path(accreditation_id)}/plates", ask, Plate)
    except Problem as problem:
        return await show(desk, accreditation_id, form, desk.refused(problem, FIELDS))
    return desk.done(_path(accreditation_id), "plate_added")


@get("/admin/accreditations/{accreditation_id:str}/plates/{credential_id:str}/revoke")
async def ask_revoke_plate(desk: Desk, accreditation_id: str, credential_id: str) -> Page:
    """Ask before a plate is revoked."""
    path = f"{_path(accreditation_id)}/plates/{seg(credential_id)}/revoke"
    return desk.confirm("admin.revoke_plates", path, _path(accreditation_id))


@post("/admin/accreditations/{accreditation_id:str}/plates/{credential_id:str}/revoke")
async def revoke_plate(desk: Desk, accreditation_id: str, credential_id: str) -> Page:
    """Revoke a plate."""
    form = await desk.visitor.form()
    path = f"{api_path(accreditation_id)}/plates/{seg(credential_id)}"
    try:
        await desk.visitor.ask("users", "DELETE", path, type(None))
    except Problem as problem:
        return await show(desk, accreditation_id, form, desk.refused(problem, FIELDS))
    return desk.done(_path(accreditation_id), "credential_revoked")


@get("/admin/accreditations/{accreditation_id:str}/cards/{credential_id:str}/revoke")
async def ask_revoke_card(desk: Desk, accreditation_id: str, credential_id: str) -> Page:
    """Ask what became of the card before it is revoked."""
    return await _card_page(desk, "card_revoke.html", accreditation_id, credential_id)


@post("/admin/accreditations/{accreditation_id:str}/cards/{credential_id:str}/revoke")
async def revoke_card(desk: Desk, accreditation_id: str, credential_id: str) -> Page:
    """Revoke a card."""
    form = await desk.visitor.form()
    path = f"{api_path(accreditation_id)}/cards/{seg(credential_id)}/revoke"
    await desk.visitor.post("users", path, CardEnd(reason=reason_of(form)), type(None))
    return desk.done(_path(accreditation_id), "credential_revoked")


@get("/admin/accreditations/{accreditation_id:str}/cards/{credential_id:str}/replace")
async def ask_replace_card(desk: Desk, accreditation_id: str, credential_id: str) -> Page:
    """The form for the card that takes the place of another."""
    return await _card_page(desk, "card_replace.html", accreditation_id, credential_id)


async def _card_page(desk: Desk, template: str, accreditation_id: str, credential_id: str, form: Form = NO_FORM,
                     faults: Faults | None = None) -> Page:  # fmt: skip
    found = await accreditation_of(desk, accreditation_id)
    card = next((card for card in found.cards if card.credential_id == credential_id), None)
    if card is None:
        raise NotFound("The accreditation has no such card.")
    return desk.page(
        template, one=found, card=card, form=form, faults=faults, reasons=worded(desk, _REASONS, "admin.reason")
    )  # fmt: skip


HANDLERS = (
    see_card, add_card, add_plate, ask_revoke_plate, revoke_plate, ask_revoke_card, revoke_card, ask_replace_card,
)  # fmt: skip


def _path(accreditation_id: str) -> str:
    return f"/admin/accreditations/{seg(accreditation_id)}"
