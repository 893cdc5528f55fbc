"""Checks at the kerb: what an officer is told, for which purpose, how many he may make, and that each is told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from enforcement_street import Street, street
from siga.contract.audit import Acted
from siga.contract.settings import LOOKUPS_PER_HOUR
from support import MUNICIPALITY, OTHER_MUNICIPALITY, Caller, run

PATH = "/api/v1/cases/lookups"


async def look(here: Street, caller: Caller | None = None, **more: Any) -> httpx.Response:
    body = {"municipality_id": MUNICIPALITY, "kind": "plate", "value": "1234 BCD", "purpose": "windscreen", **more}
    return await (caller or here.officer()).post(PATH, body)


async def lookups(here: Street) -> list[Acted]:
    return [act for act in await here.facts("Acted") if act.action == "credential.looked_up"]


def budget(here: Street, value: int) -> None:
    here.running.system.settings["enforcement"].swap(1, {"": {LOOKUPS_PER_HOUR.key: value}})


def test_an_officer_is_told_whether_it_is_accredited_and_no_name(tmp_path: Path, database_url: str | None) -> None:
    async def work() -> None:
        async with street(tmp_path, database_url=database_url) as here:
            here.accredit("1234 BCD")
            known = await look(here)
            assert known.json() == {"state": "valid", "category": "disabled", "valid_to": "2027-01-01", "left": 39}
            unknown = await look(here, value="9999ZZZ")
            assert unknown.json() == {"state": "unknown", "category": None, "valid_to": None, "left": 38}
            assert [(act.purpose, act.thing_id, act.reads) for act in await lookups(here)] == [
                ("kerb_windscreen", "acc-1", True), ("kerb_windscreen", "", True),
            ]  # fmt: skip
            assert "1234" not in str(await lookups(here))

    run(work())


def test_a_check_for_a_case_names_one_of_ones_own(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            here.suspect()
            case = await here.case()
            assert (await look(here, purpose="case")).status_code == 422
            assert (await look(here, purpose="windscreen", case_id=case.case_id)).status_code == 422
            assert (await look(here, purpose="case", case_id="another")).status_code == 404
            assert (await look(here, purpose="case", case_id=case.case_id)).status_code == 200
            assert [(a.purpose, a.about) for a in await lookups(here) if a.outcome == "done"] == [
                ("kerb_case", case.case_id)
            ]

    run(work())


def test_beyond_the_budget_there_is_no_answer_until_an_hour_has_passed(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            budget(here, 2)
            assert [(await look(here)).json()["left"] for _ in range(2)] == [1, 0]
            here.clock.forward(60)
            refused = await look(here)
            assert refused.status_code == 429
            assert 3500 <= int(refused.headers["retry-after"]) <= 3600
            assert len(here.asked) == 2, "Users was not asked"
            assert (await look(here, here.officer("another"))).status_code == 200, "each officer has his own"
            assert [act.outcome for act in await lookups(here)] == ["done", "done", "refused", "done"]
            here.clock.forward(3600)
            assert (await look(here)).status_code == 200

    run(work())


def test_a_check_that_could_not_be_made_costs_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            here.away.add("users")
            assert (await look(here)).status_code == 503
            here.away.clear()
            assert (await look(here)).json()["left"] == 39

    run(work())


@pytest.mark.parametrize(("kind", "value", "slug"), [("plate", "?", "plate-form"), ("card", "12", "uid-length")])
def test_what_is_no_card_or_plate_is_refused_before_it_counts(tmp_path: Path, kind: str, value: str, slug: str) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            refused = await look(here, kind=kind, value=value)
            assert refused.status_code == 422
            assert refused.json()["type"].endswith(slug)
            assert (await look(here)).json()["left"] == 39

    run(work())


def test_only_the_police_of_the_municipality_check(tmp_path: Path) -> None:
    async def work() -> None:
        async with street(tmp_path) as here:
            assert (await look(here, municipality_id=OTHER_MUNICIPALITY)).status_code == 404
            admin = here.running.as_person("enforcement", "administrator")
            assert (await look(here, admin)).status_code == 403
            assert here.asked == []

    run(work())
