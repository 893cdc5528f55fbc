"""The end of personal data, and of what nobody ended: runs every ten minutes, repeats harmless."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from siga.contract.settings import SUBJECT_KEPT_H, UNDO_S
from siga.services.drivers import model
from siga.services.drivers.service.check_ins import end
from siga.services.drivers.service.tools import Tools, log
from siga.services.drivers.store import bays, check_ins, opinions, reports
from siga.services.drivers.store.tables import journal

EVERY_S = 600.0
_CASES_KEPT = timedelta(days=1)
_FIRST_LOOK_BACK = timedelta(days=400)
_LOOK_BACK = timedelta(days=2)


class Sweep:
    """Ends overdue check-ins and erases what is no longer needed."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._look_back = _FIRST_LOOK_BACK

    async def run(self) -> None:
        """One round, in one transaction."""
        now = self._tools.clock()

        def work(conn: Connection) -> dict[str, int]:
            done = {"ended": _end_overdue(conn, now), **self._erase(conn, now)}
            bays.forget_cases(conn, now - _CASES_KEPT)
            return done | self._scrub(conn, now)

        done = await self._tools.database.write(work)
        self._look_back = _LOOK_BACK
        if any(done.values()):
            log.info("swept", **done)

    def _erase(self, conn: Connection, now: datetime) -> dict[str, int]:
        return {
            **self._erase_stays(conn, now),
            "check_ins": check_ins.forget(conn, now - model.USED_WITHIN),
            "doubts": opinions.forget_doubts(conn, now - model.DOUBT_KEPT),
            "comments": opinions.erase_comments(conn, now - model.COMMENT_KEPT),
            "misuse_expired": reports.expire_misuse(conn, now - model.MISUSE_WAITS, now),
            "reporters": reports.forget_reporters(conn, now - model.REPORTER_KEPT),
        }

    def _erase_stays(self, conn: Connection, now: datetime) -> dict[str, int]:
        """What guests declared, and by which accreditation others checked in: each town has its own times."""
        over, declarations, accreditations = now - model.DECLARATION_SPARED, 0, 0
        for town in check_ins.municipalities(conn):
            undo = timedelta(seconds=self._tools.settings.int_of(UNDO_S, town))
            kept = timedelta(hours=self._tools.settings.int_of(SUBJECT_KEPT_H, town))
            declarations += check_ins.erase_declarations(conn, town, over, now, undo)
            accreditations += check_ins.erase_accreditations(conn, town, now - kept)
        return {"declarations": declarations, "accreditations": accreditations}

    def _scrub(self, conn: Connection, now: datetime) -> dict[str, int]:
        """Take people out of the journal's own past; after the first round only what became old since."""
        spared = model.ACCREDITATION_IN_EVENTS
        seen = journal.scrub(conn, "CheckedIn", "accreditation_id", now - spared, self._look_back)
        doubters = journal.scrub(conn, "BayDoubted", "by", now - model.DOUBT_KEPT, self._look_back)
        return {"check_ins_in_events": seen, "doubts_in_events": doubters}


def _end_overdue(conn: Connection, now: datetime) -> int:
    found = check_ins.overdue(conn, now)
    for check_in in found:
        end(conn, check_in, check_in.until, now)
    return len(found)
