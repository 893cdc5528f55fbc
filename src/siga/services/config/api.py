"""The routes of Config."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims, may, municipalities_of
from siga.contract.operations import (
    Applied,
    AppliedAnswer,
    Revision,
    RevisionList,
    RollBackAsk,
    SettingAsk,
    SettingList,
    SettingsApplied,
    SettingsSnapshot,
    SettingView,
)
from siga.kit.http import need, need_service, need_within
from siga.kit.paging import cursor_from, limit_of, place_in
from siga.kit.problem import FieldFault, Forbidden, Invalid, NotFound
from siga.services.config.model import SYSTEM
from siga.services.config.service import Config

_MOST_REASON = 500
_REVISION = QueryParameter(ge=0)


def handlers(config: Config) -> list[ControllerRouterHandler]:
    """All routes."""
    return [*_reading(config), *_changing(config), *_revisions(config), *_internal(config)]


def _may_read(caller: Claims, municipality_id: str) -> None:
    """System-wide values may be read by whoever reads settings anywhere."""
    if municipality_id == SYSTEM:
        need(caller, "settings.read")
    else:
        need_within(caller, "settings.read", municipality_id)


def _may_change(caller: Claims, municipality_id: str) -> None:
    if municipality_id == SYSTEM:
        need(caller, "settings.change_system")
    else:
        need_within(caller, "settings.read", municipality_id)
        need(caller, "settings.change", municipality_id)


def _reason(text: str) -> str:
    if len(text) > _MOST_REASON:
        fault = FieldFault("/reason", f"must be at most {_MOST_REASON} characters")
        raise Invalid("The reason is too long.", errors=[fault])
    return text


def _reading(config: Config) -> list[ControllerRouterHandler]:
    @get("/api/v1/config/settings")
    async def settings(caller: Claims, municipality_id: str = SYSTEM) -> SettingList:
        """All live settings as in force in a municipality, or without one system-wide: value, whose it is, bounds."""
        _may_read(caller, municipality_id)
        revision, views = await config.views(municipality_id)
        return SettingList(municipality_id=municipality_id, revision=revision, settings=views)

    @get("/api/v1/config/settings/{key:str}")
    async def setting(caller: Claims, key: str, municipality_id: str = SYSTEM) -> SettingView:
        """One live setting as in force there."""
        _may_read(caller, municipality_id)
        return await config.view(key, municipality_id)

    @get("/api/v1/config/applied")
    async def applied(caller: Claims) -> Applied:
        """How many of the running (process, service) pairs have the newest revision in force, and how fast it was."""
        need(caller, "settings.read")
        return await config.applied()

    return [settings, setting, applied]


def _changing(config: Config) -> list[ControllerRouterHandler]:
    @put("/api/v1/config/settings/{key:str}")
    async def change(caller: Claims, key: str, data: SettingAsk) -> SettingView:
        """Set a value for a municipality, or without one for all: in force at once, everywhere, without restart."""
        _may_change(caller, data.municipality_id)
        if data.value is None:
            raise Invalid("A value is missing.", errors=[FieldFault("/value", "must not be null: DELETE resets it")])
        return await config.change(
            key, data.value, data.municipality_id, caller.sub, _reason(data.reason), data.if_revision
        )

    @delete("/api/v1/config/settings/{key:str}", status_code=200)
    async def reset(
        caller: Claims, key: str, municipality_id: str = SYSTEM, reason: str = "",
        if_revision: Annotated[int | None, _REVISION] = None,
    ) -> SettingView:  # fmt: skip
        """Give a value back: a municipality's to the system's, the system's to the declared default."""
        _may_change(caller, municipality_id)
        return await config.change(key, None, municipality_id, caller.sub, _reason(reason), if_revision)

    return [change, reset]


def _revisions(config: Config) -> list[ControllerRouterHandler]:
    @get("/api/v1/config/revisions")
    async def revisions(
        caller: Claims, municipality_id: str | None = None, key: str | None = None, limit: int = 50,
        cursor: str | None = None,
    ) -> RevisionList:  # fmt: skip
        """Who changed what, when and why: newest first, of the whole system and your municipalities, or of one."""
        need(caller, "settings.read")
        scopes = {SYSTEM, *municipalities_of(caller, "settings.read")}
        if municipality_id is not None:
            _may_read(caller, municipality_id)
            scopes = {municipality_id}
        before = place_in(cursor, int) if cursor else None
        limit = limit_of(limit)
        found = await config.revisions(scopes, limit + 1, before, key)
        rest = len(found) > limit
        return RevisionList(revisions=found[:limit], next=cursor_from(found[limit - 1].revision) if rest else None)

    @post("/api/v1/config/revisions/{revision:int}/roll-back", status_code=200)
    async def roll_back(caller: Claims, revision: int, data: RollBackAsk | None = None) -> Revision:
        """Put values back as they stood at a revision (0 = the defaults), as a new revision."""
        need(caller, "settings.read")
        if revision >= 2**53:
            raise NotFound("There is no such revision.")
        wanted = data or RollBackAsk()
        municipality_id = wanted.municipality_id
        if revision > 0:
            known = await config.revision(revision)
            if known.municipality_id != SYSTEM and not may(caller, "settings.read", known.municipality_id):
                raise NotFound(f"There is no revision {revision}.")
            municipality_id = known.municipality_id if municipality_id is None else municipality_id
        if municipality_id is None:
            fault = FieldFault("/municipality_id", "is needed here; empty for the whole system")
            raise Invalid("Say whose values shall go back.", errors=[fault])
        _may_change(caller, municipality_id)
        return await config.roll_back(revision, municipality_id, caller.sub, _reason(wanted.reason))

    return [revisions, roll_back]


def _internal(config: Config) -> list[ControllerRouterHandler]:
    @get("/internal/v1/settings", include_in_schema=False)
    async def snapshot(caller: Claims) -> SettingsSnapshot:
        need_service(caller)
        return await config.snapshot()

    @post("/internal/v1/applied", include_in_schema=False, status_code=200)
    async def applied(caller: Claims, data: SettingsApplied) -> AppliedAnswer:
        need_service(caller)
        if data.service != caller.sub:
            raise Forbidden("A service tells for itself alone.")
        return AppliedAnswer(revision=config.note(data))

    return [snapshot, applied]
