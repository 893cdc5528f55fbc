"""History's fold on a real store: any order of Parking's events, with repeats, in any batches, ends the same."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from siga.contract.base import Word
from siga.contract.events import Event
from siga.contract.parking import Bay, BayChanged, BayDefined, ReportCameLate
from siga.engines.sqlite import open_sqlite
from siga.engines.threads import ThreadedDatabase
from siga.kit.ids import new_id
from siga.services.history import bays, consumers, queries, store
from siga.services.history.facts import change_of, imported_change_of, late_changes_of
from siga.services.history.imports import read_lines
from siga.services.history.model import Change, Gap, Stay, timeline
from siga.services.history.pseudonyms import Pseudonyms
from siga.services.history.tables import changes, gaps, metadata

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
TOWN = "town-1"
EXAMPLES = 2000 if os.environ.get("SIGA_LONG") else 50


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def event(position: int, data: Word, recorded: float, bay_id: str) -> Event:
    return Event(
        event_id=f"event-{bay_id}-{position}", kind=type(data).__name__, source="parking", position=position,
        municipality_id=TOWN, subject_id=bay_id, occurred_at=at(recorded), recorded_at=at(recorded),
        data=msgspec.Raw(msgspec.json.encode(data)),
    )  # fmt: skip


class Store:
    """One database for all examples; each takes a bay of its own."""

    def __init__(self, folder: Path) -> None:
        self.database: ThreadedDatabase = open_sqlite(folder / "history.db", metadata)
        self.loop = asyncio.new_event_loop()
        self.effect = consumers.parking(Pseudonyms(folder / "keys"))
        self.pseudonyms = Pseudonyms(folder / "keys")

    def write(self, work: Any) -> Any:
        return self.loop.run_until_complete(self.database.write(work))

    def take(self, events: Sequence[Event]) -> None:
        self.write(lambda conn: self.effect(conn, events))

    def kept(self, bay_id: str) -> tuple[list[Stay], list[Gap]]:
        def work(conn: Connection) -> tuple[list[Stay], list[Gap]]:
            row = bays.known(conn, [bay_id])[bay_id]
            pieces = [stay for _, stay in queries.stays_within(conn, row, queries.Span())]
            found = []
            for one in conn.execute(
                select(gaps).where(gaps.c.bay_no == row.bay_no).order_by(gaps.c.started_at, gaps.c.opened)
            ).mappings():
                values = dict(one)
                values.pop("bay_no")
                found.append(Gap(**values))
            return pieces, found

        return self.loop.run_until_complete(self.database.read(work))

    def close(self) -> None:
        self.loop.run_until_complete(self.database.close())
        self.loop.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(tmp_path_factory.mktemp("history"))
    yield made
    made.close()


def defined(bay_id: str, position: int = 1, **more: Any) -> Event:
    values = {"zone_id": "zone-1", "code": "A-1", "category": "disabled", **more}
    bay = Bay(bay_id=bay_id, municipality_id=TOWN, lon=0.0, lat=0.0, **values)
    return event(position, BayDefined(bay=bay), -60, bay_id)


def changed(bay_id: str, position: int, recorded: float, **more: Any) -> Event:
    values = {"zone_id": "zone-1", "code": "A-1", "category": "disabled", **more}
    return event(position, BayChanged(bay_id=bay_id, **values), recorded, bay_id)


@st.composite
def a_bays_events(draw: st.DrawFn) -> list[Event]:
    """A bay's events as Parking tells them: states with their beginning, late reports, resets."""
    bay_id, found = new_id(), []
    stay, number, since = None, 0, 0
    words = st.sampled_from(["pending", "authorised"])
    for position in range(2, draw(st.integers(1, 12)) + 2):
        kind = draw(st.sampled_from(["turn", "turn", "same", "late", "reset"] if found else ["turn", "reset"]))
        recorded = position * 10
        if kind == "late":
            told = ReportCameLate(
                bay_id=bay_id, zone_id="zone-1", device_id="D", occupied=draw(st.booleans()),
                observed_at=at(draw(st.integers(0, recorded))), received_at=at(recorded), order=(1, 1, position),
                until_at=draw(st.none() | st.integers(0, recorded).map(at)),
            )  # fmt: skip
            found.append(event(position, told, recorded, bay_id))
            continue
        before, ended = stay, None
        if kind == "turn":
            number += stay is None
            ended, stay = stay, (f"S{number}-{bay_id[-8:]}" if stay is None else None)
            since = draw(st.integers(max(0, recorded - 25), recorded))
        elif kind == "reset":
            ended, stay = stay, None
        found.append(
            changed(
                bay_id, position, recorded, occupancy="unknown" if kind == "reset" else "occupied" if stay else "free",
                public_occupancy="unknown", authorisation=draw(words) if stay else None,
                previous_authorisation="pending" if before else None, stay_id=stay, ended_stay_id=ended,
                changed_at=None if kind == "reset" else at(since), observed_at=at(since),
                subject=draw(st.sampled_from([None, "card-1", "card-2"])) if stay else None,
            )
        )  # fmt: skip
    return [defined(bay_id), *found]


def expected(store_: Store, events: Sequence[Event], place_no: int) -> tuple[list[Stay], list[Gap]]:
    told: list[Change] = []
    for one in events:
        data = one.decoded()
        if isinstance(data, BayChanged):
            subject = store_.pseudonyms.of(data.subject, one.recorded_at) if data.subject else None
            told.append(change_of(one, data, place_no, subject))
        elif isinstance(data, ReportCameLate):
            told += late_changes_of(one, data, place_no)
    return timeline(told)


