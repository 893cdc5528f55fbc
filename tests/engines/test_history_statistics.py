"""Statistics: shares, known time, local hours, and what the public may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from history_street import (
    BAY,
    OTHER_BAY,
    OTHER_ZONE,
    PERSONAL_BAY,
    ZONE,
    Journal,
    a_day,
    a_week,
    at,
    bring,
    figures,
    history,
    line,
    staff,
)
from siga.kit.clock import HandClock
from support import OTHER_MUNICIPALITY, run


def test_statistics_count_stays_share_and_known_time(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        journal.free(110, "S2")
        async with history(tmp_path, journal, HandClock(at(120))) as system:
            span = {"from": at(0).isoformat(), "to": at(120).isoformat()}
            (row,) = (await figures(staff(system), by="zone", **span)).rows
            assert (row.group, row.bays, row.stays, row.mean_stay_min) == (ZONE, 1, 2, 45.0)
            assert (row.occupancy, row.coverage) == (0.75, 1.0)
            assert row.authorisations == {"authorised": 1, "unverified": 1}
            early = {"from": at(-120).isoformat(), "to": at(120).isoformat()}
            (row,) = (await figures(staff(system), by="category", **early)).rows
            assert (row.group, row.occupancy, row.coverage) == ("disabled", 0.75, 0.5)
            middle = {"from": at(20).isoformat(), "to": at(60).isoformat()}
            (row,) = (await figures(staff(system), by="bay", **middle)).rows
            assert (row.label, row.stays, row.occupancy) == ("BAY-1", 1, 0.75)

    run(work())


def test_time_without_signal_is_not_known_time(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        journal.occupied(0, "S1")
        journal.changed(BAY, 60, occupancy="unknown", stay_id="S1", changed_at=at(0), previous_authorisation="pending",
                         previous_occupancy="occupied", authorisation="pending", cause="time")  # fmt: skip
        journal.free(120, "S1", previous_occupancy="unknown")
        async with history(tmp_path, journal, HandClock(at(180))) as system:
            span = {"from": at(0).isoformat(), "to": at(180).isoformat()}
            for by in ("zone", "bay", "category", "day"):
                (row,) = (await figures(staff(system), by=by, **span)).rows
                assert (row.occupancy, row.coverage) == (0.5, 0.6667), by
            rows = {row.group: row for row in (await figures(staff(system), by="hour", **span)).rows}
            assert [(rows[h].occupancy, rows[h].coverage) for h in ("10", "11", "12")] == [(1, 1), (None, 0), (0, 1)]

    run(work())


def test_hours_and_days_are_those_of_the_towns_own_time(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        journal.free(0, None)
        journal.occupied(14 * 60 + 30, "S1")  # 23:30 UTC is 00:30 of the next day, a Monday, in Madrid
        journal.free(15 * 60 + 30, "S1")
        async with history(tmp_path, journal, HandClock(at(16 * 60))) as system:
            span = {"from": at(0).isoformat(), "to": at(16 * 60).isoformat()}
            found = await figures(staff(system), by="hour", **span)
            assert found.time_zone == "Europe/Madrid"
            rows = {row.group: row for row in found.rows}
            assert (rows["0"].stays, rows["0"].occupancy, rows["1"].occupancy) == (1, 0.5, 0.5)
            days = {row.group: row for row in (await figures(staff(system), by="day", **span)).rows}
            assert (days["2026-11-22"].stays, days["2026-11-23"].stays) == (0, 1)
            weekdays = {row.group: row.stays for row in (await figures(staff(system), by="weekday", **span)).rows}
            assert weekdays == {"1": 1, "7": 0}

    run(work())


def test_the_public_sees_groups_of_ten_stays_and_never_personal_bays(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        journal.bay(OTHER_BAY, zone_id=OTHER_ZONE)
        journal.bay(PERSONAL_BAY, personal=True)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            await bring(admin, [*a_week(BAY, 2), *a_week(OTHER_BAY, 1), *a_week(PERSONAL_BAY, 5)])
            for caller in (system.as_guest("history"), staff(system, municipality_id=OTHER_MUNICIPALITY)):
                found = await figures(caller, by="zone")
                assert found.public
                assert [(row.group, row.stays, row.bays) for row in found.rows] == [(ZONE, 14, 1)]
                assert found.suppressed == 1
            everything = await figures(admin, by="zone")
            assert [(row.group, row.stays) for row in everything.rows] == [(ZONE, 49), (OTHER_ZONE, 7)]
            narrowed = await figures(staff(system, zone_ids=(OTHER_ZONE,)), by="zone")
            assert [(row.group, row.stays) for row in narrowed.rows] == [(OTHER_ZONE, 7)]
            assert (await figures(system.as_guest("history"), by="bay")).suppressed == 1

    run(work())


def test_the_public_can_only_ask_for_whole_days_that_are_over(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        async with history(tmp_path, journal) as system:
            span = {"from": at(-1441.5).isoformat(), "to": at(300).isoformat()}
            found = await figures(system.as_guest("history"), by="hour", **span)
            midnight = datetime(2026, 11, 21, 23, tzinfo=UTC)
            assert (found.from_at, found.to_at) == (midnight - timedelta(days=1), midnight)

    run(work())


def occupied_by_minute(told: dict[str, list[tuple[int, int]]], first: int, last: int) -> dict[str, float]:
    """The share of minutes in which bays were occupied, by the hour in Madrid, counted one by one."""
    seen: dict[str, list[int]] = {}
    for spans in told.values():
        for minute in range(first, last):
            hour = str(at(minute).astimezone(ZoneInfo("Europe/Madrid")).hour)
            seen.setdefault(hour, []).append(any(start <= minute < end for start, end in spans))
    return {hour: round(sum(minutes) / len(minutes), 4) for hour, minutes in seen.items()}


def test_the_sums_are_what_counting_minute_by_minute_gives(tmp_path: Path) -> None:
    rng = Random(7)
    told: dict[str, list[tuple[int, int]]] = {}
    for bay_id in (BAY, OTHER_BAY):
        minute = -4 * 1440
        while minute < -200:
            start = minute + rng.randint(1, 300)
            minute = start + rng.randint(1, 700)
            told.setdefault(bay_id, []).append((start, minute))

    async def work() -> None:
        journal = Journal()
        for bay_id in told:
            journal.bay(bay_id)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            for bay_id, spans in told.items():
                turns = [(m, n == 0) for span in spans for n, m in enumerate(span)]
                await bring(admin, [line(n, m, occupied, bay_id) for n, (m, occupied) in enumerate(turns)])
            first, last = -2 * 1440 - 37, -311
            span = {"from": at(first).isoformat(), "to": at(last).isoformat()}
            by_hour = {row.group: row.occupancy for row in (await figures(admin, by="hour", **span)).rows}
            assert by_hour == occupied_by_minute(told, first, last)
            (whole,) = (await figures(admin, by="zone", **span)).rows
            minutes = [any(s <= m < e for s, e in spans) for spans in told.values() for m in range(first, last)]
            assert whole.occupancy == round(sum(minutes) / len(minutes), 4)

    run(work())
