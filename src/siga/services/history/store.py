"""Changes written down and folded into stays and gaps, in one transaction, whatever order they come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, delete, func, select

from siga.kit.bulk import delete_named, insert_named
from siga.services.history import bays
from siga.services.history.bays import BayRow
from siga.services.history.model import (
    IMPORTED,
    LATE,
    Change,
    Gap,
    Stay,
    Tip,
    arrange,
    fold_all,
    fold_gaps,
    ordinal,
)
from siga.services.history.tables import changes, gaps, stays

Key = tuple[datetime, int]

_PIECE = 5_000
_KEY = ("bay_no", "started_at", "opened")
_FIELDS = Change.__struct_fields__
_NONE: Mapping[int, list[int]] = {}


def fresh(conn: Connection, row: BayRow, told: Iterable[Change]) -> list[Change]:
    """Those of a bay's changes that are not kept yet, each once."""
    each = {change.name: change for change in told}
    old = [
        change.ordinal for change in each.values() if change.source != IMPORTED and change.number <= row.tip.position
    ]
    for start in range(0, len(old), _PIECE):
        kept = changes.c.ordinal.in_(old[start : start + _PIECE])
        known = set(conn.scalars(select(changes.c.ordinal).where(changes.c.bay_no == row.bay_no, kept)))
        each = {name: change for name, change in each.items() if change.ordinal not in known}
    written = [change.at for change in each.values() if change.source == IMPORTED]
    if written:
        query = select(changes.c.ordinal, changes.c.at).where(
            changes.c.bay_no == row.bay_no,
            changes.c.at >= min(written),
            changes.c.at <= max(written),
            changes.c.ordinal < ordinal(LATE, 0),
        )
        for number, at in conn.execute(query):
            each.pop((number, at), None)
    return list(each.values())


def enter(conn: Connection, news: Sequence[tuple[BayRow, list[Change]]], gone: Mapping[int, list[int]] = _NONE
          ) -> None:  # fmt: skip
    """Keep changes that are `fresh`, and bring each bay's stays and gaps up to date.

    `gone` are by bay number the positions of late words that hold no longer.
    """
    book = _Book(conn, [row.bay_no for row, _ in news])
    for row, told in news:
        if told or gone.get(row.bay_no):
            book.take(row, told, gone.get(row.bay_no, ()))
    book.close()


class _Book:
    """What one transaction writes; collected, so that it goes to the store in few statements."""

    def __init__(self, conn: Connection, bay_nos: Sequence[int]) -> None:
        self._conn = conn
        self._open_stays = _open(conn, stays, Stay, bay_nos)
        self._open_gaps = _open(conn, gaps, Gap, bay_nos)
        self._tips: dict[int, Tip] = {}
        self._changes: list[dict[str, Any]] = []
        self._gone: dict[str, list[dict[str, Any]]] = {"stays": [], "gaps": []}
        self._stays: list[dict[str, Any]] = []
        self._gaps: list[dict[str, Any]] = []

    def take(self, row: BayRow, told: list[Change], gone: Sequence[int]) -> None:
        """Fold new changes of one bay: behind the last, or from where they fall in, or all anew."""
        since = _taken_back(self._conn, row.bay_no, gone)
        if any(one.source != IMPORTED and one.number <= row.tip.position for one in told):
            self._all_anew(row, told)
            return
        arranged, tip = arrange(told, row.tip)
        if arranged:
            first = arranged[0].since
            since = min(since, first) if since is not None else first if arranged[0].key < _last(row.tip) else None
        if since is None:
            was_open = self._open_stays.get(row.bay_no)
            self._put_stays(row.bay_no, fold_all(was_open, arranged), was_open)
        else:
            self._from_the_middle(row, arranged, since)
        was_gap = self._open_gaps.get(row.bay_no)
        written, tip = fold_gaps(was_gap, arranged, tip)
        self._put_gaps(row.bay_no, written, was_gap)
        self._keep(row.bay_no, arranged, tip)

    def _from_the_middle(self, row: BayRow, arranged: list[Change], since: datetime) -> None:
        start = _start_of_stay(self._conn, row.bay_no, since)
        later = _kept(self._conn, row.bay_no, start)
        _forget(self._conn, stays, row.bay_no, stays.c.started_at >= start)
        self._put_stays(row.bay_no, fold_all(None, sorted([*later, *arranged], key=lambda one: one.key)), None)

    def _all_anew(self, row: BayRow, told: list[Change]) -> None:
        """A word of Parking came after a later one, which its journal never does, but a restored one may."""
        arranged, tip = arrange([*_kept(self._conn, row.bay_no, None), *told], Tip())
        for table in (changes, stays, gaps):
            _forget(self._conn, table, row.bay_no)
        self._put_stays(row.bay_no, fold_all(None, arranged), None)
        written, tip = fold_gaps(None, arranged, tip)
        self._put_gaps(row.bay_no, written, None)
        self._keep(row.bay_no, arranged, tip)

    def _keep(self, bay_no: int, arranged: list[Change], tip: Tip) -> None:
        self._tips[bay_no] = tip
        self._changes += [{"bay_no": bay_no, **msgspec.structs.asdict(change)} for change in arranged]

    def _put_stays(self, bay_no: int, written: Mapping[Key, Stay], was: Stay | None) -> None:
        if was is not None and was.key in written:
            self._gone["stays"].append({"bay_no": bay_no, "started_at": was.started_at, "opened": was.opened})
        self._stays += [{"bay_no": bay_no, **msgspec.structs.asdict(stay)} for stay in written.values()]

    def _put_gaps(self, bay_no: int, written: Mapping[Key, Gap], was: Gap | None) -> None:
        if was is not None and (was.started_at, was.opened) in written:
            self._gone["gaps"].append({"bay_no": bay_no, "started_at": was.started_at, "opened": was.opened})
        self._gaps += [{"bay_no": bay_no, **msgspec.structs.asdict(gap)} for gap in written.values()]

    def close(self) -> None:
        """Write it all."""
        for table, rows in ((changes, self._changes), (stays, self._stays), (gaps, self._gaps)):
            gone = self._gone.get(table.name)
            delete_named(self._conn, table, _KEY, gone or ())
            insert_named(self._conn, table, rows)
        bays.move_tips(self._conn, self._tips)


