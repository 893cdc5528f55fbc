"""Checks at the kerb: is this card or plate accredited? For a purpose, within a budget, without the holder's name.

The budget keeps an officer from looking up whom he likes; each check is in the audit with its purpose.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from siga.contract.cases import CredentialLookup, LookedUp
from siga.contract.settings import LOOKUPS_PER_HOUR
from siga.contract.users import CredentialAnswer, CredentialQuestion
from siga.kit import audit
from siga.kit.credentials import normalise_plate, normalise_uid
from siga.kit.ids import new_id
from siga.kit.problem import FieldFault, Invalid, NotFound, TooMany
from siga.services.enforcement.queue import mine
from siga.services.enforcement.store import Scopes
from siga.services.enforcement.tables import lookups
from siga.services.enforcement.tools import Tools, log

_WINDOW = timedelta(hours=1)


class Lookups:
    """Asks Users about one card or plate."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def look(self, scopes: Scopes, who: str, ask: CredentialLookup) -> LookedUp:
        """What Users knows of it now; TooMany beyond the officer's budget, NotFound for another's municipality."""
        if ask.municipality_id not in scopes:
            raise NotFound("There is no such municipality among yours.")
        audit.note(about=ask.case_id or "", purpose=f"kerb_{ask.purpose}", municipalities=[ask.municipality_id])
        if (ask.purpose == "case") != (ask.case_id is not None):
            fault = FieldFault("/case_id", "goes with the purpose 'case', and only with that")
            raise Invalid("Say for which case.", errors=[fault])
        normalise_plate(ask.value) if ask.kind == "plate" else normalise_uid(ask.value)
        lookup_id, left = await self._spend(scopes, who, ask)
        question = CredentialQuestion(
            municipality_id=ask.municipality_id, kind=ask.kind, values=[ask.value], at=self._tools.clock()
        )
        try:
            answer = await self._tools.peers["users"].post(
                "/internal/v1/credentials/lookup", question, CredentialAnswer
            )
        except Exception:
            await self._tools.database.write(lambda conn: _give_back(conn, lookup_id))
            raise
        known = answer.accreditation
        audit.note(thing_id=known.accreditation_id if known else "")
        return LookedUp(
            state=answer.reason, category=known.category if known else None,
            valid_to=known.valid_to if known else None, left=left,
        )  # fmt: skip

    async def _spend(self, scopes: Scopes, who: str, ask: CredentialLookup) -> tuple[str, int]:
        """Count the check before it is made, so that many at once cannot slip through; its id and how many are left."""
        budget = self._tools.settings.int_of(LOOKUPS_PER_HOUR, ask.municipality_id)
        now, lookup_id = self._tools.clock(), new_id()

        def spend(conn: Connection) -> tuple[int, datetime | None]:
            if ask.case_id is not None:
                case = mine(conn, scopes, ask.case_id)
                if case.municipality_id != ask.municipality_id:
                    raise NotFound("There is no such case in that municipality.")
            conn.execute(delete(lookups).where(lookups.c.at <= now - _WINDOW))
            own = (lookups.c.user_id == who) & (lookups.c.municipality_id == ask.municipality_id)
            made, first_at = conn.execute(select(func.count(), func.min(lookups.c.at)).where(own)).one()
            if made >= budget:
                return -1, first_at
            row = {"lookup_id": lookup_id, "user_id": who, "municipality_id": ask.municipality_id, "at": now}
            conn.execute(insert(lookups).values(**row))
            return budget - made - 1, None

        left, first_at = await self._tools.database.write(spend)
        if left < 0:
            wait_s = max(1, int((first_at + _WINDOW - now).total_seconds()) + 1) if first_at else 1
            log.warning("lookup_budget_spent", user_id=who, municipality_id=ask.municipality_id, alarm=True)
            raise TooMany(
                f"You have made all {budget} checks of this hour. Try again in {wait_s // 60 + 1} min.",
                headers={"Retry-After": str(wait_s)},
            )
        return lookup_id, left


def _give_back(conn: Connection, lookup_id: str) -> None:
    conn.execute(delete(lookups).where(lookups.c.lookup_id == lookup_id))
