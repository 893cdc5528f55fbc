"""Consumers in one process: an event is decoded once, read once; what does not concern a service costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData
from sqlalchemy import event as sql_event

from siga.contract import events
from siga.contract.drivers import BayDoubted, ProblemReported
from siga.contract.events import KINDS, Event
from siga.engines.feed_local import LocalFeed
from siga.engines.sqlite import open_sqlite
from siga.kit import consumer as consumers
from siga.kit.consumer import Consumer, transactional
from siga.kit.journal import Fact, Journal
from siga.kit.problem import StoreFailed
from siga.ports import Database
from siga.services.drivers import consumers as drivers
from siga.services.history import consumers as history
from siga.services.parking import build as parking
from support import run

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DOUBTS = (BayDoubted.__name__,)


@dataclass
class Street:
    """A journal, its feed, and a service that follows it into a store of its own."""

    journal: Journal
    database: Database
    feed: LocalFeed
    own_journal: Journal
    own: Database
    seen: list[list[str]] = field(default_factory=list)
    commits: int = 0

    async def problems(self, *names: str) -> int:
        """Commit events that do not concern the service; the last one's position."""
        return await self._commit(
            [ProblemReported(report_id=name, bay_id="b", at=NOW, problem="paint") for name in names]
        )

    async def doubt(self, name: str) -> int:
        """Commit one that does."""
        return await self._commit([BayDoubted(doubt_id=name, bay_id="b", at=NOW, by=None)])

    async def _commit(self, told: list[Any]) -> int:
        facts = [Fact(data=one, municipality_id="m", subject_id="b", occurred_at=NOW) for one in told]
        made = await self.database.write(lambda conn: self.journal.append(conn, facts, NOW))
        return made[-1].position

    def consumer(self) -> Consumer:
        """One that wants doubts only."""

        def effect(conn: object, batch: Sequence[Event]) -> None:
            self.seen.append([one.decoded().doubt_id for one in batch])  # type: ignore[union-attr]

        return Consumer(
            name="test", feed=self.feed, database=self.own, journal=self.own_journal,
            handle=transactional(self.own, effect), kinds=DOUBTS,
        )  # fmt: skip

    async def cursor(self) -> int:
        """Where the service is on disk."""
        return await self.own.read(lambda conn: self.own_journal.cursor(conn, "told"))


@asynccontextmanager
async def street(folder: Path) -> AsyncIterator[Street]:
    """A new one."""
    metadata, own_metadata = MetaData(), MetaData()
    journal, own_journal = Journal("told", metadata), Journal("own", own_metadata)
    database, own = open_sqlite(folder / "told.db", metadata), open_sqlite(folder / "own.db", own_metadata)
    here = Street(journal, database, LocalFeed(journal, database), own_journal, own)
    writer = own._writer  # type: ignore[attr-defined]

    @sql_event.listens_for(writer, "commit")
    def _count(conn: object) -> None:
        here.commits += 1

    try:
        yield here
    finally:
        await database.close()
        await own.close()


def test_what_does_not_concern_a_service_is_passed_without_decoding_or_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            consumer = here.consumer()
            await consumer.step(0)
            await here.problems("first")
            await consumer.step(0)  # the first passing is saved: nobody knows when the last one was
            monkeypatch.setattr(Event, "_decode", None)
            before = here.commits
            for n in range(20):
                last = await here.problems(str(n))
                await consumer.step(0)
            assert consumer.position == last
            assert here.commits == before
            assert not here.seen

    run(work())


def test_what_was_passed_is_on_disk_with_the_next_batch_after_a_second_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "_SAVE_S", 0.2)

    async def work() -> None:
        async with street(tmp_path) as here:
            following = asyncio.create_task(here.consumer().run())
            await asyncio.sleep(0.1)
            passed = await here.problems("a", "b")
            await asyncio.sleep(0.05)
            assert await here.cursor() == 0
            await asyncio.sleep(0.4)
            assert await here.cursor() == passed
            await here.problems("c")
            handled = await here.doubt("d")
            await asyncio.sleep(0.1)
            assert (here.seen, await here.cursor()) == ([["d"]], handled)
            passed = await here.problems("e")
            await asyncio.sleep(0.05)
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            assert await here.cursor() == passed
            again = here.consumer()
            following = asyncio.create_task(again.run())
            await here.doubt("f")
            await asyncio.sleep(0.1)
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            assert here.seen == [["d"], ["f"]]

    run(work())


def test_what_is_wanted_stands_with_the_cursor_behind_all_that_was_read(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            await here.problems("a")
            await here.doubt("b")
            last = await here.problems("c")
            assert await here.consumer().step(0) == 3
            assert here.seen == [["b"]]
            assert await here.cursor() == last

    run(work())


def test_a_store_that_fails_at_the_end_only_makes_it_pass_again(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            consumer = here.consumer()
            following = asyncio.create_task(consumer.run())
            await asyncio.sleep(0.05)
            await here.problems("a")
            await asyncio.sleep(0.05)

            async def fails(_: object) -> None:
                raise StoreFailed("gone")

            here.own.write = fails  # type: ignore[method-assign, assignment]
            following.cancel()
            assert isinstance((await asyncio.gather(following, return_exceptions=True))[0], asyncio.CancelledError)

    run(work())


def test_consumers_that_keep_pace_are_handed_the_same_events_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []

    async def work() -> None:
        async with street(tmp_path) as here:
            last = await here.doubt("a")
            first, second = await here.feed.read(last - 1), await here.feed.read(last - 1)
            assert first is second
            monkeypatch.setattr(Event, "_decode", lambda event: decoded.append(event) or event)
            assert first[0].decoded() is first[0].decoded()
            assert decoded == []  # who wrote it has at hand what it says
            monkeypatch.undo()
            await here.doubt("b")
            assert [one.position for one in await here.feed.read(last - 1)] == [last, last + 1]

    run(work())


def test_memory_hands_out_what_the_store_would(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            for n in range(5):
                await here.problems(*(f"{n}{letter}" for letter in "abc"))
            for after in range(17):
                for limit in (1, 4, 15, 500):
                    stored = await here.database.read(
                        lambda conn, after=after, limit=limit: here.journal.read(conn, after, limit)  # type: ignore[misc]
                    )
                    assert list(await here.feed.read(after, limit)) == stored

    run(work())


def test_a_decoded_word_is_no_part_of_the_event(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            last = await here.doubt("a")
            event = (await here.feed.read(last - 1))[0]
            plain = events.msgspec.json.encode(event)
            stored = (await here.database.read(lambda conn: here.journal.read(conn, last - 1, 1)))[0]
            assert isinstance(event.decoded(), BayDoubted)
            assert event == stored
            assert events.msgspec.json.encode(event) == plain
            assert events.msgspec.structs.replace(event, kind="SomethingNewer").decoded() is None

    run(work())


def test_services_ask_only_for_kinds_that_there_are() -> None:
    for heeded in (history.HEEDED, parking.HEEDED, *drivers.HEEDED.values()):
        assert set(heeded) <= set(KINDS)
