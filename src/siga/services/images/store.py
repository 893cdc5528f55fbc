"""What Images keeps: photos, their jobs, their readings, and the names of files that are still to be taken away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from siga.kit.auth import Keyring
from siga.kit.columns import Instant
from siga.kit.journal import Fact, Journal
from siga.kit.proofs import Proofs
from siga.ports import Database
from siga.services.images import jobs as rules
from siga.services.images.evidence import Photo
from siga.services.images.jobs import JOB_STATES, Job

_AT_ONCE = 500
metadata = MetaData()
journal = Journal("images", metadata)
proofs = Proofs("images", metadata)
"""Of the keys of photos that were destroyed."""
PHOTO_KEYS = "images.photo_keys"

_photos = Table(
    "photos",
    metadata,
    Column("photo_id", String(36), primary_key=True),
    Column("case_id", String(36), nullable=False),
    Column("bay_id", String(36), nullable=False),
    Column("municipality_id", String(36), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("site_country", String(2), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("name", String(80), nullable=False),
    Column("wrapped_key", String(120), nullable=False),
    Column("stored_at", Instant, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("held_until", Instant),
    UniqueConstraint("case_id", "sha256"),
    Index("photos_by_age", "municipality_id", "stored_at"),
)
_jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(36), primary_key=True),
    Column("photo_id", String(36), nullable=False, unique=True),
    Column("municipality_id", String(36), nullable=False),
    Column("state", String(12), nullable=False),
    Column("rank_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("reason", String(200)),
    Column("done_at", Instant),
    Index("jobs_by_turn", "state", "municipality_id", "rank_at"),
)
_turns = Table(
    "turns",
    metadata,
    Column("municipality_id", String(36), primary_key=True),
    Column("served_at", Instant, nullable=False),
)
_readings = Table(
    "readings",
    metadata,
    Column("photo_id", String(36), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("read_at", Instant, nullable=False),
)
_doomed = Table(
    "doomed_files",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("since", Instant, nullable=False),
)


class Store:
    """Every method is one transaction; facts given with a change are committed with it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_photo(self, case_id: str, sha256: str) -> Photo | None:
        """The photo with these bytes for that case."""
        return await self._database.read(lambda conn: _same_photo(conn, case_id, sha256))

    async def add_photo(self, photo: Photo, job: Job, facts: Sequence[Fact], now: datetime) -> Photo:
        """Keep photo, job and facts; when another request was quicker with the same bytes, its photo is answered."""

        def work(conn: Connection) -> Photo:
            known = _same_photo(conn, photo.case_id, photo.sha256)
            if known is not None:
                conn.execute(insert(_doomed).values(name=photo.name, since=now))
                return known
            conn.execute(insert(_photos).values(**msgspec.structs.asdict(photo)))
            conn.execute(insert(_jobs).values(**msgspec.structs.asdict(job)))
            journal.append(conn, facts, now)
            return photo

        return await self._database.write(work)

    async def photo(self, photo_id: str) -> Photo | None:
        """One photo."""
        return await self._database.read(lambda conn: _photo(conn, photo_id))

    async def reading(self, photo_id: str) -> tuple[str | None, Job | None]:
        """The sealed reading of a photo, if it was read, and its job."""

        def work(conn: Connection) -> tuple[str | None, Job | None]:
            sealed = conn.scalar(select(_readings.c.sealed).where(_readings.c.photo_id == photo_id))
            row = conn.execute(select(_jobs).where(_jobs.c.photo_id == photo_id)).mappings().first()
            return sealed, _job(row) if row else None

        return await self._database.read(work)

    async def hold(self, photo_id: str, held: bool, until: datetime | None) -> bool:
        """Keep a photo longer, or no longer; False when there is no such photo."""
        change = update(_photos).where(_photos.c.photo_id == photo_id).values(held=held, held_until=until)
        return bool(await self._database.write(lambda conn: conn.execute(change).rowcount))

    # --- the queue ---------------------------------------------------------------------------------------------------

    async def claim(self, now: datetime) -> Job | None:
        """The next job, in this caller's hands for `rules.LEASE`; None when none is due."""

        def work(conn: Connection) -> Job | None:
            served = {turn.municipality_id: turn.served_at for turn in conn.execute(select(_turns))}
            job = rules.pick(_heads(conn, now), served)
            if job is None:
                return None
            taken = rules.claimed(job, now)
            _put(conn, taken)
            _serve(conn, job.municipality_id, now)
            return taken

        if await self._database.read(lambda conn: _soonest(conn, now)) is None:
            return None
        return await self._database.write(work)

    async def next_due(self) -> datetime | None:
        """When the next job may be claimed, None when none waits or runs."""
        open_jobs = _jobs.c.state.in_(("waiting", "running"))
        query = select(_jobs.c.due_at).where(open_jobs).order_by(_jobs.c.due_at).limit(1)
        return await self._database.read(lambda conn: conn.scalar(query))

    async def settle(self, before: Job, after: Job, sealed: str | None, facts: Sequence[Fact], now: datetime) -> bool:
        """Put a claimed job's end, reading and facts down; False when the lease had gone to another meanwhile."""

        def work(conn: Connection) -> bool:
            if not _put(conn, after, of=before):
                return False
            if sealed is not None:
                conn.execute(delete(_readings).where(_readings.c.photo_id == before.photo_id))
                conn.execute(insert(_readings).values(photo_id=before.photo_id, sealed=sealed, read_at=now))
            journal.append(conn, facts, now)
            return True

        return await self._database.write(work)

    async def renew(self, job: Job, now: datetime) -> None:
        """Keep a claimed job in the same hands."""
        await self._database.write(lambda conn: _put(conn, rules.renewed(job, now), of=job))

    async def retry(self, job_id: str, municipalities: Sequence[str], now: datetime) -> Job | None:
        """Let a quarantined job of these municipalities wait again; the job, None when there is no such one."""

        def work(conn: Connection) -> Job | None:
            mine = and_(_jobs.c.job_id == job_id, _jobs.c.municipality_id.in_(municipalities))
            row = conn.execute(select(_jobs).where(mine)).mappings().first()
            if row is None:
                return None
            job = _job(row)
            if job.state == "quarantined":
                job = rules.retried(job, now)
                _put(conn, job)
            return job

        return await self._database.write(work)

    async def counts(self, municipalities: Sequence[str] | None = None) -> dict[str, int]:
        """Jobs by state, in these municipalities or in all."""
        query = select(_jobs.c.state, func.count()).group_by(_jobs.c.state)
        if municipalities is not None:
            query = query.where(_jobs.c.municipality_id.in_(municipalities))
        found = await self._database.read(lambda conn: {state: int(n) for state, n in conn.execute(query)})
        return {state: found.get(state, 0) for state in JOB_STATES}

    async def oldest_waiting(self, municipalities: Sequence[str]) -> datetime | None:
        """Since when the oldest job waits or runs."""
        query = select(func.min(_jobs.c.created_at)).where(
            _jobs.c.state.in_(("waiting", "running")), _jobs.c.municipality_id.in_(municipalities)
        )
        return await self._database.read(lambda conn: conn.scalar(query))

    async def quarantined(self, municipalities: Sequence[str], after: str | None, limit: int) -> list[Job]:
        """Jobs that were set aside, newest first; `after` is the last job id of the page before."""
        query = select(_jobs).where(_jobs.c.state == "quarantined", _jobs.c.municipality_id.in_(municipalities))
        if after is not None:
            query = query.where(_jobs.c.job_id < after)
        query = query.order_by(_jobs.c.job_id.desc()).limit(limit)
        return await self._database.read(lambda conn: [_job(row) for row in conn.execute(query).mappings()])

    # --- the end of photos -------------------------------------------------------------------------------------------

    async def municipalities(self) -> list[str]:
        """Municipalities that have photos."""
        query = select(_photos.c.municipality_id).distinct()
        return await self._database.read(lambda conn: list(conn.scalars(query)))

    async def destroy_older(self, municipality_id: str, before: datetime, now: datetime, limit: int = 100) -> int:
        """Destroy photos stored before an instant and not held: key, reading and job; their files are doomed."""

        def work(conn: Connection) -> int:
            free = or_(_photos.c.held.is_(False), _photos.c.held_until <= now)
            old = and_(_photos.c.municipality_id == municipality_id, _photos.c.stored_at < before, free)
            return _destroy(conn, conn.scalars(select(_photos.c.photo_id).where(old).limit(limit)).all(), now)

        return await self._database.write(work)

    async def these(self, photo_ids: Sequence[str], about_ids: Sequence[str]) -> list[Photo]:
        """The photos of these ids, and those that were kept for these cases or reports."""

        def work(conn: Connection) -> list[Photo]:
            found: dict[str, Photo] = {}
            for column, values in ((_photos.c.photo_id, photo_ids), (_photos.c.case_id, about_ids)):
                for start in range(0, len(values), _AT_ONCE):
                    query = select(_photos).where(column.in_(values[start : start + _AT_ONCE]))
                    found.update((row["photo_id"], Photo(**row)) for row in conn.execute(query).mappings())
            return [found[photo_id] for photo_id in sorted(found)]

        return await self._database.read(work)

    async def destroy(self, photo_ids: Sequence[str], now: datetime) -> int:
        """Destroy these photos, held or not: key, reading and job; their files are doomed. How many."""
        pieces = [photo_ids[start : start + _AT_ONCE] for start in range(0, len(photo_ids), _AT_ONCE)]
        return await self._database.write(lambda conn: sum(_destroy(conn, piece, now) for piece in pieces))

    async def prove(self, keys: Keyring, now: datetime) -> None:
        """State and sign what was destroyed, once its files are gone too."""

        def work(conn: Connection) -> None:
            if conn.scalar(select(_doomed.c.name).limit(1)) is None:
                for planned in proofs.planned(conn):
                    proofs.finish(conn, planned, keys, now)

        await self._database.write(work)

    async def scour(self) -> None:
        """Take what was deleted out of the store's files."""
        await self._database.scour()

    async def doomed(self, limit: int = 100) -> list[str]:
        """Names of files whose keys are destroyed already."""
        return await self._database.read(lambda conn: list(conn.scalars(select(_doomed.c.name).limit(limit))))

    async def buried(self, names: Sequence[str]) -> None:
        """The files are gone."""
        await self._database.write(lambda conn: conn.execute(delete(_doomed).where(_doomed.c.name.in_(names))))


