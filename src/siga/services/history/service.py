"""What one can ask of History."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from siga.contract.history import (
    ChangeView,
    Grouping,
    Imported,
    Receipt,
    ReceiptAnswer,
    ReceiptAsk,
    ReceiptClaims,
    Statistics,
    StatisticsRow,
    StayView,
)
from siga.contract.settings import MONTH_KEY_KEPT_DAYS, SUBJECT_KEPT_H
from siga.kit.auth import Keyring
from siga.kit.clock import Clock
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.problem import FieldFault, Invalid, NotFound
from siga.ports import Database
from siga.services.history import bays, figures, forgetting, queries, receipts, statistics
from siga.services.history.bays import BayRow
from siga.services.history.imports import read_lines, write_lines
from siga.services.history.model import Stay
from siga.services.history.queries import Place, Span
from siga.services.history.sums import PlaceRow, Scope, Sums
from siga.services.history.tables import gaps, stays
from siga.services.history.towns import Towns

LONGEST = timedelta(days=400)
_USUAL = timedelta(days=28)
_KEPT_S = 60.0
_MOST_KEPT = 256

log = logger("history")


class History:
    """The use cases of History."""

    def __init__(self, *, database: Database, keys: Keyring, months: forgetting.KeyRing, towns: Towns,
                 settings: LiveSettings, clock: Clock) -> None:  # fmt: skip
        self._database, self._keys = database, keys
        self._towns, self._settings, self._clock = towns, settings, clock
        self._months = months
        self._public: dict[tuple[str, datetime, datetime, Grouping], tuple[datetime, Statistics]] = {}

    # --- one bay --------------------------------------------------------------------------------------------------

    async def bay(self, bay_id: str) -> BayRow:
        """A bay; NotFound when none of that id was ever told."""
        found = await self._database.read(lambda conn: bays.known(conn, [bay_id]))
        if bay_id not in found:
            raise NotFound("There is no such bay.")
        return found[bay_id]

    async def changes(self, bay: BayRow, span: Span, personal: bool, limit: int,
                      before: Place | None) -> tuple[list[ChangeView], Place | None]:  # fmt: skip
        """A bay's changes within a span, newest first, and where to go on; personal times only if `personal`."""
        return await self._database.read(lambda conn: queries.changes_of(conn, bay, span, personal, limit, before))

    async def stays(self, bay: BayRow, span: Span, personal: bool, limit: int,
                    before: Place | None) -> tuple[list[StayView], Place | None]:  # fmt: skip
        """A bay's stays that reach into a span, newest first, and where to go on."""
        return await self._database.read(lambda conn: queries.stays_of(conn, bay, span, personal, limit, before))

    # --- statistics -----------------------------------------------------------------------------------------------

    async def figures(self, municipality_id: str, from_at: datetime | None, to_at: datetime | None, by: Grouping,
                      zone_ids: frozenset[str] | None, personal: bool) -> Statistics:  # fmt: skip
        """Staff's figures, of these zones or (None) of all, by default of the last 28 days; `personal` bays or not."""
        now = self._clock()
        town = await self._towns.one(municipality_id)
        to_at = min(to_at or now, now)
        from_at = _checked_start(from_at, to_at)
        rows = await self._rows(
            municipality_id, from_at, to_at, by, town.time_zone,
            lambda place: (personal or not place.personal) and (zone_ids is None or place.zone_id in zone_ids),
        )  # fmt: skip
        return Statistics(
            municipality_id=municipality_id, from_at=from_at, to_at=to_at, by=by, time_zone=town.time_zone, rows=rows
        )

    async def public_figures(self, municipality_id: str, from_at: datetime | None, to_at: datetime | None,
                             by: Grouping) -> Statistics:  # fmt: skip
        """What anyone may know: aggregates of at least ten stays over whole days, no personal bays (D27)."""
        now = self._clock()
        town = await self._towns.one(municipality_id)
        to_at = to_at or now
        start = _checked_start(from_at, to_at)
        from_at, to_at = statistics.whole_days(start, to_at, now, ZoneInfo(town.time_zone))
        slot = (municipality_id, from_at, to_at, by)
        kept = self._public.get(slot)
        if kept is not None and timedelta(0) <= now - kept[0] < timedelta(seconds=_KEPT_S):
            return kept[1]
        rows = await self._rows(municipality_id, from_at, to_at, by, town.time_zone, lambda place: not place.personal)
        shown, suppressed = statistics.for_the_public(rows)
        answer = Statistics(
            municipality_id=municipality_id, from_at=from_at, to_at=to_at, by=by, time_zone=town.time_zone, rows=shown,
            suppressed=suppressed, public=True,
        )  # fmt: skip
        if len(self._public) >= _MOST_KEPT:
            self._public.clear()
        self._public[slot] = (now, answer)
        return answer

    async def _rows(self, municipality_id: str, from_at: datetime, to_at: datetime, by: Grouping, time_zone: str,
                    wanted: Callable[[PlaceRow], bool]) -> list[StatisticsRow]:  # fmt: skip
        by_time = by in ("hour", "weekday", "day")

        def work(conn: Connection) -> tuple[list[PlaceRow], Scope, Sums]:
            places = figures.places_of(conn, municipality_id)
            mine = {place.bay_no for place in places if wanted(place)}
            places = [place for place in places if place.bay_no in mine]
            scope = Scope(
                bay_nos=sorted(mine), left_out=[place.place_no for place in places if not wanted(place)],
                from_us=figures.micros(from_at), to_us=figures.micros(to_at),
            )  # fmt: skip
            return places, scope, _sums(conn, scope, by_time)

        places, scope, sums = await self._database.read(work)
        if by == "hour" or by == "weekday" or by == "day":
            return statistics.rows_by_time(places, scope, sums, by, ZoneInfo(time_zone))
        return statistics.rows_by_place(places, scope, sums, by)

    # --- imports --------------------------------------------------------------------------------------------------

    async def take_in(self, body: bytes, allowed: Callable[[BayRow], bool], simulated: bool) -> Imported:
        """Write an NDJSON body's lines in, for bays that are `allowed`; again changes nothing."""
        now = self._clock()
        lines = await asyncio.to_thread(read_lines, body, now)
        done = await self._database.write(lambda conn: write_lines(conn, lines, allowed, simulated))
        log.info(
            "history_imported", accepted=done.accepted, repeated=done.repeated, refused=done.refused_in_all,
            simulated=simulated,
        )  # fmt: skip
        return done

    # --- receipts -------------------------------------------------------------------------------------------------

    async def receipt(self, ask: ReceiptAsk) -> Receipt:
        """A signed receipt for a stay that is over. Nothing of the request is kept.

        Raises Invalid (the stay is not named), NotFound (no such stay yet), Conflict (it still lasts).
        """
        span = receipts.span_of(ask)
        bay, pieces = await self._database.read(lambda conn: _pieces(conn, ask, span))
        stay = receipts.covered(pieces, span)
        town = await self._towns.one(bay.municipality_id)
        return receipts.signed(
            self._keys,
            ReceiptClaims(
                municipality_id=bay.municipality_id, municipality=town.name, bay_id=bay.bay_id, bay=bay.code,
                stay_id=stay.stay_id or queries.stay_name(bay, stay.started_at), started_at=stay.started_at,
                ended_at=stay.ended_at, authorisation=stay.authorisation, issued_at=self._clock(),
                check_in_id=ask.check_in_id, accreditation_id=ask.accreditation_id, simulated=stay.simulated,
            ),
        )  # fmt: skip

    def check_receipt(self, receipt: str) -> ReceiptAnswer:
        """Whether a receipt is ours and unchanged."""
        return receipts.checked(self._keys, receipt)

    # --- forgetting -----------------------------------------------------------------------------------------------

    async def forget(self) -> None:
        """Let go of who had parked, as long after a stay as the municipality's setting says; then of the keys."""
        now = self._clock()

        def ended_before(municipality_id: str) -> datetime:
            return now - timedelta(hours=self._settings.int_of(SUBJECT_KEPT_H, municipality_id))

        def work(conn: Connection) -> Counter[str]:
            forgotten = forgetting.forget_subjects(conn, ended_before)
            self._months.count(conn, forgotten)
            return forgotten

        forgotten = await self._database.write(work)
        gone = await self._months.end(now, timedelta(days=self._settings.int_of(MONTH_KEY_KEPT_DAYS)))
        if forgotten or gone:
            log.info("subjects_forgotten", stays=forgotten.total(), months=gone)