def _last(tip: Tip) -> Key:
    """The last place of the fold, before every other when there is none."""
    return (datetime.min.replace(tzinfo=UTC), -1) if tip.since is None else (tip.since, tip.ordinal)


def _taken_back(conn: Connection, bay_no: int, gone: Sequence[int]) -> datetime | None:
    """Forget the late words told at these positions; since when the bay is to be folded anew, None if they had none."""
    if not gone:
        return None
    theirs = changes.c.bay_no == bay_no, changes.c.ordinal.in_([ordinal(LATE, position) for position in gone])
    since: datetime | None = conn.scalar(select(func.min(changes.c.since)).where(*theirs))
    conn.execute(delete(changes).where(*theirs))
    return since


def _open(conn: Connection, table: Table, kind: Any, bay_nos: Sequence[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for start in range(0, len(bay_nos), _PIECE):
        query = select(table).where(table.c.bay_no.in_(bay_nos[start : start + _PIECE]), table.c.ended_at.is_(None))
        for row in conn.execute(query).mappings():
            values = dict(row)
            bay_no = values.pop("bay_no")
            found[bay_no] = kind(**values)
    return found


def _start_of_stay(conn: Connection, bay_no: int, at: datetime) -> datetime:
    """The instant from which to fold anew: the start of the stay that `at` lies in or ends, and of one that ends
    there, and so on; `at` itself when none does."""
    query = select(stays.c.started_at, stays.c.ended_at).where(stays.c.bay_no == bay_no)
    while True:
        last = conn.execute(
            query.where(stays.c.started_at < at).order_by(stays.c.started_at.desc(), stays.c.opened.desc()).limit(1)
        ).first()
        if last is None or (last.ended_at is not None and last.ended_at < at):
            return at
        at = last.started_at


def _kept(conn: Connection, bay_no: int, since: datetime | None) -> list[Change]:
    """The changes of a bay, or those that count from `since` on (none of them happened before)."""
    query = select(*(changes.c[name] for name in _FIELDS)).where(changes.c.bay_no == bay_no)
    if since is not None:
        query = query.where(changes.c.at >= since, changes.c.since >= since)
    return [Change(**row) for row in conn.execute(query).mappings()]


def _forget(conn: Connection, table: Table, bay_no: int, *where: ColumnElement[bool]) -> None:
    conn.execute(delete(table).where(table.c.bay_no == bay_no, *where))
