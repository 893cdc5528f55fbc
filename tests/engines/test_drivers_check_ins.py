"""Check-ins, favourites and receipts of the running service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec

from drivers_town import BRIEF, GUEST_CARD, NOW, RECEIPT, Town, drivers_town, minutes, slug, until
from siga.contract.drivers import CheckedIn, CheckedOut
from siga.contract.history import ReceiptAsk
from siga.kit.clock import rfc3339
from siga.services.drivers.store.tables import check_ins
from support import run


async def _declarations(town: Town) -> list[str | None]:
    database = town.running.system.services["drivers"].database
    assert database is not None
    return await database.read(lambda conn: [row.declaration for row in conn.execute(check_ins.select())])


def _on_disk(data: Path, *words: str) -> list[str]:
    files = [file.read_bytes() for file in data.rglob("drivers.db*")]
    return [word for word in words if any(word.encode() in content for content in files)]


async def _erased(town: Town) -> None:
    async def gone() -> bool:
        return await _declarations(town) == [None]

    await until(gone)


def test_a_claimed_accreditation_checks_its_holder_in_and_the_others_hear_of_it(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            town.knows_limit("b1", 120)
            answer = await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})
            assert answer.status_code == 201
            view = answer.json()
            assert (view["kind"], view["code"], view["ended_at"]) == ("accredited", "B1", None)
            assert view["leave_by"] == rfc3339(NOW + timedelta(minutes=120))
            assert (await town.person().get("/api/v1/check-ins/current")).json()["check_in"] == view
            (fact,) = await town.facts("CheckedIn")
            assert fact == CheckedIn(check_in_id=view["check_in_id"], bay_id="b1", kind="accredited", at=NOW,
                                     until=NOW + timedelta(hours=24), accreditation_id="acc-1")  # fmt: skip
            assert (await town.person("person-2").get("/api/v1/check-ins/current")).json() == {"check_in": None}

    run(walk())


def test_without_an_accreditation_the_answer_says_what_to_do(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            town.define("taxi", category="taxi")
            await town.settle()
            for caller, body in (
                (town.person("person-2"), {"bay_id": "b1"}),
                (town.person(), {"bay_id": "taxi"}),
                (town.person(), {"bay_id": "b1", "accreditation_id": "somebody-else's"}),
                (town.person(), {"bay_id": "taxi", "accreditation_id": "acc-1"}),
            ):
                answer = await caller.post("/api/v1/check-ins", body)
                assert (answer.status_code, slug(answer)) == (409, "no-accreditation")
                assert "/api/v1/check-ins/guest" in answer.json()["detail"]
            town.clock.forward(timedelta(days=60).total_seconds())
            answer = await town.person().post("/api/v1/check-ins", {"bay_id": "b1", "accreditation_id": "acc-1"})
            assert "expired on 2026-12-31" in answer.json()["detail"]
            assert await town.facts("CheckedIn") == []

    run(walk())


def test_while_users_is_away_nobody_is_taken_for_accredited(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            town.users.away = True
            assert (await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})).status_code == 503
            declared = await town.person().post("/api/v1/check-ins/guest", {"bay_id": "b1", **GUEST_CARD})
            assert declared.status_code == 201

    run(walk())


def test_guests_must_sign_in_for_what_needs_an_account(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            assert (await town.guest().post("/api/v1/check-ins", {"bay_id": "b1"})).status_code == 401
            assert (await town.guest().get("/api/v1/favourites")).status_code == 401
            officer = town.running.as_person("drivers", "police")
            assert (await officer.post("/api/v1/check-ins", {"bay_id": "b1"})).status_code == 403
            service = town.running.as_service("drivers", "logs")
            assert (await service.get("/api/v1/check-ins/current")).status_code == 403
            assert (await service.get("/internal/v1/cases/c/declaration")).status_code == 403

    run(walk())


def test_a_bay_has_one_open_check_in_and_a_second_is_told_since_when(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})
            town.clock.forward(minutes(5))
            for caller in (town.guest(), town.person()):
                answer = await caller.post("/api/v1/check-ins/guest", {"bay_id": "b1", **GUEST_CARD})
                assert (answer.status_code, slug(answer)) == (409, "already-checked-in")
                assert rfc3339(NOW) in answer.json()["detail"]

    run(walk())


def test_nobody_stands_in_two_places(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            first = (await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})).json()
            town.clock.forward(minutes(5))
            second = (await town.person().post("/api/v1/check-ins", {"bay_id": "b2"})).json()
            (out,) = await town.facts("CheckedOut")
            assert out == CheckedOut(check_in_id=first["check_in_id"], bay_id="b1", at=town.clock())
            listed = (await town.person().get("/api/v1/check-ins")).json()["check_ins"]
            assert [one["check_in_id"] for one in listed] == [second["check_in_id"], first["check_in_id"]]

    run(walk())


def test_bays_that_are_not_there_and_others_personal_bays_are_answered_alike(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            town.define("gone", life="retired")
            town.define("own", personal=True, personal_accreditation_id="acc-1")
            await town.settle()
            for bay_id in ("never", "gone", "own"):
                for path in ("/api/v1/check-ins/guest", "/api/v1/doubts", "/api/v1/reports", "/api/v1/ratings"):
                    body = {"/api/v1/check-ins/guest": GUEST_CARD, "/api/v1/reports": {"kind": "misuse"},
                            "/api/v1/ratings": {"width": 1, "kerb": 1, "surface": 1}}.get(path, {})  # fmt: skip
                    answer = await town.guest().post(path, {"bay_id": bay_id, **body})
                    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such bay.")
                assert (await town.person("person-2").post("/api/v1/check-ins", {"bay_id": bay_id})).status_code == 404
                assert (await town.guest().get("/api/v1/ratings", bay_id=bay_id)).status_code == 404
            town.users.away = True
            assert (await town.person().post("/api/v1/check-ins", {"bay_id": "own"})).status_code == 404
            town.users.away = False
            assert (await town.person().post("/api/v1/check-ins", {"bay_id": "own"})).status_code == 201

    run(walk())


def test_nobody_checks_in_at_a_closed_bay(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            town.define("shut", life="closed")
            town.define("b1", life="closed", version=0)  # an older version that comes late
            await town.settle()
            answer = await town.person().post("/api/v1/check-ins", {"bay_id": "shut"})
            assert (answer.status_code, slug(answer)) == (409, "bay-closed")
            assert (await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})).status_code == 201

    run(walk())


def test_a_driver_ends_the_check_in_once_and_nobody_else_does(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            made = (await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})).json()
            path = f"/api/v1/check-ins/{made['check_in_id']}"
            assert (await town.person("person-2").post(f"{path}/end")).status_code == 404
            town.clock.forward(minutes(30))
            ended = await town.person().post(f"{path}/end")
            assert ended.json()["ended_at"] == rfc3339(town.clock())
            town.clock.forward(minutes(30))
            again = await town.person().ask("DELETE", path)
            assert (again.status_code, again.json()) == (200, ended.json())
            assert len(await town.facts("CheckedOut")) == 1
            assert (await town.person().get("/api/v1/check-ins/current")).json() == {"check_in": None}

    run(walk())


def test_a_check_in_ends_when_the_sensor_sees_the_bay_empty_and_not_by_older_news(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            made = (await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})).json()
            town.change("b1", "free", "occupied", changed_at=NOW - timedelta(minutes=1))  # the car before, told late
            town.change("b1", "occupied", "free", stay_id="stay-1", authorisation="authorised")
            await town.settle()
            assert (await town.person().get("/api/v1/check-ins/current")).json()["check_in"]
            town.clock.forward(minutes(40))
            town.change("b1", "free", "occupied", ended_stay_id="stay-1")
            await town.settle()
            (out,) = await town.facts("CheckedOut")
            assert (out.check_in_id, out.at) == (made["check_in_id"], town.clock())

    run(walk())


def test_a_check_in_that_nobody_ends_ends_after_a_day(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})
            town.clock.forward(minutes(24 * 60 + 3))
            assert (await town.person().get("/api/v1/check-ins/current")).json() == {"check_in": None}
            assert (
                await town.guest().post("/api/v1/check-ins/guest", {"bay_id": "b1", **GUEST_CARD})
            ).status_code == 201
            (out,) = await town.facts("CheckedOut")
            assert out.at == NOW + timedelta(hours=24)
            town.clock.forward(minutes(24 * 60 + 3))
        async with drivers_town(tmp_path, earlier=town):

            async def ended() -> bool:
                return len(await town.facts("CheckedOut")) == 2

            await until(ended)

    run(walk())


def test_what_a_guest_declares_is_sealed_and_erased_after_the_stay(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            answer = await town.guest().post("/api/v1/check-ins/guest", {"bay_id": "b1", **GUEST_CARD})
            assert answer.json()["kind"] == "declared"
            (sealed,) = await _declarations(town)
            assert sealed
            assert not _on_disk(tmp_path, "1234BCD", "Sagunto", "77-1234", "guest:1")
            assert _on_disk(tmp_path, answer.json()["check_in_id"])
            current = (await town.guest().get("/api/v1/check-ins/current")).json()["check_in"]
            await town.guest().post(f"/api/v1/check-ins/{current['check_in_id']}/end")
            town.clock.forward(minutes(6))
        async with drivers_town(tmp_path, earlier=town):
            await _erased(town)

    run(walk())


def test_an_open_case_about_the_stay_keeps_the_declaration_for_its_officer(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            town.change("b1", "occupied", "free", stay_id="stay-1")
            await town.settle()
            made = (await town.guest().post("/api/v1/check-ins/guest", {"bay_id": "b1", **GUEST_CARD})).json()
            town.open_case("case-1", "b1", "stay-1")
            town.open_case("case-0", "b1", "stay-0")
            await town.guest().post(f"/api/v1/check-ins/{made['check_in_id']}/end")
            await town.settle()
            town.clock.forward(minutes(60))
        async with drivers_town(tmp_path, earlier=town):
            enforcement = town.running.as_service("drivers", "enforcement")
            shown = await enforcement.get("/internal/v1/cases/case-1/declaration")
            assert (shown.json()["plate"], shown.json()["card_number"]) == ("1234BCD", "77-1234")
            assert (await enforcement.get("/internal/v1/cases/case-0/declaration")).status_code == 404
            town.move_case("case-1", "b1", "resolved", outcome="authorised")
            await town.settle()
            town.clock.forward(minutes(6))
        async with drivers_town(tmp_path, earlier=town):
            await _erased(town)
            enforcement = town.running.as_service("drivers", "enforcement")
            assert (await enforcement.get("/internal/v1/cases/case-1/declaration")).status_code == 404

    run(walk())


def test_an_expired_card_and_no_plate_are_refused_by_field(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            for change, pointer in (
                ({"expires_on": "2026-11-21"}, "/expires_on"), ({"plate": "--"}, "/plate"),
            ):  # fmt: skip
                answer = await town.guest().post("/api/v1/check-ins/guest", {"bay_id": "b1", **GUEST_CARD, **change})
                assert answer.status_code == 422
                assert answer.json()["errors"][0]["pointer"] == pointer
            more = {"bay_id": "b1", **GUEST_CARD, "colour": "red"}
            assert (await town.guest().post("/api/v1/check-ins/guest", more)).status_code == 422

    run(walk())


def test_the_receipt_is_asked_of_history_when_the_stay_is_over(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            made = (await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})).json()
            town.change("b1", "occupied", "free", stay_id="stay-1", authorisation="authorised")
            await town.settle()
            path = f"/api/v1/check-ins/{made['check_in_id']}/receipt"
            assert slug(await town.person().get(path)) == "check-in-open"
            town.clock.forward(minutes(10))
            await town.person().post(f"/api/v1/check-ins/{made['check_in_id']}/end")
            assert (await town.person("person-2").get(path)).status_code == 404
            assert (await town.person().get(path)).json() == msgspec.to_builtins(RECEIPT)
            assert msgspec.json.decode(town.history.asked[-1][2], type=ReceiptAsk) == ReceiptAsk(
                check_in_id=made["check_in_id"], stay_id="stay-1", accreditation_id="acc-1"
            )  # fmt: skip
            town.clock.forward(timedelta(hours=73).total_seconds())
        async with drivers_town(tmp_path, earlier=town):

            async def forgotten() -> bool:
                await town.person().get(path)
                return msgspec.json.decode(town.history.asked[-1][2], type=ReceiptAsk).accreditation_id is None

            await until(forgotten)
            town.history.away = True
            assert (await town.person().get(path)).status_code == 503

    run(walk())


def test_there_is_no_receipt_of_a_stay_that_no_sensor_saw(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            made = (await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})).json()
            await town.person().post(f"/api/v1/check-ins/{made['check_in_id']}/end")
            answer = await town.person().get(f"/api/v1/check-ins/{made['check_in_id']}/receipt")
            assert (answer.status_code, town.history.asked) == (404, [])

    run(walk())


def test_who_checked_in_is_forgotten_after_a_week_also_in_the_journal(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            made = (await town.person().post("/api/v1/check-ins", {"bay_id": "b1"})).json()
            await town.person().post(f"/api/v1/check-ins/{made['check_in_id']}/end")
            town.clock.forward(timedelta(days=8).total_seconds())
        async with drivers_town(tmp_path, earlier=town):

            async def forgotten() -> bool:
                (fact,) = await town.facts("CheckedIn")
                return fact.accreditation_id is None

            await until(forgotten)
            assert (await town.person().get("/api/v1/check-ins")).json() == {"check_ins": []}
            assert await _declarations(town) == []

    run(walk())


def test_favourites_are_kept_relabelled_and_removed_through_a_restart(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            driver = town.person()
            bay = (await driver.post("/api/v1/favourites", {"label": "Work", "bay_id": "b1"})).json()
            assert (bay["code"], bay["lon"], bay["gone"]) == ("B1", -0.37, False)
            await driver.post("/api/v1/favourites", {"label": "Home", "lon": -0.4, "lat": 39.5})
            again = (await driver.post("/api/v1/favourites", {"label": "Office", "bay_id": "b1"})).json()
            assert again["favourite_id"] == bay["favourite_id"]
            town.define("b1", life="retired", version=2)
            await town.settle()
        async with drivers_town(tmp_path, earlier=town):
            kept = (await town.person().get("/api/v1/favourites")).json()["favourites"]
            assert [(one["label"], one["gone"]) for one in kept] == [("Office", True), ("Home", False)]
            path = f"/api/v1/favourites/{bay['favourite_id']}"
            assert (await town.person("person-2").ask("DELETE", path)).status_code == 404
            assert (await town.person().ask("DELETE", path)).status_code == 204
            assert len((await town.person().get("/api/v1/favourites")).json()["favourites"]) == 1

    run(walk())


def test_a_favourite_is_a_bay_or_a_place_on_earth(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            for body in (
                {"label": "x"}, {"label": "x", "lon": 1}, {"label": "x", "lon": 181, "lat": 0}, {"label": ""},
                {"label": "x", "bay_id": "b1", "lon": 1, "lat": 1},
            ):  # fmt: skip
                answer = await town.person().post("/api/v1/favourites", body)
                assert (answer.status_code, slug(answer)) == (422, "invalid")
            town.define("own", personal=True, personal_accreditation_id="acc-1")
            await town.settle()
            assert (await town.person().post("/api/v1/favourites", {"label": "x", "bay_id": "own"})).status_code == 201
            town.users.answers["/internal/v1/people/person-1/"] = [
                msgspec.structs.replace(BRIEF, accreditation_id="acc-2")
            ]
            (kept,) = (await town.person().get("/api/v1/favourites")).json()["favourites"]
            assert (kept["gone"], kept["code"]) == (True, None)

    run(walk())
