"""Accreditations: given and changed by administrators, claimed by drivers."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import get, patch, post
from litestar.params import Parameter

from siga.contract.accreditations import (
    Accreditation,
    AccreditationAsk,
    AccreditationChange,
    AccreditationIssued,
    AccreditationKind,
    AccreditationPage,
    AccreditationSearch,
    ClaimAsk,
    ClaimCode,
    EndReason,
    OwnAccreditation,
    OwnAccreditations,
    Renewal,
    Replacement,
    StatusAsk,
)
from siga.contract.auth import Claims
from siga.contract.parking import Category
from siga.contract.users import AccreditationStatus
from siga.services.users.api.common import (
    AnyRequest,
    Cursor,
    Limit,
    address_of,
    home_of,
    person_of,
    scope_of,
)
from siga.services.users.service.accreditations import Accreditations
from siga.services.users.service.letters import LetterDesk

_ACTION = "accreditations.manage"
_TAGS = ["Accreditations"]
Ending = Annotated[str | None, Parameter(max_length=3, description="The last characters of the number, as shown.")]


@get("/api/v1/accreditations", tags=_TAGS)
async def list_accreditations(
    caller: Claims,
    accreditations: Accreditations,
    municipality_id: str | None = None,
    status: AccreditationStatus | None = None,
    category: Category | None = None,
    kind: AccreditationKind | None = None,
    number_ends_with: Ending = None,
    ends_from: date | None = None,
    ends_to: date | None = None,
    expiring: bool = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> AccreditationPage:
    """Accreditations of the caller's municipalities, newest first, without names.

    With `ends_from` and `ends_to` those whose last day of validity lies between these days; with `expiring` those
    that are valid and end within the days that the setting `users.renewal_warning_days` says.
    """
    ending = number_ends_with.upper() if number_ends_with else None
    filters = {
        "status": status, "category": category, "kind": kind, "number_ends_with": ending, "ends_from": ends_from,
        "ends_to": ends_to,
    }  # fmt: skip
    pages = accreditations.expiring if expiring else accreditations.page
    return await pages(scope_of(caller, _ACTION, municipality_id), filters, cursor, limit)


@post("/api/v1/accreditations", tags=_TAGS)
async def give(caller: Claims, data: AccreditationAsk, accreditations: Accreditations) -> AccreditationIssued:
    """Give an accreditation. The answer holds its claim code, shown this once, for the holder's letter."""
    return await accreditations.give(home_of(caller, _ACTION, data.municipality_id), data)


@post("/api/v1/accreditations/search", status_code=200, tags=_TAGS)
async def search(caller: Claims, data: AccreditationSearch, accreditations: Accreditations) -> AccreditationPage:
    """Find accreditations by their exact number, a card, a plate or whole words of the holder's name.

    Values go in the body, never in an address.
    """
    return await accreditations.search(scope_of(caller, _ACTION, data.municipality_id), data)


@post("/api/v1/accreditations/claim", status_code=200, tags=_TAGS)
async def claim(
    caller: Claims, request: AnyRequest, data: ClaimAsk, accreditations: Accreditations
) -> OwnAccreditation:
    """Take one's own accreditation with the code from the letter. The code is spent."""
    return await accreditations.claim(person_of(caller), data.code, address_of(request, caller))


@get("/api/v1/accreditations/mine", tags=_TAGS)
async def mine(caller: Claims, accreditations: Accreditations) -> OwnAccreditations:
    """The accreditations that the person who asks has claimed."""
    return await accreditations.own(person_of(caller))


@get("/api/v1/accreditations/{accreditation_id:str}", tags=_TAGS)
async def one(caller: Claims, accreditation_id: str, accreditations: Accreditations) -> Accreditation:
    """One accreditation with its holder, cards and plates."""
    return await accreditations.one(scope_of(caller, _ACTION), accreditation_id)


@patch("/api/v1/accreditations/{accreditation_id:str}", tags=_TAGS)
async def correct(
    caller: Claims, accreditation_id: str, data: AccreditationChange, accreditations: Accreditations
) -> Accreditation:
    """Correct what it says: holder, category, kind, issuer, language. Dates change by renewal."""
    return await accreditations.correct(scope_of(caller, _ACTION), accreditation_id, data)


@post("/api/v1/accreditations/{accreditation_id:str}/renew", status_code=200, tags=_TAGS)
async def renew(caller: Claims, accreditation_id: str, data: Renewal, accreditations: Accreditations) -> Accreditation:
    """Give new dates."""
    return await accreditations.renew(scope_of(caller, _ACTION), accreditation_id, data)


@post("/api/v1/accreditations/{accreditation_id:str}/replace", status_code=200, tags=_TAGS)
async def replace(
    caller: Claims, accreditation_id: str, data: Replacement, accreditations: Accreditations
) -> AccreditationIssued:
    """Give the document that takes the place of a lost or broken one its number, and a new letter.

    Electronic cards stop unless they are kept; plates, a claim by the app and a bay of its own stay.
    """
    return await accreditations.replace(scope_of(caller, _ACTION), accreditation_id, data)


@post("/api/v1/accreditations/{accreditation_id:str}/suspend", status_code=200, tags=_TAGS)
async def suspend(
    caller: Claims, accreditation_id: str, accreditations: Accreditations, data: StatusAsk | None = None
) -> Accreditation:
    """Suspend: its cards and plates count as unauthorised until it is resumed."""
    return await accreditations.set_status(scope_of(caller, _ACTION), accreditation_id, "suspended", _reason(data))


@post("/api/v1/accreditations/{accreditation_id:str}/resume", status_code=200, tags=_TAGS)
async def resume(caller: Claims, accreditation_id: str, accreditations: Accreditations) -> Accreditation:
    """Resume a suspended accreditation."""
    return await accreditations.set_status(scope_of(caller, _ACTION), accreditation_id, "valid")


@post("/api/v1/accreditations/{accreditation_id:str}/revoke", status_code=200, tags=_TAGS)
async def revoke(
    caller: Claims, accreditation_id: str, accreditations: Accreditations, data: StatusAsk | None = None
) -> Accreditation:
    """Revoke for good: it reaches all bays at once and is not undone; give a new accreditation instead."""
    return await accreditations.set_status(scope_of(caller, _ACTION), accreditation_id, "revoked", _reason(data))


@post("/api/v1/accreditations/{accreditation_id:str}/claim-code", tags=_TAGS)
async def new_claim_code(caller: Claims, accreditation_id: str, letter_desk: LetterDesk) -> ClaimCode:
    """A new claim code, shown this once. The old one is void."""
    return await letter_desk.new_claim_code(scope_of(caller, _ACTION), accreditation_id)


def _reason(data: StatusAsk | None) -> EndReason:
    return (data or StatusAsk()).reason


HANDLERS = [
    list_accreditations, give, search, claim, mine, one, correct, renew, replace, suspend, resume, revoke,
    new_claim_code,
]  # fmt: skip
