"""A person's own stays: gathered by the pseudonyms under the keys that are still there, and forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select, update

from siga.contract.subjects import ErasedPart, Links, SubjectAsk, SubjectPart, SubjectSection
from siga.ports import Database
from siga.services.history.forgetting import KeyRing
from siga.services.history.pseudonyms import Pseudonyms
from siga.services.history.tables import bays, changes, places, stays

_AT_ONCE = 500


class Subjects:
    """What History does for a person's rights."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms, months: KeyRing) -> None:
        self._database, self._pseudonyms, self._months = database, pseudonyms, months

    async def gather(self, ask: SubjectAsk) -> SubjectPart:
        """The stays that are known to be the person's, by card, plate, accreditation or check-in."""
        names = self._pseudonyms.known((*ask.credentials, *ask.accreditation_ids))

        def work(conn: Connection) -> SubjectPart:
            found: dict[tuple[Any, ...], dict[str, Any]] = {}
            for column, values in ((stays.c.subject, names), (stays.c.stay_id, ask.links.stay_ids)):
                for some in _pieces(values):
                    for row in conn.execute(_stays(ask).where(column.in_(some))).mappings():
                        found[(row["bay_id"], row["started_at"])] = dict(row)
            rows = [found[key] for key in sorted(found, key=lambda one: (one[1], one[0]))]
            ids = tuple(dict.fromkeys(row["stay_id"] for row in rows if row["stay_id"]))
            section = SubjectSection(key="history.stays", rows=[msgspec.to_builtins(row) for row in rows])
            return SubjectPart(sections=[section], links=Links(stay_ids=ids))

        return await self._database.read(work)

    async def erase(self, ask: SubjectAsk) -> ErasedPart:
        """Take the person's pseudonyms away; the stays stay, as nobody's."""
        names = self._pseudonyms.known((*ask.credentials, *ask.accreditation_ids))

        def work(conn: Connection) -> ErasedPart:
            ids: list[str] = []
            forgotten: Counter[str] = Counter()
            for some in _pieces(names):
                mine = stays.c.subject.in_(some)
                for subject, stay_id in conn.execute(select(stays.c.subject, stays.c.stay_id).where(mine)):
                    forgotten[subject.partition(":")[0]] += 1
                    ids += [stay_id] if stay_id else []
                conn.execute(update(stays).where(mine).values(subject=None))
                conn.execute(update(changes).where(changes.c.subject.in_(some)).values(subject=None))
            self._months.count(conn, forgotten)
            return ErasedPart(
                erased={"history.stays": forgotten.total()}, links=Links(stay_ids=tuple(dict.fromkeys(ids)))
            )

        done = await self._database.write(work)
        await self._database.scour()
        return done


def _stays(ask: SubjectAsk) -> Select[Any]:
    query = (
        select(
            bays.c.municipality_id, bays.c.bay_id, bays.c.code, places.c.zone_id, places.c.category,
            stays.c.started_at, stays.c.ended_at, stays.c.authorisation, stays.c.authorised_by, stays.c.stay_id,
        )
        .join(bays, bays.c.bay_no == stays.c.bay_no)
        .join(places, places.c.place_no == stays.c.place_no)
    )  # fmt: skip
    if ask.municipality_ids is not None:
        query = query.where(bays.c.municipality_id.in_(ask.municipality_ids))
    return query


def _pieces(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
