"""Cards and plates of an accreditation: typed or by a keyboard-wedge reader, both byte orders shown first."""

from __future__ import annotations

import re

from litestar import get, post

from siga.contract.accreditations import CardAdded, CardAsk, Plate, PlateAsk, UidForms
from siga.kit.problem import Problem
from siga.services.gateway.pages.admin.accreditation import FIELDS, accreditation_of, api_path, show
from siga.services.gateway.pages.admin.desk import Desk, seg
from siga.services.gateway.pages.forms import Faults, Form
from siga.services.gateway.pages.web import Page

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
        return await show(desk, accreditation_id, form, Faults({"uid": desk.t("admin.fault.uid")}))
    card = card_of(form.text("uid")[:60], form.text("form"))
    try:
        forms = await desk.visitor.post("users", "/api/v1/accreditations/uid-forms", card, UidForms)
    except Problem as problem:
        return await show(desk, accreditation_id, form, desk.refused(problem, FIELDS))
    found = await accreditation_of(desk, accreditation_id)
    return desk.page(
        "card.html", one=found, uid=forms, kind="tag" if form.text("kind") == "tag" else "card", read=card.form
    )


@post("/admin/accreditations/{accreditation_id:str}/cards")
async def add_card(desk: Desk, accreditation_id: str) -> Page:
    """Keep the card, with its bytes in the order in which the bays' readers show them."""
    form = await desk.visitor.form()
    ask = CardAsk(
        uid=form.text("uid")[:60], form="hex", reversed=form.text("order") == "reversed",
        kind="tag" if form.text("kind") == "tag" else "card",
    )  # fmt: skip
    try:
        await desk.visitor.post("users", f"{api_path(accreditation_id)}/cards", ask, CardAdded)
    except Problem as problem:
        return await show(desk, accreditation_id, form, desk.refused(problem, FIELDS))
    return desk.done(_path(accreditation_id), "card_added")


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


@get("/admin/accreditations/{accreditation_id:str}/{kind:str}/{credential_id:str}/revoke")
async def ask_revoke_credential(desk: Desk, accreditation_id: str, kind: str, credential_id: str) -> Page:
    """Ask before a card or plate is revoked."""
    path = f"{_path(accreditation_id)}/{_kind(kind)}/{seg(credential_id)}/revoke"
    return desk.confirm(f"admin.revoke_{_kind(kind)}", path, _path(accreditation_id))


@post("/admin/accreditations/{accreditation_id:str}/{kind:str}/{credential_id:str}/revoke")
async def revoke_credential(desk: Desk, accreditation_id: str, kind: str, credential_id: str) -> Page:
    """Revoke a card or a plate."""
    await desk.visitor.form()
    path = f"{api_path(accreditation_id)}/{_kind(kind)}/{seg(credential_id)}"
    await desk.visitor.ask("users", "DELETE", path, type(None))
    return desk.done(_path(accreditation_id), "credential_revoked")


HANDLERS = (see_card, add_card, add_plate, ask_revoke_credential, revoke_credential)


def _kind(kind: str) -> str:
    return "plates" if kind == "plates" else "cards"


def _path(accreditation_id: str) -> str:
    return f"/admin/accreditations/{seg(accreditation_id)}"
