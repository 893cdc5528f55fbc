"""How changes of a bay become stays: one pure fold for what happens now, what is told late and what is written in.

The order in which a bay's changes are folded is (`since`, `ordinal`): since when the bay has been as the change says,
then the kind of source, then its number there. `arrange` settles `since`, so that any order of arrival, with
repeats, gives the same stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from siga.contract.base import Word
from siga.contract.history import EndedBy, Origin
from siga.contract.parking import Authorisation, Occupancy

IMPORTED, LATE, LIVE = 0, 1, 2
_NUMBER_BITS = 60
_ORIGINS: tuple[Origin, ...] = ("import", "late", "live")


def ordinal(source: int, number: int) -> int:
    """Where a change stands among those of the same instant: imports, then late reports, then Parking's own word."""
    return source << _NUMBER_BITS | number


def source_of(place: int) -> int:
    """IMPORTED, LATE or LIVE."""
    return place >> _NUMBER_BITS


def number_of(place: int) -> int:
    """The position in Parking's journal, or the sequence of an import."""
    return place & (1 << _NUMBER_BITS) - 1


def origin_of(place: int) -> Origin:
    """The source in words."""
    return _ORIGINS[source_of(place)]


class Change(Word):
    """One change of one bay.

    `at` is when it happened, `since` since when the bay has been as it says; `told` is what the sensor last said
    (True occupied, False free, None nothing), which `occupancy` may hide while the sensor is silent or the bay closed.
    """

    at: datetime
    since: datetime
    ordinal: int
    told: bool | None
    occupancy: Occupancy
    cause: str
    place_no: int = 0
    authorisation: Authorisation | None = None
    previous_occupancy: Occupancy | None = None
    previous_authorisation: Authorisation | None = None
    authorised_by: str | None = None
    stay_id: str | None = None
    subject: str | None = None
    simulated: bool = False
    said_at: datetime | None = None
    said_since: datetime | None = None
    """What `at` and `since` were before `arrange` settled them, where it changed them."""
    error_s: int | None = None
    """By how much the instant may be wrong, either way, where it is only known in hindsight."""

    @property
    def source(self) -> int:
        """IMPORTED, LATE or LIVE."""
        return source_of(self.ordinal)

    @property
    def number(self) -> int:
        """Its number in its source."""
        return number_of(self.ordinal)

    @property
    def key(self) -> tuple[datetime, int]:
        """Its place in the fold."""
        return self.since, self.ordinal

    @property
    def name(self) -> tuple[int, datetime | None]:
        """What tells it from all other changes of its bay: an event's one word, but one or two of a late report."""
        return self.ordinal, None if self.source == LIVE else self.at


class Stay(Word):
    """From occupied to free. `opened` is the ordinal of the change that began it, `known_by` that of the newest
    change its authorisation comes from. `stay_id` is Parking's; one stay of Parking may turn out to be two."""

    started_at: datetime
    opened: int
    place_no: int = 0
    ended_at: datetime | None = None
    ended_by: EndedBy | None = None
    stay_id: str | None = None
    authorisation: Authorisation | None = None
    authorised_by: str | None = None
    subject: str | None = None
    simulated: bool = False
    known_by: int = 0
    started_error_s: int | None = None
    ended_error_s: int | None = None
    """By how much the bounds may be wrong, either way, where they are only known in hindsight."""

    @property
    def key(self) -> tuple[datetime, int]:
        """What tells it from all other stays of its bay."""
        return self.started_at, self.opened

    @property
    def imported(self) -> bool:
        """Whether it was written in from elsewhere."""
        return source_of(self.opened) == IMPORTED


class Gap(Word):
    """While nothing is known (silence, no device) or the bay is closed; `occupied`: a stay went on unseen."""

    started_at: datetime
    opened: int
    kind: Literal["unknown", "closed"]
    occupied: bool
    place_no: int = 0
    ended_at: datetime | None = None


