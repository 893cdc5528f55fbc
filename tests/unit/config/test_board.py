"""Who has a revision in force, and how long it took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from siga.contract.operations import Applied, SettingsApplied
from siga.services.config.board import Board

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def tell(board: Board, service: str, revision: int, at: float, process: str = "p") -> None:
    board.note(SettingsApplied(process=process, service=service, revision=revision, applied_at=after(at)), after(at))


def report(board: Board, newest: int, committed: dict[int, float], now: float) -> Applied:
    return board.report(newest, lambda number: after(committed[number]) if number in committed else None, after(now))


def test_those_at_the_newest_revision_are_counted_among_those_alive() -> None:
    board = Board()
    tell(board, "parking", 4, 0)
    tell(board, "users", 5, 1)
    seen = report(board, 5, {5: 0.5}, 2)
    assert (seen.in_force, seen.of) == (1, 2)
    assert {row.service: row.behind_s for row in seen.rows} == {"parking": 1.5, "users": 0.0}


def test_whoever_is_silent_for_a_minute_is_no_longer_counted() -> None:
    board = Board()
    tell(board, "parking", 5, 0)
    tell(board, "users", 5, 30)
    assert report(board, 5, {}, 60).of == 2
    assert report(board, 5, {}, 61).of == 1


def test_the_slowest_is_the_last_that_swapped_and_not_one_that_began_there() -> None:
    board = Board()
    for service in ("parking", "users"):
        tell(board, service, 1, 0)
    tell(board, "parking", 2, 10.010)
    tell(board, "users", 2, 10.025)
    tell(board, "history", 2, 25)
    assert report(board, 2, {2: 10.0}, 26).slowest_ms == 25.0


def test_a_heartbeat_keeps_the_instant_of_the_swap() -> None:
    board = Board()
    tell(board, "parking", 1, 0)
    tell(board, "parking", 2, 10)
    board.note(SettingsApplied(process="p", service="parking", revision=2, applied_at=after(10)), after(40))
    assert report(board, 2, {2: 9.9}, 41).slowest_ms == 100.0


def test_nobody_swapped_means_no_figure() -> None:
    board = Board()
    tell(board, "parking", 2, 10)
    assert report(board, 2, {2: 0}, 11).slowest_ms is None
    assert report(Board(), 0, {}, 0).of == 0


def test_one_service_in_two_processes_counts_twice() -> None:
    board = Board()
    tell(board, "parking", 1, 0, "a")
    tell(board, "parking", 1, 0, "b")
    assert report(board, 1, {}, 1).of == 2


def test_the_instants_it_will_ask_for_are_those_of_the_revisions_that_are_lacked() -> None:
    board = Board()
    tell(board, "parking", 3, 0)
    tell(board, "users", 7, 0)
    assert board.lacking(7) == {7, 4}
