"""From sums to rows: how long bays were occupied and known, by place and time of day. Pure; times in microseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from siga.contract.base import Word
from siga.contract.history import StatisticsRow
from siga.services.history.sums import QUARTER_US, Begun, Piece, PlaceRow, Scope, Sums

ByPlace = Literal["zone", "bay", "category"]
ByTime = Literal["hour", "weekday", "day"]
FEWEST_STAYS = 10
"""Groups of fewer stays are not shown to the public (D27)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Row:
    """One group being added up."""

    def __init__(self) -> None:
        self.bays: set[int] = set()
        self.stays = self.over = self.over_us = 0
        self.occupied_us = self.known_us = self.possible_us = 0
        self.authorisations: dict[str, int] = {}
        self.simulated = False

    def add_stays(self, one: Begun) -> None:
        self.stays += one.number
        self.over += one.over
        self.over_us += one.over_us
        self.simulated = self.simulated or one.simulated
        self.authorisations[one.authorisation] = self.authorisations.get(one.authorisation, 0) + one.number

    def row(self, group: str, label: str) -> StatisticsRow:
        known_us, possible_us = max(0, self.known_us), self.possible_us
        return StatisticsRow(
            group=group, label=label, bays=len(self.bays), stays=self.stays,
            mean_stay_min=round(self.over_us / self.over / 60e6, 2) if self.over else None,
            occupancy=round(min(1.0, max(0, self.occupied_us) / known_us), 4) if known_us else None,
            coverage=round(min(1.0, known_us / possible_us), 4) if possible_us else 0.0,
            authorisations=dict(sorted(self.authorisations.items())), simulated=self.simulated,
        )  # fmt: skip


class _Presence(Word):
    """When a place was what it was within the span (`from_us` to `to_us`), and from when on its bay is known."""

    place: PlaceRow
    from_us: int
    to_us: int
    known_from_us: int


def _presences(places: Sequence[PlaceRow], scope: Scope) -> list[_Presence]:
    """The first place of a bay reaches back for ever, each ends where the next begins."""
    found = []
    for index, place in enumerate(places):
        first = index == 0 or places[index - 1].bay_no != place.bay_no
        last = index + 1 == len(places) or places[index + 1].bay_no != place.bay_no
        start = scope.from_us if first else max(scope.from_us, place.since_us)
        end = scope.to_us if last else min(scope.to_us, places[index + 1].since_us)
        if start < end and place.place_no not in scope.left_out:
            known_from = min(end, max(start, place.first_us))
            found.append(_Presence(place=place, from_us=start, to_us=end, known_from_us=known_from))
    return found


def rows_by_place(places: Sequence[PlaceRow], scope: Scope, sums: Sums, by: ByPlace) -> list[StatisticsRow]:
    """A row for each zone, bay or category, the busiest first; `places` by bay and time."""
    group_of: dict[int, tuple[str, str]] = {place.place_no: _group(place, by) for place in places}
    rows: dict[tuple[str, str], _Row] = {}
    for presence in _presences(places, scope):
        row = rows.setdefault(group_of[presence.place.place_no], _Row())
        row.bays.add(presence.place.bay_no)
        row.possible_us += presence.to_us - presence.from_us
        row.known_us += presence.to_us - presence.known_from_us
    for one in sums.begun:
        row = rows.setdefault(group_of[one.group], _Row())
        row.add_stays(one)
        row.occupied_us += one.in_span_us
    for piece in sums.stays_before:
        rows.setdefault(group_of[piece.place_no], _Row()).occupied_us += _reach_us(piece, scope)
    for gap in sums.hidden:
        _hide(rows.setdefault(group_of[gap.group], _Row()), gap.in_span_us, gap.occupied)
    for piece in sums.gaps_before:
        _hide(rows.setdefault(group_of[piece.place_no], _Row()), _reach_us(piece, scope), piece.occupied)
    made = [row.row(group, label) for (group, label), row in rows.items()]
    return sorted(made, key=lambda one: (-one.stays, one.label, one.group))


def _group(place: PlaceRow, by: ByPlace) -> tuple[str, str]:
    if by == "bay":
        return place.bay_id, place.code
    return (place.zone_id, place.zone_id) if by == "zone" else (place.category, place.category)


def _reach_us(piece: Piece, scope: Scope) -> int:
    return min(scope.to_us, scope.to_us if piece.ended_us is None else piece.ended_us) - scope.from_us


def _hide(row: _Row, time_us: int, occupied: bool) -> None:
    row.known_us -= time_us
    if occupied:
        row.occupied_us -= time_us


