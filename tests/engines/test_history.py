"""A bay's changes and stays through History's own HTTP."""

from __future__ import annotations

from pathlib import Path

from history_street import (
    BAY,
    OTHER_ZONE,
    PERSONAL_BAY,
    ZONE,
    Journal,
    a_day,
    at,
    body,
    caught_up,
    changes,
    figures,
    history,
    staff,
    stays,
)
from siga.contract.history import ChangeList, ChangeView
from siga.contract.parking import ReportCameLate
from support import MUNICIPALITY, OTHER_MUNICIPALITY, run


def test_changes_and_stays_of_a_bay_can_be_read_by_its_staff(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            found = await stays(staff(system))
            assert [(s.stay_id, s.started_at, s.ended_at, s.authorisation) for s in found] == [
                ("S2", at(50), None, "unverified"), ("S1", at(10), at(40), "authorised"),
            ]  # fmt: skip
            assert (found[1].authorised_by, found[1].ended_by) == ("card", "left")
            assert [(c.at, c.occupancy, c.origin) for c in await changes(staff(system))] == [
                (at(50), "occupied", "live"), (at(40), "free", "live"), (at(11), "occupied", "live"),
                (at(10), "occupied", "live"), (at(0), "free", "live"),
            ]  # fmt: skip
            span = {"from": at(11).isoformat(), "to": at(50).isoformat()}
            assert [c.at for c in await changes(staff(system), **span)] == [at(40), at(11)]
            assert [s.stay_id for s in await stays(staff(system), **span)] == ["S1"]
            answer = await staff(system).get(f"/api/v1/history/bays/{BAY}/stays")
            assert "card-1" not in answer.text
            assert "subject" not in answer.text

    run(work())


def test_pages_of_changes_follow_each_other(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            whole = await changes(staff(system))
            seen: list[ChangeView] = []
            cursor: dict[str, str] = {}
            while True:
                path = f"/api/v1/history/bays/{BAY}/changes"
                page: ChangeList = body(await staff(system).get(path, limit=2, **cursor), ChangeList)
                seen += page.changes
                if page.next is None:
                    break
                cursor = {"cursor": page.next}
            assert seen == whole

    run(work())


def test_a_late_report_changes_the_past_and_not_the_present(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            for minutes, occupied in ((2, True), (5, False)):
                journal.tell(
                    ReportCameLate(
                        bay_id=BAY, zone_id=ZONE, device_id="D", occupied=occupied, observed_at=at(minutes),
                        received_at=at(60), order=(1, 1, 1),
                    ), 60,
                )  # fmt: skip
            await caught_up(journal)
            found = await stays(staff(system))
            assert [(s.started_at, s.ended_at) for s in found] == [(at(50), None), (at(10), at(40)), (at(2), at(5))]

    run(work())


def test_everything_is_there_after_a_restart_and_nothing_twice(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            before = await stays(staff(system)), await changes(staff(system))
        journal.free(70, "S2")
        async with history(tmp_path, journal) as system:
            after = await stays(staff(system)), await changes(staff(system))
            assert after[0][1:] == before[0][1:]
            assert after[0][0].ended_at == at(70)
            assert after[1][1:] == before[1]

    run(work())


def test_staff_of_other_towns_and_zones_and_everybody_else_learn_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            path = f"/api/v1/history/bays/{BAY}/stays"
            assert (await system.as_guest("history").get(path)).status_code == 401
            assert (await staff(system, "driver").get(path)).status_code == 403
            assert (await staff(system, municipality_id=OTHER_MUNICIPALITY).get(path)).status_code == 404
            assert (await staff(system, zone_ids=(OTHER_ZONE,)).get(path)).status_code == 404
            assert (await staff(system, zone_ids=(ZONE,)).get(path)).status_code == 200
            assert (await staff(system).get("/api/v1/history/bays/nowhere/stays")).status_code == 404
            assert (await system.as_service("history", "users").post("/internal/v1/receipts", {})).status_code in (
                403,
                422,
            )

    run(work())


def test_a_personal_bay_is_for_police_and_administration_alone(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        journal.bay(PERSONAL_BAY, personal=True)
        journal.occupied(0, "P1", PERSONAL_BAY, personal=True)
        async with history(tmp_path, journal) as system:
            path = f"/api/v1/history/bays/{PERSONAL_BAY}/stays"
            assert (await staff(system, "operator").get(path)).status_code == 404
            assert [s.stay_id for s in await stays(staff(system, "administrator"), PERSONAL_BAY)] == ["P1"]
            assert (await figures(staff(system, "operator"), by="bay")).rows == []
            assert len((await figures(staff(system), by="bay")).rows) == 1
            journal.bay(PERSONAL_BAY, version=2)  # it becomes a bay for all; what was stays personal
            journal.free(60, "P1", PERSONAL_BAY)
            journal.occupied(70, "P2", PERSONAL_BAY)
            await caught_up(journal)
            assert [s.stay_id for s in await stays(staff(system, "operator"), PERSONAL_BAY)] == ["P2"]
            assert [c.at for c in await changes(staff(system, "operator"), PERSONAL_BAY)] == [at(70), at(60)]

    run(work())


def test_bad_questions_get_a_reason(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            path = f"/api/v1/history/bays/{BAY}/changes"
            for params in (
                {"from": "2026-11-23T00:00:00Z", "to": "2026-11-22T00:00:00Z"}, {"from": "2026-11-23T00:00:00"},
                {"limit": 0}, {"limit": 5000}, {"cursor": "x"}, {"from": "yesterday"},
            ):  # fmt: skip
                answer = await staff(system).get(path, **params)
                assert answer.status_code == 422, params
                assert answer.json()["errors"], params
            path = "/api/v1/history/statistics"
            for params in (
                {"from": "2026-11-23T00:00:00Z", "to": "2026-11-22T00:00:00Z"}, {"from": "2020-01-01T00:00:00Z"},
                {"by": "moon"}, {"from": "2027-01-01T00:00:00Z"},
            ):  # fmt: skip
                answer = await staff(system).get(path, municipality_id=MUNICIPALITY, **params)
                assert answer.status_code == 422, params
            assert (await staff(system).get(path, municipality_id="nowhere")).status_code == 404
            assert (await staff(system).get(path)).status_code == 422

    run(work())