def _destroy(conn: Connection, photo_ids: Sequence[str], now: datetime) -> int:
    query = select(_photos.c.photo_id, _photos.c.municipality_id, _photos.c.name)
    found = conn.execute(query.where(_photos.c.photo_id.in_(photo_ids))).all()
    ids = [row.photo_id for row in found]
    for table in (_readings, _jobs, _photos):
        conn.execute(delete(table).where(table.c.photo_id.in_(ids)))
    for row in found:
        conn.execute(insert(_doomed).values(name=row.name, since=now))
    for municipality_id, count in Counter(row.municipality_id for row in found).items():
        proofs.plan(conn, PHOTO_KEYS, municipality_id, count)
    return len(found)


def _heads(conn: Connection, now: datetime) -> list[Job]:
    """The first claimable job of each municipality."""
    order = func.row_number().over(partition_by=_jobs.c.municipality_id, order_by=(_jobs.c.rank_at, _jobs.c.job_id))
    ranked = (
        select(_jobs, order.label("place"))
        .where(_jobs.c.state.in_(("waiting", "running")), _jobs.c.due_at <= now)
        .subquery()
    )
    query = select(*(ranked.c[column.name] for column in _jobs.c)).where(ranked.c.place == 1)
    return [_job(row) for row in conn.execute(query).mappings()]


