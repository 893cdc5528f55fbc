"""Bays and addresses from a file: choose it, see what it would do, confirm."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence

import msgspec
from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.parking import CATEGORIES
from siga.kit.bay_files import AddressResult, BadBayFile, ReadOptions, read_addresses
from siga.kit.problem import Invalid, NotFound, Problem
from siga.services.gateway.pages.admin.desk import Desk, desk_router
from siga.services.gateway.pages.admin.lookups import Options, category_options
from siga.services.gateway.pages.admin.tray import Tray, Upload
from siga.services.gateway.pages.admin.words import BayImport, Created, Refused
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.web import Page, Web
from siga.services.gateway.policies import IMPORT_BYTES, KIB
from siga.services.gateway.sessions import on_behalf


class BadAddressFile(Invalid):
    """This file of addresses cannot be used"""

    slug = "bad-address-file"


_KINDS = ("bays", "addresses")
_SLUG = re.compile(r"\(([a-z_]+)\)$")
_TAKES_S = 120.0
_CHUNK = 2000
_SHOWN_REFUSALS, _SHOWN_ADDRESSES = 100, 20


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of imports."""
    return [
        desk_router("imports", [choose, *_steps(Tray(time.monotonic))], request_max_body_size=IMPORT_BYTES + 64 * KIB)
    ]


@get("/admin/imports")
async def choose(desk: Desk) -> Page:
    """The forms to choose a file."""
    return _choose(desk)


def _steps(tray: Tray) -> list[ControllerRouterHandler]:
    @post("/admin/imports/{kind:str}/import")
    async def preview(desk: Desk, kind: str) -> Page:
        """What the file would do."""
        form = await desk.visitor.form()
        faults = _read(desk, kind, form)
        if faults:
            return _choose(desk, form, faults)
        upload = Upload(
            user_id=desk.visitor.user_id, municipality_id=desk.here(form), kind=kind, category=form.text("category"),
            data=form.files[f"{kind}_file"],
        )  # fmt: skip
        try:
            return await _previewed(desk, tray, upload)
        except Problem as problem:
            return _choose(desk, form, _file_faults(desk, kind, problem))

    @post("/admin/imports/{kind:str}/confirm")
    async def carry_out(desk: Desk, kind: str) -> Page:
        """Do what the preview said."""
        form = await desk.visitor.form()
        upload = tray.take(form.text("file"), desk.visitor.user_id, kind)
        if upload is None or upload.municipality_id != desk.here(form):
            return _choose(desk, NO_FORM, Faults({f"{kind}_file": desk.t("admin.import.gone")}))
        if kind == "bays":
            return desk.page("imported.html", kind=kind, result=await _bays(desk, upload, dry_run=False))
        read = await _addresses(desk, upload)
        return desk.page("imported.html", kind=kind, read=read, new=await _keep(desk, upload, read))

    return [preview, carry_out]


def _read(desk: Desk, kind: str, form: Form) -> Faults:
    if kind not in _KINDS:
        raise NotFound("Bays or addresses can be imported here.")
    if not form.files.get(f"{kind}_file"):
        return Faults({f"{kind}_file": desk.t("admin.import.no_file")})
    return Faults()


def _name(upload: Upload) -> str:
    """A name that says what the file is by how it begins."""
    begin = upload.data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return "file.geojson" if begin in (b"{", b"[") else "file.csv"


async def _previewed(desk: Desk, tray: Tray, upload: Upload) -> Page:
    if upload.kind == "bays":
        result = await _bays(desk, upload, dry_run=True)
        refusals = refusal_words(desk.t, result.refused)
        nothing = not (result.created or result.updated)
        return desk.page(
            "import_bays.html", result=result, refusals=refusals[:_SHOWN_REFUSALS], nothing=nothing,
            file="" if nothing else tray.put(upload), category=upload.category, town_id=upload.municipality_id,
        )  # fmt: skip
    read = await _addresses(desk, upload)
    refused = [Refused(row=one.row, reason=one.reason, slug=one.slug, excerpt=one.excerpt) for one in read.refused]
    return desk.page(
        "import_addresses.html", read=read, shown=read.addresses[:_SHOWN_ADDRESSES],
        refusals=refusal_words(desk.t, refused)[:_SHOWN_REFUSALS], file=tray.put(upload) if read.addresses else "",
        town_id=upload.municipality_id,
    )  # fmt: skip


def refusal_words(t: Texts, refused: Sequence[Refused], where: str = "admin.refused"
                  ) -> list[tuple[Refused, str, bool]]:  # fmt: skip
    """Refused rows with the reason in the visitor's language; True where only the English sentence is there.

    Texts are looked for below `where` first, then among those of all imports.
    """
    found = []
    for one in refused:
        name = one.slug.replace("-", "_")
        key = f"{where}.{name}" if t.has(f"{where}.{name}") else f"admin.refused.{name}"
        found.append((one, t(key) if t.has(key) else one.reason, not t.has(key) and t.lang != "en"))
    return found


async def _bays(desk: Desk, upload: Upload, *, dry_run: bool) -> BayImport:
    params = {
        "municipality_id": upload.municipality_id, "filename": _name(upload), "dry_run": dry_run,
        "category": upload.category if upload.category in CATEGORIES else None,
    }  # fmt: skip
    answer = await desk.visitor.web.ctx.peers["parking"].request(
        "POST", "/api/v1/bays/import", params=params, content=upload.data, content_type="application/octet-stream",
        timeout_s=_TAKES_S, **on_behalf(desk.visitor.caller.who),
    )  # fmt: skip
    return msgspec.json.decode(answer.content, type=BayImport)


async def _addresses(desk: Desk, upload: Upload) -> AddressResult:
    town = next(town for town in desk.towns if town.municipality_id == upload.municipality_id)
    near = None if town.lon is None or town.lat is None else (town.lon, town.lat)
    try:
        options = ReadOptions(near=near)
        return await asyncio.to_thread(read_addresses, upload.data, filename=_name(upload), options=options)
    except BadBayFile as fault:
        raise BadAddressFile(f"{fault.detail} ({fault.slug})") from fault


async def _keep(desk: Desk, upload: Upload, read: AddressResult) -> int:
    """Hand the addresses to Parking piece by piece; how many were new."""
    new = 0
    for begin in range(0, len(read.addresses), _CHUNK):
        piece = msgspec.to_builtins(read.addresses[begin : begin + _CHUNK])
        body = {"municipality_id": upload.municipality_id, "addresses": piece}
        new += (await desk.visitor.post("parking", "/api/v1/addresses/batch", body, Created)).created
    return new


def _file_faults(desk: Desk, kind: str, problem: Problem) -> Faults:
    """A file that cannot be used, and what to do: told by the slug at the end of the service's words."""
    desk.refused(problem, ())
    found = _SLUG.search(problem.detail)
    why = desk.t.either(f"admin.bad_file.{found[1] if found else ''}", "admin.bad_file.other")
    return Faults({f"{kind}_file": desk.t("admin.import.bad_file", why=why)})


def _choose(desk: Desk, form: Form = NO_FORM, faults: Faults | None = None) -> Page:
    categories: Options = [("", desk.t("admin.import.category_in_file")), *category_options(desk)]
    return desk.page(
        "imports.html", form=form, faults=faults, categories=categories, most_mib=IMPORT_BYTES // KIB // KIB
    )
