"""The queue before Logs: never waits, drops only at its brim, keeps order while Logs is away."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from siga.contract.operations import LogRecord
from siga.engines.log_sinks import QueueSink, Spool
from siga.kit import metrics
from siga.kit.problem import Invalid, Unavailable

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


def record(number: int, text: str = "") -> LogRecord:
    return LogRecord(at=AT, service="parking", level="info", event="e", sequence=number, fields={"text": text})


def dropped() -> float:
    return float(metrics.DROPPED_LOGS._value.get())


def on_disk(folder: Path) -> list[str]:
    """The files of the spool."""
    return [file.name for file in folder.iterdir()]


class Door:
    """Stands for Logs: takes batches, or refuses while `shut` names a fault."""

    def __init__(self) -> None:
        self.shut: Exception | None = None
        self.numbers: list[int] = []

    async def deliver(self, records: list[LogRecord]) -> None:
        if self.shut is not None:
            raise self.shut
        self.numbers += [one.sequence for one in records]


def test_offering_to_a_full_queue_drops_counts_and_never_waits(tmp_path: Path) -> None:
    sink = QueueSink(tmp_path / "spool", limit=3)
    before = dropped()
    assert [sink.offer(record(n)) for n in range(5)] == [True, True, True, False, False]
    assert dropped() - before == 2


def test_ten_threads_lose_nothing_below_the_brim(tmp_path: Path) -> None:
    async def work() -> list[int]:
        sink, door = QueueSink(tmp_path / "spool"), Door()
        threads = [
            threading.Thread(target=lambda base=base: [sink.offer(record(base + n)) for n in range(500)])  # type: ignore[misc]
            for base in range(0, 5000, 500)
        ]
        task = asyncio.create_task(sink.drain(door.deliver))
        for thread in threads:
            thread.start()
        await asyncio.to_thread(lambda: [thread.join() for thread in threads])
        await sink.flush(5)
        task.cancel()
        return door.numbers

    assert sorted(asyncio.run(work())) == list(range(5000))


def test_an_offer_costs_microseconds(tmp_path: Path) -> None:
    sink = QueueSink(tmp_path / "spool", limit=20_000)
    one = record(1)
    began = time.perf_counter()
    for _ in range(20_000):
        sink.offer(one)
    assert (time.perf_counter() - began) / 20_000 < 50e-6


def test_records_wait_on_disk_while_logs_is_away_and_come_in_order(tmp_path: Path) -> None:
    async def work() -> list[int]:
        sink, door = QueueSink(tmp_path / "spool"), Door()
        door.shut = Unavailable("away")
        task = asyncio.create_task(sink.drain(door.deliver))
        for number in range(1, 700):
            sink.offer(record(number))
        await sink.flush(5)
        assert on_disk(tmp_path)
        door.shut = None
        for number in range(700, 800):
            sink.offer(record(number))
        for _ in range(100):
            await asyncio.sleep(0.05)
            if len(door.numbers) == 799 and not on_disk(tmp_path):
                break
        assert not on_disk(tmp_path)
        task.cancel()
        return door.numbers

    assert asyncio.run(work()) == list(range(1, 800))


def test_what_waits_at_the_end_is_delivered_by_the_next_start(tmp_path: Path) -> None:
    async def first() -> None:
        sink, door = QueueSink(tmp_path / "spool"), Door()
        door.shut = Unavailable("away")
        task = asyncio.create_task(sink.drain(door.deliver))
        sink.offer(record(1))
        await sink.flush(5)
        sink.offer(record(2))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def second() -> list[int]:
        sink, door = QueueSink(tmp_path / "spool"), Door()
        task = asyncio.create_task(sink.drain(door.deliver))
        await sink.flush(5)
        task.cancel()
        return door.numbers

    asyncio.run(first())
    assert asyncio.run(second()) == [1, 2]


def test_a_batch_that_can_never_be_taken_does_not_block_the_next(tmp_path: Path) -> None:
    async def work() -> list[int]:
        sink, door = QueueSink(tmp_path / "spool"), Door()
        door.shut = Invalid("malformed")
        task = asyncio.create_task(sink.drain(door.deliver))
        sink.offer(record(1))
        await sink.flush(5)
        door.shut = None
        sink.offer(record(2))
        await sink.flush(5)
        task.cancel()
        return door.numbers

    before = dropped()
    assert asyncio.run(work()) == [2]
    assert dropped() - before == 1


def test_the_spool_is_bounded_and_drops_the_oldest(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", most_bytes=3 * 1024 * 1024)
    before = dropped()
    for number in range(50):
        spool.append([record(number, "x" * 100_000)])
    size = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert size <= 3 * 1024 * 1024
    first = spool.oldest()[0].sequence
    assert first > 0
    assert dropped() - before == first


def test_a_line_cut_short_by_a_crash_is_left_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append([record(1), record(2)])
    (segment,) = tmp_path.iterdir()
    segment.write_bytes(segment.read_bytes()[:-10])
    assert [one.sequence for one in Spool(tmp_path / "spool").oldest()] == [1]
