"""Check-ins: it is me who stands there, by a claimed accreditation or by one's own word (D8, D11)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import Connection

from siga.contract.drivers import (
    CheckedIn,
    CheckedOut,
    CheckInAsk,
    CheckInKind,
    CheckInList,
    CheckInView,
    CurrentCheckIn,
    Declaration,
    GuestCheckInAsk,
)
from siga.contract.history import Receipt, ReceiptAsk
from siga.contract.settings import UNDO_S
from siga.contract.users import AccreditationBrief
from siga.kit.clock import rfc3339
from siga.kit.ids import new_id
from siga.kit.journal import Fact
from siga.kit.problem import FieldFault, Invalid, NotFound
from siga.services.drivers import model
from siga.services.drivers.model import KnownBay
from siga.services.drivers.problems import AlreadyCheckedIn, BayClosed, CheckInOpen, NoAccreditation
from siga.services.drivers.service.tools import Someone, Tools, log, no_bay
from siga.services.drivers.store import bays, check_ins
from siga.services.drivers.store.check_ins import CheckIn
from siga.services.drivers.store.tables import journal


def end(conn: Connection, check_in: CheckIn, at: datetime, now: datetime) -> None:
    """End an open check-in and tell it, in the caller's transaction."""
    at = max(at, check_in.started_at)
    check_ins.end(conn, check_in.check_in_id, at)
    data = CheckedOut(check_in_id=check_in.check_in_id, bay_id=check_in.bay_id, at=at)
    fact = Fact(data=data, municipality_id=check_in.municipality_id, subject_id=check_in.bay_id, occurred_at=at)
    journal.append(conn, [fact], now)


