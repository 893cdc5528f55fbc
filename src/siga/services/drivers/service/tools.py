"""What every subject of Drivers works with, and the one way to find the bay that somebody speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from siga.contract.settings import Setting
from siga.kit.clock import Clock
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.problem import NotFound, TooMany, Unavailable
from siga.ports import Database
from siga.services.drivers import model
from siga.services.drivers.model import KnownBay
from siga.services.drivers.seals import Seals
from siga.services.drivers.service.neighbours import Neighbours
from siga.services.drivers.store import bays

log = logger("drivers")


@dataclass(frozen=True)
class Someone:
    """Who asks: a person's user id if signed in, else a guest's id."""

    sub: str
    signed_in: bool


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Store, secrets, neighbours, settings and time."""

    database: Database
    seals: Seals
    neighbours: Neighbours
    settings: LiveSettings
    clock: Clock

    async def bay(self, bay_id: str, someone: Someone) -> KnownBay:
        """The bay; NotFound if it is not there, or is a personal one of somebody else's (D7)."""
        bay = await self.database.read(lambda conn: bays.bay_of(conn, bay_id))
        if bay is None or not model.is_there(bay):
            raise no_bay()
        if bay.personal and not model.is_shown(bay, await self.claimed_ids(someone)):
            raise no_bay()
        return bay

    async def claimed_ids(self, someone: Someone) -> set[str]:
        """The ids of the accreditations that the caller claimed, none for guests.

        None while Users is away: a personal bay is then nobody's, since another answer would tell that it is there.
        """
        if not someone.signed_in:
            return set()
        try:
            return {brief.accreditation_id for brief in await self.neighbours.accreditations(someone.sub)}
        except Unavailable:
            return set()

    def refuse_too_many(self, setting: Setting, municipality_id: str, earlier: list[datetime], now: datetime) -> None:
        """TooMany with `Retry-After` when the setting's number is reached within the hour before `now`."""
        limit = self.settings.int_of(setting, municipality_id)
        seconds = model.wait_s(earlier, limit, now)
        if seconds is not None:
            minutes = -(-seconds // 60)
            raise TooMany(
                f"At most {limit} in an hour are taken from one person: try again in {minutes} min.",
                headers={"Retry-After": str(seconds)},
            )


def no_bay() -> NotFound:
    """The one answer for a bay that is not there and for one that the caller may not know of."""
    return NotFound("There is no such bay.")
