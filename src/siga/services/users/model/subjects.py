"""An erasure on its way: struct and rules. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import msgspec

from siga.contract.subjects import SUBJECT_SERVICES, ErasedPart, ErasurePart, ErasureState, ErasureView, SubjectAsk

SECOND_LOOK = timedelta(seconds=60)
"""So long after the first look whatever was under way then has arrived: events, log records, answers kept."""
PROOF_KEPT = timedelta(days=3 * 365)
"""Until complaints about an erasure prescribe (LOPDGDD 72 to 74)."""
_LONGEST_WAIT_S = 300
ALL = ("users", *SUBJECT_SERVICES)


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure. `subject` is whose, sealed in the store, None once it is done; `round` 2 is the second look."""

    erasure_id: str
    municipality_id: str
    asked_at: datetime
    asked_by: str
    state: ErasureState
    round: int
    parts: dict[str, ErasurePart]
    tries: int
    next_at: datetime
    subject: SubjectAsk | None = None
    erased_at: datetime | None = None
    done_at: datetime | None = None
    proof: str | None = None


def begun(erasure_id: str, municipality_id: str, asked_by: str, subject: SubjectAsk, now: datetime) -> Erasure:
    """A new erasure that waits for every service."""
    return Erasure(
        erasure_id=erasure_id, municipality_id=municipality_id, asked_at=now, asked_by=asked_by, state="running",
        round=1, parts={name: ErasurePart() for name in ALL}, tries=0, next_at=now, subject=subject,
    )  # fmt: skip


def waiting(erasure: Erasure) -> list[str]:
    """The services that are still to do their part of this round, in order."""
    return [name for name in ALL if erasure.parts[name].state == "waiting"]


def with_part(erasure: Erasure, name: str, done: ErasedPart) -> Erasure:
    """A service has done its part: its counts are added, what it keeps is what it says now."""
    before = erasure.parts[name]
    counts = Counter(before.erased)
    counts.update(done.erased)
    part = ErasurePart(state="done", erased=dict(counts), kept=done.kept)
    subject = erasure.subject
    if subject is not None:
        subject = msgspec.structs.replace(subject, links=subject.links.with_more(done.links))
    return msgspec.structs.replace(erasure, parts={**erasure.parts, name: part}, subject=subject)


def after_round(erasure: Erasure, now: datetime) -> Erasure:
    """After a look at all services: on to the second look, done, or again a little later."""
    if waiting(erasure):
        wait_s = min(2**erasure.tries, _LONGEST_WAIT_S)
        return msgspec.structs.replace(erasure, tries=erasure.tries + 1, next_at=now + timedelta(seconds=wait_s))
    if erasure.round == 1:
        parts = {name: msgspec.structs.replace(part, state="waiting") for name, part in erasure.parts.items()}
        return msgspec.structs.replace(
            erasure, state="second_look", round=2, tries=0, parts=parts, erased_at=now, next_at=now + SECOND_LOOK
        )
    return msgspec.structs.replace(erasure, state="done", done_at=now, subject=None)


def view(erasure: Erasure) -> ErasureView:
    """How far it is, as it is told."""
    return ErasureView(**{name: getattr(erasure, name) for name in ErasureView.__struct_fields__})