class Tip(Word):
    """How far a bay's changes have come; all None and 0 before the first."""

    position: int = 0
    """The highest position of Parking's journal among them."""
    base: datetime | None = None
    """No later turn counts from before this instant: device clocks jump."""
    current: datetime | None = None
    """Since when the bay has been as Parking's last word says."""
    told: bool | None = None
    """What the sensor had said by Parking's last word."""
    stay_id: str | None = None
    """The stay that was on by it."""
    since: datetime | None = None
    ordinal: int = 0
    """The last place of the fold."""
    first_at: datetime | None = None
    """The first change of any kind."""
    first_told_at: datetime | None = None
    """The first word of the bay's own sensor."""
    seen_again_at: datetime | None = None
    """The end of the last gap; no gap begins before it."""


# --- order ------------------------------------------------------------------------------------------------------------


def arrange(changes: Iterable[Change], tip: Tip) -> tuple[list[Change], Tip]:
    """New changes with `since` settled, in the order of the fold, and the tip after them.

    Those from Parking must all come after `tip.position`. A turn never counts from before what came before it in
    Parking's journal, whatever the device's clock says, unless a late report moved the beginning. Another word on the
    same stay belongs to that stay's beginning. A late report that contradicts the present never counts from after its
    beginning, since it cannot move it (D4).
    """
    placed: list[Change] = []
    for change in sorted(changes, key=lambda one: (one.number if one.source != IMPORTED else -1, one.at)):
        settled, tip = _settled(change, tip)
        placed.append(settled)
        tip = _noted(tip, settled)
    return sorted(placed, key=lambda one: one.key), tip


def _settled(change: Change, tip: Tip) -> tuple[Change, Tip]:
    if change.source == IMPORTED:
        return change, tip
    if change.source == LATE:
        return _settled_late(change, tip)
    said_since, said_at = change.said_since or change.since, change.said_at or change.at
    since = said_since
    if tip.current is not None and tip.base is not None and change.cause != "late_report":
        turned = change.told is not tip.told or change.stay_id != tip.stay_id or _begun_anew(change, said_since, tip)
        since = max(since, tip.base) if turned else tip.current
    tip = msgspec.structs.replace(
        tip, position=change.number, base=_later(tip.base, since), current=since, told=change.told,
        stay_id=change.stay_id,
    )  # fmt: skip
    at = max(said_at, since)
    if since == change.since and at == change.at:
        return change, tip
    settled = msgspec.structs.replace(
        change, since=since, at=at, said_since=None if since == said_since else said_since,
        said_at=None if at == said_at else said_at,
    )  # fmt: skip
    return settled, tip


def _begun_anew(change: Change, said_since: datetime, tip: Tip) -> bool:
    """Whether it is as before, but since later: another device was put there, or a stay between two frees was lost."""
    if tip.current is None or said_since <= tip.current or change.stay_id is not None:
        return False
    return change.told is False or change.cause == "device"


def _settled_late(change: Change, tip: Tip) -> tuple[Change, Tip]:
    if change.told is tip.told or tip.current is None:
        settled = msgspec.structs.replace(change, since=change.at)
        return settled, msgspec.structs.replace(tip, position=change.number, base=_later(tip.base, change.at))
    settled = msgspec.structs.replace(change, since=min(change.at, tip.current))
    return settled, msgspec.structs.replace(tip, position=change.number)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _noted(tip: Tip, change: Change) -> Tip:
    last = tip.since is None or change.key > (tip.since, tip.ordinal)
    first = tip.first_at is None or change.at < tip.first_at
    told = change.source == LIVE and change.told is not None
    first_told = told and (tip.first_told_at is None or change.since < tip.first_told_at)
    if not (last or first or first_told):
        return tip
    return msgspec.structs.replace(
        tip,
        since=change.since if last else tip.since,
        ordinal=change.ordinal if last else tip.ordinal,
        first_at=change.at if first else tip.first_at,
        first_told_at=change.since if first_told else tip.first_told_at,
    )


# --- stays ------------------------------------------------------------------------------------------------------------


def fold(open_stay: Stay | None, change: Change) -> list[Stay]:
    """The stays to write after the bay's next change, given the one that is open; the last of them may be open."""
    if open_stay is None:
        return [_begun(change)] if change.told else []
    if change.source == IMPORTED and not open_stay.imported:
        return []  # what is written in never disturbs what was seen
    if not change.told:
        return [_ended(open_stay, change, "left" if change.told is False else "no_signal")]
    if _goes_on(open_stay, change):
        after = _better_known(open_stay, change)
        return [] if after is open_stay else [after]
    return [_ended(open_stay, change, "next"), _begun(change)]


