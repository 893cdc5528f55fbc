"""Personal data as the administration looks after them: register, erasures, proofs of deletion, one person's data."""

from __future__ import annotations

import msgspec
from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from siga.contract.accounts import Person
from siga.contract.subjects import DeletionProofs, ErasureAsk, ErasureBegun, ErasureList, SubjectExport
from siga.kit.problem import Problem
from siga.services.gateway.pages.account.data import FILE
from siga.services.gateway.pages.admin.desk import Desk, desk_router, seg
from siga.services.gateway.pages.forms import NO_FORM, Faults
from siga.services.gateway.pages.personal import readable, share_done
from siga.services.gateway.pages.web import Page, Web


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of personal data."""
    return [desk_router("privacy", [overview]), desk_router("staff", [person, file, ask_erase, erase])]


@get("/admin/privacy")
async def overview(desk: Desk) -> Page:
    """The town's register, its erasures and what was destroyed."""
    erasures = await desk.visitor.get(
        "users", "/api/v1/privacy/erasures", ErasureList, municipality_id=desk.municipality_id
    )
    proofs = await desk.visitor.get("users", "/api/v1/privacy/deletions", DeletionProofs)
    return desk.page("privacy.html", erasures=erasures.erasures, proofs=proofs.proofs, share=share_done)


@get("/admin/privacy/people/{user_id:str}")
async def person(desk: Desk, user_id: str) -> Page:
    """What the town holds of one person who asked for it, to be read."""
    export = await _export(desk, user_id)
    return desk.page(
        "privacy_person.html", user_id=user_id, sections=readable(desk.t, export), missing=export.missing,
    )  # fmt: skip


@get("/admin/privacy/people/{user_id:str}/siga.json")
async def file(desk: Desk, user_id: str) -> Response[bytes]:
    """The same as a file."""
    export = await _export(desk, user_id)
    return Response(msgspec.json.format(msgspec.json.encode(export)), media_type="application/json", headers=FILE)


@get("/admin/privacy/people/{user_id:str}/erase")
async def ask_erase(desk: Desk, user_id: str) -> Page:
    """Ask before a person is erased."""
    found = await desk.visitor.get("users", f"/api/v1/users/{seg(user_id)}", Person)
    path = f"/admin/privacy/people/{seg(user_id)}"
    return desk.confirm("admin.privacy.erase", f"{path}/erase", path, name=found.name)


@post("/admin/privacy/people/{user_id:str}/erase")
async def erase(desk: Desk, user_id: str) -> Page:
    """Erase a person who asked for it; the code to follow it by is for them."""
    await desk.visitor.form()
    path = f"/api/v1/privacy/people/{seg(user_id)}/erasure"
    try:
        begun = await desk.visitor.post("users", path, ErasureAsk(), ErasureBegun)
    except Problem as problem:
        faults = desk.refused(problem, ())
        export = await _export(desk, user_id)
        return desk.page(
            "privacy_person.html", faults=faults, user_id=user_id, sections=readable(desk.t, export),
            missing=export.missing,
        )  # fmt: skip
    return desk.visitor.page(
        "account/erasing.html", here="admin", erasure=begun.erasure, code=begun.follow_code,
        done=share_done(begun.erasure), faults=Faults(), form=NO_FORM, own_path="/privacy/erasure",
    )  # fmt: skip


async def _export(desk: Desk, user_id: str) -> SubjectExport:
    return await desk.visitor.get("users", f"/api/v1/privacy/people/{seg(user_id)}/export", SubjectExport)
