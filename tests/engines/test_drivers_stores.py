"""Drivers on both kinds of store: the walks in which most of its statements are said."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, update

from drivers_town import GUEST_CARD, Town, drivers_town, minutes, until
from siga.services.drivers.store.tables import bays, cases, check_ins, doubts, journal, reports
from support import run


def test_one_of_many_gets_the_bay_and_a_case_about_the_stay_decides_on_the_declaration(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path, database_url=database_url) as town:
            tries = [
                town.guest(str(n)).post("/api/v1/check-ins/guest", {"bay_id": "b1", **GUEST_CARD}) for n in range(6)
            ]
            answers = await asyncio.gather(*tries)
            assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
            town.change("b1", "occupied", "free", stay_id="stay-1", authorisation="declared")
            town.open_case("case-1", "b1", "stay-1")
            await town.settle()
            town.clock.forward(minutes(30))
            town.change("b1", "free", "occupied", ended_stay_id="stay-1")
            await town.settle()
            assert len(await town.facts("CheckedOut")) == 1
            town.clock.forward(minutes(30))
        async with drivers_town(tmp_path, earlier=town, database_url=database_url):
            path = "/internal/v1/cases/case-1/declaration"
            enforcement = town.running.as_service("drivers", "enforcement")
            assert (await enforcement.get(path)).json()["plate"] == "1234BCD"
            town.move_case("case-1", "b1", "withdrawn")
            await town.settle()
            assert (await enforcement.get(path)).status_code == 200
            town.clock.forward(minutes(10))
            assert (await enforcement.get(path)).status_code == 404

    run(walk())


def test_opinions_and_favourites_are_kept(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path, database_url=database_url) as town:
            driver = town.person()
            assert (await driver.post("/api/v1/favourites", {"label": "Work", "bay_id": "b1"})).status_code == 201
            assert (await driver.post("/api/v1/favourites", {"label": "Home", "lon": 0, "lat": 0})).status_code == 201
            assert (await driver.post("/api/v1/doubts", {"bay_id": "b1"})).status_code == 201
            assert (await driver.post("/api/v1/doubts", {"bay_id": "b1"})).status_code == 200
            assert (await driver.post("/api/v1/check-ins", {"bay_id": "b1"})).status_code == 201
            rating = {"bay_id": "b1", "width": 5, "kerb": 4, "surface": 3, "comment": "wide"}
            assert (await driver.post("/api/v1/ratings", rating)).status_code == 201
            assert (await driver.post("/api/v1/ratings", rating)).status_code == 201
        async with drivers_town(tmp_path, earlier=town, database_url=database_url):
            assert len((await town.person().get("/api/v1/favourites")).json()["favourites"]) == 2
            assert len((await town.person().get("/api/v1/check-ins")).json()["check_ins"]) == 1
            staff = (await town.administrator().get("/api/v1/ratings", bay_id="b1")).json()
            assert (staff["count"], staff["comments"]) == (None, ["wide"])

    run(walk())


def test_reports_go_their_way_and_all_personal_data_ends(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path, database_url=database_url) as town:
            await town.guest().post("/api/v1/doubts", {"bay_id": "b1"})
            await town.person().post("/api/v1/check-ins", {"bay_id": "b2"})
            lone = (await town.guest().post("/api/v1/reports", {"bay_id": "b2", "kind": "misuse"})).json()
            sent = (await town.guest().post("/api/v1/reports", {"bay_id": "b1", "kind": "misuse"})).json()
            town.move_case("case-1", "b1", "resolved", sent["report_id"], outcome="towed")
            await town.settle()
            mine = (await town.guest().get("/api/v1/reports/mine", limit=1)).json()
            assert (mine["reports"][0]["outcome"], mine["next"]) == ("acted", sent["report_id"])
            work = (await town.administrator().get("/api/v1/reports", kind="misuse", status="sent")).json()["reports"]
            assert [one["report_id"] for one in work] == [lone["report_id"]]
            town.clock.forward(timedelta(days=92).total_seconds())
        async with drivers_town(tmp_path, earlier=town, database_url=database_url):

            async def ended() -> bool:
                (doubt,) = await town.facts("BayDoubted")
                (check_in,) = await town.facts("CheckedIn")
                left = (await town.guest().get("/api/v1/reports/mine")).json()["reports"]
                return (doubt.by, check_in.accreditation_id, [one["outcome"] for one in left]) == (
                    None,
                    None,
                    ["expired"],
                )

            await until(ended)

    run(walk())


def test_everything_told_again_from_the_start_changes_nothing(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path, database_url=database_url) as town:
            town.change("b1", "free", "occupied")
            await town.settle()
            town.clock.forward(60)
            await town.guest("1").post("/api/v1/check-ins/guest", {"bay_id": "b1", **GUEST_CARD})
            await town.guest("2").post("/api/v1/doubts", {"bay_id": "b2"})
            lone = (await town.guest("3").post("/api/v1/reports", {"bay_id": "b1", "kind": "misuse"})).json()
            for state in ("new", "dispatched", "resolved", "acknowledged"):
                town.move_case(
                    "case-1", "b1", state, lone["report_id"], outcome="gone" if state == "resolved" else None
                )
            town.clock.forward(60)
            town.change("b1", "occupied", "free", stay_id="stay-1", authorisation="declared")
            await town.settle()
            before = await _everything(town)
            await _forget_what_was_read(town)
        async with drivers_town(tmp_path, earlier=town, database_url=database_url):
            assert await _everything(town) == before

    run(walk())


async def _everything(town: Town) -> list[list[tuple[object, ...]]]:
    database = town.running.system.services["drivers"].database
    assert database is not None

    def work(conn: Connection) -> list[list[tuple[object, ...]]]:
        tables = (bays, cases, check_ins, doubts, reports)
        return [sorted((tuple(row) for row in conn.execute(table.select())), key=repr) for table in tables]

    return await database.read(work)


async def _forget_what_was_read(town: Town) -> None:
    database = town.running.system.services["drivers"].database
    assert database is not None
    await database.write(lambda conn: conn.execute(update(journal.cursors).values(position=0)))
