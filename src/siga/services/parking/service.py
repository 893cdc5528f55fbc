"""What Parking does with reports, with time and with what other services tell: fold, commit, then show."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection

from siga.contract.drivers import BayDoubted, CheckedIn, CheckedOut
from siga.contract.enforcement import StayJudged
from siga.contract.events import Event
from siga.contract.parking import Ack, BayChanged, CardSuspected, DeviceAlarmed, ReportBatch
from siga.contract.settings import DOUBT_LASTS_S, DOUBTS_FOR_ALARM, GRACE_S, SILENCE_FACTOR
from siga.contract.users import AccreditationChanged, CredentialChanged, MunicipalityDefined
from siga.kit import metrics
from siga.kit.clock import Clock
from siga.kit.consumer import Advance
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.problem import Problem, Unauthenticated, Unavailable
from siga.ports import Database
from siga.services.parking import model, snapshot, store, store_devices, store_reports
from siga.services.parking.folding import fold_batch
from siga.services.parking.keys import spend_signed
from siga.services.parking.overlay import Cause, Overlay
from siga.services.parking.picture import Picture, words_of
from siga.services.parking.subjects import forget_readings
from siga.services.parking.tables import journal

T = TypeVar("T")
log = logger("parking")

_MOST_AT_ONCE = 1_000
_MOST_WAITING = 10_000
"""Reports in one commit and reports waiting for one, about."""
_TICK_S = 0.5
_DUE_AT_ONCE = 1000
_RESCHEDULED_AT_ONCE, _RESCHEDULE_REST_S = 250, 0.004
"""Bays whose deadlines are looked at anew in one go; in between others have the loop."""
_LOADED_AT_ONCE = 5000
_SNAPSHOT_FROM = 20_000
_INDEX_REST_S = 0.5
_DEADLINE_SETTINGS = (GRACE_S, SILENCE_FACTOR, DOUBT_LASTS_S)
Cameras = dict[str, tuple[str, ...]]
_REPORTS_KEPT = timedelta(days=30)
_SUBJECT_KEPT = timedelta(hours=72)


class Replayed(Unauthenticated):
    """This nonce was spent before"""

    slug = "replayed"


class Parking:
    """The use cases. All changes go one after the other through `commit`; reads go to `picture` and never wait."""

    def __init__(self, database: Database, settings: LiveSettings, clock: Clock, snapshot_path: Path) -> None:
        self.picture = Picture(settings, clock)
        self._database, self._settings, self._clock = database, settings, clock
        self._snapshot = snapshot_path
        self._saved = -1
        self._lock = asyncio.Lock()
        self._waiting: deque[tuple[ReportBatch, asyncio.Future[list[Ack]]]] = deque()
        self._reports_waiting = 0
        self._arrived = asyncio.Event()
        self._moved = asyncio.Event()
        self._terms: tuple[Any, ...] = ()
        self._unscheduled = 0
        """From this place on deadlines are to be looked at anew; the number of bays when none are."""
        self._swept_at: datetime | None = None
        self.loaded = False

    async def load(self) -> None:
        """Memory and deadlines from the store."""
        self.picture.fill(await self._database.read(store.load))
        self._terms = self._terms_now()
        if not await self._restore():
            await self._read_all()
            self._unscheduled = len(self.picture.columns)
        self.picture.columns.near.rebuild()
        self.loaded = True

    async def _read_all(self) -> None:
        last = -1
        while rows := await self._database.read(partial(store.load_bays, after_place=last, limit=_LOADED_AT_ONCE)):
            self.picture.take(rows)
            last += len(rows)

    async def _restore(self) -> bool:
        """Start from the snapshot and what changed since; False when there is none that fits this store."""
        found = await asyncio.to_thread(snapshot.read, self._snapshot)
        if found is None:
            return False
        head = found.head
        if await self._database.read(partial(store.event_at, position=head.position)) != head.event_id:
            log.info("snapshot_of_another_store")
            return False
        self.picture.restore(found)
        changed = await self._database.read(partial(store.changed_since, position=head.position))
        for start in range(0, len(changed), _LOADED_AT_ONCE):
            lot = changed[start : start + _LOADED_AT_ONCE]
            self.picture.take(await self._database.read(partial(store.bays_with_ids, bay_ids=lot)))
        # Bays of a snapshot keep the deadlines they had, under the settings and rules of then.
        self._unscheduled = len(self.picture.columns) if found.head.terms == self._frame() else 0
        log.info("restored_from_snapshot", bays=len(self.picture.columns), changed=len(changed))
        return True

    async def save(self) -> None:
        """Write a snapshot, so that the next start is quick; only where reading the store would take long."""
        position = self.picture.position
        if len(self.picture.columns) < _SNAPSHOT_FROM or position == self._saved:
            return
        event_id = await self._database.read(partial(store.event_at, position=position))
        if event_id is not None:
            settled = self._unscheduled >= len(self.picture.columns)
            planned = snapshot.plan(self.picture.columns, position, event_id, self._frame() if settled else "")
            await asyncio.to_thread(self.picture.save, self._snapshot, planned)
            self._saved = position

    async def commit(self, work: Callable[[Connection, Overlay], T]) -> T:
        """Run `work` on an overlay in one transaction; show it only when it is committed."""
        async with self._lock:
            overlay = Overlay(self.picture, self._clock())

            def transaction(conn: Connection) -> tuple[T, int, Cameras | None]:
                result = work(conn, overlay)
                store_reports.insert_reports(conn, overlay.rows)
                store.update_states(conn, overlay.packed())
                store_devices.put_nonces(conn, overlay.nonces)
                store.note_quiet(conn, overlay.quiet, self.picture.position)
                cameras = store_devices.cameras(conn) if overlay.cameras_changed else None
                events = journal.append(conn, overlay.facts, overlay.now)
                return result, events[-1].position if events else 0, cameras

            result, position, cameras = await self._database.write(transaction)
            if cameras is not None:
                self.picture.cameras = cameras
            overlay.publish()
            self.picture.position = max(self.picture.position, position)
            if overlay.rules or overlay.zones or overlay.municipalities:
                self._unscheduled = 0
            if self.picture.columns.near.loose:
                self._moved.set()
            return result

    # --- reports -----------------------------------------------------------------------------------------------------

    async def take_reports(self, batch: ReportBatch) -> list[Ack]:
        """Take the reports of one envelope; answers after the commit. Waiting batches share a commit."""
        if self._reports_waiting and self._reports_waiting + len(batch.reports) > _MOST_WAITING:
            raise Unavailable("Too many reports are waiting.", headers={"Retry-After": "2"})
        self._reports_waiting += len(batch.reports)
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
                group, reports = [self._waiting.popleft()], 0
                # As many as wait share a commit: a busy store makes larger groups, an idle one answers at once.
                while self._waiting and (reports := reports + len(group[-1][0].reports)) < _MOST_AT_ONCE:
                    group.append(self._waiting.popleft())
                self._reports_waiting -= sum(len(batch.reports) for batch, _ in group)
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

    async def spend_nonce(self, device_id: str, nonce: int, key_no: int | None = None) -> None:
        """Spend a nonce for a signed request that carries no report; Replayed when it was spent before."""

        def work(conn: Connection, overlay: Overlay) -> bool:
            return spend_signed(conn, overlay, device_id, nonce, key_no)

        if not await self.commit(work):
            raise Replayed("A request with this nonce was taken before; sign again with a new one.")

    # --- time --------------------------------------------------------------------------------------------------------

    async def run_time(self) -> None:
        """Let deadlines act, for ever."""
        while True:
            wait_s = min(_TICK_S, self.picture.columns.next_due_s() - self._clock().timestamp())
            busy = self._unscheduled < len(self.picture.columns)
            await asyncio.sleep(_RESCHEDULE_REST_S if busy else max(0.01, wait_s))
            await self.tick()

    async def tick(self) -> int:
        """Let all deadlines that are over act; how many bays were looked at."""
        self._look_for_new_terms()
        now = self._clock()
        due = self.picture.columns.overdue(now.timestamp(), _DUE_AT_ONCE)
        if not due:
            return 0
        bay_ids = [self.picture.columns.bay_id(place) for place in due]

        def work(_: Connection, overlay: Overlay) -> None:
            for bay_id, place in zip(bay_ids, due, strict=True):
                bay = overlay.bay(bay_id)
                if bay is not None:
                    state = overlay.state(bay_id)
                    shows = model.public_occupancy(bay, state, overlay.monitored(bay_id), overlay.now)
                    # A closing begins and ends by the clock alone: nothing in the state tells of it.
                    turned = shows != overlay.picture.shows(place)
                    overlay.settle(bay, state, "time", told=turned)

        try:
            await self.commit(work)
        finally:
            for place in due:
                self.picture.reschedule(place, acted_s=now.timestamp())
        return len(due)

    def _terms_now(self) -> tuple[Any, ...]:
        where = ("", *self.picture.municipalities)
        return tuple(self._settings.value(setting, one) for one in where for setting in _DEADLINE_SETTINGS)

    def _frame(self) -> str:
        """A digest of what deadlines go by beside the bays: settings, rules, zones, municipalities."""
        kept = self.picture.rules, self.picture.zones, self.picture.municipalities
        words = [self._terms, *([one[key] for key in sorted(one)] for one in kept)]
        return sha256(msgspec.json.encode(words)).hexdigest()

    def _look_for_new_terms(self) -> None:
        """Settings or rules changed: look at all deadlines anew, some thousands at a time."""
        if (terms := self._terms_now()) != self._terms:
            self._terms, self._unscheduled = terms, 0
        total = len(self.picture.columns)
        until = min(total, self._unscheduled + _RESCHEDULED_AT_ONCE)
        for place in range(self._unscheduled, until):
            self.picture.reschedule(place)
        self._unscheduled = until

    async def run_index(self) -> None:
        """Build the index anew, beside the readers, whenever bays came or moved; for ever."""
        near = self.picture.columns.near
        while True:
            await self._moved.wait()
            self._moved.clear()
            plan = near.plan()
            near.install(plan, await asyncio.to_thread(near.built, plan))
            await asyncio.sleep(_INDEX_REST_S)

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
                self._look_again(overlay, data.row.credential)
            case AccreditationChanged():
                brief = data.accreditation
                store.put_accreditation(conn, brief)
                overlay.accreditations[brief.accreditation_id] = brief
                self._look_again(overlay, brief.accreditation_id)
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

    def _look_again(self, overlay: Overlay, word: str) -> None:
        """What a credential or accreditation says changed: look at the stays that go by it."""
        for bay_id in {*self.picture.bays_with(word), *overlay.states}:
            bay, state = overlay.bay(bay_id), overlay.state(bay_id)
            if bay is not None and word in words_of(state):
                overlay.settle(bay, state, "credential")

    def _doubt(self, conn: Connection, overlay: Overlay, doubt: BayDoubted) -> None:
        bay = overlay.bay(doubt.bay_id)
        if bay is None or not store.add_doubt(conn, doubt.doubt_id, doubt.bay_id, doubt.by or "", doubt.at):
            return
        self._act(overlay, doubt.bay_id, lambda state: model.doubted(state, doubt.at), "doubt")
        people = store.doubters_since(conn, doubt.bay_id, overlay.now - timedelta(hours=24))
        if people == self._settings.int_of(DOUBTS_FOR_ALARM, bay.municipality_id):
            sensor = store_devices.sensors_of(conn, [bay.bay_id]).get(bay.bay_id)
            alarm = DeviceAlarmed(
                device_id=sensor, bay_id=bay.bay_id, reason="repeated_doubts",
                detail=f"{people} people in 24 h",
            )  # fmt: skip
            overlay.tell(alarm, bay.municipality_id, bay.bay_id)
            log.warning("repeated_doubts", alarm=True, bay_id=bay.bay_id, people=people)

    async def sweep(self) -> None:
        """Forget what has served: old reports, old doubts, and who had parked (72 h after)."""
        now = self._clock()

        def work(conn: Connection) -> None:
            store_reports.prune_reports(conn, now - _REPORTS_KEPT)
            forget_readings(conn, self.picture, self._settings, now)
            store.forget_doubts(conn, now - timedelta(days=2))
            journal.scrub(conn, BayChanged.__name__, "subject", now - _SUBJECT_KEPT, since_last)
            journal.scrub(conn, CardSuspected.__name__, "credential", now - _SUBJECT_KEPT, since_last)

        # The first sweep after a start looks far back: who knows for how long nothing ran.
        since_last = now - self._swept_at + timedelta(minutes=1) if self._swept_at else _REPORTS_KEPT
        await self._database.write(work)
        self._swept_at = now


def _fold(conn: Connection, overlay: Overlay, batch: ReportBatch) -> list[Ack] | Problem:
    if batch.nonce is not None:
        try:
            fresh = spend_signed(conn, overlay, batch.device_id, batch.nonce, batch.key_no)
        except Unauthenticated as fault:
            return fault
        if not fresh:
            return Replayed("A request with this nonce was taken before; sign again with a new one.")
    return fold_batch(conn, overlay, batch)