class CheckIns:
    """Begins, shows and ends check-ins."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def _who(self, someone: Someone) -> str:
        return self._tools.seals.pseudonym("check-in", someone.sub)

    # --- begin ---------------------------------------------------------------------------------------------------

    async def begin(self, someone: Someone, ask: CheckInAsk) -> CheckInView:
        """Check in by a claimed accreditation; NoAccreditation says what else can be done."""
        bay = await self._tools.bay(ask.bay_id, someone)
        brief = await self._fitting(someone, bay, ask.accreditation_id)
        new = self._new(someone, bay, "accredited")
        return await self._open(msgspec.structs.replace(new, accreditation_id=brief.accreditation_id))

    async def begin_declared(self, someone: Someone, ask: GuestCheckInAsk) -> CheckInView:
        """Check in by a card that SIGA cannot check; what is declared is sealed before it is kept."""
        bay = await self._tools.bay(ask.bay_id, someone)
        if ask.expires_on < await self._today(bay):
            raise Invalid("The card has expired.", errors=[FieldFault("/expires_on", "must be today or later")])
        plate = model.tidy_plate(ask.plate)
        if not 2 <= len(plate) <= 15:
            raise Invalid("That is no plate.", errors=[FieldFault("/plate", "must have 2 to 15 letters and digits")])
        new = self._new(someone, bay, "declared")
        said = Declaration(check_in_id=new.check_in_id, issuer=ask.issuer, card_number=ask.card_number,
                           expires_on=ask.expires_on, plate=plate, declared_at=new.started_at)  # fmt: skip
        sealed = self._tools.seals.seal(new.check_in_id, msgspec.json.encode(said))
        return await self._open(msgspec.structs.replace(new, declaration=sealed))

    def _new(self, someone: Someone, bay: KnownBay, kind: CheckInKind) -> CheckIn:
        now = self._tools.clock()
        if model.is_closed(bay, now):
            raise BayClosed("This bay is closed just now: nobody can check in.")
        return CheckIn(
            check_in_id=new_id(), bay_id=bay.bay_id, municipality_id=bay.municipality_id, who=self._who(someone),
            kind=kind, started_at=now, until=now + model.CHECK_IN_LASTS,
        )  # fmt: skip

    async def _today(self, bay: KnownBay) -> date:
        place = await self._tools.database.read(lambda conn: bays.place_of(conn, bay.municipality_id))
        return model.local_day(self._tools.clock(), place.time_zone)

    async def _fitting(self, someone: Someone, bay: KnownBay, asked_id: str | None) -> AccreditationBrief:
        today = await self._today(bay)
        claimed = await self._tools.neighbours.accreditations(someone.sub)
        fitting = [brief for brief in claimed if model.fault_of(brief, bay, today) is None]
        if asked_id is None and fitting:
            return fitting[0]
        asked = next((brief for brief in claimed if brief.accreditation_id == asked_id), None)
        if asked is not None and asked in fitting:
            return asked
        why = f"You have claimed no valid accreditation for '{bay.category}' bays."
        if asked is not None:
            why = f"That accreditation does not allow this bay: {model.fault_of(asked, bay, today)}."
        raise NoAccreditation(
            f"{why} Claim yours with the code on its letter, or declare your card as a guest: "
            "POST /api/v1/check-ins/guest with issuer, card_number, expires_on and plate."
        )

    async def _open(self, new: CheckIn) -> CheckInView:
        now = new.started_at

        def work(conn: Connection) -> KnownBay:
            bay = bays.bay_of(conn, new.bay_id)
            if bay is None:
                raise no_bay()
            self._make_room(conn, new)
            try:
                check_ins.add(conn, msgspec.structs.replace(new, stay_id=bay.stay_id))
            except check_ins.Taken as fault:
                raise AlreadyCheckedIn("Somebody checked in at this bay in the same moment.") from fault
            data = CheckedIn(check_in_id=new.check_in_id, bay_id=new.bay_id, kind=new.kind, at=now, until=new.until,
                             accreditation_id=new.accreditation_id)  # fmt: skip
            fact = Fact(data=data, municipality_id=new.municipality_id, subject_id=new.bay_id, occurred_at=now)
            journal.append(conn, [fact], now)
            return bay

        bay = await self._tools.database.write(work)
        log.info("checked_in", check_in_id=new.check_in_id, bay_id=new.bay_id, kind=new.kind)
        return await self._with_limit(_view(new, bay))

    @staticmethod
    def _make_room(conn: Connection, new: CheckIn) -> None:
        """End what is overdue at the bay and the person's check-in elsewhere: nobody stands in two places."""
        now = new.started_at
        there = check_ins.open_at(conn, new.bay_id)
        if there is not None and there.until > now:
            since = rfc3339(there.started_at)
            if there.who == new.who:
                raise AlreadyCheckedIn(f"You are checked in at this bay since {since}.")
            raise AlreadyCheckedIn(f"Somebody is checked in at this bay since {since}.")
        if there is not None:
            end(conn, there, there.until, now)
        for other in check_ins.open_of(conn, new.who):
            end(conn, other, min(now, other.until), now)

    # --- show ----------------------------------------------------------------------------------------------------

    async def current(self, someone: Someone) -> CurrentCheckIn:
        """The caller's open check-in with the limit of the stay."""
        found = [view for view in await self._lately(someone) if view.ended_at is None]
        if not found or found[0].until <= self._tools.clock():
            return CurrentCheckIn()
        return CurrentCheckIn(check_in=await self._with_limit(found[0]))

    async def lately(self, someone: Someone) -> CheckInList:
        """The caller's check-ins of the last seven days."""
        return CheckInList(check_ins=await self._lately(someone))

    async def _lately(self, someone: Someone) -> list[CheckInView]:
        since = self._tools.clock() - model.USED_WITHIN

        def work(conn: Connection) -> list[CheckInView]:
            found = check_ins.lately_of(conn, self._who(someone), since)
            known = bays.bays_of(conn, {one.bay_id for one in found})
            return [_view(one, known[one.bay_id]) for one in found]

        return await self._tools.database.read(work)

    async def _with_limit(self, view: CheckInView) -> CheckInView:
        bay = await self._tools.neighbours.bay(view.bay_id)
        if bay is None:
            return view
        limit = model.leave_by(bay, view.started_at)
        return msgspec.structs.replace(view, max_stay_min=bay.max_stay_min, leave_by=limit)

    # --- end -----------------------------------------------------------------------------------------------------

    async def end(self, someone: Someone, check_in_id: str) -> CheckInView:
        """End the caller's check-in; one that has ended stays as it is. NotFound for anybody else's."""
        now = self._tools.clock()

        def work(conn: Connection) -> CheckInView:
            found = check_ins.one(conn, check_in_id, self._who(someone))
            if found is None:
                raise no_check_in()
            if found.ended_at is None:
                end(conn, found, min(now, found.until), now)
                found = check_ins.one(conn, check_in_id, found.who) or found
            return _view(found, bays.bays_of(conn, {found.bay_id})[found.bay_id])

        view = await self._tools.database.write(work)
        log.info("checked_out", check_in_id=check_in_id, bay_id=view.bay_id)
        return view

    async def receipt(self, someone: Someone, check_in_id: str) -> Receipt:
        """The signed receipt of the stay of the caller's ended check-in (D13); CheckInOpen while it is open.

        History signs what a sensor saw: NotFound where none saw a stay, History's Conflict while the car still stands.
        """
        who = self._who(someone)
        found = await self._tools.database.read(lambda conn: check_ins.one(conn, check_in_id, who))
        if found is None:
            raise no_check_in()
        if found.ended_at is None:
            raise CheckInOpen("The receipt is made when the stay is over: end the check-in first.")
        if found.stay_id is None:
            raise NotFound("No sensor saw your stay, so there is no receipt of it.")
        ask = ReceiptAsk(
            check_in_id=check_in_id, stay_id=found.stay_id, accreditation_id=found.accreditation_id
        )  # fmt: skip
        return await self._tools.neighbours.receipt(ask)

    # --- what an officer may see ---------------------------------------------------------------------------------

    async def declaration(self, case_id: str) -> Declaration:
        """What the guest declared whose stay an open case is about; NotFound when there is none (any more)."""
        now = self._tools.clock()

        def work(conn: Connection) -> CheckIn | None:
            bay = bays.bay_of_case(conn, case_id)
            if bay is None:
                return None
            undo = timedelta(seconds=self._tools.settings.int_of(UNDO_S, bay.municipality_id))
            return check_ins.declared_in(conn, case_id, bay.bay_id, now, undo)

        found = await self._tools.database.read(work)
        if found is None or found.declaration is None:
            raise NotFound("No guest declared anything that this case is about.")
        log.info("declaration_shown", check_in_id=found.check_in_id, case_id=case_id)
        said = self._tools.seals.unseal(found.check_in_id, found.declaration)
        return msgspec.json.decode(said, type=Declaration)


def no_check_in() -> NotFound:
    """The one answer for a check-in that is not there and for somebody else's."""
    return NotFound("You have no such check-in.")


def _view(check_in: CheckIn, bay: KnownBay) -> CheckInView:
    return CheckInView(
        check_in_id=check_in.check_in_id, bay_id=check_in.bay_id, code=bay.code, address=bay.address,
        municipality_id=check_in.municipality_id, kind=check_in.kind, started_at=check_in.started_at,
        until=check_in.until, ended_at=check_in.ended_at,
    )  # fmt: skip
