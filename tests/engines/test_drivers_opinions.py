"""Doubts and ratings of the running service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from drivers_town import GUEST_CARD, NOW, Town, drivers_town, minutes, slug, until
from siga.contract.drivers import BayRated
from support import OTHER_MUNICIPALITY, Caller, run

STARS = {"width": 5, "kerb": 4, "surface": 3}


def test_a_doubt_by_anybody_is_told_under_a_pseudonym(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            assert (await town.guest().post("/api/v1/doubts", {"bay_id": "b1"})).status_code == 201
            assert (await town.person().post("/api/v1/doubts", {"bay_id": "b1"})).status_code == 201
            assert (await town.person().post("/api/v1/doubts", {"bay_id": "b2"})).status_code == 201
            facts = await town.facts("BayDoubted")
            assert [fact.bay_id for fact in facts] == ["b1", "b1", "b2"]
            assert len({fact.by for fact in facts}) == 3
            assert not any("person-1" in fact.by or "guest" in fact.by for fact in facts)

    run(walk())


def test_a_person_doubts_a_bay_once_until_it_changes(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            first = await town.guest().post("/api/v1/doubts", {"bay_id": "b1"})
            town.clock.forward(1)
            town.change("b1", "free", "free", cause="doubt", public_occupancy="doubtful")
            await town.settle()
            again = await town.guest().post("/api/v1/doubts", {"bay_id": "b1"})
            assert (again.status_code, again.json()) == (200, first.json())
            town.clock.forward(1)
            town.change("b1", "free", "free", cause="time")
            await town.settle()
            assert (await town.guest().post("/api/v1/doubts", {"bay_id": "b1"})).status_code == 201
            assert len(await town.facts("BayDoubted")) == 2

    run(walk())


def test_too_many_doubts_in_an_hour_are_refused_with_how_long_to_wait(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            for n in range(7):
                town.define(f"x{n}")
            await town.settle()
            for n in range(6):
                assert (await town.guest().post("/api/v1/doubts", {"bay_id": f"x{n}"})).status_code == 201
                town.clock.forward(minutes(1))
            refused = await town.guest().post("/api/v1/doubts", {"bay_id": "x6"})
            assert (refused.status_code, slug(refused)) == (429, "too-many")
            assert refused.headers["retry-after"] == str(int(minutes(54)))
            assert (await town.guest("2").post("/api/v1/doubts", {"bay_id": "x6"})).status_code == 201
            assert (await town.guest().post("/api/v1/doubts", {"bay_id": "x0"})).status_code == 200
            town.clock.forward(minutes(54))
            assert (await town.guest().post("/api/v1/doubts", {"bay_id": "x6"})).status_code == 201

    run(walk())


def test_who_doubted_is_forgotten_after_thirty_days(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            await town.guest().post("/api/v1/doubts", {"bay_id": "b1"})
            town.clock.forward(timedelta(days=31).total_seconds())
        async with drivers_town(tmp_path, earlier=town):

            async def forgotten() -> bool:
                (fact,) = await town.facts("BayDoubted")
                return fact.by is None

            await until(forgotten)

    run(walk())


def test_only_a_bay_that_was_used_lately_can_be_rated(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            answer = await town.person().post("/api/v1/ratings", {"bay_id": "b1", **STARS})
            assert (answer.status_code, slug(answer)) == (403, "not-used")
            await _used(town, town.person(), "b1")
            assert (await town.person().post("/api/v1/ratings", {"bay_id": "b1", **STARS})).status_code == 201
            assert slug(await town.person().post("/api/v1/ratings", {"bay_id": "b2", **STARS})) == "not-used"
            assert slug(await town.person("person-2").post("/api/v1/ratings", {"bay_id": "b1", **STARS})) == "not-used"
            town.clock.forward(timedelta(days=7, minutes=1).total_seconds())
            assert slug(await town.person().post("/api/v1/ratings", {"bay_id": "b1", **STARS})) == "not-used"

    run(walk())


def test_a_second_rating_of_the_same_check_in_takes_the_place_of_the_first(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            await _used(town, town.person(), "b1")
            first = (await town.person().post("/api/v1/ratings", {"bay_id": "b1", **STARS})).json()
            second = (await town.person().post("/api/v1/ratings", {"bay_id": "b1", **STARS, "kerb": 1})).json()
            assert (second["rating_id"], second["kerb"]) == (first["rating_id"], 1)
            assert (await town.facts("BayRated"))[-1] == BayRated(
                rating_id=first["rating_id"], bay_id="b1", at=NOW, width=5, kerb=1, surface=3
            )

    run(walk())


def test_ratings_are_public_as_means_from_three_on(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            for n, width in enumerate((5, 4, 4)):
                shown = (await town.guest().get("/api/v1/ratings", bay_id="b1")).json()
                assert (shown["count"], shown["width"]) == (None, None)
                guest = town.guest(str(n))
                await _used(town, guest, "b1")
                said = {"bay_id": "b1", **STARS, "width": width, "comment": f"comment {n}"}
                assert (await guest.post("/api/v1/ratings", said)).status_code == 201
            shown = (await town.guest().get("/api/v1/ratings", bay_id="b1")).json()
            assert shown == {"bay_id": "b1", "count": 3, "width": 4.3, "kerb": 4.0, "surface": 3.0, "comments": None}
            staff = (await town.administrator().get("/api/v1/ratings", bay_id="b1")).json()
            assert sorted(staff["comments"]) == ["comment 0", "comment 1", "comment 2"]
            elsewhere = town.administrator(municipality_id=OTHER_MUNICIPALITY)
            assert (await elsewhere.get("/api/v1/ratings", bay_id="b1")).json()["comments"] is None

    run(walk())


def test_stars_are_one_to_five_and_comments_are_short(tmp_path: Path) -> None:
    async def walk() -> None:
        async with drivers_town(tmp_path) as town:
            await _used(town, town.person(), "b1")
            for wrong in ({"width": 0}, {"kerb": 6}, {"surface": 2.5}, {"comment": "x" * 501}, {"stars": 5}):
                answer = await town.person().post("/api/v1/ratings", {"bay_id": "b1", **STARS, **wrong})
                assert (answer.status_code, slug(answer)) == (422, "invalid")
            assert await town.facts("BayRated") == []

    run(walk())


async def _used(town: Town, caller: Caller, bay_id: str) -> None:
    made = await caller.post("/api/v1/check-ins/guest", {"bay_id": bay_id, **GUEST_CARD})
    assert made.status_code == 201
    await caller.post(f"/api/v1/check-ins/{made.json()['check_in_id']}/end")
