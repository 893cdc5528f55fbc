"""Imports: the same fold, once, and never over what was seen."""

from __future__ import annotations

from pathlib import Path

from history_street import (
    BAY,
    OTHER_BAY,
    Journal,
    a_day,
    a_week,
    at,
    bring,
    changes,
    figures,
    history,
    line,
    staff,
    stays,
)
from support import OTHER_MUNICIPALITY, run


def test_an_import_becomes_stays_and_again_changes_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            lines = [
                line(1, -120, True, authorisation="authorised"), line(2, -60, False), line(3, -30, True),
                line(4, -10, False),
            ]  # fmt: skip
            first = await bring(admin, lines, simulated="true")
            assert (first.accepted, first.repeated, first.refused) == (4, 0, [])
            found = await stays(admin)
            assert [(s.started_at, s.ended_at, s.authorisation, s.simulated) for s in found] == [
                (at(-30), at(-10), None, True), (at(-120), at(-60), "authorised", True),
            ]  # fmt: skip
            second = await bring(admin, [*lines, lines[0]], simulated="true")
            assert (second.accepted, second.repeated) == (0, 5)
            assert await stays(admin) == found
            assert {c.origin for c in await changes(admin)} == {"import"}
            assert (await figures(admin, by="bay")).rows[0].simulated

    run(work())


def test_an_import_in_any_order_and_parts_gives_the_same_stays(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        journal.bay(OTHER_BAY)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            await bring(admin, a_week(BAY, 3))
            lines = a_week(OTHER_BAY, 3)
            for start in (20, 0, 30, 10):
                await bring(admin, list(reversed(lines[start : start + 15])))
            spans = [
                [(s.started_at, s.ended_at, s.ended_by) for s in await stays(admin, bay)] for bay in (BAY, OTHER_BAY)
            ]
            assert spans[0] == spans[1]

    run(work())


def test_bad_lines_are_refused_with_their_reason_and_do_not_harm_the_others(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(BAY)
        journal.bay(OTHER_BAY, OTHER_MUNICIPALITY)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            done = await bring(admin, [
                line(1, -60, True), b"{not json", b"", line(2, -50, False, "nowhere"), line(3, -40, False, OTHER_BAY),
                line(4, 700, True), {**line(5, -30, True), "at": "2026-11-22T08:00:00"},
                {**line(6, -20, True), "extra": 1},
                line(-1, -10, True), line(7, -5, False), b"\xff\xfe",
            ])  # fmt: skip
            assert (done.accepted, done.repeated, done.refused_in_all) == (2, 0, 8)
            assert [one.line for one in done.refused] == [2, 4, 5, 6, 7, 8, 9, 11]
            assert {one.line: one.reason for one in done.refused}[4] == "there is no such bay"
            assert "future" in {one.line: one.reason for one in done.refused}[6]
            assert [(s.started_at, s.ended_at) for s in await stays(admin)] == [(at(-60), at(-5))]

    run(work())


def test_an_import_never_touches_what_the_bays_own_sensor_saw(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            admin = staff(system, "administrator")
            seen = await stays(admin)
            done = await bring(admin, [line(1, -30, True), line(2, 20, False), line(3, 45, True)])
            assert (done.accepted, [one.line for one in done.refused]) == (1, [2, 3])
            assert "own sensor" in done.refused[0].reason
            after = await stays(admin)
            assert after[:2] == seen
            assert [(s.started_at, s.ended_at) for s in after[2:]] == [(at(-30), at(0))]

    run(work())


def test_only_the_administration_imports(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        async with history(tmp_path, journal) as system:
            for caller, status in ((system.as_guest("history"), 401), (staff(system), 403)):
                answer = await caller.ask("POST", "/api/v1/history/import", content=b"{}")
                assert answer.status_code == status
            big = b" " * (8 * 1024 * 1024 + 1)
            answer = await staff(system, "administrator").ask("POST", "/api/v1/history/import", content=big)
            assert answer.status_code == 413

    run(work())
