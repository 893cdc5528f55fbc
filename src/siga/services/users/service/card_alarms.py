"""Cards that Parking saw where they can hardly have been: kept for a clerk to look at; nothing follows by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from siga.contract.accreditation_lists import CardAlarm, CardAlarmPage, CardAlarmState
from siga.contract.events import Event
from siga.contract.parking import CardSuspected
from siga.kit.log import logger
from siga.kit.problem import NotFound
from siga.services.users.service.means import Means
from siga.services.users.store import accreditations as store
from siga.services.users.store import card_alarms as alarms

log = logger("users")
Scope = Sequence[str]
HEEDED = (CardSuspected.__name__,)
_KEPT_AFTER_SEEN, _KEPT = timedelta(days=30), timedelta(days=90)
"""They say where a card was: that is forgotten a month after somebody looked, and after three months in any case."""


class CardAlarms:
    """Takes the suspicions of Parking and shows them to administrators."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def follow(self, conn: Connection, events: Sequence[Event]) -> None:
        """Keep what Parking suspects, each once, of cards that are known here."""
        for event in events:
            data = event.decoded()
            if not isinstance(data, CardSuspected) or data.credential is None:
                continue
            for row, card in store.pairs_by_match(conn, [event.municipality_id], [data.credential]):
                alarm = CardAlarm(
                    alarm_id=event.event_id, municipality_id=event.municipality_id,
                    accreditation_id=row.accreditation_id, credential_id=card.credential_id, ends_with=card.ends_with,
                    reason=data.reason, bay_id=data.bay_id, other_bay_id=data.other_bay_id, at=data.at,
                    metres=data.metres, seconds=data.seconds,
                )  # fmt: skip
                if alarms.add(conn, alarm):
                    log.warning("card_suspected", alarm=True, accreditation_id=row.accreditation_id, why=data.reason)

    async def page(self, scope: Scope, state: CardAlarmState, accreditation_id: str | None, before: str,
                   limit: int) -> CardAlarmPage:  # fmt: skip
        """Alarms of these municipalities, newest first."""
        found = await self._means.db.read(
            lambda conn: alarms.listed(conn, scope, state, accreditation_id, before, limit + 1)
        )
        return CardAlarmPage(alarms=found[:limit], next=found[limit - 1].alarm_id if len(found) > limit else None)

    async def acknowledge(self, scope: Scope, alarm_id: str, by: str) -> CardAlarm:
        """Note that somebody looked at it; NotFound for another municipality's."""
        now = self._means.clock()
        found = await self._means.db.write(lambda conn: alarms.acknowledge(conn, scope, alarm_id, by, now))
        if found is None:
            raise NotFound("There is no such alarm among yours.")
        log.info("card_alarm_acknowledged", alarm_id=alarm_id)
        return found

    async def sweep(self) -> None:
        """Forget what has served."""
        now = self._means.clock()
        await self._means.db.write(lambda conn: alarms.forget(conn, now - _KEPT_AFTER_SEEN, now - _KEPT))
