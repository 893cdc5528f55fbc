"""Who is on duty: said by the officer, ended by himself or by time."""

from __future__ import annotations

from datetime import timedelta

from siga.contract.cases import Duty, SetDuty
from siga.contract.enforcement import OnDuty
from siga.kit.problem import FieldFault, Forbidden, Invalid
from siga.services.enforcement import records
from siga.services.enforcement.store import Scopes
from siga.services.enforcement.tools import Tools

LONGEST = timedelta(hours=8)
"""Nobody is on duty longer than a shift because he forgot to say that it is over."""


class Duties:
    """On and off duty."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def put(self, scopes: Scopes, who: str, ask: SetDuty) -> Duty:
        """Go on or off duty; from `ask.zone_ids` or, if empty, everywhere the officer may work."""
        municipality_id, now = _where(scopes, ask.municipality_id), self._tools.clock()
        zones = scopes[municipality_id]
        if zones is not None and not zones.issuperset(ask.zone_ids):
            raise Forbidden("You do not work in all of these zones.")
        until = min(ask.until or now + LONGEST, now + LONGEST)
        if ask.on and until <= now:
            raise Invalid("The end of duty has passed.", errors=[FieldFault("/until", "must lie ahead")])
        end = until if ask.on else None
        await self._tools.database.write(
            lambda conn: records.set_duty(conn, who, municipality_id, ask.zone_ids, now, end)
        )
        return Duty(on=ask.on, municipality_id=municipality_id, zone_ids=ask.zone_ids if ask.on else [], until=end)

    async def of(self, scopes: Scopes, who: str, municipality_id: str | None) -> Duty:
        """Whether the officer is on duty."""
        where, now = _where(scopes, municipality_id), self._tools.clock()
        found = await self._tools.database.read(lambda conn: records.duty_of(conn, who, where, now))
        if found is None:
            return Duty(on=False, municipality_id=where)
        return Duty(on=True, municipality_id=where, zone_ids=found[0], until=found[1])

    async def count(self, municipality_id: str) -> OnDuty:
        """How many officers are on duty there now."""
        now = self._tools.clock()
        return OnDuty(on_duty=await self._tools.database.read(lambda conn: records.on_duty(conn, municipality_id, now)))


def _where(scopes: Scopes, municipality_id: str | None) -> str:
    if municipality_id is None and len(scopes) == 1:
        return next(iter(scopes))
    if municipality_id in scopes and municipality_id is not None:
        return municipality_id
    fault = FieldFault("/municipality_id", "must be one of those you serve")
    raise Invalid("Say in which of your municipalities.", errors=[fault])
