"""The running service: from a suspicion to the queue, and what officers do there."""

from __future__ import annotations

import asyncio
from pathlib import Path

from enforcement_street import ZONE, Street, soon, street, until
from siga.contract.enforcement import CaseChanged, CaseOpened, StayJudged
from support import MUNICIPALITY, OTHER_MUNICIPALITY, run


def test_a_suspicion_in_an_enforcing_zone_becomes_one_case_however_often_it_is_told(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect()
            here.suspect()
            case = await here.case()
            await here.heard()
            assert (case.state, case.reason, case.code, case.still_there) == ("new", "unverified", "B1", True)
            assert (case.photo_state, case.complete, case.durations) == ("none", True, "indication")
            [opened] = await here.facts("CaseOpened")
            assert (opened.case_id, opened.stay_id, opened.photo_task) == (case.case_id, "stay-1", False)
            here.suspect(reason="overstay")
            await here.heard()
            assert (await here.case()).reasons == ["unverified", "overstay"]

    run(walk())


def test_an_observed_zone_shows_what_would_have_been_and_opens_nothing(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect(mode="observe_only")
            here.suspect(mode="observe_only")
            here.suspect("stay-2", "b2", mode="observe_only", personal=True)
            here.suspect("stay-3", "b3", look=False)
            await here.heard()
            assert await here.cases() == []
            admin = here.running.as_person("enforcement", "administrator")
            listed = (await admin.get("/api/v1/cases/would-have")).json()["would_have"]
            assert [(row["bay_id"], row["reason"]) for row in listed] == [("b1", "unverified")]

    run(walk())


def test_a_camera_in_its_long_poll_is_woken_at_once_and_its_photo_completes_the_case(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            gateway = here.running.as_service("enforcement", "gateway")
            poll = asyncio.create_task(gateway.get("/internal/v1/tasks", device_id="cam-1", wait_s=20))
            await asyncio.sleep(0.05)
            here.suspect(camera_ids=("cam-1",))
            tasks = (await asyncio.wait_for(poll, 2)).json()["tasks"]
            case = await here.case()
            assert [(t["kind"], t["case_id"], t["bay_id"]) for t in tasks] == [("photo", case.case_id, "b1")]
            assert (case.photo_state, case.complete, case.photo_until) == ("wanted", False, soon(120))
            path = f"/internal/v1/tasks/{case.case_id}"
            assert (await gateway.get(path, device_id="cam-1")).status_code == 200
            assert (await gateway.get(path, device_id="cam-2")).status_code == 404
            photo_id = here.photo(case.case_id, ("1234BCD", 0.93), ("1234BCO", 0.2))
            await until(lambda: _is_complete(here, case.case_id))
            case = await here.one(case.case_id)
            assert case.plate is not None
            assert (case.plate.plate, case.plate.check, case.photo_ids) == ("1234BCD", "unknown", [photo_id])
            assert here.asked[0].values == ["1234BCD", "1234BCO"]
            assert (await gateway.get("/internal/v1/tasks", device_id="cam-1")).json() == {"tasks": []}
            assert (await gateway.get(path, device_id="cam-1")).status_code == 200
            await until(lambda: _is(here.holds == {photo_id: None}))

    run(walk())


async def _is(true: bool) -> bool:
    return true


async def _is_complete(here: Street, case_id: str) -> bool:
    return (await here.one(case_id)).complete


def test_a_photo_that_does_not_come_in_time_is_said_and_the_case_goes_on_also_after_a_restart(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect(camera_ids=("cam-1",))
            case = await here.case()
            assert not case.complete
        here.clock.forward(121)
        async with street(tmp_path, known=here) as here:
            await until(lambda: _is_complete(here, case.case_id))
            case = await here.one(case.case_id)
            assert (case.state, case.photo_state) == ("new", "not_coming")
            assert [step.what for step in case.steps or []] == ["opened", "photo_wanted", "photo_not_coming"]
            assert {"evidence": "photo", "known": False, "says": "photo_not_coming"} in [
                {"evidence": w.evidence, "known": w.known, "says": w.says} for w in case.certainty
            ]

    run(walk())


def test_an_accredited_plate_withdraws_the_case_and_tells_parking(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.accredit("9876XYZ")
            here.suspect(camera_ids=("cam-1",))
            case = await here.case()
            here.photo(case.case_id, ("9876XYO", 0.7), ("9876XYZ", 0.4))
            case = await here.case("withdrawn")
            assert case.plate is not None
            assert (case.plate.plate, case.plate.check) == ("9876XYZ", "accredited")
            assert await here.facts("StayJudged") == [
                StayJudged(
                    stay_id="stay-1", bay_id="b1", authorisation="authorised", by="plate", at=soon(0),
                    accreditation_id="acc-1",
                )
            ]  # fmt: skip
            assert await here.cases() == []
            here.clock.forward(25 * 3600)
            assert await here.cases("withdrawn") == []

    run(walk())


def test_a_plate_of_another_category_leaves_the_decision_to_the_officer(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.accredit("9876XYZ", "taxi")
            here.suspect(camera_ids=("cam-1",))
            case = await here.case()
            here.photo(case.case_id, ("9876XYZ", 0.9))
            await until(lambda: _is_complete(here, case.case_id))
            case = await here.one(case.case_id)
            assert case.plate is not None
            assert (case.state, case.plate.check) == ("new", "other_category")
            assert await here.facts("StayJudged") == []

    run(walk())


def test_while_users_is_away_the_case_waits_for_its_plate_alone(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.away.add("users")
            here.suspect(camera_ids=("cam-1",))
            case = await here.case()
            here.photo(case.case_id, ("1234BCD", 0.9))
            await here.heard()
            here.suspect("stay-2", "b2")
            await until(lambda: _count(here, 2))
            assert not (await here.one(case.case_id)).complete
            here.away.clear()
            await until(lambda: _is_complete(here, case.case_id))

    run(walk())


async def _count(here: Street, n: int) -> bool:
    return len(await here.cases()) == n


def test_a_plate_that_cannot_be_read_goes_to_a_person_with_the_reason(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect(camera_ids=("cam-1",))
            case = await here.case()
            here.photo(case.case_id, reason="too_dark")
            await until(lambda: _is_complete(here, case.case_id))
            steps = (await here.one(case.case_id)).steps or []
            assert (steps[-1].what, steps[-1].detail["reason"]) == ("plate_unreadable", "too_dark")

    run(walk())


def test_a_vehicle_that_leaves_closes_its_case_as_gone_unless_an_officer_is_there(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect()
            here.suspect("stay-2", "b2")
            await until(lambda: _count(here, 2))
            first, second = sorted(await here.cases(), key=lambda case: case.bay_id)
            held = await here.done("acknowledge", second)
            await here.done("arrive", held)
            here.free()
            here.free("b2", "stay-2")
            gone = await here.case("resolved")
            assert (gone.case_id, gone.outcome, gone.still_there) == (first.case_id, "gone", False)
            there = await here.case()
            assert (there.case_id, there.state, there.gone_at) == (second.case_id, "on_site", soon(0))

    run(walk())


def test_an_authorisation_that_is_found_later_withdraws_and_an_officer_can_reopen(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect()
            await here.case()
            here.change(authorisation="declared", authorised_by="check_in")
            case = await here.case("withdrawn")
            again = await here.done("reopen", case)
            assert (again.state, again.holder_id) == ("new", None)
            here.change(authorisation="authorised", authorised_by="card")
            await here.heard()
            assert (await here.case()).state == "new"

    run(walk())


def test_two_officers_race_for_a_case_and_one_gets_it(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect()
            case = await here.case()
            ana, ben = here.officer("ana"), here.officer("ben")
            answers = await asyncio.gather(here.act("acknowledge", case, ana), here.act("acknowledge", case, ben))
            assert sorted(answer.status_code for answer in answers) == [200, 409]
            lost = next(answer.json() for answer in answers if answer.status_code == 409)
            holder = (await here.case()).holder_id
            assert lost["type"] == "/problems/case-held"
            assert f"held by officer {holder}" in lost["detail"]

    run(walk())


def test_an_offence_is_closed_after_a_last_look_and_can_be_undone(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.bay()
            here.suspect()
            case = await here.done("acknowledge", await here.case())
            case = await here.done("dispatch", case)
            case = await here.done("arrive", case)
            here.bay(authorisation="authorised")
            refused = await here.act("resolve", case, outcome="fined")
            assert (refused.status_code, refused.json()["type"]) == (409, "/problems/check-again")
            here.away.add("parking")
            assert (await here.act("resolve", case, outcome="fined")).status_code == 503
            here.away.clear()
            case = await here.done("resolve", case, outcome="fined", confirmed=True)
            assert (case.state, case.outcome, case.undo_until) == ("resolved", "fined", soon(300))
            case = await here.done("undo", case)
            assert (case.state, case.outcome) == ("on_site", None)
            words = [(w.authorisation, w.by, w.undone) for w in await here.facts("StayJudged")]
            assert words == [("unauthorised", "officer", False), ("unauthorised", "officer", True)]
            steps = [(step.what, step.who) for step in (await here.one(case.case_id)).steps or []]
            assert steps == [
                ("opened", "siga"), ("acknowledged", "ana"), ("dispatched", "ana"), ("arrived", "ana"),
                ("resolved", "ana"), ("undone", "ana"),
            ]  # fmt: skip

    run(walk())


def test_the_evidence_of_a_closed_case_is_let_go_and_held_again_when_it_is_reopened(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect(camera_ids=("cam-1",))
            case = await here.case()
            photo_id = here.photo(case.case_id, ("1234BCD", 0.9))
            await until(lambda: _is_complete(here, case.case_id))
            case = await here.done("acknowledge", await here.case())
            case = await here.done("resolve", case, outcome="false_alarm", reason="an ambulance at work")
            await until(lambda: _is(here.holds[photo_id] == soon(7 * 86400)))
            await here.done("reopen", case)
            await until(lambda: _is(here.holds[photo_id] is None))

    run(walk())


def test_plates_are_forgotten_when_the_evidence_ends(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect(camera_ids=("cam-1",))
            case = await here.case()
            here.photo(case.case_id, ("1234BCD", 0.9))
            await until(lambda: _is_complete(here, case.case_id))
            here.free()
            assert (await here.case("resolved")).plate is not None
        assert b"1234BCD" not in b"".join(file.read_bytes() for file in (tmp_path / "enforcement").iterdir())
        here.clock.forward(8 * 86400)
        async with street(tmp_path, known=here) as here:
            await until(lambda: _no_plate(here))

    run(walk())


async def _no_plate(here: Street) -> bool:
    return (await here.case("resolved")).plate is None


def test_a_plate_put_right_by_hand_keeps_its_trace_and_is_looked_up(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect(camera_ids=("cam-1",))
            case = await here.case()
            here.photo(case.case_id, ("1234BCD", 0.6))
            await until(lambda: _is_complete(here, case.case_id))
            case = await here.done("acknowledge", await here.case())
            here.accredit("1234BCF")
            case = await here.done("plate", case, plate="1234 bcf")
            assert case.plate is not None
            assert (case.plate.plate, case.plate.read_as, case.plate.corrected_by) == ("1234BCF", "1234BCD", "ana")
            await until(lambda: _checked(here, "accredited"))
            assert (await here.case()).state == "acknowledged"

    run(walk())


async def _checked(here: Street, check: str) -> bool:
    plate = (await here.case()).plate
    return plate is not None and plate.check == check


def test_an_officer_opens_a_case_himself_and_holds_it(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.bay(stay_id=None, occupancy="unmonitored", authorisation=None)
            here.bay("b9", zone_mode="observe_only")
            ana = here.officer()
            opened = await ana.post("/api/v1/cases", {"bay_id": "b1", "note": "no badge in the windscreen"})
            assert opened.status_code == 201
            case = await here.case()
            assert (case.state, case.holder_id, case.reason) == ("acknowledged", "ana", "officer")
            assert (await ana.post("/api/v1/cases", {"bay_id": "b1"})).status_code == 409
            assert (await ana.post("/api/v1/cases", {"bay_id": "b9"})).status_code == 409
            far = here.officer(municipality_id=OTHER_MUNICIPALITY)
            assert (await far.post("/api/v1/cases", {"bay_id": "b1"})).status_code == 404

    run(walk())


def test_the_queue_begins_with_what_is_worth_the_way_and_comes_in_pages(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            for n in range(5):
                here.suspect(f"stay-{n}", f"b{n}")
                await until(lambda n=n: _count(here, n + 1))
                here.clock.forward(1)
            here.change("b0", occupancy="unknown", stay_id="stay-0")
            here.report("report-1", "b3")
            here.bay("b3", stay_id="stay-3")
            await here.heard()
            order = [case.bay_id for case in await here.cases()]
            assert order == ["b3", "b1", "b2", "b4", "b0"]
            seen: list[str] = []
            cursor: str | None = None
            for _ in range(3):
                page = (
                    await here.officer().get("/api/v1/cases", limit=2, **({"cursor": cursor} if cursor else {}))
                ).json()
                seen += [case["bay_id"] for case in page["cases"]]
                cursor = page["next"]
            assert (seen, cursor) == (order, None)
            assert (await here.officer().get("/api/v1/cases", cursor="nonsense")).status_code == 422

    run(walk())


def test_nobody_sees_a_case_of_another_town_or_zone_and_administrators_see_counts_alone(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect()
            case = await here.case()
            path = f"/api/v1/cases/{case.case_id}"
            for stranger in (
                here.officer(municipality_id=OTHER_MUNICIPALITY), here.officer(zone_ids=("zone-2",)),
            ):  # fmt: skip
                assert await here.cases("all", stranger) == []
                assert (await stranger.get(path)).status_code == 404
                assert (await stranger.get(f"{path}/evidence")).status_code == 404
                assert (await here.act("acknowledge", case, stranger)).status_code == 404
            assert len(await here.cases("all", here.officer(zone_ids=(ZONE,)))) == 1
            admin = here.running.as_person("enforcement", "administrator")
            assert (await admin.get("/api/v1/cases")).status_code == 403
            assert (await admin.get(path)).status_code == 403
            [count] = (await admin.get("/api/v1/cases/counts")).json()["counts"]
            assert (count["municipality_id"], count["open"], count["states"]["new"]) == (MUNICIPALITY, 1, 1)
            assert (await here.running.as_guest("enforcement").get("/api/v1/cases")).status_code == 401
            assert (await here.officer().get("/internal/v1/tasks", device_id="cam-1")).status_code == 403

    run(walk())


def test_duty_is_counted_and_ends_by_itself(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            ana, ben = here.officer("ana"), here.officer("ben")
            on = await ana.ask("PUT", "/api/v1/cases/duty", {"on": True})
            assert (on.json()["on"], on.json()["until"]) == (True, "2026-11-24T18:00:00Z")
            await ben.ask("PUT", "/api/v1/cases/duty", {"on": True, "until": "2026-11-24T12:00:00Z"})
            assert await _on_duty(here) == 2
            here.clock.forward(2 * 3600)
            assert await _on_duty(here) == 1
            await ana.ask("PUT", "/api/v1/cases/duty", {"on": False})
            assert await _on_duty(here) == 0
            assert (await ana.get("/api/v1/cases/duty")).json()["on"] is False

    run(walk())


async def _on_duty(here: Street) -> int:
    drivers = here.running.as_service("enforcement", "drivers")
    return int((await drivers.get("/internal/v1/duty", municipality_id=MUNICIPALITY)).json()["on_duty"])


def test_an_officers_photo_goes_to_images_for_the_case_and_its_country(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect()
            case = await here.case()
            path = f"/api/v1/cases/{case.case_id}/photos"
            assert (await here.officer().ask("POST", path, content=b"\xff\xd8\xff jpeg")).status_code == 201
            [(params, data)] = here.uploads
            assert (params["case_id"], params["site_country"], params["kind"]) == (case.case_id, "PT", "officer")
            assert data == b"\xff\xd8\xff jpeg"
            photo_id = here.photo(case.case_id, ("1234BCD", 0.8))
            await until(lambda: _has_photo(here, photo_id))
            shown = await here.officer().get(f"{path}/{photo_id}")
            assert (shown.headers["content-type"], shown.content) == ("image/jpeg", b"jpeg of " + photo_id.encode())
            assert (await here.officer().get(f"{path}/photo-of-another-case")).status_code == 404
            evidence = (await here.officer().get(f"/api/v1/cases/{case.case_id}/evidence")).json()
            assert [(p["photo_id"], p["sha256"]) for p in evidence["photos"]] == [(photo_id, "a" * 64)]
            assert evidence["photos"][0]["reading"]["plates"][0]["plate"] == "1234BCD"

    run(walk())


async def _has_photo(here: Street, photo_id: str) -> bool:
    return photo_id in (await here.case()).photo_ids


def test_no_word_of_the_journal_holds_a_plate(tmp_path: Path):
    async def walk() -> None:
        async with street(tmp_path) as here:
            here.suspect(camera_ids=("cam-1",))
            case = await here.case()
            here.photo(case.case_id, ("1234BCD", 0.9))
            await until(lambda: _is_complete(here, case.case_id))
            answer = await here.running.as_service("enforcement", "drivers").get("/internal/v1/events", after=0)
            assert b"1234BCD" not in answer.content
            kinds = {type(fact) for fact in await here.facts("CaseOpened", "CaseChanged")}
            assert kinds == {CaseOpened, CaseChanged}

    run(walk())


def test_the_whole_way_of_a_case_is_the_same_on_both_kinds_of_store(tmp_path: Path, database_url: str | None):
    async def walk() -> None:
        async with street(tmp_path, database_url=database_url) as here:
            here.bay()
            here.suspect(camera_ids=("cam-1",))
            here.suspect("stay-2", "b2", mode="observe_only")
            case = await here.case()
            here.photo(case.case_id, ("1234BCD", 0.9))
            here.report()
            await until(lambda: _is_complete(here, case.case_id))
            await here.heard()
            case = await here.done("acknowledge", await here.case())
            case = await here.done("resolve", case, outcome="fined")
            [count] = (await here.officer().get("/api/v1/cases/counts")).json()["counts"]
            assert (count["open"], count["outcomes"]["fined"]) == (0, 1)
            await here.officer().ask("PUT", "/api/v1/cases/duty", {"on": True})
            assert await _on_duty(here) == 1
            assert len((await here.officer().get("/api/v1/cases/would-have")).json()["would_have"]) == 1
        async with street(tmp_path, known=here, database_url=database_url) as here:
            found = await here.one(case.case_id)
            assert (found.state, found.outcome, found.reports) == ("resolved", "fined", 1)
            assert found.plate is not None
            assert found.plate.plate == "1234BCD"

    run(walk())
