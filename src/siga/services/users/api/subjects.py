"""A person's own data: the public register, the export, the erasure and how far it is, proofs of deletion."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import Parameter

from siga.contract.auth import Claims, municipalities_of
from siga.contract.subjects import (
    DeletionProofs,
    ErasureAsk,
    ErasureBegun,
    ErasureList,
    ErasureView,
    Register,
    SubjectExport,
)
from siga.kit.http import need
from siga.services.users.api.common import Freshness, Limit, person_of, scope_of
from siga.services.users.service.erasures import Erasures
from siga.services.users.service.register import Registers
from siga.services.users.service.subjects import Subjects

_CLERK = "people.manage"
_PROOFS = "privacy.read"
_TAGS = ["Privacy"]
FollowCode = Annotated[str, Parameter(header="X-Follow-Code", max_length=40, description="The code told at the start.")]
_PRIVATE = {"cache-control": "no-store"}


@get("/api/v1/privacy/register", tags=_TAGS)
async def register(caller: Claims, municipality_id: str, registers: Registers) -> Register:
    """The register of processing of a municipality (GDPR 30, LOPDGDD 31.2), made from what is in force there now.

    For anyone; texts in Spanish and English.
    """
    return await registers.of(municipality_id)


@get("/api/v1/privacy/export", tags=_TAGS)
async def own_export(caller: Claims, subjects: Subjects, freshness: Freshness) -> Response[SubjectExport]:
    """Everything that SIGA holds of you, from every service (GDPR 15 and 20). Needs a fresh confirmation.

    `missing` names services that did not answer: then ask again.
    """
    user_id = person_of(caller)
    freshness.need(caller)
    return Response(await subjects.export(user_id), headers=_PRIVATE)


@post("/api/v1/privacy/erasure", tags=_TAGS, status_code=202)
async def own_erasure(caller: Claims, data: ErasureAsk, erasures: Erasures, freshness: Freshness) -> ErasureBegun:
    """Erase your account and what is held of you (GDPR 17). Needs a fresh confirmation; it cannot be taken back.

    What the law keeps for now, such as the evidence of an open case, is named in the answer and goes when its time is
    over. With `surrender` the accreditations you claimed are revoked and erased too.
    """
    user_id = person_of(caller)
    freshness.need(caller)
    return await erasures.begin(user_id, data.surrender)


@get("/api/v1/privacy/erasures/{erasure_id:str}", tags=_TAGS)
async def erasure(caller: Claims, erasure_id: str, follow_code: FollowCode, erasures: Erasures) -> ErasureView:
    """How far an erasure is, by the code that was told when it began."""
    return await erasures.seen(erasure_id, follow_code)


@get("/api/v1/privacy/erasures", tags=_TAGS)
async def list_erasures(caller: Claims, erasures: Erasures, municipality_id: str | None = None,
                        limit: Limit = 50) -> ErasureList:  # fmt: skip
    """The newest erasures in your municipalities: numbers and proofs, no people."""
    return ErasureList(erasures=await erasures.page(scope_of(caller, _PROOFS, municipality_id), limit))


@get("/api/v1/privacy/people/{user_id:str}/export", tags=_TAGS)
async def export_for(caller: Claims, user_id: str, subjects: Subjects, freshness: Freshness) -> Response[Any]:
    """What your municipality holds of a person who asked for it. Needs a fresh confirmation."""
    scope = scope_of(caller, _CLERK)
    freshness.need(caller)
    return Response(await subjects.export(user_id, scope), headers=_PRIVATE)


@post("/api/v1/privacy/people/{user_id:str}/erasure", tags=_TAGS, status_code=202)
async def erase_for(caller: Claims, user_id: str, data: ErasureAsk, erasures: Erasures,
                    freshness: Freshness) -> ErasureBegun:  # fmt: skip
    """Erase a person who asked for it and has to do with your municipalities only. Needs a fresh confirmation."""
    scope = scope_of(caller, _CLERK)
    freshness.need(caller)
    return await erasures.begin(user_id, data.surrender, caller.sub, scope)


@get("/api/v1/privacy/deletions", tags=_TAGS)
async def deletions(caller: Claims, registers: Registers, limit: Limit = 50) -> DeletionProofs:
    """Signed proofs of what was destroyed: months' keys of pseudonyms, keys of photos. Newest first."""
    need(caller, _PROOFS)
    return await registers.deletions(municipalities_of(caller, _PROOFS), limit)


HANDLERS = [
    register, own_export, own_erasure, erasure, list_erasures, export_for, erase_for, deletions,
]  # fmt: skip
