"""Reports of the running service: what is sent, followed, worked and forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from drivers_town import JPEG, NOW, ZONE, Town, drivers_town, minutes, slug, until
from siga.contract.drivers import MisuseReported, ProblemReported
from siga.services.drivers.store.tables import reports
from support import MUNICIPALITY, OTHER_MUNICIPALITY, Caller, run

MISUSE = {"bay_id": "b1", "kind": "misuse", "note": "a blue van"}
PROBLEM = {"bay_id": "b1", "kind": "problem", "problem": "paint", "note": "nothing to see any more"}


async def _seen(town: Town, report: dict[str, str], caller: Caller | None = None) -> dict[str, str | None]:
    answer = await (caller or town.guest("somebody")).ask(
        "GET", f"/api/v1/reports/{report['report_id']}", headers={"X-Follow-Code": report["follow_code"]}
    )
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_misuse_report_reaches_enforcement_and_its_reporter_gets_a_code(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            answer = await town.guest().post("/api/v1/reports", MISUSE)
            assert answer.status_code == 201
            sent = answer.json()
            assert sent["status"] == "sent"
            assert await town.facts("MisuseReported") == [
                MisuseReported(report_id=sent["report_id"], bay_id="b1", at=NOW)
            ]
            seen = await _seen(town, sent)
            assert (seen["kind"], seen["code"], seen["status"], seen["outcome"]) == ("misuse", "B1", "sent", None)
            assert "note" not in seen

    run(walk())


def test_when_nobody_is_on_duty_the_reporter_is_told_so(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            town.enforcement.answers["/internal/v1/duty"] = {"on_duty": 0}
            assert (await town.guest("1").post("/api/v1/reports", MISUSE)).json()["status"] == "nobody_available"
            assert (await town.guest("1").post("/api/v1/reports", PROBLEM)).json()["status"] == "sent"
            town.enforcement.away = True
            assert (await town.guest("2").post("/api/v1/reports", MISUSE)).json()["status"] == "sent"
            assert town.enforcement.asked[0][1] == {"municipality_id": MUNICIPALITY}

    run(walk())


def test_the_same_misuse_by_the_same_person_is_one_report(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            first = await town.guest().post("/api/v1/reports", MISUSE)
            again = await town.guest().post("/api/v1/reports", {**MISUSE, "note": "still there"})
            assert (again.status_code, again.json()) == (200, first.json())
            assert (await town.guest("2").post("/api/v1/reports", MISUSE)).status_code == 201
            town.move_case("case-1", "b1", "resolved", first.json()["report_id"], outcome="gone")
            await town.settle()
            assert (await town.guest().post("/api/v1/reports", MISUSE)).status_code == 201
            assert len(await town.facts("MisuseReported")) == 3

    run(walk())


def test_the_reporter_is_told_the_truth_step_by_step(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            sent = (await town.guest().post("/api/v1/reports", MISUSE)).json()
            for state, outcome, told in (
                ("new", None, ("sent", None)), ("acknowledged", None, ("sent", None)),
                ("dispatched", None, ("on_the_way", None)), ("on_site", None, ("on_the_way", None)),
                ("resolved", "fined", ("resolved", "acted")), ("acknowledged", None, ("sent", None)),
                ("resolved", "false_alarm", ("resolved", "nothing_found")),
            ):  # fmt: skip
                town.clock.forward(10)
                town.move_case("case-1", "b1", state, sent["report_id"], outcome=outcome)
                await town.settle()
                seen = await _seen(town, sent)
                assert (seen["status"], seen["outcome"]) == told

    run(walk())


def test_a_misuse_without_a_case_is_over_when_the_bay_empties(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            lone = (await town.guest("1").post("/api/v1/reports", MISUSE)).json()
            worked = (await town.guest("2").post("/api/v1/reports", MISUSE)).json()
            town.move_case("case-1", "b1", "acknowledged", worked["report_id"])
            await town.settle()
            town.clock.forward(minutes(5))
            town.change("b1", "free", "occupied")
            await town.settle()
            assert (await _seen(town, lone))["outcome"] == "gone"
            assert (await _seen(town, worked))["status"] == "sent"

    run(walk())


def test_a_misuse_that_nobody_could_look_at_says_so_after_a_day(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            sent = (await town.guest().post("/api/v1/reports", MISUSE)).json()
            town.clock.forward(minutes(24 * 60 + 1))
        async with drivers_town(tmp_path, earlier=town):

            async def expired() -> bool:
                return (await _seen(town, sent))["outcome"] == "expired"

            await until(expired)

    run(walk())


def test_a_report_is_shown_to_its_code_and_to_its_signed_in_sender_alone(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            sent = (await town.person().post("/api/v1/reports", MISUSE)).json()
            path = f"/api/v1/reports/{sent['report_id']}"
            assert (await town.person().get(path)).status_code == 200
            assert (await town.person("person-2").get(path)).status_code == 404
            assert (await town.guest().get(path)).status_code == 404
            wrong = await town.person().ask("GET", path, headers={"X-Follow-Code": "AAAA-BBBB-CCCC"})
            assert wrong.status_code == 404
            typed = sent["follow_code"].lower().replace("-", " ")
            assert (await town.guest().ask("GET", path, headers={"X-Follow-Code": typed})).status_code == 200
            guests = (await town.guest().post("/api/v1/reports", MISUSE)).json()
            assert (await town.guest().get(f"/api/v1/reports/{guests['report_id']}")).status_code == 404

    run(walk())


def test_my_reports_come_newest_first_by_pages(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            ids = [(await town.guest().post("/api/v1/reports", PROBLEM)).json()["report_id"] for _ in range(3)]
            first = (await town.guest().get("/api/v1/reports/mine", limit=2)).json()
            rest = (await town.guest().get("/api/v1/reports/mine", limit=2, cursor=first["next"])).json()
            assert [one["report_id"] for one in first["reports"] + rest["reports"]] == sorted(ids, reverse=True)
            assert rest["next"] is None
            assert (await town.guest("2").get("/api/v1/reports/mine")).json()["reports"] == []

    run(walk())


def test_too_many_reports_in_an_hour_are_refused_with_how_long_to_wait(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            for _ in range(10):
                assert (await town.guest().post("/api/v1/reports", PROBLEM)).status_code == 201
            refused = await town.guest().post("/api/v1/reports", PROBLEM)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")
            assert (await town.guest("2").post("/api/v1/reports", PROBLEM)).status_code == 201

    run(walk())


def test_a_problem_is_worked_by_its_town_and_the_reporter_reads_the_answer(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            sent = (await town.person().post("/api/v1/reports", PROBLEM)).json()
            told = ProblemReported(report_id=sent["report_id"], bay_id="b1", at=NOW, problem="paint")
            assert await town.facts("ProblemReported") == [told]
            listed = await town.administrator().get("/api/v1/reports", kind="problem", municipality_id=MUNICIPALITY)
            (work,) = listed.json()["reports"]
            assert (work["note"], work["problem"], work["zone_id"]) == (PROBLEM["note"], "paint", ZONE)
            assert "person" not in listed.text
            assert "who" not in work
            body = {"status": "resolved", "text": "Painted anew on Friday."}
            path = f"/api/v1/reports/{sent['report_id']}/answer"
            done = await town.administrator().post(path, body)
            assert (done.status_code, done.json()["status"]) == (200, "resolved")
            seen = await _seen(town, sent)
            assert (seen["status"], seen["answer"]) == ("resolved", body["text"])
            left = await town.administrator().get("/api/v1/reports", status="sent")
            assert left.json()["reports"] == []

    run(walk())


def test_only_who_answers_reports_there_sees_them(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            sent = (await town.guest().post("/api/v1/reports", PROBLEM)).json()
            body = {"status": "resolved", "text": "Done."}
            path = f"/api/v1/reports/{sent['report_id']}/answer"
            elsewhere = town.administrator(municipality_id=OTHER_MUNICIPALITY)
            assert (await elsewhere.get("/api/v1/reports")).json()["reports"] == []
            assert (await elsewhere.get("/api/v1/reports", municipality_id=MUNICIPALITY)).status_code == 404
            assert (await elsewhere.post(path, body)).status_code == 404
            other_zone = town.administrator(zone_ids=("another",))
            assert (await other_zone.get("/api/v1/reports")).json()["reports"] == []
            assert (await other_zone.post(path, body)).status_code == 404
            assert (await town.guest().get("/api/v1/reports")).status_code == 401
            assert (await town.person().post(path, body)).status_code == 403

    run(walk())


def test_the_words_of_a_misuse_are_for_the_police_alone(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            sent = (await town.guest().post("/api/v1/reports", MISUSE)).json()
            (work,) = (await town.administrator().get("/api/v1/reports", kind="misuse")).json()["reports"]
            assert (work["note"], work["photo_id"]) == (None, None)
            body = {"status": "resolved", "text": "Done."}
            refused = await town.administrator().post(f"/api/v1/reports/{sent['report_id']}/answer", body)
            assert (refused.status_code, slug(refused)) == (409, "answered-by-case")
            path = f"/internal/v1/reports/{sent['report_id']}"
            shown = await town.running.as_service("drivers", "enforcement").get(path)
            assert shown.json()["note"] == MISUSE["note"]
            assert (await town.running.as_service("drivers", "history").get(path)).status_code == 403

    run(walk())


def test_a_picture_goes_to_images_under_the_reports_id(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            sent = (await town.guest().post("/api/v1/reports", MISUSE)).json()
            path = f"/api/v1/reports/{sent['report_id']}/photo"
            code = {"X-Follow-Code": sent["follow_code"]}
            assert (await town.guest("2").ask("PUT", path, content=JPEG)).status_code == 404
            assert (await town.guest().ask("PUT", path, content=b"GIF89a", headers=code)).status_code == 415
            done = await town.guest().ask("PUT", path, content=JPEG, headers=code)
            assert (done.status_code, done.json()["has_photo"]) == (200, True)
            asked = town.images.asked[-1]
            assert asked[1] == {
                "case_id": sent["report_id"], "bay_id": "b1", "municipality_id": MUNICIPALITY, "site_country": "ES",
                "kind": "report",
            }  # fmt: skip
            assert asked[2] == JPEG
            for expected in (200, 200, 409):
                assert (await town.guest().ask("PUT", path, content=JPEG, headers=code)).status_code == expected
            problem = (await town.guest().post("/api/v1/reports", PROBLEM)).json()
            refused = await town.guest().ask(
                "PUT", f"/api/v1/reports/{problem['report_id']}/photo", content=JPEG,
                headers={"X-Follow-Code": problem["follow_code"]},
            )  # fmt: skip
            assert (refused.status_code, slug(refused)) == (409, "photo-not-taken")

    run(walk())


def test_what_is_no_report_is_refused_by_field(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            for body in (
                {"bay_id": "b1", "kind": "problem"}, {**MISUSE, "problem": "paint"}, {**PROBLEM, "problem": "smell"},
                {**MISUSE, "note": "x" * 1001}, {**MISUSE, "plate": "1234BCD"}, {"kind": "misuse"},
            ):  # fmt: skip
                answer = await town.guest().post("/api/v1/reports", body)
                assert (answer.status_code, slug(answer)) == (422, "invalid")
            assert await town.facts("MisuseReported", "ProblemReported") == []

    run(walk())


def test_who_reported_is_forgotten_ninety_days_after_the_end(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            sent = (await town.person().post("/api/v1/reports", PROBLEM)).json()
            body = {"status": "resolved", "text": "Done."}
            await town.administrator().post(f"/api/v1/reports/{sent['report_id']}/answer", body)
            town.clock.forward(timedelta(days=89).total_seconds())
        async with drivers_town(tmp_path, earlier=town):
            assert len((await town.person().get("/api/v1/reports/mine")).json()["reports"]) == 1
            town.clock.forward(timedelta(days=2).total_seconds())
        async with drivers_town(tmp_path, earlier=town):
            database = town.running.system.services["drivers"].database
            assert database is not None

            async def forgotten() -> bool:
                rows = await database.read(lambda conn: conn.execute(reports.select()).all())
                return [(row.who, row.note) for row in rows] == [(None, None)]

            await until(forgotten)
            assert (await _seen(town, sent))["answer"] == "Done."

    run(walk())
