"""What officers do in the police's queue: open a case, take it, go there, decide, take a decision back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from siga.contract.cases import CaseView, CorrectPlate, OpenCase, ResolveCase, TakeCase
from siga.contract.parking import StaffBayView
from siga.kit.problem import Conflict, NotFound
from siga.services.enforcement import acts, plates, store
from siga.services.enforcement.intake import case_at
from siga.services.enforcement.model import OFFENCES, OPEN, Case, Moved, Step, answers_all, change
from siga.services.enforcement.problems import CheckAgain
from siga.services.enforcement.queue import holds, mine, shown
from siga.services.enforcement.store import Scopes
from siga.services.enforcement.tools import Tools, log
from siga.services.enforcement.turn import Turn

Act = Callable[[Case, Turn], Moved]
Verdict = Literal["authorised", "unauthorised"]
Judging = Callable[[Case], Verdict | None]


class Cases:
    """Each act is one transaction. `scopes` says where the caller may work; everything else does not exist for them."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def open(self, scopes: Scopes, who: str, ask: OpenCase) -> CaseView:
        """An officer opens a case about whoever stands at a bay; it is in his hands at once."""
        bay = await self._tools.peers["parking"].get(f"/internal/v1/bays/{ask.bay_id}", StaffBayView)
        if not holds(scopes, bay.municipality_id, bay.zone_id):
            raise NotFound("There is no such bay.")
        if bay.zone_mode != "enforcing" or bay.life != "in_service":
            raise Conflict("No cases are opened here: the zone is observed only, or the bay is not in service.")

        def work(turn: Turn) -> CaseView:
            known = next((c for c in store.open_at(turn.conn, bay.bay_id) if c.still_there is not False), None)
            known = known or (store.of_stay(turn.conn, bay.stay_id) if bay.stay_id else None)
            if known is not None:
                raise Conflict(f"Case {known.case_id} is about this vehicle already; it is '{known.state}'.")
            note = (ask.note or "").strip() or None
            case = change(case_at(turn, bay, "officer"), opened_by=who, note=note, state="acknowledged", holder_id=who)
            case = turn.open(case, [Step("opened", who, {"reason": "officer"})], bay.camera_ids)
            return shown(self._tools, turn.conn, case)

        view = await self._tools.turn(work)
        log.info("case_opened_by_officer", case_id=view.case_id)
        return view

    async def acknowledge(self, scopes: Scopes, who: str, case_id: str, ask: TakeCase) -> CaseView:
        """Take the case."""
        return await self._act(
            scopes, case_id, lambda case, _: acts.acknowledge(case, who, ask.version, take_over=ask.take_over)
        )

    async def dispatch(self, scopes: Scopes, who: str, case_id: str, version: int) -> CaseView:
        """Set out."""
        return await self._act(scopes, case_id, lambda case, _: acts.dispatch(case, who, version))

    async def arrive(self, scopes: Scopes, who: str, case_id: str, version: int) -> CaseView:
        """Be there."""
        return await self._act(scopes, case_id, lambda case, _: acts.arrive(case, who, version))

    async def reopen(self, scopes: Scopes, who: str, case_id: str, version: int) -> CaseView:
        """Back into the queue."""
        return await self._act(scopes, case_id, lambda case, turn: acts.reopen(case, who, version, turn.now))

    async def resolve(self, scopes: Scopes, who: str, case_id: str, ask: ResolveCase) -> CaseView:
        """Close the case. An offence is closed only after a last look at the bay, unless it is `confirmed`."""
        if ask.outcome in OFFENCES and not ask.confirmed:
            await self._look_again(scopes, who, case_id, ask)

        def act(case: Case, turn: Turn) -> Moved:
            times = turn.times(case.municipality_id)
            return acts.resolve(case, who, ask.version, ask.outcome, ask.reason, turn.now, times)

        return await self._act(scopes, case_id, act, judging=_word_of)

    async def undo(self, scopes: Scopes, who: str, case_id: str, version: int) -> CaseView:
        """Take a closing back, and the word that went with it."""

        def act(case: Case, turn: Turn) -> Moved:
            moved = acts.undo(case, who, version, turn.now)
            word = _word_of(case)
            if word is not None:
                turn.judge(case, word, "officer", undone=True)
            return moved

        return await self._act(scopes, case_id, act)

    async def correct_plate(self, scopes: Scopes, who: str, case_id: str, ask: CorrectPlate) -> CaseView:
        """Put the plate right; it is looked up again at once."""
        plate = plates.tidy(ask.plate)

        def act(case: Case, turn: Turn) -> Moved:
            corrected = plates.corrected(self._tools.plate_of(case), plate, who, turn.now)
            turn.readings = True
            return acts.correct_plate(case, who, ask.version, self._tools.seal(case, corrected))

        return await self._act(scopes, case_id, act)

    async def _act(self, scopes: Scopes, case_id: str, act: Act, judging: Judging | None = None) -> CaseView:
        def work(turn: Turn) -> CaseView:
            case = mine(turn.conn, scopes, case_id)
            after = turn.change(case, act(case, turn))
            word = judging(after) if judging is not None and after is not case else None
            if word is not None:
                turn.judge(after, word, "officer")
            return shown(self._tools, turn.conn, after)

        view = await self._tools.turn(work)
        log.info("case_moved", case_id=case_id, state=view.state, outcome=view.outcome, version=view.version)
        return view

    async def _look_again(self, scopes: Scopes, who: str, case_id: str, ask: ResolveCase) -> None:
        """Ask Parking how the bay is at this instant; CheckAgain when it no longer speaks for an offence."""
        case = await self._tools.database.read(lambda conn: mine(conn, scopes, case_id))
        if case.state not in OPEN or case.holder_id != who or case.version != ask.version:
            return  # the act itself will say so
        bay = await self._tools.peers["parking"].get(f"/internal/v1/bays/{case.bay_id}", StaffBayView)
        again = "Check again and, if you are sure, close it with `confirmed`."
        same = case.stay_id is not None and bay.stay_id == case.stay_id
        if same and bay.authorisation in ("authorised", "declared") and _is_answered(case):
            raise CheckAgain(f"The vehicle is '{bay.authorisation}' by now. {again}")
        gone = case.stay_id is not None and not same and bay.occupancy in ("free", "occupied", "doubtful")
        if gone and ask.outcome != "towed":
            raise CheckAgain(f"The sensor says that the vehicle of this case has left. {again}")


def _is_answered(case: Case) -> bool:
    return answers_all(reason for reason in case.reasons if reason != "officer")


def _word_of(case: Case) -> Verdict | None:
    """What closing a case like that says about the stay."""
    if case.outcome in OFFENCES:
        return "unauthorised"
    return "authorised" if case.outcome == "authorised" else None
