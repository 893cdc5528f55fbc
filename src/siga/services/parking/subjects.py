"""A person's own pseudonyms in Parking: gathered, erased, and let go of in time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from siga.contract.parking import BayChanged, CardSuspected
from siga.contract.settings import SUBJECT_KEPT_H
from siga.contract.subjects import ErasedPart, Kept, SubjectAsk, SubjectPart, SubjectSection
from siga.kit.clock import Clock
from siga.kit.live_settings import LiveSettings
from siga.ports import Database
from siga.services.parking import tables as t
from siga.services.parking.model import EARLY_CHECK_IN
from siga.services.parking.picture import Picture

_IN_EVENTS = timedelta(days=31)
_SHORTEST = timedelta(hours=1)


class Subjects:
    """What Parking does for a person's rights."""

    def __init__(self, database: Database, picture: Picture, clock: Clock) -> None:
        self._database, self._picture, self._clock = database, picture, clock

    async def gather(self, ask: SubjectAsk) -> SubjectPart:
        """What sensors read of the person's cards and plates, and where one of them stands now."""

        def work(conn: Connection) -> list[dict[str, Any]]:
            r = t.reports.c
            query = select(r.bay_id, r.observed_at, r.received_at, r.occupied).where(r.credential.in_(ask.credentials))
            return [dict(row) for row in conn.execute(query.order_by(r.observed_at)).mappings()]

        rows = await self._database.read(work)
        told = [row for row in (self._told(row, ask) for row in rows) if row is not None]
        now = [row for row in (self._told({"bay_id": one}, ask) for one in self._parked(ask)) if row is not None]
        return SubjectPart(
            sections=[
                SubjectSection(key="parking.readings", rows=told), SubjectSection(key="parking.now", rows=now),
            ]
        )  # fmt: skip

    def _told(self, row: dict[str, Any], ask: SubjectAsk) -> dict[str, Any] | None:
        bay = self._picture.bay(row["bay_id"]) if row["bay_id"] else None
        town = bay.municipality_id if bay else None
        if ask.municipality_ids is not None and town not in ask.municipality_ids:
            return None
        told: dict[str, Any] = msgspec.to_builtins({**row, "code": bay.code if bay else None, "municipality_id": town})
        return told

    def _parked(self, ask: SubjectAsk) -> list[str]:
        """Bays in which the person is known to stand now."""
        words = (*ask.credentials, *ask.accreditation_ids)
        return list(dict.fromkeys(bay_id for word in words for bay_id in self._picture.bays_with(word)))

    async def erase(self, ask: SubjectAsk) -> ErasedPart:
        """Take the pseudonyms out of reports, read copies and events; what stands in a bay goes when it empties."""
        parked, now = self._parked(ask), self._clock()
        credentials = ask.credentials if ask.surrendered else ()
        accreditation_ids = ask.accreditation_ids if ask.surrendered else ()

        def work(conn: Connection) -> dict[str, int]:
            mine = t.reports.c.credential.in_(ask.credentials)
            names = {*ask.credentials, *ask.accreditation_ids}
            return {
                "parking.readings": conn.execute(update(t.reports).where(mine).values(credential=None)).rowcount,
                "parking.credentials": _drop(conn, t.credentials, t.credentials.c.credential, credentials),
                "parking.accreditations": _drop(
                    conn, t.accreditations, t.accreditations.c.accreditation_id, accreditation_ids
                ),
                "parking.events": _out_of_events(conn, names, now - _IN_EVENTS),
            }

        erased = await self._database.write(work)
        for credential in credentials:
            self._picture.credentials.pop(credential, None)
            self._picture.cards.left.pop(credential, None)
        for accreditation_id in accreditation_ids:
            self._picture.accreditations.pop(accreditation_id, None)
        await self._database.scour()
        kept = (Kept(what="parking.now", why="parked_now", count=len(parked)),) if parked else ()
        return ErasedPart(erased=erased, kept=kept)


def _drop(conn: Connection, table: Any, column: Any, values: Collection[str]) -> int:
    return conn.execute(delete(table).where(column.in_(values))).rowcount


def _out_of_events(conn: Connection, names: Collection[str], since: datetime) -> int:
    stays = t.journal.forget(conn, BayChanged.__name__, "subject", names, since)
    return stays + t.journal.forget(conn, CardSuspected.__name__, "credential", names, since)


def forget_readings(conn: Connection, picture: Picture, settings: LiveSettings, now: datetime) -> int:
    """Take the card or plate out of reports as long after as the municipality says who parked is known; how many.

    Those of a stay that still lasts are spared: its authorisation is told anew from them when a late report comes.
    """
    r = t.reports.c
    held = r.credential.is_not(None)
    bay_ids = conn.scalars(select(r.bay_id).where(held, r.received_at < now - _SHORTEST).distinct()).all()
    limits = _limits(picture, settings, now)
    gone = 0
    for bay_id in bay_ids:
        mine = r.bay_id.is_(None) if bay_id is None else r.bay_id == bay_id
        over = r.received_at < limits(bay_id)
        gone += conn.execute(update(t.reports).where(held, mine, over).values(credential=None)).rowcount
    return gone


def _limits(picture: Picture, settings: LiveSettings, now: datetime) -> Callable[[str | None], datetime]:
    def limit(bay_id: str | None) -> datetime:
        bay = picture.bay(bay_id) if bay_id else None
        if bay is None:
            return now - timedelta(hours=settings.int_of(SUBJECT_KEPT_H))
        kept = now - timedelta(hours=settings.int_of(SUBJECT_KEPT_H, bay.municipality_id))
        stay = picture.state(bay.bay_id).stay
        return kept if stay is None else min(kept, stay.started_at - EARLY_CHECK_IN)

    return limit
