"""Cards, tags and plates of an accreditation, for administrators."""

from __future__ import annotations

from litestar import delete, post

from siga.contract.accreditations import CardAdded, CardAsk, CardEnd, CardReplacement, Plate, PlateAsk, UidForms
from siga.contract.auth import Claims
from siga.services.users.api.common import scope_of
from siga.services.users.service.credentials import Credentials

_ACTION = "accreditations.manage"
_TAGS = ["Accreditations"]


@post("/api/v1/accreditations/uid-forms", status_code=200, tags=_TAGS)
async def uid_forms(caller: Claims, data: CardAsk, credentials: Credentials) -> UidForms:
    """A UID in every form in which readers show it, to compare before it is kept. Nothing is kept."""
    scope_of(caller, _ACTION)
    return credentials.forms(data)


@post("/api/v1/accreditations/{accreditation_id:str}/cards", tags=_TAGS)
async def add_card(caller: Claims, accreditation_id: str, data: CardAsk, credentials: Credentials) -> CardAdded:
    """Add a card or tag. Its UID is shown this once in every form; afterwards only its last four digits."""
    return await credentials.add_card(scope_of(caller, _ACTION), accreditation_id, data)


@delete("/api/v1/accreditations/{accreditation_id:str}/cards/{credential_id:str}", tags=_TAGS)
async def revoke_card(caller: Claims, accreditation_id: str, credential_id: str, credentials: Credentials) -> None:
    """Revoke a card or tag, e.g. one that was lost."""
    await credentials.revoke(scope_of(caller, _ACTION), accreditation_id, credential_id, plate=False)


@post("/api/v1/accreditations/{accreditation_id:str}/cards/{credential_id:str}/revoke", status_code=204, tags=_TAGS)
async def end_card(
    caller: Claims, accreditation_id: str, credential_id: str, credentials: Credentials, data: CardEnd | None = None
) -> None:
    """Revoke a card or tag and say why: lost, stolen, damaged."""
    reason = (data or CardEnd()).reason
    await credentials.revoke(scope_of(caller, _ACTION), accreditation_id, credential_id, plate=False, reason=reason)


@post("/api/v1/accreditations/{accreditation_id:str}/cards/{credential_id:str}/replace", tags=_TAGS)
async def replace_card(
    caller: Claims, accreditation_id: str, credential_id: str, data: CardReplacement, credentials: Credentials
) -> CardAdded:
    """Add a card in the place of one that was lost or broken, which stops in the same moment."""
    return await credentials.replace_card(scope_of(caller, _ACTION), accreditation_id, credential_id, data)


@post("/api/v1/accreditations/{accreditation_id:str}/plates", tags=_TAGS)
async def add_plate(caller: Claims, accreditation_id: str, data: PlateAsk, credentials: Credentials) -> Plate:
    """Add a number plate."""
    return await credentials.add_plate(scope_of(caller, _ACTION), accreditation_id, data.plate)


@delete("/api/v1/accreditations/{accreditation_id:str}/plates/{credential_id:str}", tags=_TAGS)
async def revoke_plate(caller: Claims, accreditation_id: str, credential_id: str, credentials: Credentials) -> None:
    """Revoke a number plate, e.g. of a car that was sold."""
    await credentials.revoke(scope_of(caller, _ACTION), accreditation_id, credential_id, plate=True)


HANDLERS = [uid_forms, add_card, revoke_card, end_card, replace_card, add_plate, revoke_plate]
