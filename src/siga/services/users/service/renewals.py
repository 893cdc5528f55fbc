"""Warnings of accreditations that expire soon, and the index of holders that an earlier release did not have."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from siga.contract.settings import RENEWAL_WARNING_DAYS
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.services.users.model.municipalities import day_at
from siga.services.users.service.holders import index_missing
from siga.services.users.service.means import Means
from siga.services.users.store import accreditation_lists as lists
from siga.services.users.store import accreditations as store
from siga.services.users.store import municipalities as towns

log = logger("users")


class Renewals:
    """Raises an alarm for each municipality in which accreditations come near their end, once for each of them."""

    def __init__(self, means: Means, settings: LiveSettings) -> None:
        self._means, self._settings = means, settings

    async def sweep(self) -> None:
        """Warn of what is new in the time of warning; index what is not indexed."""
        while await self._means.db.write(lambda conn: index_missing(self._means, store.change_accreditation, conn)):
            pass
        for municipality_id, new in (await self._means.db.write(self._note)).items():
            log.warning("accreditations_expire", alarm=True, municipality_id=municipality_id, accreditations=new)

    def _note(self, conn: Connection) -> dict[str, int]:
        now, found = self._means.clock(), {}
        for town in towns.list_municipalities(conn):
            today = day_at(now, town.time_zone)
            days = self._settings.int_of(RENEWAL_WARNING_DAYS, town.municipality_id)
            if new := lists.warn_of(conn, town.municipality_id, today, today + timedelta(days=days)):
                found[town.municipality_id] = new
        return found