class _Flow:
    """How much of each quarter is covered by intervals, from their beginnings and ends alone."""

    def __init__(self) -> None:
        self._steps: dict[int, int] = {}
        self._rests: dict[int, int] = {}

    def begin(self, quarter: int, number: int, rest_us: int) -> None:
        """`number` intervals begin in a quarter, `rest_us` before its end in all; ends are negative."""
        self._steps[quarter] = self._steps.get(quarter, 0) + number
        self._rests[quarter] = self._rests.get(quarter, 0) + rest_us

    def begin_at(self, at_us: int, number: int = 1) -> None:
        quarter = at_us // QUARTER_US
        self.begin(quarter, number, number * ((quarter + 1) * QUARTER_US - at_us))

    def covered_us(self, quarters: Iterable[int]) -> Mapping[int, int]:
        """Microseconds covered in each of these quarters, which must follow each other from the first beginning."""
        running, found = 0, {}
        for quarter in quarters:
            found[quarter] = running * QUARTER_US + self._rests.get(quarter, 0)
            running += self._steps.get(quarter, 0)
        return found


def rows_by_time(places: Sequence[PlaceRow], scope: Scope, sums: Sums, by: ByTime, zone: tzinfo) -> list[StatisticsRow]:
    """A row for each hour of the day, day of the week or day, in the local time of `zone`, in their order."""
    quarters = range(scope.from_us // QUARTER_US, -(-scope.to_us // QUARTER_US))
    names = {quarter: _names(by, zone, quarter) for quarter in quarters}
    rows: dict[str, _Row] = {}
    presences = _presences(places, scope)
    bays = {presence.place.bay_no for presence in presences}
    occupied, known, possible = _flows(presences, scope, sums)
    for flow, field in ((occupied, "occupied_us"), (known, "known_us"), (possible, "possible_us")):
        for quarter, time_us in flow.covered_us(quarters).items():
            row = rows.setdefault(names[quarter], _Row())
            setattr(row, field, getattr(row, field) + time_us)
    for one in sums.begun:
        rows[names[one.group]].add_stays(one)
    for row in rows.values():
        row.bays = bays
    return [rows[name].row(name, name) for name in sorted(rows, key=_order)]


def _flows(presences: Sequence[_Presence], scope: Scope, sums: Sums) -> tuple[_Flow, _Flow, _Flow]:
    occupied, known, possible = _Flow(), _Flow(), _Flow()
    for one in presences:
        for flow, start in ((possible, one.from_us), (known, one.known_from_us)):
            flow.begin_at(start)
            flow.begin_at(one.to_us, -1)
    for begun in sums.begun:
        occupied.begin(begun.group, begun.number, begun.in_span_us)
    for end in sums.stay_ends:
        occupied.begin(end.group, -end.number, -end.rest_us)
    for piece in sums.stays_before:
        _through(occupied, piece, scope, 1)
    for gap in sums.hidden:
        for flow in (known, occupied) if gap.occupied else (known,):
            flow.begin(gap.group, -gap.number, -gap.in_span_us)
    for end in sums.gap_ends:
        for flow in (known, occupied) if end.occupied else (known,):
            flow.begin(end.group, end.number, end.rest_us)
    for piece in sums.gaps_before:
        for flow in (known, occupied) if piece.occupied else (known,):
            _through(flow, piece, scope, -1)
    return occupied, known, possible


def _through(flow: _Flow, piece: Piece, scope: Scope, sign: int) -> None:
    flow.begin_at(scope.from_us, sign)
    flow.begin_at(scope.from_us + _reach_us(piece, scope), -sign)


def _names(by: ByTime, zone: tzinfo, quarter: int) -> str:
    local = (_EPOCH + timedelta(microseconds=quarter * QUARTER_US)).astimezone(zone)
    if by == "hour":
        return str(local.hour)
    return str(local.isoweekday()) if by == "weekday" else local.date().isoformat()


def _order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdigit() else (0, name)


def for_the_public(rows: Sequence[StatisticsRow]) -> tuple[list[StatisticsRow], int]:
    """The rows anyone may see (D27), and how many were left out."""
    shown = [row for row in rows if row.stays >= FEWEST_STAYS]
    return shown, len(rows) - len(shown)


def whole_days(from_at: datetime, to_at: datetime, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The span as the public may ask it: whole local days that are over, so that no two spans differ by one stay."""
    begin: Callable[[datetime], datetime] = lambda at: at.astimezone(zone).replace(  # noqa: E731
        hour=0, minute=0, second=0, microsecond=0
    )
    first, last = begin(from_at), begin(min(to_at, now))
    return min(first, last).astimezone(UTC), last.astimezone(UTC)
