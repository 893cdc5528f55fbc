"""What Parking does with reports, with time and with what other services tell: fold, commit, then show."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from siga.contract.drivers import BayDoubted, CheckedIn, CheckedOut
from siga.contract.enforcement import StayJudged
from siga.contract.events import Event
from siga.contract.parking import Ack, BayChanged, DeviceAlarmed, ReportBatch
from siga.contract.settings import DOUBTS_FOR_ALARM
from siga.contract.users import AccreditationChanged, CredentialChanged, MunicipalityDefined
from siga.kit import metrics
from siga.kit.clock import Clock
from siga.kit.consumer import Advance
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.problem import Problem, Unauthenticated, Unavailable
from siga.ports import Database
from siga.services.parking import model, store, store_reports
from siga.services.parking.folding import fold_batch
from siga.services.parking.nonces import spend
from siga.services.parking.overlay import Cause, Overlay
from siga.services.parking.picture import Picture
from siga.services.parking.tables import journal

T = TypeVar("T")
log = logger("parking")

_MOST_AT_ONCE = 100
_MOST_WAITING = 2_000
_TICK_S = 0.5
_REPORTS_KEPT = timedelta(days=30)
_SUBJECT_KEPT = timedelta(hours=72)


class Replayed(Unauthenticated):
    """This nonce was spent before"""

    slug = "replayed"


class Parking:
    """The use cases. All changes go one after the other through `commit`; reads go to `picture` and never wait."""

    def __init__(self, database: Database, settings: LiveSettings, clock: Clock) -> None:
        self.picture = Picture(settings, clock)
        self._database, self._settings, self._clock = database, settings, clock
        self._lock = asyncio.Lock()
        self._waiting: list[tuple[ReportBatch, asyncio.Future[list[Ack]]]] = []
        self._arrived = asyncio.Event()
        self._due: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._revision = 0
        self._swept_at: datetime | None = None
        self.loaded = False

    async def load(self) -> None:
        """Memory and deadlines from the store."""
        self.picture.fill(await self._database.read(store.load))
        self._reschedule_all()
        self.loaded = True

    async def commit(self, work: Callable[[Connection, Overlay], T]) -> T:
        """Run `work` on an overlay in one transaction; show it only when it is committed."""
        async with self._lock:
            overlay = Overlay(self.picture, self._clock())

            def transaction(conn: Connection) -> tuple[T, int]:
                result = work(conn, overlay)
                store_reports.insert_reports(conn, overlay.rows)
                store.update_states(conn, overlay.states.values())
                for device_id, window in overlay.nonces.items():
                    store.put_nonces(conn, device_id, window)
                events = journal.append(conn, overlay.facts, overlay.now)
                return result, events[-1].position if events else 0

            result, position = await self._database.write(transaction)
            overlay.publish()
            self.picture.position = max(self.picture.position, position)
            self._schedule(overlay)
            return result

    # --- reports -----------------------------------------------------------------------------------------------------

    async def take_reports(self, batch: ReportBatch) -> list[Ack]:
        """Take the reports of one envelope; answers after the commit. Waiting batches share a commit."""
        if len(self._waiting) >= _MOST_WAITING:
            raise Unavailable("Too many reports are waiting.", headers={"Retry-After": "2"})
        future: asyncio.Future[list[Ack]] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, future))
        self._arrived.set()
        return await future

    async def run_ingest(self) -> None:
        """Fold what waits, group by group, for ever."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                group, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
                await self._take_group(group)

    async def _take_group(self, group: Sequence[tuple[ReportBatch, asyncio.Future[list[Ack]]]]) -> None:
        try:
            answers = await self.commit(lambda conn, overlay: [_fold(conn, overlay, batch) for batch, _ in group])
        except Exception as fault:
            if len(group) > 1 and not isinstance(fault, Problem):
                log.warning("group_failed", why=repr(fault), batches=len(group))
                for one in group:
                    await self._take_group([one])
                return
            for _, future in group:
                if not future.done():
                    future.set_exception(fault)
            return
        for (_, future), answer in zip(group, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Problem):
                future.set_exception(answer)
            else:
                for ack in answer:
                    metrics.REPORTS.labels(ack.status).inc()
                future.set_result(answer)

    async def spend_nonce(self, device_id: str, nonce: int) -> None:
        """Spend a nonce for a signed request that carries no report; Replayed when it was spent before."""

        def work(_: Connection, overlay: Overlay) -> bool:
            if device_id not in overlay.picture.devices:
                raise Unauthenticated("This device is not known here.")
            return _spend(overlay, device_id, nonce)

        if not await self.commit(work):
            raise Replayed("A request with this nonce was taken before; sign again with a new one.")

    # --- time --------------------------------------------------------------------------------------------------------

    async def run_time(self) -> None:
        """Let deadlines act, for ever."""
        while True:
            now = self._clock()
            wait_s = _TICK_S
            if self._heap:
                wait_s = min(wait_s, max(0.0, (self._heap[0][0] - now).total_seconds()))
            await asyncio.sleep(wait_s)
            await self.tick()

    async def tick(self) -> int:
        """Let all deadlines that are over act; how many bays were looked at."""
        if self._settings.revision != self._revision:
            self._revision = self._settings.revision
            self._reschedule_all()
        due = self._take_due(self._clock())
        if not due:
            return 0

        def work(_: Connection, overlay: Overlay) -> None:
            for bay_id in due:
                bay = overlay.bay(bay_id)
                if bay is not None:
                    overlay.settle(bay, overlay.state(bay_id), "time")

        try:
            await self.commit(work)
        finally:
            for bay_id in due:
                if bay_id not in self._due:
                    self._schedule_one(bay_id)
        return len(due)

    def _take_due(self, now: datetime) -> list[str]:
        due: list[str] = []
        while self._heap and self._heap[0][0] <= now and len(due) < 1000:
            at, bay_id = heapq.heappop(self._heap)
            if self._due.get(bay_id) == at:
                del self._due[bay_id]
                due.append(bay_id)
        return due

    def _schedule(self, overlay: Overlay) -> None:
        for bay_id in overlay.states:
            self._schedule_one(bay_id)
        if overlay.rules or overlay.assignments or overlay.zones:
            self._reschedule_all()

    def _reschedule_all(self) -> None:
        self._due.clear()
        self._heap.clear()
        for bay_id in self.picture.states:
            self._schedule_one(bay_id)

    def _schedule_one(self, bay_id: str) -> None:
        bay, state, now = self.picture.bays[bay_id], self.picture.states[bay_id], self._clock()
        if state.told is None and state.doubted_at is None:
            self._due.pop(bay_id, None)
            return
        opens_at = self.picture.opens_at(bay, now) if state.stay is not None else None
        at = model.next_deadline(state, self.picture.terms_of(bay, now), opens_at, now)
        if at is None or bay.life != "in_service":
            self._due.pop(bay_id, None)
            return
        self._due[bay_id] = at
        heapq.heappush(self._heap, (at, bay_id))

    # --- what other services tell ------------------------------------------------------------------------------------

    async def follow(self, events: Sequence[Event], advance: Advance) -> None:
        """Take over what Users, Drivers and Enforcement tell, with the cursor in the same transaction."""

        def work(conn: Connection, overlay: Overlay) -> None:
            for event in events:
                self._take_event(conn, overlay, event)
            advance(conn)

        await self.commit(work)

    def _take_event(self, conn: Connection, overlay: Overlay, event: Event) -> None:
        data = event.decoded()
        match data:
            case MunicipalityDefined():
                store.put_municipality(conn, data.municipality)
                overlay.municipalities[data.municipality.municipality_id] = data.municipality
            case CredentialChanged():
                store.put_credential(conn, data.row)
                overlay.credentials[data.row.credential] = data.row
                self._look_again(overlay, lambda s: data.row.credential in _credentials_of(s))
            case AccreditationChanged():
                brief = data.accreditation
                store.put_accreditation(conn, brief)
                overlay.accreditations[brief.accreditation_id] = brief
                self._look_again(overlay, lambda s: _accreditation_of(s) == brief.accreditation_id)
            case CheckedIn():
                mark = model.CheckInMark(
                    check_in_id=data.check_in_id, kind=data.kind, at=data.at, accreditation_id=data.accreditation_id
                )
                self._act(overlay, data.bay_id, lambda state: model.checked_in(state, mark))
            case CheckedOut():
                self._act(overlay, data.bay_id, lambda state: model.checked_out(state, data.check_in_id))
            case BayDoubted():
                self._doubt(conn, overlay, data)
            case StayJudged():
                word = None if data.undone else model.Judgement(authorisation=data.authorisation, by=data.by)
                self._act(overlay, data.bay_id, lambda state: model.judged(state, data.stay_id, word), "judged")

    def _act(self, overlay: Overlay, bay_id: str, change: Callable[[model.BayState], model.BayState],
             cause: Cause = "check_in") -> None:  # fmt: skip
        bay = overlay.bay(bay_id)
        if bay is not None:
            overlay.settle(bay, change(overlay.state(bay_id)), cause)

    def _look_again(self, overlay: Overlay, concerned: Callable[[model.BayState], bool]) -> None:
        for bay_id, committed in self.picture.states.items():
            state = overlay.states.get(bay_id, committed)
            bay = overlay.bay(bay_id)
            if bay is not None and state.stay is not None and concerned(state):
                overlay.settle(bay, state, "credential")

    def _doubt(self, conn: Connection, overlay: Overlay, doubt: BayDoubted) -> None:
        bay = overlay.bay(doubt.bay_id)
        if bay is None or not store.add_doubt(conn, doubt.doubt_id, doubt.bay_id, doubt.by or "", doubt.at):
            return
        self._act(overlay, doubt.bay_id, lambda state: model.doubted(state, doubt.at), "doubt")
        people = store.doubters_since(conn, doubt.bay_id, overlay.now - timedelta(hours=24))
        if people == self._settings.int_of(DOUBTS_FOR_ALARM, bay.municipality_id):
            alarm = DeviceAlarmed(
                device_id=self.picture.sensor_of(bay.bay_id), bay_id=bay.bay_id, reason="repeated_doubts",
                detail=f"{people} people in 24 h",
            )  # fmt: skip
            overlay.tell(alarm, bay.municipality_id, bay.bay_id)
            log.warning("repeated_doubts", alarm=True, bay_id=bay.bay_id, people=people)

    async def sweep(self) -> None:
        """Forget what has served: old reports, old doubts, and who had parked (72 h after)."""
        now = self._clock()

        def work(conn: Connection) -> None:
            store_reports.prune_reports(conn, now - _REPORTS_KEPT)
            store.forget_doubts(conn, now - timedelta(days=2))
            journal.scrub(conn, BayChanged.__name__, "subject", now - _SUBJECT_KEPT, since_last)

        # The first sweep after a start looks far back: who knows for how long nothing ran.
        since_last = now - self._swept_at + timedelta(minutes=1) if self._swept_at else _REPORTS_KEPT
        await self._database.write(work)
        self._swept_at = now


def _fold(conn: Connection, overlay: Overlay, batch: ReportBatch) -> list[Ack] | Problem:
    if batch.nonce is None:
        return fold_batch(conn, overlay, batch)
    if batch.device_id not in overlay.picture.devices:
        return Unauthenticated("This device is not known here.")
    if not _spend(overlay, batch.device_id, batch.nonce):
        return Replayed("A request with this nonce was taken before; sign again with a new one.")
    return fold_batch(conn, overlay, batch)


def _spend(overlay: Overlay, device_id: str, nonce: int) -> bool:
    window = spend(overlay.window(device_id), nonce)
    if window is not None:
        overlay.nonces[device_id] = window
    return window is not None


def _credentials_of(state: model.BayState) -> tuple[str | None, ...]:
    return (state.stay.credential if state.stay else None, state.card)


def _accreditation_of(state: model.BayState) -> str | None:
    if state.check_in is not None and state.check_in.accreditation_id is not None:
        return state.check_in.accreditation_id
    return state.stay.accreditation_id if state.stay else None
