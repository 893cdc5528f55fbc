"""The police's queue as it is seen: pages of cases, one case with its steps, counts, what would have been opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from siga.contract.cases import CaseCount, CaseCounts, CaseFilter, CaseList, CaseView, WouldHaveList
from siga.contract.enforcement import OUTCOMES
from siga.kit.paging import cursor_from, place_in
from siga.kit.problem import NotFound
from siga.services.enforcement import records, store
from siga.services.enforcement.model import OPEN, STATES, Case
from siga.services.enforcement.store import Scopes
from siga.services.enforcement.tools import Tools
from siga.services.enforcement.views import view


class Queue:
    """Reads only. `scopes` says where the caller may look; everything else does not exist for them."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def page(self, scopes: Scopes, which: CaseFilter, zone_id: str | None, limit: int,
                   after: str | None) -> CaseList:  # fmt: skip
        """A page of cases."""
        now = self._tools.clock()

        def work(conn: Connection) -> tuple[list[Case], str | None, dict[str, list[str]]]:
            found, following = store.page(conn, scopes, which, zone_id, limit, after, now)
            return found, following, _photo_ids(conn, [case.case_id for case in found])

        found, following, photo_ids = await self._tools.database.read(work)
        shown = [view(case, self._tools.plate_of(case), photo_ids.get(case.case_id, ())) for case in found]
        return CaseList(cases=shown, next=following)

    async def one(self, scopes: Scopes, case_id: str) -> CaseView:
        """One case with its steps."""
        return await self._tools.database.read(lambda conn: shown(self._tools, conn, mine(conn, scopes, case_id)))

    async def counts(self, scopes: Scopes) -> CaseCounts:
        """Counts by municipality, and nothing else."""
        rows = await self._tools.database.read(lambda conn: store.counts(conn, scopes))
        return CaseCounts(counts=[_count(municipality_id, rows) for municipality_id in scopes])

    async def would_have(self, scopes: Scopes, zone_id: str | None, since: datetime | None, limit: int,
                         after: str | None) -> WouldHaveList:  # fmt: skip
        """What observing zones would have opened."""
        place: str | None = None if after is None else place_in(after, str)
        found = await self._tools.database.read(
            lambda conn: records.would_have_page(conn, scopes, zone_id, since, limit + 1, place)
        )
        following = cursor_from(found[limit - 1].would_have_id) if len(found) > limit else None
        return WouldHaveList(would_have=found[:limit], next=following)


def shown(tools: Tools, conn: Connection, case: Case) -> CaseView:
    """One case with its steps, as it is in this transaction."""
    photo_ids = _photo_ids(conn, [case.case_id]).get(case.case_id, ())
    return view(case, tools.plate_of(case), photo_ids, store.steps_of(conn, case.case_id))


def mine(conn: Connection, scopes: Scopes, case_id: str) -> Case:
    """The case, if it lies within the scopes; NotFound otherwise."""
    case = store.one(conn, case_id)
    if case is None or not holds(scopes, case.municipality_id, case.zone_id):
        raise NotFound("There is no such case.")
    return case


def holds(scopes: Scopes, municipality_id: str, zone_id: str) -> bool:
    """Whether a zone of a municipality lies within the scopes."""
    if municipality_id not in scopes:
        return False
    zones = scopes[municipality_id]
    return zones is None or zone_id in zones


def _photo_ids(conn: Connection, case_ids: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for photo in records.photos_of(conn, case_ids):
        found.setdefault(str(photo.case_id), []).append(photo.photo_id)
    return found


def _count(municipality_id: str, rows: Sequence[tuple[str, str, str | None, int]]) -> CaseCount:
    here = [(state, outcome, n) for municipality, state, outcome, n in rows if municipality == municipality_id]
    states: dict[str, int] = {name: sum(n for state, _, n in here if state == name) for name in STATES}
    outcomes: dict[str, int] = {name: sum(n for _, outcome, n in here if outcome == name) for name in OUTCOMES}
    return CaseCount(
        municipality_id=municipality_id, open=sum(states[name] for name in OPEN), states=states, outcomes=outcomes
    )
