"""Accreditations by the hundred: import, letters, and cards that want a person, for administrators."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import Parameter

from siga.contract.accreditation_lists import (
    AccreditationBatch,
    AccreditationImport,
    CardAlarm,
    CardAlarmPage,
    CardAlarmState,
    Letters,
    LettersAsk,
    LettersDue,
)
from siga.contract.auth import Claims
from siga.services.users.api.common import Cursor, Limit, home_of, person_of, scope_of
from siga.services.users.service.accreditation_import import AccreditationLists
from siga.services.users.service.card_alarms import CardAlarms
from siga.services.users.service.letters import LetterDesk

_ACTION = "accreditations.manage"
_TAGS = ["Accreditations"]
_BATCH_BYTES = 4 * 1024 * 1024
State = Annotated[CardAlarmState, Parameter(query="state", description="open, acknowledged or all.")]


@post("/api/v1/accreditations/batch", status_code=200, tags=_TAGS, request_max_body_size=_BATCH_BYTES)
async def batch(
    caller: Claims, data: AccreditationBatch, accreditation_lists: AccreditationLists
) -> AccreditationImport:
    """Give or bring up to date accreditations that a client has read from a file; again changes nothing.

    One is known again by number, issuer and issuer's country. Plates and cards are added and never taken away; status
    does not change, and a revoked one is refused. No claim codes are made: print letters afterwards. At most 1,000 at
    once; with `dry_run` nothing is kept.
    """
    home_of(caller, _ACTION, data.municipality_id)
    return await accreditation_lists.take(data)


@post("/api/v1/accreditations/letters", status_code=200, tags=_TAGS)
async def letters(caller: Claims, data: LettersAsk, letter_desk: LetterDesk) -> Letters:
    """Make claim codes for accreditations that nobody has claimed and that have none: each is told this once."""
    return await letter_desk.letters(home_of(caller, _ACTION, data.municipality_id), data.limit)


@get("/api/v1/accreditations/letters", tags=_TAGS)
async def letters_due(caller: Claims, letter_desk: LetterDesk, municipality_id: str | None = None) -> LettersDue:
    """How many accreditations nobody has claimed and no letter was made for."""
    return LettersDue(due=await letter_desk.due(scope_of(caller, _ACTION, municipality_id)))


@get("/api/v1/accreditations/card-alarms", tags=_TAGS)
async def card_alarms_page(
    caller: Claims,
    card_alarms: CardAlarms,
    wanted: State = "open",
    municipality_id: str | None = None,
    accreditation_id: str | None = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> CardAlarmPage:
    """Cards that were seen in two places at once or moved faster than a car: for a person to look at, newest first."""
    scope = scope_of(caller, _ACTION, municipality_id)
    return await card_alarms.page(scope, wanted, accreditation_id, cursor, limit)


@post("/api/v1/accreditations/card-alarms/{alarm_id:str}/acknowledge", status_code=200, tags=_TAGS)
async def acknowledge(caller: Claims, alarm_id: str, card_alarms: CardAlarms) -> CardAlarm:
    """Say that one looked at it. Nothing else follows: suspend the accreditation or revoke the card if that is due."""
    return await card_alarms.acknowledge(scope_of(caller, _ACTION), alarm_id, person_of(caller))


HANDLERS = [batch, letters, letters_due, card_alarms_page, acknowledge]
