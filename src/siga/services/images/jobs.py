"""The photo queue's rules: who is next, what a lease means, when a job is set aside. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

JobState = Literal["waiting", "running", "done", "quarantined"]
JOB_STATES: tuple[JobState, ...] = ("waiting", "running", "done", "quarantined")
PhotoKind = Literal["camera", "officer", "report"]

MAX_TRIES = 3
LEASE = timedelta(seconds=20)
"""How long a job stays in hands that do not move; renewed while a photo is read or waits for a reader to warm up."""
REST = timedelta(seconds=2)
"""Between two tries, times the tries so far."""
HEAD_START: dict[PhotoKind, timedelta] = {
    "officer": timedelta(minutes=2),
    "camera": timedelta(minutes=1),
    "report": timedelta(0),
}
"""How much later than a report's photo another may come and still be read first; so nothing waits for ever."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One photo to be read.

    `due_at` is when it may be claimed: for a waiting job the end of its rest, for a running one the end of its lease.
    `rank_at` orders the jobs of one municipality.
    """

    job_id: str
    photo_id: str
    municipality_id: str
    state: JobState
    rank_at: datetime
    due_at: datetime
    created_at: datetime
    tries: int = 0
    reason: str | None = None
    done_at: datetime | None = None


def new_job(job_id: str, photo_id: str, municipality_id: str, kind: PhotoKind, now: datetime) -> Job:
    """A job that waits from `now` on."""
    return Job(
        job_id=job_id, photo_id=photo_id, municipality_id=municipality_id, state="waiting",
        rank_at=now - HEAD_START[kind], due_at=now, created_at=now,
    )  # fmt: skip


def is_claimable(job: Job, now: datetime) -> bool:
    """Whether it waits and has rested, or runs under a lease that has ended (whoever had it died)."""
    return job.state in ("waiting", "running") and job.due_at <= now


def pick(heads: Iterable[Job], served_at: Mapping[str, datetime]) -> Job | None:
    """Of each municipality's first claimable job, the one whose municipality was served longest ago.

    So a municipality with a thousand photos delays another's single one by at most one photo.
    """

    def turn(job: Job) -> tuple[float, datetime, str]:
        served = served_at.get(job.municipality_id)
        return (served.timestamp() if served else float("-inf"), job.rank_at, job.job_id)

    return min(heads, key=turn, default=None)


def claimed(job: Job, now: datetime) -> Job:
    """The job in a reader's hands; each claim is a try."""
    return msgspec.structs.replace(job, state="running", tries=job.tries + 1, due_at=now + LEASE)


def renewed(job: Job, now: datetime) -> Job:
    """The job still in the same hands."""
    return msgspec.structs.replace(job, due_at=now + LEASE)


def is_spent(job: Job) -> bool:
    """Whether a claimed job was claimed once too often: every reader that had it died with it."""
    return job.tries > MAX_TRIES


def failed(job: Job, reason: str, now: datetime) -> Job:
    """The reader did not manage: rest and try again, or set aside after the last try."""
    if job.tries >= MAX_TRIES:
        return msgspec.structs.replace(job, state="quarantined", reason=reason, done_at=now)
    return msgspec.structs.replace(job, state="waiting", reason=reason, due_at=now + REST * job.tries)


def given_back(job: Job, now: datetime) -> Job:
    """The reader stops before it began: not a try."""
    return msgspec.structs.replace(job, state="waiting", tries=job.tries - 1, due_at=now)


def finished(job: Job, reason: str | None, now: datetime) -> Job:
    """The photo was read, whatever was in it; `reason` says why nothing was."""
    return msgspec.structs.replace(job, state="done", reason=reason, done_at=now)


def retried(job: Job, now: datetime) -> Job:
    """A person asks for it again: all tries are new."""
    return msgspec.structs.replace(job, state="waiting", tries=0, reason=None, due_at=now, done_at=None)
