"""The police's queue over HTTP: cases, their steps, their evidence, duty."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Request, Response, get, post, put
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from siga.contract.auth import ACTIONS, Claims
from siga.contract.cases import (
    CaseCounts,
    CaseEvidence,
    CaseFilter,
    CaseList,
    CaseView,
    CorrectPlate,
    CredentialLookup,
    Duty,
    LookedUp,
    MoveCase,
    OpenCase,
    ResolveCase,
    SetDuty,
    TakeCase,
    WouldHaveList,
)
from siga.contract.enforcement import PhotoKept
from siga.kit.http import need
from siga.kit.paging import aware, limit_of
from siga.services.enforcement.duty import Duties
from siga.services.enforcement.evidence import Evidence
from siga.services.enforcement.lookups import Lookups
from siga.services.enforcement.queue import Queue
from siga.services.enforcement.service import Cases
from siga.services.enforcement.store import Scopes

_MOST = 200
_State = Annotated[CaseFilter, QueryParameter(name="state")]


def handlers(queue: Queue, cases: Cases, evidence: Evidence, duties: Duties,
             lookups: Lookups) -> list[ControllerRouterHandler]:  # fmt: skip
    """All public routes of this service."""
    return [*_seeing(queue), *_acting(cases), *_photos(evidence), *_duty(duties), _lookup(lookups)]


def scopes_of(caller: Claims, action: str = "cases.work") -> Scopes:
    """Where the caller may do `action`; refused when nowhere."""
    need(caller, action)
    scopes: dict[str, frozenset[str] | None] = {}
    for grant in caller.grants:
        if grant.role not in ACTIONS[action] or not grant.municipality_id:
            continue
        known = scopes.get(grant.municipality_id, frozenset())
        scopes[grant.municipality_id] = known | set(grant.zone_ids) if grant.zone_ids and known is not None else None
    return scopes


def _seeing(queue: Queue) -> list[ControllerRouterHandler]:
    @get("/api/v1/cases")
    async def list_cases(
        caller: Claims, which: _State = "open", zone_id: str | None = None, limit: int = 50, cursor: str | None = None,
    ) -> CaseList:  # fmt: skip
        """Cases of your zones. Open ones come by actionability: still there, certainty, then the oldest first.

        A case is a suspicion to be looked at. Withdrawn ones are listed for a while and can be reopened.
        """
        return await queue.page(scopes_of(caller), which, zone_id, limit_of(limit, _MOST), cursor)

    @get("/api/v1/cases/counts")
    async def count_cases(caller: Claims) -> CaseCounts:
        """How many cases there are by state and outcome; administrators see this and no more."""
        return await queue.counts(scopes_of(caller, "cases.count"))

    @get("/api/v1/cases/would-have")
    async def would_have(
        caller: Claims, zone_id: str | None = None, since: datetime | None = None, limit: int = 50,
        cursor: str | None = None,
    ) -> WouldHaveList:  # fmt: skip
        """What would have been opened as cases in zones that are observed only, newest first."""
        return await queue.would_have(
            scopes_of(caller, "cases.count"), zone_id, aware(since, "/since"), limit_of(limit, _MOST), cursor
        )

    @get("/api/v1/cases/{case_id:str}")
    async def one_case(caller: Claims, case_id: str) -> CaseView:
        """One case with all its steps."""
        return await queue.one(scopes_of(caller), case_id)

    return [list_cases, count_cases, would_have, one_case]


def _acting(cases: Cases) -> list[ControllerRouterHandler]:
    @post("/api/v1/cases")
    async def open_case(caller: Claims, data: OpenCase) -> CaseView:
        """Open a case yourself about the vehicle in a bay; you hold it at once."""
        return await cases.open(scopes_of(caller), caller.sub, data)

    @post("/api/v1/cases/{case_id:str}/acknowledge", status_code=200)
    async def acknowledge(caller: Claims, case_id: str, data: TakeCase) -> CaseView:
        """Take a case. Held by another officer: 409, unless `take_over` says that you take it out of their hands."""
        return await cases.acknowledge(scopes_of(caller), caller.sub, case_id, data)

    @post("/api/v1/cases/{case_id:str}/dispatch", status_code=200)
    async def dispatch(caller: Claims, case_id: str, data: MoveCase) -> CaseView:
        """Set out for the bay; whoever reported it is told that an officer is coming."""
        return await cases.dispatch(scopes_of(caller), caller.sub, case_id, data.version)

    @post("/api/v1/cases/{case_id:str}/arrive", status_code=200)
    async def arrive(caller: Claims, case_id: str, data: MoveCase) -> CaseView:
        """Be at the bay; from now on nobody closes the case but you."""
        return await cases.arrive(scopes_of(caller), caller.sub, case_id, data.version)

    @post("/api/v1/cases/{case_id:str}/resolve", status_code=200)
    async def resolve(caller: Claims, case_id: str, data: ResolveCase) -> CaseView:
        """Close a case you hold. Before an offence the bay is looked at again: 409 `check-again` wants your eyes."""
        return await cases.resolve(scopes_of(caller), caller.sub, case_id, data)

    @post("/api/v1/cases/{case_id:str}/undo", status_code=200)
    async def undo(caller: Claims, case_id: str, data: MoveCase) -> CaseView:
        """Take your own closing back while `undo_until` has not passed."""
        return await cases.undo(scopes_of(caller), caller.sub, case_id, data.version)

    @post("/api/v1/cases/{case_id:str}/reopen", status_code=200)
    async def reopen(caller: Claims, case_id: str, data: MoveCase) -> CaseView:
        """Put a withdrawn case, or one closed without an offence, back into the queue."""
        return await cases.reopen(scopes_of(caller), caller.sub, case_id, data.version)

    @post("/api/v1/cases/{case_id:str}/plate", status_code=200)
    async def plate(caller: Claims, case_id: str, data: CorrectPlate) -> CaseView:
        """Put the plate right by hand; what the reader took it for stays beside it, and it is looked up again."""
        return await cases.correct_plate(scopes_of(caller), caller.sub, case_id, data)

    return [open_case, acknowledge, dispatch, arrive, resolve, undo, reopen, plate]


def _lookup(lookups: Lookups) -> ControllerRouterHandler:
    @post("/api/v1/cases/lookups", status_code=200)
    async def look_up(caller: Claims, data: CredentialLookup) -> LookedUp:
        """Check a card or plate at the kerb, for a purpose. No name is told; 429 beyond your hourly budget."""
        return await lookups.look(scopes_of(caller), caller.sub, data)

    return look_up


def _photos(evidence: Evidence) -> list[ControllerRouterHandler]:
    @get("/api/v1/cases/{case_id:str}/evidence")
    async def case_evidence(caller: Claims, case_id: str) -> CaseEvidence:
        """The photos of a case, the SHA-256 of their originals, what was read in them, and what drivers said."""
        return await evidence.photos(scopes_of(caller), case_id)

    @get("/api/v1/cases/{case_id:str}/photos/{photo_id:str}", media_type="image/jpeg")
    async def case_photo(
        caller: Claims, case_id: str, photo_id: str, crop: Literal["plate"] | None = None
    ) -> Response[bytes]:
        """A photo as a JPEG without metadata, other vehicles' plates made unreadable; `crop=plate` shows the plate."""
        jpeg = await evidence.picture(scopes_of(caller), caller.sub, case_id, photo_id, crop)
        kept = {"cache-control": "private, no-store", "content-disposition": 'attachment; filename="photo.jpg"'}
        return Response(jpeg, media_type="image/jpeg", headers=kept)

    @post("/api/v1/cases/{case_id:str}/photos")
    async def add_photo(request: Request[Any, Any, Any], caller: Claims, case_id: str) -> PhotoKept:
        """Add your own photo to an open case: the raw JPEG, PNG or WebP in the body, at most 8 MiB."""
        scopes = scopes_of(caller)
        return await evidence.add(scopes, caller.sub, case_id, await request.body())

    return [case_evidence, case_photo, add_photo]


def _duty(duties: Duties) -> list[ControllerRouterHandler]:
    @put("/api/v1/cases/duty")
    async def set_duty(caller: Claims, data: SetDuty) -> Duty:
        """Go on or off duty; it ends by itself after 8 h at the latest."""
        return await duties.put(scopes_of(caller), caller.sub, data)

    @get("/api/v1/cases/duty")
    async def my_duty(caller: Claims, municipality_id: str | None = None) -> Duty:
        """Whether you are on duty, where, and until when."""
        return await duties.of(scopes_of(caller), caller.sub, municipality_id)

    return [set_duty, my_duty]
