"""A device's count of the state before, through the real Parking into the real History."""

from __future__ import annotations

from pathlib import Path

from parking_book import digest
from parking_street import at, street
from support import run


def test_a_stay_that_was_lost_between_two_reports_enters_history_with_its_error_and_opens_nothing(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        async with street(tmp_path, "history", url=database_url) as s:
            await s.open(1)
            s.clock.forward(2 * 3600)
            await s.take(s.report(0, 1, False, observed_at=at(0)))
            (ack,) = await s.take(
                s.report(0, 5, True, observed_at=at(60), previous_duration_s=720, previous_error_s=59)
            )
            assert (ack.status, ack.occupancy) == ("applied", "occupied")
            (told,) = await s.events("StayCorrected")
            assert told["order"] == [1, 1, 5]
            assert (told["run"]["occupied"], told["run"]["until_error_s"]) == (True, 59)
            lost, present = await s.stays(0)
            assert (lost.started_at, lost.ended_at) == (at(24), at(48))
            assert (lost.started_error_s, lost.ended_error_s) == (24 * 60 + 59, 59)
            assert (present.started_at, present.ended_at, present.started_error_s) == (at(60), None, None)
            await s.tick(1)
            suspected = await s.events("StaySuspected")
            assert {one["stay_id"] for one in suspected} <= {present.stay_id}, "never for what is only known afterwards"

    run(work())


def test_an_occupied_bay_that_says_occupied_with_a_count_has_another_car(
    tmp_path: Path, database_url: str | None
) -> None:
    async def work() -> None:
        async with street(tmp_path, "history", url=database_url) as s:
            await s.open(1)
            s.clock.forward(2 * 3600)
            await s.take(s.report(0, 1, True, observed_at=at(10)))
            first = s.state(0).stay
            await s.take(s.report(0, 2, True, observed_at=at(30)))
            assert s.state(0).stay == first, "a heartbeat changes nothing"
            await s.take(s.report(0, 5, True, observed_at=at(60), previous_duration_s=1200))
            second = s.state(0).stay
            assert first is not None
            assert second is not None
            assert second.stay_id != first.stay_id
            assert [(one.started_at, one.ended_at) for one in await s.stays(0)] == [(at(10), at(40)), (at(60), None)]

    run(work())


def test_what_was_lost_and_then_comes_late_takes_its_place(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, "history", url=database_url) as s:
            await s.open(1)
            s.clock.forward(2 * 3600)
            await s.take(s.report(0, 1, False, observed_at=at(0)))
            await s.take(s.report(0, 4, True, observed_at=at(60), previous_duration_s=720))
            assert len(await s.stays(0)) == 2
            await s.take(s.report(0, 3, False, observed_at=at(48), previous_duration_s=28 * 60))
            await s.take(s.report(0, 2, True, observed_at=at(20), previous_duration_s=20 * 60))
            found = [(one.started_at, one.ended_at, one.ended_error_s) for one in await s.stays(0)]
            assert found == [(at(20), at(48), None), (at(60), None, None)]
            assert [one["run"] for one in await s.events("StayCorrected")][-1] is None

    run(work())


def test_history_takes_a_correction_told_again_for_nothing(tmp_path: Path) -> None:
    """A batch of events comes again after a crash; a restored journal tells old words after new ones."""
    from siga.services.history import consumers
    from siga.services.history.pseudonyms import Pseudonyms

    async def work() -> None:
        async with street(tmp_path, "history") as s:
            await s.open(1)
            s.clock.forward(2 * 3600)
            await s.take(s.report(0, 1, False, observed_at=at(0)))
            await s.take(s.report(0, 4, True, observed_at=at(60), previous_duration_s=720))
            await s.take(s.report(0, 3, False, observed_at=at(48), previous_duration_s=28 * 60))
            before = digest(await s.stays(0))
            feed, database = s.system.system.services["parking"].feed, s.system.system.services["history"].database
            assert feed is not None
            assert database is not None
            events = list(await feed.read(0, 1000))
            effect = consumers.parking(Pseudonyms(tmp_path / "more-keys"))
            for batch in (events, events[-3:], list(reversed(events))):
                for event in batch:
                    await database.write(lambda conn, event=event: effect(conn, [event]))  # type: ignore[misc]
            assert digest(await s.stays(0)) == before

    run(work())
