"""A person's own data in Enforcement: as the driver of a vehicle in a case, and as an officer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from siga.contract.subjects import ErasedPart, Kept, KeptWhy, Links, SubjectAsk, SubjectPart, SubjectSection
from siga.services.enforcement.model import Case, is_open
from siga.services.enforcement.store import every_case
from siga.services.enforcement.tables import cases, duties, holds, lookups, photos, steps
from siga.services.enforcement.tools import Tools, log

_AT_ONCE = 500
_SHOWN = (
    "case_id", "municipality_id", "bay_id", "zone_id", "code", "address", "category", "reasons", "opened_at",
    "occupied_since", "state", "outcome", "closed_at", "erase_at", "plate_check", "simulated",
)  # fmt: skip
"""What the accused may know of a case without asking the body that sanctions: no officer and none of their notes."""


class Subjects:
    """What Enforcement does for a person's rights."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def gather(self, ask: SubjectAsk) -> SubjectPart:
        """Cases about the person's vehicle, and the person's own official acts and duties."""

        def work(conn: Connection) -> SubjectPart:
            found = self._cases(conn, ask)
            pictures = _photos_of(conn, [case.case_id for case in found])
            rows = [self._told(case, sum(1 for _, of in pictures if of == case.case_id)) for case in found]
            return SubjectPart(
                sections=[
                    SubjectSection(key="enforcement.cases", rows=rows),
                    SubjectSection(key="enforcement.acts", rows=_acts(conn, ask)),
                    SubjectSection(key="enforcement.duties", rows=_duties(conn, ask)),
                ],
                links=Links(photo_ids=tuple(photo_id for photo_id, _ in pictures)),
            )

        return await self._tools.database.read(work)

    def _told(self, case: Case, photo_count: int) -> dict[str, Any]:
        plate = self._tools.plate_of(case)
        row: dict[str, Any] = msgspec.to_builtins({name: getattr(case, name) for name in _SHOWN})
        return {**row, "plate": plate.plate if plate else None, "photos": photo_count}

    def _cases(self, conn: Connection, ask: SubjectAsk) -> list[Case]:
        """Cases about the person's stays, and those with a plate of theirs, which must be unsealed to be compared."""
        found: dict[str, Case] = {}
        for some in _pieces(ask.links.stay_ids):
            found.update((case.case_id, case) for case in every_case(conn, cases.c.stay_id.in_(some)))
        for town in {plate.municipality_id for plate in ask.plates}:
            mine = {plate.plate for plate in ask.plates if plate.municipality_id == town}
            held = every_case(conn, cases.c.plate_sealed.is_not(None), cases.c.municipality_id == town)
            found.update((case.case_id, case) for case in held if self._shows(case, mine))
        return [
            case
            for _, case in sorted(found.items())
            if ask.municipality_ids is None or case.municipality_id in ask.municipality_ids
        ]

    def _shows(self, case: Case, mine: Collection[str]) -> bool:
        plate = self._tools.plate_of(case)
        return plate is not None and plate.plate in mine

    async def erase(self, ask: SubjectAsk) -> ErasedPart:
        """Erase plates, notes and photos of closed cases; those that are open or may be fined stay, and it is said."""
        now = self._tools.clock()

        def work(conn: Connection) -> ErasedPart:
            free, kept = [], []
            for case in self._cases(conn, ask):
                why = _why_kept(case, now)
                if why is None and _says_something(conn, case):
                    free.append(case.case_id)
                elif why is not None:
                    kept.append(Kept(what="enforcement.cases", why=why, until=case.erase_at))
            photo_ids = _empty(conn, free)
            acts = int(conn.scalar(select(func.count()).select_from(steps).where(steps.c.who == ask.user_id)) or 0)
            if acts:
                kept.append(Kept(what="enforcement.acts", why="official_act", count=acts))
            conn.execute(delete(lookups).where(lookups.c.user_id == ask.user_id))
            off_duty = conn.execute(delete(duties).where(duties.c.user_id == ask.user_id)).rowcount
            return ErasedPart(
                erased={
                    "enforcement.cases": len(free), "enforcement.photos": len(photo_ids),
                    "enforcement.duties": off_duty,
                },
                kept=tuple(kept), links=Links(photo_ids=photo_ids),
            )  # fmt: skip

        done = await self._tools.database.write(work)
        await self._tools.database.scour()
        if any(done.erased.values()):
            log.info("subject_erased", cases=done.erased["enforcement.cases"])
        return done


def _why_kept(case: Case, now: datetime) -> KeptWhy | None:
    if is_open(case) or (case.undo_until is not None and case.undo_until > now):
        return "open_case"
    in_procedure = case.outcome in ("fined", "towed") and case.erase_at is not None and case.erase_at > now
    return "procedure" if in_procedure else None


def _says_something(conn: Connection, case: Case) -> bool:
    """Whether there is anything of a person in the case that can be erased."""
    said = (case.plate_sealed, case.note, case.resolution)
    return any(one is not None for one in said) or bool(_photos_of(conn, [case.case_id]))


def _empty(conn: Connection, case_ids: Sequence[str]) -> tuple[str, ...]:
    """Take plate, words and photos out of cases; the photos, which Images is to destroy."""
    pictures = tuple(photo_id for photo_id, _ in _photos_of(conn, case_ids))
    for some in _pieces(case_ids):
        conn.execute(
            update(cases)
            .where(cases.c.case_id.in_(some))
            .values(plate_sealed=None, plate_check="none", note=None, resolution=None)
        )
        conn.execute(delete(photos).where(photos.c.case_id.in_(some)))
    for some in _pieces(pictures):
        conn.execute(delete(holds).where(holds.c.photo_id.in_(some)))
    return pictures


def _photos_of(conn: Connection, case_ids: Sequence[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for some in _pieces(case_ids):
        query = select(photos.c.photo_id, photos.c.case_id).where(photos.c.case_id.in_(some))
        found += [(row.photo_id, row.case_id) for row in conn.execute(query.order_by(photos.c.photo_id))]
    return found


def _acts(conn: Connection, ask: SubjectAsk) -> list[dict[str, Any]]:
    query = (
        select(steps.c.case_id, steps.c.number, steps.c.at, steps.c.what, cases.c.municipality_id, cases.c.code)
        .join(cases, cases.c.case_id == steps.c.case_id)
        .where(steps.c.who == ask.user_id)
        .order_by(steps.c.at)
    )
    return _rows(conn, query, ask, cases.c.municipality_id)


def _duties(conn: Connection, ask: SubjectAsk) -> list[dict[str, Any]]:
    columns = (duties.c.municipality_id, duties.c.zone_ids, duties.c.since, duties.c.until)
    query = select(*columns).where(duties.c.user_id == ask.user_id)
    return _rows(conn, query, ask, duties.c.municipality_id)


def _rows(conn: Connection, query: Any, ask: SubjectAsk, town: Any) -> list[dict[str, Any]]:
    if ask.municipality_ids is not None:
        query = query.where(town.in_(ask.municipality_ids))
    return [msgspec.to_builtins(dict(row)) for row in conn.execute(query).mappings()]


def _pieces(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
