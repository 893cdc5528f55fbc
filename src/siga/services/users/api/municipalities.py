"""Municipalities: read by anyone, founded by the platform, changed by their administrators."""

from __future__ import annotations

from litestar import get, patch, post

from siga.contract.accounts import (
    AdministratorAsk,
    Invited,
    MunicipalityChange,
    MunicipalityFounded,
    MunicipalityFounding,
    MunicipalityPage,
    SetupChecklist,
)
from siga.contract.auth import Claims
from siga.contract.users import Municipality
from siga.kit.http import need
from siga.services.users.api.common import Cursor, Limit, home_of
from siga.services.users.service.municipalities import Municipalities

_TAGS = ["Municipalities"]


@get("/api/v1/municipalities", tags=_TAGS)
async def list_municipalities(
    caller: Claims, municipalities: Municipalities, limit: Limit = 50, cursor: Cursor = ""
) -> MunicipalityPage:
    """The municipalities of this SIGA, for anyone."""
    return await municipalities.page(cursor, limit)


@post("/api/v1/municipalities", tags=_TAGS)
async def found_municipality(
    caller: Claims, data: MunicipalityFounding, municipalities: Municipalities
) -> MunicipalityFounded:
    """Found a municipality and invite its first administrator. For the platform."""
    need(caller, "municipalities.create")
    return await municipalities.found(data.municipality, data.administrator)


@get("/api/v1/municipalities/{municipality:str}", tags=_TAGS)
async def one_municipality(caller: Claims, municipality: str, municipalities: Municipalities) -> Municipality:
    """One municipality by its short name or its id: name, languages, time zone, contact. For anyone."""
    return await municipalities.one(municipality)


@patch("/api/v1/municipalities/{municipality:str}", tags=_TAGS)
async def change_municipality(
    caller: Claims, municipality: str, data: MunicipalityChange, municipalities: Municipalities
) -> Municipality:
    """Change what is given. The short name stands on signs and never changes."""
    home = home_of(caller, "municipalities.manage", municipality)
    return await municipalities.change(home, data)


@post("/api/v1/municipalities/{municipality:str}/administrator", tags=_TAGS)
async def invite_administrator(
    caller: Claims, municipality: str, data: AdministratorAsk, municipalities: Municipalities
) -> Invited:
    """Invite a municipality's first administrator again, as long as it has none. For the platform."""
    need(caller, "municipalities.create")
    return await municipalities.invite_administrator(municipality, data)


@get("/api/v1/municipalities/{municipality:str}/setup", tags=_TAGS)
async def checklist(caller: Claims, municipality: str, municipalities: Municipalities) -> SetupChecklist:
    """Which first steps are done or missing, as far as the users' service knows."""
    return await municipalities.checklist(home_of(caller, "municipalities.manage", municipality))


HANDLERS = [
    list_municipalities, found_municipality, one_municipality, change_municipality, invite_administrator, checklist,
]  # fmt: skip