def _soonest(conn: Connection, now: datetime) -> str | None:
    ready = and_(_jobs.c.state.in_(("waiting", "running")), _jobs.c.due_at <= now)
    return conn.scalar(select(_jobs.c.job_id).where(ready).limit(1))


def _serve(conn: Connection, municipality_id: str, now: datetime) -> None:
    mine = _turns.c.municipality_id == municipality_id
    if not conn.execute(update(_turns).where(mine).values(served_at=now)).rowcount:
        conn.execute(insert(_turns).values(municipality_id=municipality_id, served_at=now))


def _put(conn: Connection, job: Job, of: Job | None = None) -> bool:
    """Write a job; with `of` only if it is still in the hands that claimed it then (each claim is another try)."""
    where = _jobs.c.job_id == job.job_id
    if of is not None:
        where = and_(where, _jobs.c.state == of.state, _jobs.c.tries == of.tries)
    return bool(conn.execute(update(_jobs).where(where).values(**msgspec.structs.asdict(job))).rowcount)


def _photo(conn: Connection, photo_id: str) -> Photo | None:
    row = conn.execute(select(_photos).where(_photos.c.photo_id == photo_id)).mappings().first()
    return Photo(**row) if row else None


def _same_photo(conn: Connection, case_id: str, sha256: str) -> Photo | None:
    query = select(_photos).where(_photos.c.case_id == case_id, _photos.c.sha256 == sha256)
    row = conn.execute(query).mappings().first()
    return Photo(**row) if row else None


def _job(row: Any) -> Job:
    return Job(**row)
