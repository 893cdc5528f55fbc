"""Letting go of who had parked, some time after the stay: the pseudonyms first, then what could make them again.

A month's key is destroyed as soon as nothing uses it, and at the latest some days after the month: a stay that never
ends, at a bay whose sensor fell silent, would else keep it for ever. Each destruction leaves a signed proof.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, update

from siga.kit.auth import Keyring
from siga.ports import Database
from siga.services.history.pseudonyms import Pseudonyms, month_of
from siga.services.history.tables import bays, changes, proofs, stays

MONTH_KEY = "history.month_key"
_MONTH_LETTERS = 7


def forget_subjects(conn: Connection, ended_before: Callable[[str], datetime]) -> Counter[str]:
    """Remove pseudonyms of stays that ended before the municipality's limit; how many stays lost theirs, by month."""
    forgotten: Counter[str] = Counter()
    for municipality_id in conn.scalars(select(bays.c.municipality_id).distinct()).all():
        limit = ended_before(municipality_id)
        mine = select(bays.c.bay_no).where(bays.c.municipality_id == municipality_id)
        over = stays.c.subject.is_not(None), stays.c.ended_at < limit, stays.c.bay_no.in_(mine)
        month = func.substr(stays.c.subject, 1, _MONTH_LETTERS).label("month")
        counts = conn.execute(select(month, func.count()).where(*over).group_by("month"))
        forgotten.update({str(name): int(n) for name, n in counts})
        conn.execute(update(stays).where(*over).values(subject=None))
        old = changes.c.subject.is_not(None), changes.c.at < limit, changes.c.bay_no.in_(mine), ~exists(_needs())
        conn.execute(update(changes).where(*old).values(subject=None))
    return forgotten


def _needs() -> ColumnElement[bool]:
    """Whether a stay that still has its pseudonym covers the change, so that it could be folded anew from it."""
    query = select(stays.c.bay_no).where(
        stays.c.bay_no == changes.c.bay_no,
        stays.c.subject.is_not(None),
        stays.c.started_at <= changes.c.at,
        or_(stays.c.ended_at.is_(None), stays.c.ended_at >= changes.c.at),
    )
    return query.correlate(changes)  # type: ignore[return-value]


def forget_month(conn: Connection, month: str) -> int:
    """Remove all pseudonyms of a month, whatever still uses them; how many stays lost theirs."""
    of_month = f"{month}:%"
    conn.execute(update(changes).where(changes.c.subject.like(of_month)).values(subject=None))
    return conn.execute(update(stays).where(stays.c.subject.like(of_month)).values(subject=None)).rowcount


def months_used(conn: Connection) -> set[str]:
    """The months whose keys pseudonyms were made with that are still kept."""
    found: set[str] = set()
    for column in (stays.c.subject, changes.c.subject):
        query = select(func.substr(column, 1, _MONTH_LETTERS)).where(column.is_not(None)).distinct()
        found.update(conn.scalars(query))
    return found


def overdue(months: list[str], now: datetime, kept: timedelta) -> list[str]:
    """Those months that ended longer than `kept` ago."""
    return [month for month in months if month < month_of(now - kept)]


class KeyRing:
    """Ends the months: counts what was forgotten into the proof of its key, destroys the key, states it."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms, keys: Keyring) -> None:
        self._database, self._pseudonyms, self._keys = database, pseudonyms, keys

    def count(self, conn: Connection, forgotten: Mapping[str, int]) -> None:
        """Note, in the transaction that forgot them, how many pseudonyms of which month's key are gone."""
        there = set(self._pseudonyms.months())
        for month, count in forgotten.items():
            if month in there:
                proofs.plan(conn, MONTH_KEY, self._pseudonyms.key_id(month), count)

    async def end(self, now: datetime, kept: timedelta) -> list[str]:
        """Destroy the keys of past months that nothing uses or that are overdue; those months."""
        await self._state_destroyed(now)
        late = overdue(self._pseudonyms.months(), now, kept)
        if late:
            await self._database.write(
                lambda conn: self.count(conn, {month: forget_month(conn, month) for month in late})
            )
        used = await self._database.read(months_used)
        keep = {*used, month_of(now)}
        gone = [month for month in self._pseudonyms.months() if month not in keep]
        if gone:
            await self._database.write(lambda conn: self.count(conn, dict.fromkeys(gone, 0)))
            for month in gone:
                await asyncio.to_thread(self._pseudonyms.destroy, month)
            await self._state_destroyed(now)
        return gone

    async def _state_destroyed(self, now: datetime) -> None:
        """Finish the proofs of keys that are gone, also of a run that was cut off before it could."""
        there = {self._pseudonyms.key_id(month) for month in self._pseudonyms.months()}

        def state(conn: Connection) -> None:
            for planned in proofs.planned(conn):
                if planned.key_id not in there:
                    proofs.finish(conn, planned, self._keys, now)

        await self._database.write(state)
