"""A person's own records in Logs: those that name the account, which an erasure makes nobody's."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, cast, func, or_, select, update
from sqlalchemy.types import Text

from siga.contract.subjects import ErasedPart, SubjectAsk, SubjectPart, SubjectSection
from siga.ports import Database
from siga.services.logs.tables import alarms, audit_records, records

ERASED = "erased"


class Subjects:
    """What Logs does for a person's rights. Records name people by ids alone, and belong to no municipality."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def gather(self, ask: SubjectAsk) -> SubjectPart:
        """Records and acts under the person's account; nothing for a clerk, whose town's they are not."""
        if ask.municipality_ids is not None:
            return SubjectPart(sections=[])

        def work(conn: Connection) -> SubjectPart:
            r, a = records.c, audit_records.c
            lines = select(r.at, r.service, r.event, r.level).where(r.fields.contains(ask.user_id, autoescape=True))
            acts = select(a.at, a.municipality_id, a.action, a.thing, a.thing_id, a.outcome).where(a.who == ask.user_id)
            return SubjectPart(
                sections=[
                    SubjectSection(key="logs.records", rows=_rows(conn, lines.order_by(r.at))),
                    SubjectSection(key="logs.acts", rows=_rows(conn, acts.order_by(a.at))),
                ]
            )

        return await self._database.read(work)

    async def erase(self, ask: SubjectAsk) -> ErasedPart:
        """Write another word in the place of the person's ids. The audit keeps them: they lead to nobody any more."""
        ids = (ask.user_id, *(ask.accreditation_ids if ask.surrendered else ()))
        done = await self._database.write(lambda conn: _blot(conn, ids))
        await self._database.scour()
        return ErasedPart(erased={"logs.records": done})


def _rows(conn: Connection, query: Any) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(dict(row)) for row in conn.execute(query).mappings()]


def _blot(conn: Connection, ids: tuple[str, ...]) -> int:
    changed = 0
    for one in ids:
        r = records.c.fields
        changed += conn.execute(
            update(records).where(r.contains(one, autoescape=True)).values(fields=func.replace(r, one, ERASED))
        ).rowcount
        held = cast(alarms.c.fields, Text)
        names_it = or_(held.contains(one, autoescape=True), alarms.c.acknowledged_by == one)
        for row in conn.execute(select(alarms).where(names_it)).mappings().all():
            fields = msgspec.json.decode(msgspec.json.encode(row["fields"]).replace(one.encode(), ERASED.encode()))
            by = ERASED if row["acknowledged_by"] == one else row["acknowledged_by"]
            mine = alarms.c.alarm_id == row["alarm_id"]
            changed += conn.execute(update(alarms).where(mine).values(fields=fields, acknowledged_by=by)).rowcount
    return changed
