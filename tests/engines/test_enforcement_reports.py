"""Drivers' reports: they join or open cases, and their reporters can be told the truth."""

from __future__ import annotations

from pathlib import Path

from enforcement_street import NOW, Street, street, until
from siga.contract.cases import CaseView
from siga.contract.drivers import Declaration, ReportNote
from siga.contract.enforcement import CaseChanged
from support import run


async def _reports(here: Street, n: int) -> bool:
    return [case.reports for case in await here.cases()] == [n]


def test_a_report_joins_the_open_case_of_its_bay_once(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.bay()
            here.suspect()
            case = await here.case()
            here.report("report-1")
            here.report("report-1")
            here.report("report-2")
            await until(lambda: _reports(here, 2))
            assert (await here.one(case.case_id)).reasons == ["unverified", "misuse_report"]
            told: list[CaseChanged] = await here.facts("CaseChanged")
            assert told[-1].report_ids == ("report-1", "report-2")
            await here.done("dispatch", await here.done("acknowledge", await here.case()))
            told = await here.facts("CaseChanged")
            assert (told[-1].state, told[-1].report_ids) == ("dispatched", ("report-1", "report-2"))

    run(walk())


def test_a_report_opens_a_case_that_says_what_the_sensor_sees(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.bay(occupancy="free", stay_id=None, authorisation=None, camera_ids=("cam-1",))
            here.report()
            case = await here.case()
            assert (case.reason, case.still_there, case.photo_state) == ("misuse_report", None, "wanted")
            assert "sensor_says_free" in {word.says for word in case.certainty}
            here.change(occupancy="free", previous_occupancy="free", stay_id=None, authorisation=None)
            await here.heard()
            assert (await here.case()).state == "new"

    run(walk())


def test_a_suspicion_that_comes_after_the_report_joins_its_case(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.bay(occupancy="unknown", stay_id=None, authorisation=None)
            here.report()
            first = await here.case()
            here.suspect(camera_ids=("cam-1",))
            await here.heard()
            case = await here.case()
            assert (case.case_id, case.reasons) == (first.case_id, ["misuse_report", "unverified"])
            assert (case.still_there, case.photo_state) == (True, "wanted")

    run(walk())


def test_a_report_in_an_observed_zone_or_about_no_bay_opens_nothing(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.bay(zone_mode="observe_only")
            here.report()
            here.report("report-2", "nowhere")
            await here.heard()
            assert await here.cases("all") == []
            listed = (await here.officer().get("/api/v1/cases/would-have")).json()["would_have"]
            assert [row["reason"] for row in listed] == ["misuse_report"]

    run(walk())


def test_a_report_about_a_vehicle_an_officer_has_dealt_with_is_told_the_outcome(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.bay()
            here.suspect()
            case = await here.done("acknowledge", await here.case())
            await here.done("resolve", case, outcome="warned")
            here.report()
            await here.heard()
            told: list[CaseChanged] = await here.facts("CaseChanged")
            assert (told[-1].report_ids, told[-1].state, told[-1].outcome) == (("report-1",), "resolved", "warned")
            assert await here.cases() == []

    run(walk())


def test_while_parking_is_away_a_report_waits(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.bay()
            here.away.add("parking")
            here.report()
            here.suspect("stay-2", "b2")
            await here.case()
            here.away.clear()

            async def both() -> bool:
                return len(await here.cases()) == 2

            await until(both)

    run(walk())


def test_a_reporters_photo_informs_the_officer_and_withdraws_nothing(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.bay()
            here.accredit("9876XYZ")
            photo_id = here.photo("report-1", ("9876XYZ", 0.95))
            await here.heard()
            here.report()
            case = await here.case()

            async def looked_up() -> bool:
                plate = (await here.one(case.case_id)).plate
                return plate is not None and plate.check == "accredited"

            await until(looked_up)
            case = await here.case()
            assert (case.state, case.photo_ids) == ("new", [photo_id])

    run(walk())


def test_the_officer_reads_what_reporters_wrote_and_what_the_guest_declared(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.bay()
            here.report()
            case = await here.case()
            here.notes["report-1"] = ReportNote(report_id="report-1", bay_id="b1", at=NOW, note="a blue van")
            evidence = await _evidence(here, case)
            assert ([note["note"] for note in evidence["reports"]], evidence["declaration"]) == (["a blue van"], None)
            here.declarations[case.case_id] = Declaration(
                check_in_id="c", issuer="Teruel", card_number="7", expires_on=NOW.date(), plate="1", declared_at=NOW
            )
            assert (await _evidence(here, case))["declaration"]["issuer"] == "Teruel"
            here.away.add("drivers")
            assert (await _evidence(here, case))["reports"] == []

    run(walk())


async def _evidence(here: Street, case: CaseView) -> dict:
    answer = await here.officer().get(f"/api/v1/cases/{case.case_id}/evidence")
    assert answer.status_code == 200
    return answer.json()
