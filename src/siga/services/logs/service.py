"""What one can ask of Logs. Nothing here logs about taking records in: that would feed itself for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from siga.contract.operations import Alarm, AlarmState, LogRecord
from siga.contract.settings import LOG_KEPT_DAYS, LOG_LEVEL
from siga.kit.clock import Clock
from siga.kit.live_settings import LiveSettings
from siga.kit.problem import FieldFault, Invalid, NotFound
from siga.ports import Database
from siga.services.logs import alarms, store
from siga.services.logs.model import Wanted, is_alarm, is_kept
from siga.services.logs.tail import Tail

_MOST_RECORDS = 10_000
_BETWEEN_PIECES_S = 0.05  # new records come first


class Logs:
    """The use cases of Logs."""

    def __init__(self, database: Database, settings: LiveSettings, clock: Clock) -> None:
        self._database, self._settings, self._clock = database, settings, clock
        self.tail = Tail()

    async def take_in(self, records: Sequence[LogRecord]) -> int:
        """Keep the new records of a batch that are of the level in force; how many. A repeat changes nothing."""
        if len(records) > _MOST_RECORDS:
            raise Invalid(f"A batch holds at most {_MOST_RECORDS} records.")
        if any(record.at.tzinfo is None for record in records):
            raise Invalid("Every record's instant must say its time zone.", errors=[FieldFault("/at", "has no zone")])
        lowest = self._settings.text_of(LOG_LEVEL)
        wanted = [record for record in records if is_kept(record, lowest)]
        if not wanted:
            return 0

        def work(conn: Connection) -> list[LogRecord]:
            new = store.add(conn, wanted)
            alarms.raise_for(conn, [record for record in new if is_alarm(record)])
            return new

        new = await self._database.write(work)
        self.tail.publish(new)
        return len(new)

    async def search(self, wanted: Wanted, limit: int, before: store.Place | None) -> tuple[
        list[LogRecord], store.Place | None
    ]:  # fmt: skip
        """Records that match, newest first, and where to go on."""
        return await self._database.read(lambda conn: store.find(conn, wanted, limit, before))

    def follow(self, wanted: Wanted) -> AsyncIterator[bytes]:
        """The live stream of records that match."""
        return self.tail.follow(wanted)

    async def alarms(self, state: AlarmState | None, limit: int, before: alarms.Place | None) -> tuple[
        list[Alarm], alarms.Place | None
    ]:  # fmt: skip
        """Alarms in a state, the newest first, and where to go on."""
        return await self._database.read(lambda conn: alarms.listed(conn, state, limit, before))

    async def acknowledge(self, alarm_id: str, by: str) -> Alarm:
        """Note that `by` saw to an alarm; NotFound when there is none. The next such record opens a new one."""
        now = self._clock()
        found = await self._database.write(lambda conn: alarms.acknowledge(conn, alarm_id, by, now))
        if found is None:
            raise NotFound("There is no such alarm.")
        return found

    async def sweep(self) -> None:
        """Forget what is older than `logs.kept_days`, in small transactions."""
        before = self._clock() - timedelta(days=self._settings.int_of(LOG_KEPT_DAYS))
        await self._database.write(lambda conn: alarms.prune(conn, before))
        more = True
        while more:
            more = await self._database.write(lambda conn: store.prune(conn, before))
            await asyncio.sleep(_BETWEEN_PIECES_S)
