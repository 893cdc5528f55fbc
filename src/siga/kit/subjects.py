"""The two internal routes by which Users gathers and erases what a service holds of a person."""

from __future__ import annotations

from typing import Protocol

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims
from siga.contract.subjects import DeletionProofs, ErasedPart, SubjectAsk, SubjectPart
from siga.kit.http import need_service
from siga.kit.paging import limit_of
from siga.kit.proofs import Proofs
from siga.ports import Database


class Keeper(Protocol):
    """What a service does for a person's rights."""

    async def gather(self, ask: SubjectAsk) -> SubjectPart:
        """Everything that is here of the person."""
        ...

    async def erase(self, ask: SubjectAsk) -> ErasedPart:
        """Erase what is here of the person; again is no fault."""
        ...


def subject_routes(keeper: Keeper) -> list[ControllerRouterHandler]:
    """`POST /internal/v1/subjects/gather` and `/erase`, for Users alone."""

    @post("/internal/v1/subjects/gather", include_in_schema=False, status_code=200)
    async def gather(caller: Claims, data: SubjectAsk) -> SubjectPart:
        need_service(caller, "users")
        return await keeper.gather(data)

    @post("/internal/v1/subjects/erase", include_in_schema=False, status_code=200)
    async def erase(caller: Claims, data: SubjectAsk) -> ErasedPart:
        need_service(caller, "users")
        return await keeper.erase(data)

    return [gather, erase]


def proof_route(database: Database, proofs: Proofs) -> ControllerRouterHandler:
    """`GET /internal/v1/deletion-proofs?limit=`: the service's proofs of deletion, newest first, for Users alone."""

    @get("/internal/v1/deletion-proofs", include_in_schema=False)
    async def deletion_proofs(caller: Claims, limit: int = 100) -> DeletionProofs:
        need_service(caller, "users")
        return DeletionProofs(proofs=await database.read(lambda conn: proofs.newest(conn, limit_of(limit))))

    return deletion_proofs
