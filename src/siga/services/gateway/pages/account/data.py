"""One's own data: seen, taken away as a file, erased; how far an erasure is; a town's register of processing."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from siga.contract.subjects import ErasureAsk, ErasureBegun, ErasureView, Register, SubjectExport
from siga.kit.problem import NotFound, Problem
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form
from siga.services.gateway.pages.personal import readable, share_done
from siga.services.gateway.pages.web import Page, Visitor, Web

FILE = {"content-disposition": 'attachment; filename="siga.json"', "cache-control": "no-store",
        "x-content-type-options": "nosniff"}  # fmt: skip


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The pages of one's own data and those for anyone."""
    return [*_own(), *_erasing(), *_registers(web)]


def _own() -> list[ControllerRouterHandler]:
    @get("/account/data")
    async def data(visitor: Visitor) -> Page:
        """What one can do about one's own data."""
        return visitor.page("account/data.html", here="account")

    @get("/account/data/all")
    async def everything(visitor: Visitor) -> Page:
        """Everything that is held, to be read."""
        export = await visitor.get("users", "/api/v1/privacy/export", SubjectExport)
        return visitor.page(
            "account/data_all.html", here="account", sections=readable(visitor.t, export), missing=export.missing,
            made_at=export.made_at,
        )  # fmt: skip

    @get("/account/data/siga.json")
    async def file(visitor: Visitor) -> Response[bytes]:
        """Everything that is held, as a file (GDPR 20)."""
        export = await visitor.get("users", "/api/v1/privacy/export", SubjectExport)
        return Response(msgspec.json.format(msgspec.json.encode(export)), media_type="application/json", headers=FILE)

    return [data, everything, file]


def _erasing() -> list[ControllerRouterHandler]:
    @get("/account/data/erase")
    async def ask(visitor: Visitor) -> Page:
        """Ask before everything is erased."""
        return visitor.page("account/erase.html", here="account", faults=Faults(), form=NO_FORM)

    @post("/account/data/erase")
    async def erase(visitor: Visitor) -> Page:
        """Erase the account and its data; the code to follow it by is shown this once."""
        form = await visitor.form()
        if form.text("sure") != "yes":
            faults = Faults({"sure": visitor.t("data.fault.sure")})
            return visitor.page("account/erase.html", status=422, here="account", faults=faults, form=form,
                                own_path="/account/data/erase")  # fmt: skip
        ask = ErasureAsk(surrender=form.text("surrender") == "yes")
        try:
            begun = await visitor.post("users", "/api/v1/privacy/erasure", ask, ErasureBegun)
        except Problem as problem:
            if problem.slug != "last-administrator":
                raise
            faults = Faults({"": visitor.t("data.fault.last")})
            return visitor.page("account/erase.html", status=422, here="account", faults=faults, form=form,
                                own_path="/account/data/erase")  # fmt: skip
        return visitor.page(
            "account/erasing.html", here="account", erasure=begun.erasure, code=begun.follow_code,
            done=share_done(begun.erasure), faults=Faults(), form=NO_FORM, own_path="/privacy/erasure",
        )  # fmt: skip

    @get("/privacy/erasure")
    async def ask_code(visitor: Visitor, id: str = "") -> Page:  # noqa: A002 the name in the address
        """The form for the code of an erasure."""
        return _code_page(visitor, NO_FORM, id)

    @post("/privacy/erasure")
    async def progress(visitor: Visitor) -> Page:
        """How far the erasure of a code is."""
        form = await visitor.form()
        erasure_id, code = form.text("erasure_id"), form.text("code")
        try:
            path = f"/api/v1/privacy/erasures/{quote(erasure_id[:60], safe='')}"
            view = await visitor.ask("users", "GET", path, ErasureView, headers={"x-follow-code": code[:40]})
        except NotFound:
            return _code_page(visitor, form, erasure_id, Faults({"code": visitor.t("data.fault.code")}))
        return visitor.page(
            "account/erasing.html", here="account", erasure=view, code="", done=share_done(view), faults=Faults(),
            form=form, own_path="/privacy/erasure",
        )  # fmt: skip

    return [ask, erase, ask_code, progress]


def _code_page(visitor: Visitor, form: Form, erasure_id: str, faults: Faults | None = None) -> Page:
    return visitor.page(
        "account/erasure_code.html", status=422 if faults else 200, here="account", form=form,
        faults=faults or Faults(), erasure_id=erasure_id, own_path="/privacy/erasure" if faults else None,
    )  # fmt: skip


def _registers(web: Web) -> list[ControllerRouterHandler]:
    @get("/privacy")
    async def towns(visitor: Visitor) -> Page:
        """Whose register can be read."""
        return visitor.page("account/registers.html", here="help", towns=await web.towns.all())

    @get("/privacy/{slug:str}")
    async def register(visitor: Visitor, slug: str) -> Page:
        """The register of processing of one town, for anyone (LOPDGDD 31.2)."""
        town = next((one for one in await web.towns.all() if one.slug == slug), None)
        if town is None:
            raise NotFound("There is no such town.")
        found = await visitor.get("users", "/api/v1/privacy/register", Register, municipality_id=town.municipality_id)
        return visitor.page("account/register_of_processing.html", here="help", register=found)

    return [towns, register]