@given(events=a_bays_events(), data=st.data())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_with_repeats_in_any_batches_gives_the_same_stays(
    kept: Store, events: list[Event], data: st.DataObject
) -> None:
    bay_id = events[0].subject_id
    arriving = [
        events[0],
        *data.draw(st.permutations(events[1:] + data.draw(st.lists(st.sampled_from(events), max_size=4)))),
    ]
    while arriving:
        size = data.draw(st.integers(1, len(arriving)))
        kept.take(arriving[:size])
        arriving = arriving[size:]
    place_no = kept.write(lambda conn: bays.known(conn, [bay_id])[bay_id].place_no)
    assert kept.kept(bay_id) == expected(kept, events, place_no)


@given(
    events=a_bays_events(), lines=st.lists(st.tuples(st.integers(-60, 130), st.booleans()), max_size=8), data=st.data()
)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_imports_before_and_between_give_the_same_stays_too(
    kept: Store, events: list[Event], lines: list[tuple[int, bool]], data: st.DataObject
) -> None:
    bay_id = events[0].subject_id
    body = b"\n".join(
        msgspec.json.encode({"bay_id": bay_id, "at": at(when), "occupied": told, "sequence": number})
        for number, (when, told) in enumerate(lines)
    )
    read = [line for _, line in read_lines(body, at(10_000)).by_bay.get(bay_id, [])]
    kept.take(events[:1])
    row = kept.write(lambda conn: bays.known(conn, [bay_id])[bay_id])
    told = [imported_change_of(line, row.place_no, False) for line in read]

    def bring(part: list[Change]) -> None:
        def work(conn: Connection) -> None:
            now = bays.known(conn, [bay_id])[bay_id]
            store.enter(conn, [(now, store.fresh(conn, now, part))])

        kept.write(work)

    cut, cut_lines = data.draw(st.integers(1, len(events))), data.draw(st.integers(0, len(told)))
    kept.take(events[1:cut])
    bring(told[:cut_lines])
    kept.take(events[cut:])
    bring(told)
    bring(told)
    live = [change_of(e, d, row.place_no, kept.pseudonyms.of(d.subject, e.recorded_at) if d.subject else None)
            for e in events if isinstance(d := e.decoded(), BayChanged)]  # fmt: skip
    came_late = [
        c for e in events if isinstance(d := e.decoded(), ReportCameLate) for c in late_changes_of(e, d, row.place_no)
    ]
    assert kept.kept(bay_id)[0] == timeline([*told, *live, *came_late])[0]


def test_each_event_is_kept_once(kept: Store) -> None:
    bay_id = new_id()
    events = [defined(bay_id), changed(bay_id, 2, 5, occupancy="free", public_occupancy="free", changed_at=at(5))]
    for _ in range(3):
        kept.take(events)
    row = kept.write(lambda conn: bays.known(conn, [bay_id])[bay_id])
    number = kept.write(lambda conn: len(conn.execute(select(changes).where(changes.c.bay_no == row.bay_no)).all()))
    assert number == 1


def test_the_past_keeps_the_zone_and_category_it_had(kept: Store) -> None:
    bay_id = new_id()
    more = {"occupancy": "free", "public_occupancy": "free"}
    kept.take([
        defined(bay_id), changed(bay_id, 2, 0, changed_at=at(0), **more),
        defined(bay_id, 3, category="delivery", version=2), defined(bay_id, 4, category="taxi", version=1),
        changed(bay_id, 5, 10, changed_at=at(10), category="delivery", **more),
    ])  # fmt: skip
    row = kept.write(lambda conn: bays.known(conn, [bay_id])[bay_id])
    assert (row.kind.category, row.version) == ("delivery", 2)
    found, _ = kept.write(lambda conn: queries.changes_of(conn, row, queries.Span(), True, 10, None))
    assert [one.category for one in found] == ["delivery", "disabled"]


def test_a_bay_that_was_not_defined_yet_is_known_from_its_change(kept: Store) -> None:
    bay_id = new_id()
    kept.take([changed(bay_id, 2, 0, occupancy="free", public_occupancy="free", changed_at=at(0), zone_id="zone-9")])
    assert kept.write(lambda conn: bays.known(conn, [bay_id])[bay_id]).kind.zone_id == "zone-9"
    kept.take([defined(bay_id, 3)])
    assert kept.write(lambda conn: bays.known(conn, [bay_id])[bay_id]).kind.zone_id == "zone-1"


def test_a_late_report_of_an_unknown_bay_is_set_aside_by_the_consumer(kept: Store) -> None:
    told = ReportCameLate(
        bay_id="nowhere",
        zone_id="z",
        device_id="D",
        occupied=True,
        observed_at=at(0),
        received_at=at(1),
        order=(1, 1, 1),
    )
    with pytest.raises(LookupError):
        kept.take([event(2, told, 1, "nowhere")])


def test_two_bays_in_one_batch_do_not_mix(kept: Store) -> None:
    first, second = new_id(), new_id()
    more = {"occupancy": "occupied", "public_occupancy": "occupied", "changed_at": at(0)}
    words = [
        [defined(bay), changed(bay, 2, 0, stay_id=f"stay-{bay}", **more)]
        for bay in (first, second)
    ]  # fmt: skip
    kept.take(list(itertools.chain(*words)))
    assert [stay.stay_id for stay in kept.kept(first)[0]] == [f"stay-{first}"]
    assert [stay.stay_id for stay in kept.kept(second)[0]] == [f"stay-{second}"]
