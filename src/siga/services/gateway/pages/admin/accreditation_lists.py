"""Accreditations from a file: choose it, see row by row what it would do, confirm; and letters for those without."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accreditation_lists import (
    MOST_LETTERS,
    AccreditationBatch,
    AccreditationImport,
    ImportedAccreditation,
    Letters,
    LettersAsk,
    LettersDue,
    RefusedEntry,
)
from siga.kit.accreditation_files import AccreditationFile, read_accreditations
from siga.kit.bay_files import BadBayFile
from siga.services.gateway.pages.admin.accreditation import letter_values
from siga.services.gateway.pages.admin.desk import Desk
from siga.services.gateway.pages.admin.imports import refusal_words
from siga.services.gateway.pages.admin.tray import Tray, Upload
from siga.services.gateway.pages.admin.words import Refused
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form
from siga.services.gateway.pages.web import Page
from siga.services.gateway.policies import IMPORT_BYTES, KIB

_KIND = "accreditations"
_PIECE = 500
_MOST_ROWS = 20_000
"""In the browser, where somebody waits for the page; `siga import accreditations` takes more."""
_SHOWN = 100


@get("/admin/accreditations/import")
async def choose(desk: Desk) -> Page:
    """The form to choose a file."""
    return _choose(desk)


def import_steps() -> list[ControllerRouterHandler]:
    """The routes of the import, which share what was uploaded."""
    tray = Tray(time.monotonic)

    @post("/admin/accreditations/import")
    async def preview(desk: Desk) -> Page:
        """What the file would do, row by row."""
        form = await desk.visitor.form()
        data = form.files.get("file")
        if not data:
            return _choose(desk, form, Faults({"file": desk.t("admin.import.no_file")}))
        try:
            read = await asyncio.to_thread(read_accreditations, data, filename="file")
        except BadBayFile as fault:
            why = desk.t.either(f"admin.bad_file.{fault.slug}", "admin.bad_file.other")
            return _choose(desk, form, Faults({"file": desk.t("admin.import.bad_file", why=why)}))
        if len(read.drafts) > _MOST_ROWS:
            return _choose(desk, form, Faults({"file": desk.t("admin.acc_import.too_many", most=_MOST_ROWS)}))
        where = desk.here(form)
        found = await _sent(desk, where, read, dry_run=True)
        nothing = not (found.created or found.updated)
        upload = Upload(user_id=desk.visitor.user_id, municipality_id=where, kind=_KIND, category="", data=data)
        return desk.page(
            "accreditation_preview.html", result=found, changed=_changed(found.rows), nothing=nothing,
            refusals=_refusals(desk, found.refused), file="" if nothing else tray.put(upload), town_id=where,
        )  # fmt: skip

    @post("/admin/accreditations/import/confirm")
    async def carry_out(desk: Desk) -> Page:
        """Do what the preview said."""
        form = await desk.visitor.form()
        upload = tray.take(form.text("file"), desk.visitor.user_id, _KIND)
        if upload is None or upload.municipality_id != desk.here(form):
            return _choose(desk, NO_FORM, Faults({"file": desk.t("admin.import.gone")}))
        read = await asyncio.to_thread(read_accreditations, upload.data, filename="file")
        found = await _sent(desk, upload.municipality_id, read, dry_run=False)
        return desk.page(
            "accreditation_imported.html", result=found, refusals=_refusals(desk, found.refused), due=await _due(desk)
        )

    return [preview, carry_out]


@get("/admin/accreditations/letters")
async def ask_letters(desk: Desk) -> Page:
    """How many letters are to be made, and a button that makes some of them."""
    return desk.page("letters_ask.html", due=await _due(desk), at_once=MOST_LETTERS)


@post("/admin/accreditations/letters")
async def letters(desk: Desk) -> Page:
    """Letters to be printed now: their codes are shown this once."""
    form = await desk.visitor.form()
    ask = LettersAsk(municipality_id=desk.here(form), limit=MOST_LETTERS)
    made = await desk.visitor.post("users", "/api/v1/accreditations/letters", ask, Letters)
    shown = [letter_values(desk, one.accreditation, one.claim_code) for one in made.letters]
    return desk.page("letters.html", letters=shown, remaining=made.remaining)


HANDLERS: tuple[Any, ...] = (choose, ask_letters, letters)


async def _due(desk: Desk) -> int:
    path = "/api/v1/accreditations/letters"
    return (await desk.visitor.get("users", path, LettersDue, municipality_id=desk.municipality_id)).due


async def _sent(desk: Desk, municipality_id: str, read: AccreditationFile, *, dry_run: bool) -> AccreditationImport:
    """Hand the rows to Users piece by piece, so that nobody waits long for the store; what became of them all."""
    refused = [RefusedEntry(row=one.row, reason=one.reason, slug=one.slug, excerpt=one.excerpt) for one in read.refused]
    rows: list[ImportedAccreditation] = []
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for begin in range(0, len(read.drafts), _PIECE):
        piece = read.drafts[begin : begin + _PIECE]
        body = AccreditationBatch(municipality_id=municipality_id, drafts=piece, dry_run=dry_run)
        done = await desk.visitor.post("users", "/api/v1/accreditations/batch", body, AccreditationImport)
        for name in counts:
            counts[name] += getattr(done, name)
        rows += done.rows
        refused += done.refused
    refused.sort(key=lambda one: one.row)
    return AccreditationImport(**counts, rows=rows, refused=refused, dry_run=dry_run)


def _changed(rows: Sequence[ImportedAccreditation]) -> list[ImportedAccreditation]:
    """The first rows that would do something, those that change what is there before those that are new."""
    return sorted((row for row in rows if row.outcome != "unchanged"), key=lambda row: row.outcome == "created")[
        :_SHOWN
    ]


def _refusals(desk: Desk, refused: Sequence[RefusedEntry]) -> list[tuple[Refused, str, bool]]:
    told = [Refused(row=one.row, reason=one.reason, slug=one.slug, excerpt=one.excerpt) for one in refused[:_SHOWN]]
    return refusal_words(desk.t, told, "admin.acc_refused")


def _choose(desk: Desk, form: Form = NO_FORM, faults: Faults | None = None) -> Page:
    return desk.page("accreditation_import.html", form=form, faults=faults, most_mib=IMPORT_BYTES // KIB // KIB)
