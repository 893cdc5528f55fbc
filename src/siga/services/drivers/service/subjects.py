"""A person's own data in Drivers: gathered, and erased with what follows from them in the journal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from siga.contract.drivers import Declaration
from siga.contract.settings import UNDO_S
from siga.contract.subjects import ErasedPart, Kept, Links, Row, SubjectAsk, SubjectPart, SubjectSection
from siga.kit.ids import new_secret
from siga.services.drivers.service.check_ins import end
from siga.services.drivers.service.tools import Tools, log
from siga.services.drivers.store import subjects as store
from siga.services.drivers.store.check_ins import CheckIn
from siga.services.drivers.store.tables import journal

_PURPOSES = ("check-in", "doubt", "favourite", "report")
_IN_EVENTS = timedelta(days=31)
_LONGEST_UNDO = timedelta(hours=1)


class Subjects:
    """Knows a person by the pseudonyms of each purpose."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def _who(self, ask: SubjectAsk) -> dict[str, str]:
        return {purpose: self._tools.seals.pseudonym(purpose, ask.user_id) for purpose in _PURPOSES}

    async def gather(self, ask: SubjectAsk) -> SubjectPart:
        """Everything that is here of the person."""
        who, wanted = self._who(ask), _within(ask.municipality_ids)

        def work(conn: Connection) -> SubjectPart:
            found = {
                "favourites": store.rows_of(conn, store.favourites, who["favourite"], "favourite_id"),
                "doubts": store.rows_of(conn, store.doubts, who["doubt"], "at"),
                "ratings": store.ratings_of(conn, who["check-in"]),
                "reports": store.rows_of(conn, store.reports, who["report"], "at"),
            }
            check_ins = [one for one in store.check_ins_of(conn, who["check-in"]) if wanted(one.municipality_id)]
            sections = [
                SubjectSection(key=f"drivers.{key}", rows=[_plain(row) for row in rows if wanted(row["town"])])
                for key, rows in found.items()
            ]
            shown = [self._check_in_row(one) for one in check_ins]
            reported = [row for row in found["reports"] if wanted(row["town"])]
            return SubjectPart(
                sections=[*sections, SubjectSection(key="drivers.check_ins", rows=shown)],
                links=Links(
                    stay_ids=tuple(one.stay_id for one in check_ins if one.stay_id),
                    report_ids=tuple(row["report_id"] for row in reported),
                ),
            )

        return await self._tools.database.read(work)

    def _check_in_row(self, one: CheckIn) -> Row:
        row = _plain(msgspec.structs.asdict(one))
        if one.declaration is not None:
            said = msgspec.json.decode(self._tools.seals.unseal(one.check_in_id, one.declaration), type=Declaration)
            row["declaration"] = msgspec.to_builtins(said)
        return row

    async def erase(self, ask: SubjectAsk) -> ErasedPart:
        """Erase the person; what a guest declared stays while a case is open about it, then as nobody's."""
        who, now = self._who(ask), self._tools.clock()

        def work(conn: Connection) -> ErasedPart:
            links = Links(report_ids=tuple(
                row["report_id"] for row in store.rows_of(conn, store.reports, who["report"], "at")
            ))  # fmt: skip
            check_ins, needed = self._leave_check_ins(conn, who["check-in"], now)
            self._out_of_events(conn, ask.user_id, [one.check_in_id for one in check_ins], who["doubt"], now)
            gone = [one.check_in_id for one in check_ins if one.check_in_id not in needed]
            dropped, rated = store.drop_check_ins(conn, gone)
            reports, notes = store.leave_reports(conn, who["report"])
            erased = {
                "drivers.check_ins": dropped, "drivers.ratings": rated, "drivers.reports": reports,
                "drivers.favourites": store.drop_of(conn, store.favourites, who["favourite"]),
                "drivers.doubts": store.drop_of(conn, store.doubts, who["doubt"]),
            }  # fmt: skip
            kept = (("drivers.check_ins", len(needed)), ("drivers.reports", notes))
            stays = tuple(one.stay_id for one in check_ins if one.stay_id)
            return ErasedPart(
                erased=erased, links=msgspec.structs.replace(links, stay_ids=stays),
                kept=tuple(Kept(what=what, why="open_case", count=count) for what, count in kept if count),
            )  # fmt: skip

        done = await self._tools.database.write(work)
        await self._tools.database.scour()
        log.info("subject_erased", **{key.partition(".")[2]: count for key, count in done.erased.items()})
        return done

    def _leave_check_ins(self, conn: Connection, who: str, now: datetime) -> tuple[list[CheckIn], set[str]]:
        """End what is open and disown what cases need; all check-ins, and the ids of those that stay."""
        found = store.check_ins_of(conn, who)
        for one in found:
            if one.ended_at is None:
                end(conn, one, min(now, one.until), now)
        towns = {one.municipality_id for one in found}
        undo = max((timedelta(seconds=self._tools.settings.int_of(UNDO_S, town)) for town in towns),
                   default=_LONGEST_UNDO)  # fmt: skip
        needed = store.needed_by_cases(conn, who, now, undo)
        if needed:
            store.disown(conn, needed, self._tools.seals.pseudonym("nobody", new_secret()))
        return found, needed

    def _out_of_events(self, conn: Connection, user_id: str, check_in_ids: list[str], doubter: str,
                       now: datetime) -> None:  # fmt: skip
        since = now - _IN_EVENTS
        seals = self._tools.seals
        by = [seals.pseudonym("doubt at a bay", bay_id, user_id) for bay_id in store.bays_doubted(conn, doubter)]
        journal.forget(conn, "BayDoubted", "by", by, since)
        journal.forget_beside(conn, "CheckedIn", "accreditation_id", "check_in_id", check_in_ids, since)


def _within(municipality_ids: tuple[str, ...] | None) -> Callable[[str | None], bool]:
    return lambda town: municipality_ids is None or town in municipality_ids


def _plain(row: dict[str, Any]) -> Row:
    """A row as it is told: without pseudonyms and inner numbers."""
    hidden = ("who", "declaration", "case_position", "town")
    told: Row = msgspec.to_builtins({key: value for key, value in row.items() if key not in hidden})
    return {key: value for key, value in told.items() if value is not None}