def _checked_start(from_at: datetime | None, to_at: datetime) -> datetime:
    start = from_at or to_at - _USUAL
    if start > to_at:
        raise Invalid("The span ends before it begins.", errors=[FieldFault("/from", "must not be after 'to' or now")])
    if to_at - start > LONGEST:
        fault = FieldFault("/from", f"must be at most {LONGEST.days} days before 'to'")
        raise Invalid("The span is too long.", errors=[fault])
    return start


def _sums(conn: Connection, scope: Scope, by_time: bool) -> Sums:
    return Sums(
        begun=figures.begun(conn, scope, by_time),
        hidden=figures.hidden(conn, scope, by_time),
        stays_before=figures.reaching_in(conn, stays, scope),
        gaps_before=figures.reaching_in(conn, gaps, scope),
        stay_ends=figures.ends(conn, stays, scope) if by_time else (),
        gap_ends=figures.ends(conn, gaps, scope) if by_time else (),
    )


def _pieces(conn: Connection, ask: ReceiptAsk, span: Span) -> tuple[BayRow, Sequence[Stay]]:
    """The bay and the stays that may be meant; NotFound when there is no such bay or stay."""
    if ask.stay_id is not None:
        found = queries.stays_named(conn, ask.stay_id)
        bay = bays.numbered(conn, found[0][0]) if found else None
    else:
        bay = bays.known(conn, [ask.bay_id or ""]).get(ask.bay_id or "")
        found = queries.stays_within(conn, bay, span) if bay else []
    if bay is None:
        raise NotFound("There is no such stay here yet.")
    return bay, [stay for _, stay in found]
