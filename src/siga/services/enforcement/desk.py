"""Where readings become decisions: fetches what Images read, asks Users whose plate that is, and settles the case.

It works outside the consumers, so that a service that is away delays only what needs it; its work list is the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from siga.contract.cases import CasePlate, PlateCheck
from siga.contract.enforcement import PhotoReading, PlateCandidate
from siga.contract.users import CredentialAnswer, CredentialQuestion
from siga.kit.problem import NotFound, Problem
from siga.services.enforcement import automatic, plates, records, store
from siga.services.enforcement.model import Case, Moved, change
from siga.services.enforcement.records import CasePhoto
from siga.services.enforcement.tools import Tools, log
from siga.services.enforcement.turn import Turn

_FIRST_REST_S, _LONGEST_REST_S = 0.25, 5.0


class Desk:
    """Judges photos that were read and plates that officers typed."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def run(self) -> None:
        """Work whenever there is something; what fails for now is tried again, less and less often."""
        rest_s = _FIRST_REST_S
        while True:
            self._tools.readings.hush()
            done, failed = await self._round()
            if failed:
                await asyncio.sleep(rest_s)
                rest_s = min(rest_s * 2, _LONGEST_REST_S)
            else:
                rest_s = _FIRST_REST_S
                if not done:
                    await self._tools.readings.rest()

    async def _round(self) -> tuple[int, int]:
        """(worked, failed for now)."""
        photos, typed = await self._tools.database.read(lambda conn: (records.to_judge(conn), store.to_look_up(conn)))
        failed = 0
        for photo in photos:
            failed += not await _tried(self._judge_photo(photo))
        for case in typed:
            failed += not await _tried(self._judge_typed(case))
        return len(photos) + len(typed) - failed, failed

    # --- a photo that was read ---------------------------------------------------------------------------------------

    async def _judge_photo(self, photo: CasePhoto) -> None:
        case = await self._tools.database.read(lambda conn: store.one(conn, photo.case_id or ""))
        reading = await self._reading(photo)
        if reading is not None and not reading.done:  # somebody lets it be read again; Images will tell
            await self._tools.turn(lambda turn: records.set_stage(turn.conn, photo.photo_id, "stored"))
            return
        found = reading.plates if reading is not None else []
        if case is None or not found:
            reason = (reading.reason if reading is not None else None) or "no_plate"
            await self._tools.turn(lambda turn: _unreadable(turn, photo, reason))
            return
        # Unlikely candidates are asked for too: that a wrong one is accredited by chance is less likely still.
        answer = await self._ask(case, [one.plate for one in found])
        await self._tools.turn(lambda turn: self._read(turn, photo, found, answer))

    async def _reading(self, photo: CasePhoto) -> PhotoReading | None:
        try:
            return await self._tools.peers["images"].get(f"/internal/v1/photos/{photo.photo_id}/reading", PhotoReading)
        except NotFound:
            return None

    async def _ask(self, case: Case, values: list[str]) -> CredentialAnswer:
        question = CredentialQuestion(
            municipality_id=case.municipality_id, kind="plate", values=values, at=self._tools.clock()
        )
        return await self._tools.peers["users"].post("/internal/v1/credentials/lookup", question, CredentialAnswer)

    def _read(self, turn: Turn, photo: CasePhoto, found: Sequence[PlateCandidate], answer: CredentialAnswer) -> None:
        records.set_stage(turn.conn, photo.photo_id, "judged")
        case = store.one(turn.conn, photo.case_id or "")
        if case is None:
            return
        known = self._tools.plate_of(case)
        plate = plates.with_reading(known, found)
        check = plates.meaning(answer, case.category, case.personal)
        if plate is None or plate is known:
            if check != "accredited" or known is None or known.corrected_by is not None:
                turn.change(case, Moved(change(case, complete=True)))
                return
            plate = known
        plate = plates.chosen(plate, answer, found)
        # A driver's picture may show any car: it informs the officer and withdraws nothing.
        self._settle(turn, case, plate, check, answer, may_withdraw=not photo.from_report)

    # --- a plate that was typed --------------------------------------------------------------------------------------

    async def _judge_typed(self, case: Case) -> None:
        plate = self._tools.plate_of(case)
        if plate is None:
            await self._tools.turn(lambda turn: turn.change(case, Moved(change(case, plate_check="none"))))
            return
        answer = await self._ask(case, [plate.plate])

        def work(turn: Turn) -> None:
            now = store.one(turn.conn, case.case_id)
            if now is not None and now.plate_sealed == case.plate_sealed:
                check = plates.meaning(answer, now.category, now.personal)
                self._settle(turn, now, plate, check, answer, may_withdraw=now.holder_id is None)

        await self._tools.turn(work)

    def _settle(self, turn: Turn, case: Case, plate: CasePlate, check: PlateCheck, answer: CredentialAnswer, *,
                may_withdraw: bool) -> None:  # fmt: skip
        moved = automatic.plate_known(
            case, self._tools.seal(case, plate), check, may_withdraw=may_withdraw, now=turn.now,
            times=turn.times(case.municipality_id),
        )  # fmt: skip
        after = turn.change(case, moved)
        if after.state == "withdrawn" and case.state != "withdrawn" and answer.accreditation is not None:
            turn.judge(after, "authorised", "plate", accreditation_id=answer.accreditation.accreditation_id)
        log.info("plate_looked_up", case_id=case.case_id, check=check, state=after.state)


async def _tried(work: Awaitable[None]) -> bool:
    try:
        await work
    except Problem as fault:
        log.warning("judging_waits", why=fault.detail, slug=fault.slug)
        return False
    return True


def _unreadable(turn: Turn, photo: CasePhoto, reason: str) -> None:
    records.set_stage(turn.conn, photo.photo_id, "judged")
    case = store.one(turn.conn, photo.case_id or "")
    if case is not None:
        turn.change(case, automatic.plate_unreadable(case, photo.photo_id, reason))
