"""The journal is read in the order of commits, on every engine."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, text

from siga.contract.drivers import ProblemReported
from siga.engines.feed_local import LocalFeed
from siga.engines.postgres import open_postgres
from siga.engines.sqlite import open_sqlite
from siga.kit.consumer import Consumer, transactional
from siga.kit.journal import Fact, Journal
from siga.ports import Database
from support import run

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def fact(name: str) -> Fact:
    """A fact that can be told apart."""
    data = ProblemReported(report_id=name, bay_id="b", at=NOW, problem="paint")
    return Fact(data=data, municipality_id="m", subject_id=name, occurred_at=NOW)


def opened(folder: Path, url: str | None, metadata: MetaData) -> Database:
    """A database of either engine."""
    return open_postgres(url, "siga_test", metadata) if url else open_sqlite(folder / "test.db", metadata)


def test_what_is_appended_is_read_once_and_in_order(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        metadata = MetaData()
        journal = Journal("test", metadata)
        database = opened(tmp_path, database_url, metadata)
        feed = LocalFeed(journal, database)
        for n in range(3):
            await database.write(lambda c, n=n: journal.append(c, [fact(f"{n}a"), fact(f"{n}b")], NOW))  # type: ignore[misc]
        events = await feed.read(0)
        assert [e.subject_id for e in events] == ["0a", "0b", "1a", "1b", "2a", "2b"]
        assert await feed.read(events[2].position) == events[3:]
        assert await feed.head() == events[-1].position
        assert not await feed.read(events[-1].position)
        await database.close()

    run(work())


def test_two_appends_in_one_transaction_keep_their_order(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        metadata = MetaData()
        journal = Journal("test", metadata)
        database = opened(tmp_path, database_url, metadata)

        def both(conn: object) -> None:
            journal.append(conn, [fact("first")], NOW)  # type: ignore[arg-type]
            journal.append(conn, [fact("second")], NOW)  # type: ignore[arg-type]

        await database.write(both)
        assert [e.subject_id for e in await LocalFeed(journal, database).read(0)] == ["first", "second"]
        await database.close()

    run(work())


def test_a_failed_transaction_leaves_no_event(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        metadata = MetaData()
        journal = Journal("test", metadata)
        database = opened(tmp_path, database_url, metadata)

        def fails(conn: object) -> None:
            journal.append(conn, [fact("lost")], NOW)  # type: ignore[arg-type]
            raise RuntimeError("in the middle")

        with pytest.raises(RuntimeError):
            await database.write(fails)
        assert not await LocalFeed(journal, database).read(0)
        await database.close()

    run(work())


def test_a_reader_that_waits_wakes_at_the_commit(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        metadata = MetaData()
        journal = Journal("test", metadata)
        database = opened(tmp_path, database_url, metadata)
        feed = LocalFeed(journal, database)
        waiting = asyncio.create_task(feed.read(0, wait_s=20))
        await asyncio.sleep(0.05)
        await database.write(lambda c: journal.append(c, [fact("news")], NOW))
        assert [e.subject_id for e in await asyncio.wait_for(waiting, 5)] == ["news"]
        await database.close()

    run(work())


def test_nothing_that_commits_late_appears_behind_a_reader(tmp_path: Path, postgres: str) -> None:
    """A sequence is not the commit order: one transaction stays open while another, begun later, commits."""

    async def work() -> None:
        metadata = MetaData()
        journal = Journal("test", metadata)
        database = open_postgres(postgres, "siga_late", metadata)
        feed = LocalFeed(journal, database)
        other = create_engine(
            postgres.replace("postgresql://", "postgresql+psycopg://"),
            connect_args={"options": "-csearch_path=siga_late"},
        )
        with other.connect() as slow:
            slow.execute(text("SELECT 1"))
            journal.append(slow, [fact("begun-first")], NOW)
            await database.write(lambda c: journal.append(c, [fact("begun-later")], NOW))
            seen = await feed.read(0)
            assert seen == [], "what committed first must wait for what began before it"
            slow.commit()
        assert [e.subject_id for e in await feed.read(0)] == ["begun-first", "begun-later"]
        other.dispose()
        await database.close()

    run(work())


def test_a_consumer_goes_on_where_it_was_and_sets_poison_aside(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        metadata = MetaData()
        journal = Journal("test", metadata)
        database = opened(tmp_path, database_url, metadata)
        feed = LocalFeed(journal, database)
        await database.write(lambda c: journal.append(c, [fact("good"), fact("poison"), fact("after")], NOW))
        seen: list[str] = []

        def effect(conn: object, events: object) -> None:
            for event in events:  # type: ignore[attr-defined]
                if event.subject_id == "poison":
                    raise ValueError("cannot be handled")
                seen.append(event.subject_id)

        def consumer() -> Consumer:
            handle = transactional(database, effect)  # type: ignore[arg-type]
            return Consumer(name="test", feed=feed, database=database, journal=journal, handle=handle)

        first = consumer()
        await first.step(0)
        assert seen[-1] == "after"
        dead = await database.read(lambda c: list(c.execute(journal.dead.select())))
        assert len(dead) == 1
        again = consumer()
        task = asyncio.create_task(again.run())
        await asyncio.sleep(0.2)
        task.cancel()
        assert seen.count("after") == 1, "a second consumer goes on from the kept cursor"
        await database.close()

    run(work())