def _goes_on(stay: Stay, change: Change) -> bool:
    if stay.imported != (change.source == IMPORTED):
        return False
    return stay.stay_id is None or change.stay_id is None or stay.stay_id == change.stay_id


def _begun(change: Change) -> Stay:
    return Stay(
        started_at=change.since, opened=change.ordinal, place_no=change.place_no, stay_id=change.stay_id,
        authorisation=change.authorisation, authorised_by=change.authorised_by, subject=change.subject,
        simulated=change.simulated, known_by=0 if change.source == LATE else change.ordinal,
        started_error_s=change.error_s,
    )  # fmt: skip


def _ended(stay: Stay, change: Change, by: EndedBy) -> Stay:
    return msgspec.structs.replace(
        stay, ended_at=max(stay.started_at, change.since), ended_by=by, ended_error_s=change.error_s
    )


def _better_known(stay: Stay, change: Change) -> Stay:
    """The stay with what a newer change of it says; a late report says nothing but that it is occupied."""
    if change.source == LATE or change.ordinal <= stay.known_by:
        return stay
    return msgspec.structs.replace(
        stay, stay_id=stay.stay_id or change.stay_id, authorisation=change.authorisation or stay.authorisation,
        authorised_by=change.authorised_by, subject=change.subject or stay.subject,
        simulated=stay.simulated or change.simulated, known_by=change.ordinal,
    )  # fmt: skip


def fold_all(open_stay: Stay | None, changes: Iterable[Change]) -> dict[tuple[datetime, int], Stay]:
    """The stays to write after changes in the order of the fold, by key."""
    written: dict[tuple[datetime, int], Stay] = {}
    for change in changes:
        for stay in fold(open_stay, change):
            written[stay.key] = stay
            open_stay = stay if stay.ended_at is None else None
    return written


# --- gaps -------------------------------------------------------------------------------------------------------------


def fold_gap(open_gap: Gap | None, change: Change, seen_again_at: datetime | None) -> list[Gap]:
    """The gaps to write after Parking's next word, given the one that is open and the end of the last one.

    Only live changes make or end gaps, in the order of Parking's journal.
    """
    kind = change.occupancy if change.occupancy in ("unknown", "closed") else None
    occupied = change.told is True
    if open_gap is None:
        start = change.at if seen_again_at is None else max(change.at, seen_again_at)
        return [_opened(change, occupied, start)] if kind else []
    if open_gap.kind == kind and open_gap.occupied == occupied:
        return []
    end = max(open_gap.started_at, change.at)
    ended = msgspec.structs.replace(open_gap, ended_at=end)
    return [ended, _opened(change, occupied, end)] if kind else [ended]


def _opened(change: Change, occupied: bool, start: datetime) -> Gap:
    kind: Literal["unknown", "closed"] = "closed" if change.occupancy == "closed" else "unknown"
    return Gap(started_at=start, opened=change.ordinal, kind=kind, occupied=occupied, place_no=change.place_no)


def fold_gaps(open_gap: Gap | None, changes: Iterable[Change], tip: Tip) -> tuple[dict[tuple[datetime, int], Gap], Tip]:
    """The gaps to write after changes of any kind, by (start, ordinal), and the tip with the end of the last one."""
    written: dict[tuple[datetime, int], Gap] = {}
    seen_again_at = tip.seen_again_at
    for change in sorted((one for one in changes if one.source == LIVE), key=lambda one: one.number):
        for gap in fold_gap(open_gap, change, seen_again_at):
            written[gap.started_at, gap.opened] = gap
            open_gap = gap if gap.ended_at is None else None
            seen_again_at = gap.ended_at or seen_again_at
    return written, msgspec.structs.replace(tip, seen_again_at=seen_again_at)


def timeline(changes: Iterable[Change]) -> tuple[list[Stay], list[Gap]]:
    """All stays and gaps of one bay from all its changes, in any order and with repeats."""
    each = {one.name: one for one in changes}
    arranged, tip = arrange(each.values(), Tip())
    return list(fold_all(None, arranged).values()), list(fold_gaps(None, arranged, tip)[0].values())
