"""One transaction about cases: saves them with steps, tasks, holds and events, and notes whom to wake after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from siga.contract.base import Word
from siga.contract.enforcement import CaseChanged, CaseOpened, StayJudged
from siga.contract.settings import PHOTO_KEPT_DAYS, PHOTO_WAIT_S, UNDO_S, WITHDRAWN_LISTED_H
from siga.kit.journal import Fact
from siga.kit.live_settings import LiveSettings
from siga.services.enforcement import automatic, records, store
from siga.services.enforcement.model import Case, Moved, Step, Times, change
from siga.services.enforcement.tables import journal


class Turn:
    """What the code inside a transaction works with; `now` is one instant for all of it."""

    def __init__(self, conn: Connection, now: datetime, settings: LiveSettings) -> None:
        self.conn, self.now = conn, now
        self._settings = settings
        self.devices: set[str] = set()
        self.waits = self.holds = self.readings = False

    def times(self, municipality_id: str) -> Times:
        """The live settings of a municipality."""
        seconds, of = self._settings.int_of, municipality_id
        return Times(
            photo_wait=timedelta(seconds=seconds(PHOTO_WAIT_S, of)),
            undo=timedelta(seconds=seconds(UNDO_S, of)),
            listed=timedelta(hours=seconds(WITHDRAWN_LISTED_H, of)),
            kept=timedelta(days=seconds(PHOTO_KEPT_DAYS, of)),
        )

    def open(self, case: Case, steps: Sequence[Step], camera_ids: Sequence[str]) -> Case:
        """A new case, with a photo task where cameras see the bay."""
        until = self.now + self.times(case.municipality_id).photo_wait
        wanted = automatic.photo_wanted(case, camera_ids, until)
        store.add(self.conn, wanted.case)
        store.write_steps(self.conn, case.case_id, [*steps, *wanted.steps], self.now)
        if wanted.steps:
            self._ask(wanted.case, camera_ids, until)
        self._tell(wanted.case, _opened(wanted.case, tuple(camera_ids)))
        return wanted.case

    def want_photo(self, case: Case, camera_ids: Sequence[str]) -> Case:
        """Ask cameras for a photo of a case that is open already."""
        until = self.now + self.times(case.municipality_id).photo_wait
        wanted = automatic.photo_wanted(case, camera_ids, until)
        if wanted.steps:
            self._ask(case, camera_ids, until)
        return self.change(case, wanted)

    def _ask(self, case: Case, camera_ids: Sequence[str], until: datetime) -> None:
        records.add_tasks(self.conn, case.case_id, case.bay_id, camera_ids, until)
        self.devices.update(camera_ids)
        self.waits = True

    def change(self, before: Case, moved: Moved) -> Case:
        """Save what became of a case and tell it; nothing happens when nothing changed."""
        if moved.case == before and not moved.steps:
            return before
        after = change(moved.case, revision=before.revision + 1, changed_at=self.now)
        store.put(self.conn, after)
        store.write_steps(self.conn, after.case_id, moved.steps, self.now)
        if before.photo_state == "wanted" and after.photo_state != "wanted":
            records.end_tasks(self.conn, after.case_id)
        if before.erase_at != after.erase_at:
            self.hold([photo.photo_id for photo in records.photos_of(self.conn, [after.case_id])], after)
        self._tell(after, self._changed(after, moved.steps[-1].what if moved.steps else "seen"))
        return after

    def hold(self, photo_ids: Sequence[str], case: Case) -> None:
        """Photos are kept while their case is open, and as long as its evidence after that."""
        records.set_holds(self.conn, photo_ids, case.erase_at)
        self.holds = True

    def judge(self, case: Case, authorisation: Literal["authorised", "unauthorised"], by: Literal["plate", "officer"],
              *, accreditation_id: str | None = None, undone: bool = False) -> None:  # fmt: skip
        """Tell the word about the stay; a case about staying too long alone says nothing about the right to stay."""
        if case.stay_id is None or set(case.reasons) == {"overstay"}:
            return
        word = StayJudged(
            stay_id=case.stay_id, bay_id=case.bay_id, authorisation=authorisation, by=by, at=self.now,
            accreditation_id=accreditation_id, undone=undone,
        )  # fmt: skip
        self._tell(case, word)

    def _changed(self, case: Case, what: str) -> CaseChanged:
        return CaseChanged(
            case_id=case.case_id, bay_id=case.bay_id, zone_id=case.zone_id, state=case.state, outcome=case.outcome,
            what=what, report_ids=records.reports_of(self.conn, case.case_id), complete=case.complete,
        )  # fmt: skip

    def _tell(self, case: Case, data: Word) -> None:
        fact = Fact(
            data=data, municipality_id=case.municipality_id, subject_id=case.case_id, occurred_at=self.now,
            sequence=case.revision,
        )  # fmt: skip
        journal.append(self.conn, [fact], self.now)


def _opened(case: Case, camera_ids: tuple[str, ...]) -> CaseOpened:
    wanted = case.photo_state == "wanted"
    return CaseOpened(
        case_id=case.case_id, bay_id=case.bay_id, stay_id=case.stay_id, zone_id=case.zone_id, category=case.category,
        reason=case.reasons[0], occupied_since=case.occupied_since, photo_task=wanted,
        camera_ids=camera_ids if wanted else (), photo_until=case.photo_until, state=case.state,
    )  # fmt: skip
