"""Takes jobs from the queue, lets the reader pool read them, and puts down what came out; woken, never polling."""

from __future__ import annotations

import asyncio
from datetime import datetime

from siga.contract.enforcement import PlateRead
from siga.kit import metrics
from siga.kit.clock import Clock
from siga.kit.journal import Fact
from siga.kit.log import logger
from siga.kit.problem import StoreFull, Unavailable
from siga.kit.waiting import waited
from siga.services.images import jobs as rules
from siga.services.images.evidence import EvidenceStore, Photo, PhotoLost
from siga.services.images.jobs import Job
from siga.services.images.model import Reading, candidates
from siga.services.images.pool import ReaderFailed, ReaderPool
from siga.services.images.store import Store

_LONGEST_REST_S = 60.0
"""A look at the queue at least this often, in case the clock was set."""
_REST_S = 1.0
_RENEW_S = rules.LEASE.total_seconds() / 3
_NOT_THE_PHOTOS_FAULT = ("reader_not_ready", "reader_stopped")

log = logger("images")


class Runner:
    """As many hands as the pool has workers."""

    def __init__(self, store: Store, evidence: EvidenceStore, clock: Clock, workers: int) -> None:
        self._store, self._evidence, self._clock, self._workers = store, evidence, clock, workers
        self._pool = ReaderPool(workers)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There may be something to do."""
        woken, self._woken = self._woken, asyncio.Event()
        woken.set()

    async def run(self) -> None:
        """Work for ever; photos that come before a reader is warm wait for it."""
        self._pool = ReaderPool(self._workers)
        await self._pool.start()
        try:
            async with asyncio.TaskGroup() as hands:
                for _ in range(self._workers):
                    hands.create_task(self._work())
        finally:
            await asyncio.shield(self._pool.stop())

    async def _work(self) -> None:
        while True:
            try:
                await self._step()
            except (Unavailable, StoreFull) as fault:
                log.warning("photo_queue_waits", why=str(fault))
                await asyncio.sleep(_REST_S)
            except Exception as fault:  # the job's lease ends, its tries are counted, the other photos go on
                log.error("photo_job_broke", exc_info=fault)
                await asyncio.sleep(_REST_S)

    async def _step(self) -> None:
        woken = self._woken
        job = await self._store.claim(self._clock())
        if job is None:
            await self._rest(woken)
        elif rules.is_spent(job):
            await self._put_down(job, rules.failed(job, "reader_died", self._clock()), None, "reader_died")
        else:
            await self._read(job)

    async def _rest(self, woken: asyncio.Event) -> None:
        await self._show_counts()
        due_at = await self._store.next_due()
        rest_s = _LONGEST_REST_S
        if due_at is not None:
            rest_s = min(max((due_at - self._clock()).total_seconds(), 0.01), rest_s)
        await waited(woken, rest_s)

    async def _read(self, job: Job) -> None:
        photo = await self._store.photo(job.photo_id)
        if photo is None:
            return
        keeping = asyncio.create_task(self._keep(job))
        try:
            reading = await self._pool.read(await self._evidence.original(photo), photo.site_country)
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(job))
            raise
        except (ReaderFailed, PhotoLost) as fault:
            await self._not_read(job, photo, "photo_lost" if isinstance(fault, PhotoLost) else fault.reason)
        else:
            await self._put_down(job, rules.finished(job, reading.reason, self._clock()), reading, reading.reason)
        finally:
            keeping.cancel()

    async def _keep(self, job: Job) -> None:
        """Renew the lease while the photo is in hand."""
        while True:
            await asyncio.sleep(_RENEW_S)
            await self._store.renew(job, self._clock())

    async def _give_back(self, job: Job) -> None:
        await self._store.settle(job, rules.given_back(job, self._clock()), None, (), self._clock())

    async def _not_read(self, job: Job, photo: Photo, reason: str) -> None:
        log.warning("photo_not_read", photo_id=photo.photo_id, tries=job.tries, why=reason)
        if reason in _NOT_THE_PHOTOS_FAULT:
            await self._give_back(job)
            await asyncio.sleep(_REST_S)
            return
        await self._put_down(job, rules.failed(job, reason, self._clock()), None, reason)

    async def _put_down(self, before: Job, after: Job, reading: Reading | None, reason: str | None) -> None:
        photo = await self._store.photo(before.photo_id)
        if photo is None:
            return
        now = self._clock()
        facts = [_fact(photo, reading, reason, now)] if after.state in ("done", "quarantined") else []
        sealed = self._evidence.seal_reading(photo, reading) if reading is not None else None
        if await self._store.settle(before, after, sealed, facts, now):
            log.info("photo_job", photo_id=photo.photo_id, state=after.state, tries=after.tries, why=reason)
        await self._show_counts()

    async def _show_counts(self) -> None:
        """Tell the metrics how many jobs are in each state."""
        for state, count in (await self._store.counts()).items():
            metrics.JOBS.labels(state).set(count)


def _fact(photo: Photo, reading: Reading | None, reason: str | None, now: datetime) -> Fact:
    found = candidates(reading) if reading is not None else ()
    data = PlateRead(
        photo_id=photo.photo_id, case_id=photo.case_id, candidates=len(found),
        confidence=found[0].confidence if found else None, reason=None if found else reason,
    )  # fmt: skip
    return Fact(data=data, municipality_id=photo.municipality_id, subject_id=photo.photo_id, occurred_at=now)
